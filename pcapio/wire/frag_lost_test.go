package wire

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"callx/pcapio"
)

// A sipLike payload is what RTP is not.
func sipLike(n int) []byte { return join([]byte("INVITE sip:"), noise(n)) }

func rawFrame(number int, after time.Duration, b []byte) *pcapio.Frame {
	return &pcapio.Frame{Pos: pcapio.Pos{Frame: uint64(number), Off: int64(number) * 100}, Nanos: int64(time.Hour + after), Link: linkRaw, Orig: len(b), Data: b}
}

// TestBeginning: what stands before the first gap of a datagram is yielded with
// the place and time of its first fragment, and what lacks is told by the length
// in its header.
func TestBeginning(t *testing.T) {
	payload := sipLike(100 - 8 - 11)
	whole := udp(payload)
	for _, v6 := range []bool{false, true} {
		p := func(from, to int) []byte { return part(v6, 7, whole, from, to, to < 100) }
		cutFrame := func(keep int) *pcapio.Frame {
			f := rawFrame(1, 0, p(0, 48))
			f.Data = f.Data[:len(f.Data)-48+keep]
			return f
		}
		for _, c := range []struct {
			name   string
			frames []*pcapio.Frame
			first  int // frame that the beginning is of
			want   int // bytes of the payload; -1 for no datagram
		}{
			{"first alone", []*pcapio.Frame{rawFrame(1, 0, p(0, 48))}, 1, 40},
			{"two of three", []*pcapio.Frame{rawFrame(1, 0, p(0, 48)), rawFrame(2, 1, p(48, 96))}, 1, 88},
			{"a gap", []*pcapio.Frame{rawFrame(1, 0, p(0, 48)), rawFrame(2, 1, p(56, 100))}, 1, 40},
			{"a gap and no end", []*pcapio.Frame{rawFrame(1, 0, p(0, 48)), rawFrame(2, 1, p(56, 96))}, 1, 40},
			{"the end first", []*pcapio.Frame{rawFrame(1, 0, p(96, 100)), rawFrame(2, 1, p(0, 48))}, 2, 40},
			{"first twice", []*pcapio.Frame{rawFrame(1, 0, p(0, 48)), rawFrame(2, 1, p(0, 48))}, 1, 40},
			{"no first", []*pcapio.Frame{rawFrame(1, 0, p(48, 100))}, 0, -1},
			{"only the header", []*pcapio.Frame{rawFrame(1, 0, p(0, 8))}, 1, 0},
			{"cut by the capture", []*pcapio.Frame{cutFrame(20)}, 1, 12},
			{"cut in the header", []*pcapio.Frame{cutFrame(7)}, 0, -1},
		} {
			check := func(when string, got []Datagram) {
				t.Helper()
				if c.want < 0 {
					if len(got) != 0 {
						t.Errorf("v6 %v, %s, %s: %+v", v6, c.name, when, got)
					}
					return
				}
				if len(got) != 1 {
					t.Errorf("v6 %v, %s, %s: %d datagrams", v6, c.name, when, len(got))
					return
				}
				first := c.frames[c.first-1]
				g := got[0]
				if !bytes.Equal(g.Payload, payload[:c.want]) || g.Cut != len(payload)-c.want || g.Flow.Src.Port() != srcPort || g.Flow.Proto != UDP {
					t.Errorf("v6 %v, %s, %s: %q and %d cut, %v", v6, c.name, when, g.Payload, g.Cut, g.Flow)
				}
				if g.Pos != first.Pos || g.Nanos != first.Nanos {
					t.Errorf("v6 %v, %s, %s: of %v, %d", v6, c.name, when, g.Pos, g.Nanos)
				}
			}
			feed := func(d *Decoder) {
				t.Helper()
				for _, f := range c.frames {
					g := *f
					g.Data = slices.Clone(f.Data)
					if got, class := d.Decode(nil, &g); class != ClassFragment || len(got) != 0 {
						t.Errorf("v6 %v, %s: class %d, %d datagrams before the end", v6, c.name, class, len(got))
					}
					clear(g.Data)
				}
			}
			var d Decoder
			feed(&d)
			check("at the end", d.Flush(nil))
			if again := d.Flush(nil); len(again) != 0 || d.fragments.bytes != 0 || len(d.fragments.byKey) != 0 {
				t.Errorf("v6 %v, %s: %d datagrams after the end, %d bytes held", v6, c.name, len(again), d.fragments.bytes)
			}
			// Another fragment, much later, brings it: a datagram of that frame or
			// none, the frame is what it is.
			d = Decoder{}
			feed(&d)
			late := part(v6, 9, udp(sipLike(40)), 16, 32, true)
			got, class := d.Decode(nil, rawFrame(9, maxFragmentAge+2, late))
			if class != ClassFragment {
				t.Errorf("v6 %v, %s: class %d of the later fragment", v6, c.name, class)
			}
			check("later", got)
		}
	}
}

