package wire

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"callx/pcapio"
)

// part is the fragment of a datagram from one byte to another, with an id.
func part(v6 bool, id int, packet []byte, from, to int, more bool) []byte {
	b, m := packet[from:to], 0
	if more {
		m = 1
	}
	if v6 {
		return ip6(44, join([]byte{17, 0}, be16(from|m, id>>16, id), b))
	}
	f := ip4With(20+len(b), m<<13|from/8, 17, nil, b)
	binary.BigEndian.PutUint16(f[4:], uint16(id))
	return f
}

// noise is a payload in which every place is another.
func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// feed decodes bare IP packets a millisecond apart, and gives what came whole
// by the number of the packet.
func feed(t *testing.T, d *Decoder, packets ...[]byte) map[int][]Datagram {
	t.Helper()
	got := map[int][]Datagram{}
	for i, b := range packets {
		f := pcapio.Frame{Pos: pcapio.Pos{Frame: uint64(i)}, Nanos: int64(i) * 1e6, Link: linkRaw, Orig: len(b), Data: slices.Clone(b)}
		list, class := d.Decode(nil, &f)
		for j := range list {
			if list[j].Pos != f.Pos || list[j].Nanos != f.Nanos {
				t.Errorf("packet %d gives a datagram of %v, %d", i, list[j].Pos, list[j].Nanos)
			}
			got[i] = append(got[i], list[j])
		}
		clear(f.Data) // the datagram has to have bytes of its own
		if want := ClassFragment; len(list) == 0 && class != want {
			t.Errorf("packet %d: class %d, want %d", i, class, want)
		}
		if len(list) != 0 && class != ClassUDP {
			t.Errorf("packet %d: class %d with a datagram", i, class)
		}
	}
	return got
}

func TestReassembly(t *testing.T) {
	payload := noise(100 - 8)
	whole := udp(payload)
	other := bytes.Repeat([]byte{0xee}, 100)
	for _, v6 := range []bool{false, true} {
		p := func(from, to int) []byte { return part(v6, 7, whole, from, to, to < 100) }
		for _, c := range []struct {
			name    string
			packets [][]byte
			done    int // the packet that completes it; -1 if none does
		}{
			{"in order", [][]byte{p(0, 48), p(48, 96), p(96, 100)}, 2},
			{"reversed", [][]byte{p(96, 100), p(48, 96), p(0, 48)}, 2},
			{"the last first", [][]byte{p(48, 100), p(0, 48)}, 1},
			{"duplicates", [][]byte{p(0, 48), p(0, 48), p(96, 100), p(96, 100), p(48, 96)}, 4},
			{"a hole", [][]byte{p(0, 48), p(56, 100)}, -1},
			{"no last", [][]byte{p(0, 48), p(48, 96)}, -1},
			{"no first", [][]byte{p(8, 48), p(48, 100)}, -1},
			{"overlap behind", [][]byte{p(0, 48), part(v6, 7, other, 40, 96, true), p(48, 96), p(96, 100)}, -2},
			{"overlap of the same", [][]byte{p(0, 64), p(32, 96), p(80, 100)}, 2},
			{"overlap that fills", [][]byte{p(0, 24), p(48, 100), p(16, 64)}, 2},
			{"first bytes win", [][]byte{p(0, 48), p(64, 100), part(v6, 7, other, 0, 40, true), p(48, 64)}, 3},
			{"another id", [][]byte{p(0, 48), part(v6, 8, whole, 48, 100, false)}, -1},
			{"beyond the end", [][]byte{p(48, 100), part(v6, 7, join(whole, other), 104, 152, true), p(0, 48)}, 2},
			{"two ends", [][]byte{p(48, 100), part(v6, 7, whole, 48, 99, false), p(0, 48)}, 2},
			{"end before what is known", [][]byte{p(0, 64), part(v6, 7, whole, 48, 50, false), p(64, 100)}, 2},
			{"no whole unit", [][]byte{p(0, 48), part(v6, 7, whole, 48, 53, true), p(48, 100)}, 2},
			{"a unit and a bit", [][]byte{p(0, 48), part(v6, 7, whole, 48, 59, true), p(56, 100)}, 2},
		} {
			var d Decoder
			got := feed(t, &d, c.packets...)
			if c.done == -2 { // the wrong bytes came first and stay
				if g := got[3]; len(g) != 1 || !bytes.Equal(g[0].Payload[40:], join(other[:48], payload[88:])) {
					t.Errorf("%s: %+v", c.name, g)
				}
				continue
			}
			for at, g := range got {
				if at != c.done || len(g) != 1 || !bytes.Equal(g[0].Payload, payload) || g[0].Cut != 0 || g[0].Flow.Src.Port() != srcPort {
					t.Errorf("v6 %v, %s: packet %d gives %+v", v6, c.name, at, g)
				}
			}
			if c.done >= 0 && (len(got) != 1 || d.fragments.bytes != 0 || len(d.fragments.byKey) != 0 || d.fragments.oldest != nil) {
				t.Errorf("v6 %v, %s: %d datagrams, %d bytes held", v6, c.name, len(got), d.fragments.bytes)
			}
		}
	}
}

