package wire

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"callx/pcapio"
)

func addrPort(a netip.AddrPort, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr(), port)
}

// inOrder returns a function that decodes the next segment of a stream that
// begins with first, and its acknowledgement.
func inOrder(tb testing.TB, first string) (step func(), d *Decoder) {
	d = &Decoder{Streams: want}
	room := make([]Datagram, 0, 4)
	segment := (&seg{seq: 10, data: first + string(make([]byte, 1400))}).frame(1, client, server)
	ack := (&seg{seq: 50, ack: 1411, back: true}).frame(2, client, server)
	at := len(segment.Data) - len(first) - 1400
	seq := segment.Data[at-28 : at-24]
	acked := ack.Data[len(ack.Data)-24:]
	decode := func(f *pcapio.Frame) {
		var class Class
		if room, class = d.Decode(room[:0], f); class != ClassTCP {
			tb.Fatal(class)
		}
	}
	return func() {
		decode(segment)
		n := binary.BigEndian.Uint32(seq) + uint32(len(first)) + 1400
		binary.BigEndian.PutUint32(seq, n)
		binary.BigEndian.PutUint32(acked, n)
		decode(ack)
		segment.Nanos += 1e6
		ack.Nanos += 1e6
	}, d
}

// newConns returns a function that decodes a whole connection that is not
// wanted.
func newConns(tb testing.TB) func() {
	d := &Decoder{Streams: want}
	room := make([]Datagram, 0, 4)
	var frames []*pcapio.Frame
	for i, s := range []seg{
		{seq: 9, flags: flagSYN}, {seq: 99, flags: flagSYN, ack: 10, back: true}, {seq: 10, ack: 100},
		{seq: 10, data: "GET", ack: 100}, {seq: 100, data: "HTTP", ack: 13, back: true}, {seq: 13, flags: flagFIN, ack: 104},
	} {
		frames = append(frames, s.frame(i+1, client, server))
	}
	return func() {
		for _, f := range frames {
			room, _ = d.Decode(room[:0], f)
			if len(room) > 0 {
				tb.Fatal("yielded")
			}
		}
	}
}

func TestTCPAllocations(t *testing.T) {
	followed, d := inOrder(t, "*")
	followed()
	if len(d.streams.byFlow) != 1 {
		t.Fatal("the stream is not followed")
	}
	ignored, d := inOrder(t, "-")
	ignored()
	if len(d.streams.byFlow) != 0 {
		t.Fatal("the stream is followed")
	}
	conns := newConns(t)
	conns()
	for name, step := range map[string]func(){"followed": followed, "ignored": ignored, "connections": conns} {
		if n := testing.AllocsPerRun(1000, step); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkTCP(b *testing.B) {
	for name, first := range map[string]string{"followed": "*", "ignored": "-"} {
		b.Run(name, func(b *testing.B) {
			step, d := inOrder(b, first)
			if first == "-" { // what is ignored stands beside something that is not
				d.Decode(nil, (&seg{seq: 10, data: "*b"}).frame(1, addrPort(client, 1), server))
			}
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(2*b.N), "ns/frame")
		})
	}
	b.Run("connections", func(b *testing.B) {
		step := newConns(b)
		b.ReportAllocs()
		for b.Loop() {
			step()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(6*b.N), "ns/frame")
	})
}