// TestBeginningBeforeItsFrame: the older datagram comes first, each with its own
// place.
func TestBeginningBeforeItsFrame(t *testing.T) {
	old, young := udp(sipLike(100)), udp(sipLike(60))
	var d Decoder
	d.Decode(nil, rawFrame(1, 0, part(false, 1, old, 0, 48, true)))
	d.Decode(nil, rawFrame(2, maxFragmentAge, part(false, 2, young, 0, 48, true)))
	got, class := d.Decode(nil, rawFrame(3, maxFragmentAge+1, part(false, 2, young, 48, len(young), false)))
	if class != ClassUDP || len(got) != 2 || got[0].Frame != 1 || got[0].Cut != len(old)-48 || got[1].Frame != 3 || got[1].Cut != 0 {
		t.Errorf("class %d: %+v", class, got)
	}
}

// TestBeginningOfEvicted: the bound on memory loses nothing that was there.
func TestBeginningOfEvicted(t *testing.T) {
	var d Decoder
	whole := udp(sipLike(60_000))
	yielded := map[uint64]int{}
	take := func(list []Datagram) {
		for _, g := range list {
			yielded[g.Frame]++
			if len(g.Payload) != 59_992-8 || g.Cut != len(whole)-59_992 {
				t.Fatalf("%d bytes and %d cut", len(g.Payload), g.Cut)
			}
		}
	}
	const flood = 1500
	for id := range flood {
		list, class := d.Decode(nil, rawFrame(id, 0, part(true, id, whole, 0, 59_992, true)))
		if class != ClassFragment {
			t.Fatalf("class %d", class)
		}
		take(list)
		if d.fragments.bytes > maxFragmentMemory {
			t.Fatalf("%d bytes held", d.fragments.bytes)
		}
	}
	if len(yielded) < 100 {
		t.Errorf("%d yielded by eviction", len(yielded))
	}
	take(d.Flush(nil))
	for id := range flood {
		if yielded[uint64(id)] != 1 {
			t.Fatalf("datagram %d was yielded %d times", id, yielded[uint64(id)])
		}
	}
	if n, first := d.Incomplete(); n != flood || first.Frame != 0 {
		t.Errorf("%d incomplete, the first %v", n, first)
	}
}

// TestBeginningOfMedia: half a packet of RTP is none, be it in a tunnel.
func TestBeginningOfMedia(t *testing.T) {
	rtp := udp(join([]byte{0x80, 0}, noise(300)))
	inner := ip4(17, udp(sipLike(300)))
	for _, c := range []struct {
		name   string
		packet []byte
		want   int
	}{
		{"RTP", part(false, 1, rtp, 0, 160, true), 0},
		{"RTP in GRE", greFragment(ip4(17, rtp)), 0},
		{"SIP in GRE", greFragment(inner), 1},
		{"TCP", tcpFragment(), 0},
	} {
		var d Decoder
		d.Decode(nil, rawFrame(1, 0, c.packet))
		got := d.Flush(nil)
		if len(got) != c.want {
			t.Errorf("%s: %d datagrams, want %d", c.name, len(got), c.want)
		}
		for _, g := range got {
			if len(g.Payload)+g.Cut != 311 || g.Frame != 1 {
				t.Errorf("%s: %d bytes and %d cut of frame %d", c.name, len(g.Payload), g.Cut, g.Frame)
			}
		}
		if n, first := d.Incomplete(); n != 1 || first.Frame != 1 {
			t.Errorf("%s: %d incomplete, the first %v", c.name, n, first)
		}
	}
}

// greFragment is the first fragment of a packet that a tunnel made too long.
func greFragment(inner []byte) []byte {
	b := part(false, 1, join(greOf(0, etherIPv4), inner), 0, 160, true)
	b[9] = protoGRE
	return b
}

func tcpFragment() []byte {
	b := part(false, 1, join(make([]byte, 12), []byte{0x50, 0x18}, make([]byte, 200)), 0, 160, true)
	b[9] = byte(TCP)
	return b
}

// TestBeginningsInside: a beginning may hold a fragment of another datagram, and
// so on; all of it comes to an end, and each has the place of its frame.
func TestBeginningsInside(t *testing.T) {
	b := part(false, 1, udp(sipLike(400)), 0, 240, true)
	for range maxTunnels - 1 {
		b = part(false, 1, b, 0, len(b)&^7, true)
		b[9] = protoIPv4
	}
	var d Decoder
	if got, class := d.Decode(nil, rawFrame(4, 0, b)); class != ClassFragment || len(got) != 0 {
		t.Fatalf("class %d, %d datagrams", class, len(got))
	}
	got := d.Flush(nil)
	if len(got) != 1 || got[0].Frame != 4 || len(got[0].Payload)+got[0].Cut != 411 || !bytes.HasPrefix(got[0].Payload, []byte("INVITE sip:")) {
		t.Errorf("%+v", got)
	}
	if n, _ := d.Incomplete(); n != maxTunnels || d.fragments.oldest != nil {
		t.Errorf("%d incomplete", n)
	}
}