// TestReassemblyOfNext: the protocol of IPv4 is part of the key, in IPv6 that
// of the first fragment holds.
func TestReassemblyOfNext(t *testing.T) {
	whole := udp(noise(40))
	a, b := part(false, 1, whole, 0, 24, true), part(false, 1, whole, 24, 48, false)
	b[9] = 6
	var d Decoder
	if got := feed(t, &d, a, b); len(got) != 0 {
		t.Errorf("fragments of two protocols were joined: %+v", got)
	}
	a, b = part(true, 1, whole, 0, 24, true), part(true, 1, whole, 24, 48, false)
	b[40] = 6
	if got := feed(t, &d, b, a); len(got[1]) != 1 {
		t.Error("the protocol is not that of the first fragment")
	}
	// Extension headers may lie in the fragmented part.
	inner := ext(17, 0, whole)
	a = ip6(44, join([]byte{60, 0}, be16(1, 0, 9), inner[:24]))
	b = ip6(44, join([]byte{60, 0}, be16(24, 0, 9), inner[24:]))
	if got := feed(t, &d, a, b); len(got[1]) != 1 || !bytes.Equal(got[1][0].Payload, noise(40)) {
		t.Errorf("an extension header in the fragments: %+v", got)
	}
}

func TestReassemblyOfCutFrames(t *testing.T) {
	payload := noise(92)
	whole := udp(payload)
	var d Decoder
	first, last := part(false, 1, whole, 0, 48, true), part(false, 1, whole, 48, 100, false)
	d.Decode(nil, &pcapio.Frame{Link: linkRaw, Orig: len(first), Data: first[:20+30]})
	got, class := d.Decode(nil, &pcapio.Frame{Link: linkRaw, Orig: len(last), Data: last[:20+10]})
	if class != ClassUDP || !bytes.Equal(got[0].Payload, payload[:22]) || got[0].Cut != 70 {
		t.Errorf("class %d: %+v", class, got)
	}
}

// TestReassemblyForgets: a rest that comes too late, on either side, finds
// nothing.
func TestReassemblyForgets(t *testing.T) {
	whole := udp(noise(40))
	a, b := part(false, 1, whole, 0, 24, true), part(false, 1, whole, 24, 48, false)
	for gap, want := range map[time.Duration]Class{
		maxFragmentAge: ClassUDP, maxFragmentAge + 1: ClassFragment, -maxFragmentAge: ClassUDP, -maxFragmentAge - 1: ClassFragment,
	} {
		var d Decoder
		d.Decode(nil, &pcapio.Frame{Link: linkRaw, Nanos: int64(time.Hour), Data: a})
		if _, class := d.Decode(nil, &pcapio.Frame{Link: linkRaw, Nanos: int64(time.Hour + gap), Data: b}); class != want {
			t.Errorf("after %v: class %d, want %d", gap, class, want)
		}
		if n := len(d.fragments.byKey); n > 1 {
			t.Errorf("after %v: %d datagrams held", gap, n)
		}
	}
}

