package calls

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"callx/pcapio"
	"callx/pcapio/wire"
)

// datagrams turns fuzz input into a capture: each record is a byte of length,
// one of flow, one of time since the record before, then the payload.
func datagrams(b []byte) (list []wire.Datagram) {
	nanos := int64(1700000000e9)
	for frame := uint64(1); len(b) >= 3; frame++ {
		n, flow, dt := int(b[0]), b[1], b[2]
		b = b[3:]
		n = min(n*4, len(b))
		nanos += int64(dt) * 5e6
		a := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), 4000+2*uint16(flow>>4&3))
		z := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 2}), 4000+2*uint16(flow>>6))
		if flow&1 != 0 {
			a, z = z, a
		}
		list = append(list, wire.Datagram{
			Pos: pcapio.Pos{Frame: frame}, Nanos: nanos, Payload: b[:n], Cut: int(flow >> 1 & 1),
			Flow: wire.Flow{Src: a, Dst: z, Proto: wire.UDP},
		})
		b = b[n:]
	}
	return list
}

func record(flow, dt byte, payload []byte) []byte {
	for len(payload)%4 != 0 {
		payload = append(payload, 0)
	}
	return append([]byte{byte(len(payload) / 4), flow, dt}, payload...)
}

func rtpBytes(pt byte, seq uint16, ts, ssrc uint32, n int) []byte {
	b := make([]byte, 12+n)
	b[0], b[1] = 0x80, pt
	binary.BigEndian.PutUint16(b[2:], seq)
	binary.BigEndian.PutUint32(b[4:], ts)
	binary.BigEndian.PutUint32(b[8:], ssrc)
	return b
}

func fuzzSeeds() [][]byte {
	var plain, messy, call []byte
	for i := range 20 {
		plain = append(plain, record(0, 4, rtpBytes(8, uint16(65530+i), uint32(i)*160, 7, 160))...)
		messy = append(messy, record(byte(i%4)<<4, 4, rtpBytes(byte(i%3)*8, uint16(i*i*977), uint32(i*i)<<26, 7, 40))...)
	}
	sdp := "v=0\r\no=- 1 1 IN IP4 192.0.2.%d\r\ns=-\r\nc=IN IP4 192.0.2.%d\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
	invite := "INVITE sip:b@x SIP/2.0\r\nCall-ID: c\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>%s\r\nCSeq: %d INVITE\r\nContent-Type: application/sdp\r\n\r\n"
	ok := "SIP/2.0 200 OK\r\nCall-ID: c\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>;tag=2\r\nCSeq: %d INVITE\r\nContent-Type: application/sdp\r\n\r\n"
	call = append(call, record(0, 1, fmt.Appendf(nil, invite+sdp, "", 1, 1, 1))...)
	call = append(call, record(1, 1, fmt.Appendf(nil, ok+sdp, 1, 2, 2))...)
	call = append(call, plain...)
	call = append(call, record(0, 1, fmt.Appendf(nil, invite+sdp+"a=sendonly\r\n", ";tag=2", 2, 1, 1))...)
	call = append(call, record(0, 9, []byte("BYE sip:b@x SIP/2.0\r\nCall-ID: c\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>;tag=2\r\nCSeq: 3 BYE\r\n\r\n"))...)
	return [][]byte{plain, messy, call}
}

// FuzzIndexer indexes anything and checks that the sums add up, that every
// gap lies in its leg, and that the Router places no packet outside its part.
func FuzzIndexer(f *testing.F) {
	for _, s := range fuzzSeeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		list := datagrams(b)
		x := NewIndexer(Options{Decodable: func(c Codec) bool { return c.Name == "PCMA" }})
		for i := range list {
			x.Frame(&pcapio.Frame{Pos: list[i].Pos, Nanos: list[i].Nanos}, wire.ClassUDP, list[i:i+1])
		}
		ix := x.Finish([]string{"capture"})
		if p := &ix.Packets; p.Sum() != p.Total || p.Total != uint64(len(list)) {
			t.Fatalf("%d frames, accounting %+v adds up to %d", len(list), *p, p.Sum())
		}
		var packets uint64
		for _, c := range ix.Calls {
			for _, l := range c.Legs {
				packets += l.Packets
				checkLeg(t, l)
			}
		}
		if a := ix.Packets; packets > a.RTP+a.RTPDuplicate+a.RTPUnattributed {
			t.Fatalf("legs hold %d packets, accounting %+v", packets, a)
		}
		rt := ix.Router(nil)
		var out Routed
		var routed uint64
		for i := range list {
			if !rt.Route(&list[i], &out) {
				continue
			}
			routed++
			if p := out.Leg.Parts[out.Part]; out.TS < p.TS0 {
				t.Fatalf("packet at %d, its part begins at %d", out.TS, p.TS0)
			}
		}
		if routed > packets {
			t.Fatalf("%d packets routed, legs hold %d", routed, packets)
		}
	})
}

