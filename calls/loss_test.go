package calls

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"callx/pcapio/wire"
)

// report sends an RR about ssrc from host from to host to: how many packets were
// lost up to the highest sequence number.
func (s *scene) report(seconds float64, from byte, fromPort uint16, to byte, toPort uint16, ssrc uint32, highest, lost int) {
	be := binary.BigEndian
	b := []byte{0x81, 201, 0, 7, 0, 0, 0, 99}
	b = be.AppendUint32(b, ssrc)
	b = be.AppendUint32(b, uint32(lost)&0xffffff)
	b = be.AppendUint32(b, uint32(highest))
	b = append(b, make([]byte, 12)...)
	s.list = append(s.list, wire.Datagram{
		Nanos: at(seconds), Payload: b, Flow: wire.Flow{Src: host(from, fromPort), Dst: host(to, toPort), Proto: wire.UDP},
	})
}

// drop takes RTP packets out of the scene.
func (s *scene) drop(which func(seq int, d *wire.Datagram) bool) {
	s.list = slices.DeleteFunc(s.list, func(d wire.Datagram) bool {
		return d.Payload[0] == 0x80 && len(d.Payload) > 100 && which(int(binary.BigEndian.Uint16(d.Payload[2:])), &d)
	})
}

// TestLossByReports: the capture lacks packets 20 to 29 of 100, and the receiver
// reports at packets 10 and 90 how many it missed.
func TestLossByReports(t *testing.T) {
	for _, tt := range []struct {
		name   string
		missed int
		port   uint16 // of the reports
		want   Loss
	}{
		{"the receiver lacks the same", 10, 4001, Loss{BeforeCapture: 10}},
		{"the receiver lacks more", 13, 4001, Loss{BeforeCapture: 10, AfterCapture: 3}},
		{"the receiver has them", 0, 4001, Loss{Capture: 10}},
		{"the receiver has most", 4, 4001, Loss{BeforeCapture: 4, Capture: 6}},
		{"on the port of RTP", 10, 4000, Loss{BeforeCapture: 10}},
		{"no reports", 0, 0, Loss{Unknown: 10}},
	} {
		var s scene
		s.ring(0, "x", 'a', 'b', 4000)
		s.rtp(1, 'a', 4000, 'b', 4000, 11)
		s.drop(func(seq int, _ *wire.Datagram) bool { return seq >= 20 && seq < 30 })
		if tt.port > 0 {
			s.report(1.21, 'b', tt.port, 'a', tt.port, 11, 10, 2)
			s.report(2.81, 'b', tt.port, 'a', tt.port, 11, 90, 2+tt.missed)
			s.report(2.82, 'b', tt.port, 'a', tt.port, 12, 90, 77) // about another
		}
		if got := s.index().Calls[0].Legs[0].Loss; got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// TestCaptureDrop: six calls, both directions; what breaks together is the
// capture's loss, what breaks in one direction or in few calls is not.
func TestCaptureDrop(t *testing.T) {
	play := func(broken func(seq int, d *wire.Datagram) bool, prepare func(*Indexer)) (kinds map[string]uint64, l Loss) {
		var s scene
		for i := range 6 {
			port := uint16(4000 + 10*i)
			s.ring(0, string(rune('p'+i)), 'a', byte('b'+i), port)
			s.rtp(1, 'a', port, byte('b'+i), port, uint32(100+i))
			s.rtp(1, byte('b'+i), port, 'a', port, uint32(200+i))
		}
		s.drop(broken)
		x := NewIndexer(Options{Decodable: func(c Codec) bool { return c.Name == "PCMA" }})
		if prepare != nil {
			prepare(x)
		}
		kinds = map[string]uint64{}
		for _, c := range s.indexWith(x).Calls {
			for _, leg := range c.Legs {
				l.add(leg.Loss)
				for _, g := range leg.Gaps {
					kinds[g.Kind] += g.Packets
				}
			}
		}
		return kinds, l
	}
	for _, tt := range []struct {
		name    string
		broken  func(seq int, d *wire.Datagram) bool
		prepare func(*Indexer)
		kind    string
		n       uint64
	}{
		{"all break together", func(seq int, _ *wire.Datagram) bool { return seq >= 40 && seq < 45 }, nil, "capture_drop", 60},
		{"one direction", func(seq int, d *wire.Datagram) bool {
			return seq >= 40 && seq < 45 && d.Flow.Src.Addr() == host('a', 1).Addr()
		}, nil, "lost", 30},
		{"one call", func(seq int, d *wire.Datagram) bool { return seq >= 40 && seq < 45 && d.Flow.Src.Port() == 4000 }, nil, "lost", 10},
		{"each at its time", func(seq int, d *wire.Datagram) bool { return seq/10 == int(d.Flow.Src.Port()-4000)/10+1 && seq%10 < 3 }, nil, "lost", 36},
		{"one call, and the counters say so", func(seq int, d *wire.Datagram) bool { return seq >= 40 && seq < 45 && d.Flow.Src.Port() == 4000 },
			func(x *Indexer) { x.Drop(at(1.7), at(1.85)) }, "capture_drop", 10},
		{"one call, and the counters moved at another time", func(seq int, d *wire.Datagram) bool { return seq >= 40 && seq < 45 && d.Flow.Src.Port() == 4000 },
			func(x *Indexer) { x.Drop(at(2.5), at(2.6)) }, "lost", 10},
	} {
		kinds, l := play(tt.broken, tt.prepare)
		if len(kinds) != 1 || kinds[tt.kind] != tt.n {
			t.Errorf("%s: gaps %v, want %d packets %s", tt.name, kinds, tt.n, tt.kind)
		}
		want := Loss{Unknown: tt.n}
		if tt.kind == "capture_drop" {
			want = Loss{Capture: tt.n}
		}
		if l != want {
			t.Errorf("%s: %+v, want %+v", tt.name, l, want)
		}
	}
}

// TestReports: what both ends say of a stream stands with it: an SR and its
// echo in an RR make a round trip, an XR the receiver's judgement.
func TestReports(t *testing.T) {
	be := binary.BigEndian
	var s scene
	s.ring(0, "x", 'a', 'b', 4000)
	s.rtp(1, 'a', 4000, 'b', 4000, 11)
	send := func(seconds float64, from, to byte, b []byte) {
		s.list = append(s.list, wire.Datagram{Nanos: at(seconds), Payload: b, Flow: wire.Flow{Src: host(from, 4001), Dst: host(to, 4001), Proto: wire.UDP}})
	}
	sr := append([]byte{0x80, 200, 0, 6, 0, 0, 0, 11}, make([]byte, 8)...)
	be.PutUint64(sr[8:], 0xe8e7_2222_8000_0000) // half a second after 2023-10-28T06:01:06Z
	sr = be.AppendUint32(sr, 0)
	sr = be.AppendUint32(sr, 50)
	sr = be.AppendUint32(sr, 8000)
	send(2, 'a', 'b', sr)
	rr := []byte{0x81, 201, 0, 7, 0, 0, 0, 99, 0, 0, 0, 11, 0, 0, 0, 3, 0, 0, 0, 60}
	rr = be.AppendUint32(rr, 80)         // jitter: 10 ms
	rr = be.AppendUint32(rr, 0x22228000) // the middle of the NTP time
	rr = be.AppendUint32(rr, 65536/2)    // half a second later
	xr := append([]byte{0x80, 207, 0, 10, 0, 0, 0, 99, 7, 0, 0, 8, 0, 0, 0, 11}, make([]byte, 28)...)
	xr[8+24], xr[8+26] = 88, 41
	send(2.54, 'b', 'a', append(rr, xr...))
	send(2.9, 'a', 'b', []byte{0x81, 203, 0, 1, 0, 0, 0, 11})
	got := s.index().Calls[0].Legs[0].Streams[0].RTCP
	const want = "2023-10-28T06:01:06.5Z"
	if got == nil || got.SenderPackets != 50 || got.SenderOctets != 8000 || !got.Bye || got.ReceiverLost != 3 ||
		got.SenderTime.Format(time.RFC3339Nano) != want {
		t.Fatalf("%+v", got)
	}
	for name, v := range map[string][2]float64{
		"jitter": {float64(*got.ReceiverJitter), 10}, "round trip": {float64(*got.RoundTrip), 40}, "R": {float64(*got.RFactor), 88}, "MOS": {float64(*got.MOS), 4.1},
	} {
		if d := v[0] - v[1]; d > 1e-6 || d < -1e-6 {
			t.Errorf("%s %v, want %v", name, v[0], v[1])
		}
	}
}
