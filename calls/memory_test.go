package calls

import (
	"encoding/binary"
	"runtime"
	"testing"

	"callx/pcapio"
	"callx/pcapio/wire"
)

// heldBy returns the octets of heap that pass 1 keeps for each of so many
// streams of so many packets.
func heldBy(streams, packets int) int {
	heap := func() int {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	before := heap()
	x := NewIndexer(Options{})
	payload := rtpBytes(8, 0, 0, 0, 160)
	dgs := make([]wire.Datagram, 1)
	f := pcapio.Frame{}
	voice := uint64(1)
	for n := range packets {
		for i := range streams {
			binary.BigEndian.PutUint16(payload[2:], uint16(n))
			binary.BigEndian.PutUint32(payload[4:], uint32(n)*160)
			binary.BigEndian.PutUint32(payload[8:], uint32(i))
			voice += 0x9e3779b97f4a7c15 // so that no payload is like another
			binary.BigEndian.PutUint64(payload[12:], voice)
			binary.BigEndian.PutUint64(payload[20:], voice^voice>>29)
			f.Nanos = 1700000000e9 + int64(n)*20e6 + int64(i)
			dgs[0] = wire.Datagram{Nanos: f.Nanos, Flow: keyOf(i).flow, Payload: payload}
			x.Frame(&f, wire.ClassUDP, dgs)
		}
	}
	x.flush()
	held := heap() - before
	runtime.KeepAlive(x)
	return held / streams
}

// TestMemory holds what a stream costs to what 200,000 of them may.
func TestMemory(t *testing.T) {
	const streams = 8192 // fill their tables and slabs
	for packets, limit := range map[int]int{1: 800, 300: 1300, 3000: 1600} {
		got := heldBy(streams, packets)
		t.Logf("%d packets: %d octets a stream", packets, got)
		if got > limit {
			t.Errorf("a stream of %d packets holds %d octets, want at most %d", packets, got, limit)
		}
	}
}