// TestReassemblyIsBounded floods with datagrams of which each is one fragment
// at the far end: the oldest go, the newest can still be completed.
func TestReassemblyIsBounded(t *testing.T) {
	var d Decoder
	whole := udp(noise(60_000))
	f := pcapio.Frame{Link: linkRaw}
	const flood = 3000
	for id := range flood {
		f.Data = part(true, id, whole, 59_992, len(whole), false)
		d.Decode(nil, &f)
		if d.fragments.bytes > maxFragmentMemory {
			t.Fatalf("%d bytes held", d.fragments.bytes)
		}
	}
	held, counted := 0, 0
	for p := d.fragments.oldest; p != nil; p = p.newer {
		held += partialSize + cap(p.data)
		counted++
	}
	if held != d.fragments.bytes || counted != len(d.fragments.byKey) || counted < 1000 || counted > 1100 {
		t.Errorf("%d bytes in %d datagrams, counted as %d in %d", held, counted, d.fragments.bytes, len(d.fragments.byKey))
	}
	for id, want := range map[int]Class{0: ClassFragment, flood - 1: ClassUDP} {
		f.Data = part(true, id, whole, 0, 59_992, true)
		if _, class := d.Decode(nil, &f); class != want {
			t.Errorf("the rest of datagram %d: class %d, want %d", id, class, want)
		}
	}
}

// FuzzFragments cuts a datagram into fragments, shuffles and repeats them, mixes
// in fragments that the input is read as, and holds the reassembly to the
// original and to its bound; or leaves the last out, and holds what comes at the
// end to what was there.
func FuzzFragments(f *testing.F) {
	f.Add(uint64(1), uint16(100), false, false, []byte{})
	f.Add(uint64(4), uint16(1000), true, true, []byte{})
	f.Add(uint64(5), uint16(700), false, true, greFragment(part(false, 1, udp(noise(300)), 0, 160, true)))
	f.Add(uint64(2), uint16(3000), true, false, join(part(true, 3, udp(noise(100)), 0, 48, true), make([]byte, 9)))
	f.Add(uint64(3), uint16(65000), false, false, part(false, 7, udp(noise(100)), 48, 96, true))
	f.Fuzz(func(t *testing.T, seed uint64, size uint16, v6, drop bool, junk []byte) {
		var d Decoder
		for rest := junk; len(rest) > 0; { // whatever it is
			n := min(len(rest), 64)
			d.Decode(nil, &pcapio.Frame{Link: linkRaw, Orig: len(rest), Data: rest[:n]})
			rest = rest[n:]
		}
		if d.fragments.bytes > maxFragmentMemory {
			t.Fatalf("%d bytes held", d.fragments.bytes)
		}
		r := rand.New(rand.NewPCG(seed, 0))
		payload := noise(min(int(size), 65_000))
		whole := udp(payload)
		if len(whole) <= 8 {
			return
		}
		var parts [][]byte
		for from := 0; from < len(whole); {
			to := from + 8*(1+r.IntN(1+len(whole)/16))
			if to >= len(whole) {
				to = len(whole)
			}
			if from == 0 && to == len(whole) {
				to = 8
			}
			b := part(v6, 5, whole, from, to, to < len(whole))
			copy(b[map[bool]int{false: 12, true: 8}[v6]:], netip.MustParseAddr("233.252.0.9").AsSlice()) // no junk has that
			parts = append(parts, b)
			from = to
		}
		r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		last := parts[len(parts)-1]
		parts = parts[:len(parts)-1]
		for range r.IntN(4) {
			parts = append(parts, parts[r.IntN(len(parts))])
		}
		for _, b := range parts {
			if got, class := d.Decode(nil, &pcapio.Frame{Link: linkRaw, Orig: len(b), Data: b}); class != ClassFragment || len(got) != 0 {
				t.Fatalf("class %d before the last fragment", class)
			}
		}
		if drop {
			for _, g := range d.Flush(nil) {
				if g.Flow.Src.Addr() == netip.MustParseAddr("233.252.0.9") && (g.Cut < 1 || len(g.Payload)+g.Cut != len(payload) || !bytes.HasPrefix(payload, g.Payload)) {
					t.Fatalf("%d bytes and %d cut of %d", len(g.Payload), g.Cut, len(payload))
				}
			}
			if d.fragments.bytes != 0 || d.fragments.oldest != nil || len(d.fragments.byKey) != 0 {
				t.Fatalf("%d bytes held after the end", d.fragments.bytes)
			}
			return
		}
		got, class := d.Decode(nil, &pcapio.Frame{Link: linkRaw, Orig: len(last), Data: last})
		if class != ClassUDP || len(got) != 1 || got[0].Cut != 0 || !bytes.Equal(got[0].Payload, payload) {
			t.Fatalf("class %d, %d datagrams, %d fragments of %d bytes", class, len(got), len(parts)+1, len(whole))
		}
	})
}