func checkLeg(t *testing.T, l *Leg) {
	if l.Packets-l.Duplicates+l.Lost != l.Expected || l.Duplicates > l.Packets {
		t.Fatalf("packets %d duplicates %d lost %d expected %d", l.Packets, l.Duplicates, l.Lost, l.Expected)
	}
	var missing uint64
	for _, g := range l.Gaps {
		if g.Duration < 0 || g.Offset < l.Offset {
			t.Fatalf("gap %+v of a leg that begins at %v", g, l.Offset)
		}
		if g.Kind == "lost" {
			missing += g.Packets
		}
	}
	if audible := slices.ContainsFunc(l.Parts, func(p *Part) bool { return !p.silentOnly() }); audible && missing > l.Lost {
		t.Fatalf("gaps miss %d packets, %d are lost", missing, l.Lost)
	}
	for _, p := range l.Parts {
		if p.Start < 0 || p.End < p.Start || p.Late < 0 {
			t.Fatalf("part from %v to %v, late %v", p.Start, p.End, p.Late)
		}
	}
}

// BenchmarkIndexer takes the packets of all streams by turns: what pass 1 does
// for each once the frame is decoded, with the state of every stream last
// touched as long ago as can be.
func BenchmarkIndexer(b *testing.B) {
	for _, streams := range []int{200, 2000, 40000} {
		b.Run(fmt.Sprintf("%d streams", streams), func(b *testing.B) {
			x := NewIndexer(Options{})
			defer x.Close()
			payload := rtpBytes(8, 0, 0, 0, 160)
			flows := make([]wire.Flow, streams)
			for i := range flows {
				flows[i] = keyOf(i).flow
			}
			f := pcapio.Frame{Nanos: 1700000000e9}
			dgs := make([]wire.Datagram, 1)
			voice := uint64(1)
			step := func(i int) {
				n := i / streams
				binary.BigEndian.PutUint16(payload[2:], uint16(n))
				binary.BigEndian.PutUint32(payload[4:], uint32(n)*160)
				binary.BigEndian.PutUint32(payload[8:], uint32(i%streams))
				voice += 0x9e3779b97f4a7c15 // so that no payload is like another
				binary.BigEndian.PutUint64(payload[12:], voice)
				binary.BigEndian.PutUint64(payload[20:], voice^voice>>29)
				f.Nanos = 1700000000e9 + int64(i)*20e6/int64(streams)
				dgs[0] = wire.Datagram{Pos: f.Pos, Nanos: f.Nanos, Flow: flows[i%streams], Payload: payload}
				x.Frame(&f, wire.ClassUDP, dgs)
			}
			i := 0
			for ; i < 40*streams; i++ {
				step(i)
			}
			b.ReportAllocs()
			for b.Loop() {
				step(i)
				i++
			}
		})
	}
}

// TestIndexerAllocations holds the hot path to none.
func TestIndexerAllocations(t *testing.T) {
	x := NewIndexer(Options{})
	d := []wire.Datagram{{Flow: keyOf(1).flow, Payload: rtpBytes(8, 0, 0, 1, 160)}}
	f := pcapio.Frame{Nanos: 1700000000e9}
	n := 0
	step := func() {
		binary.BigEndian.PutUint16(d[0].Payload[2:], uint16(n))
		binary.BigEndian.PutUint32(d[0].Payload[4:], uint32(n)*160)
		f.Nanos += 20e6
		d[0].Nanos = f.Nanos
		n++
		x.Frame(&f, wire.ClassUDP, d)
	}
	for range 100 {
		step()
	}
	if allocs := testing.AllocsPerRun(1000, step); allocs != 0 {
		t.Errorf("%v allocations a packet", allocs)
	}
}
