package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// A stream cut into random segments, shuffled within a window, repeated and
// cut again with other borders, comes out as it was, whatever its first number.
func TestTCPShuffled(t *testing.T) {
	for round := range 200 {
		rng := rand.New(rand.NewPCG(1, uint64(round)))
		stream := make([]byte, 1+rng.IntN(60_000))
		for i := range stream {
			stream[i] = byte(rng.Uint32())
		}
		stream[0] = '*'
		isn := uint32(rng.Uint32())
		if round%2 == 0 {
			isn = -uint32(rng.IntN(len(stream))) // wraps on the way
		}
		var segs []seg
		for range 1 + rng.IntN(2) {
			for at := 0; at < len(stream); {
				n := min(1+rng.IntN(1460), len(stream)-at)
				segs = append(segs, seg{seq: isn + 1 + uint32(at), data: string(stream[at : at+n])})
				at += n
			}
		}
		const window = 12 // segments
		for block := range slices.Chunk(segs, window) {
			rng.Shuffle(len(block), func(i, j int) { block[i], block[j] = block[j], block[i] })
		}
		for range len(segs) / 10 {
			segs = append(segs, segs[rng.IntN(len(segs))])
		}
		segs = slices.Insert(segs, 0, seg{seq: isn, flags: flagSYN})
		var got []byte
		for i, list := range follow(t, segs) {
			for _, g := range list {
				if g.Hole {
					t.Fatalf("round %d: a hole at segment %d, byte %d", round, i, len(got))
				}
				if s := segs[max(int(g.Frame)-1, 0)].data; !bytes.Contains([]byte(s), g.Payload) {
					t.Fatalf("round %d: %d bytes are said to be of frame %d, which does not hold them", round, len(g.Payload), g.Frame)
				}
				got = append(got, g.Payload...)
			}
		}
		if !bytes.Equal(got, stream) {
			t.Fatalf("round %d: %d bytes of %d, or others", round, len(got), len(stream))
		}
	}
}

// consistent checks what must hold of the bookkeeping after each frame.
func (d *Decoder) consistent() error {
	t := &d.streams
	total, conns, waiting := 0, 0, 0
	for s := range t.queues {
		for c := t.queues[s].oldest; c != nil; c = c.links[0].newer {
			if c.state != connState(s) || t.byFlow[c.key] != c {
				return fmt.Errorf("a connection of state %d in queue %d", c.state, s)
			}
			conns++
			total += connSize
			holds := false
			for i := range c.halves {
				h := &c.halves[i]
				held := 0
				for k := range h.held {
					g := &h.held[k]
					held += segmentSize + len(g.data)
					holds = true
					if k > 0 && distance(h.held[k-1].end(), g.seq) < 0 || distance(h.next, g.seq) <= 0 {
						return fmt.Errorf("segment %d of %d held is out of place", k, len(h.held))
					}
				}
				if held != h.bytes || held > maxHeld+1<<17 || len(h.held) > maxSegments+1 {
					return fmt.Errorf("%d bytes held, %d counted", held, h.bytes)
				}
				total += held
			}
			if holds != c.waiting {
				return fmt.Errorf("waiting: %v, holds: %v", c.waiting, holds)
			}
		}
	}
	for c := t.waiting.oldest; c != nil; c = c.links[1].newer {
		waiting++
		if !c.waiting {
			return fmt.Errorf("in the queue, but not waiting")
		}
	}
	if total != t.bytes || conns != len(t.byFlow) || total > maxTCPMemory {
		return fmt.Errorf("%d bytes, %d counted; %d connections, %d in the map", total, t.bytes, conns, len(t.byFlow))
	}
	return nil
}

// patternAt is the byte at a place of a stream in FuzzTCP: it tells the place,
// modulo a prime.
func patternAt(seq uint32) byte { return byte(seq % 251) }

// FuzzTCP makes segments of its input, eight bytes each, and checks that what
// is yielded without a hole joins, that no byte comes twice without a new
// beginning, that each byte lies in the frame that it is said to be of, and
// that the bookkeeping is right.
func FuzzTCP(f *testing.F) {
	record := func(flags, port byte, seq uint16, n, dt, ack, cut byte) []byte {
		return []byte{flags, port, byte(seq >> 8), byte(seq), n, dt, ack, cut}
	}
	f.Add(join(record(flagSYN, 0, 5, 0, 0, 0, 0), record(0, 0, 16, 10, 0, 0, 0), record(0, 0, 6, 10, 0, 0, 0), record(flagFIN, 0, 26, 4, 0, 0, 0)))
	f.Add(join(record(0, 0, 16, 10, 0, 0, 0), record(0, 0, 50, 10, 0, 0, 2), record(0, 1, 7, 20, 200, 9, 0), record(flagRST, 1, 27, 0, 0, 0, 0)))
	f.Add(join(record(0, 2, 65530, 10, 0, 0, 0), record(0, 2, 14, 10, 0, 0, 0), record(0, 2, 4, 30, 0, 0, 0), record(flagSYN, 2, 900, 0, 0, 0, 0)))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := Decoder{Streams: func(_ Flow, b []byte) Interest {
			if len(b) == 0 {
				return Ignore
			}
			return [...]Interest{Ignore, Undecided, Follow}[b[0]%3]
		}}
		type place struct {
			at    int // of the byte due, modulo 251
			known bool
		}
		streams := map[Flow]*place{}
		var segs []seg
		in, out, at := 0, 0, int64(0)
		check := func(list []Datagram) {
			for i := range list {
				g := &list[i]
				s := &segs[g.Frame-1]
				if g.End && len(g.Payload) > 0 {
					t.Fatal("an end with payload")
				}
				if !g.End && !bytes.Contains([]byte(s.data[:len(s.data)-s.cut]), g.Payload) {
					t.Fatalf("%x is said to be of frame %d, which holds %x", g.Payload, g.Frame, s.data)
				}
				out += len(g.Payload)
				p := streams[g.Flow]
				if p == nil {
					p = &place{}
					streams[g.Flow] = p
				}
				if len(g.Payload)+g.Cut > 0 && !g.Hole && p.known && len(g.Payload) > 0 && int(g.Payload[0]) != p.at {
					t.Fatalf("frame %d: byte %d does not join %d", g.Frame, g.Payload[0], p.at)
				}
				if n := len(g.Payload); n > 0 {
					p.at, p.known = (int(g.Payload[n-1])+1)%251, g.Cut == 0
				} else if g.Cut > 0 {
					p.known = false
				}
				if g.End {
					*p = place{}
				}
			}
		}
		for ; len(b) >= 8; b = b[8:] {
			seq := uint32(int32(int16(binary.BigEndian.Uint16(b[2:])))) // about the wrap
			if b[0]&0x80 != 0 {
				seq += 1 << 29
			}
			s := seg{flags: b[0] & 7, back: b[1]&1 != 0, seq: seq, at: at + int64(int8(b[5]))*300, ack: uint32(b[6]) * 64}
			at = max(s.at, 0)
			data := make([]byte, int(b[4])*5)
			from := seq
			if s.flags&flagSYN != 0 {
				from++
			}
			for i := range data {
				data[i] = patternAt(from + uint32(i))
			}
			// The pattern does not join over the wrap: 2^32 is no multiple of 251.
			if int(int32(from)) < 0 && int(int32(from))+len(data) > 0 {
				data = data[:-int(int32(from))]
			}
			s.data, s.cut = string(data), int(b[7])%(len(data)+1)
			segs = append(segs, s)
			c := client
			if b[1]&2 != 0 {
				c = server // to itself
			}
			got, class := d.Decode(nil, s.frame(len(segs), c, server))
			if class != ClassTCP {
				t.Fatalf("class %d", class)
			}
			in += len(data) - s.cut
			check(got)
			if out > in {
				t.Fatalf("%d bytes of %d", out, in)
			}
			if err := d.consistent(); err != nil {
				t.Fatalf("frame %d: %v", len(segs), err)
			}
		}
		check(d.Flush(nil))
		if d.streams.bytes != 0 || len(d.streams.byFlow) != 0 {
			t.Fatal("Flush leaves something")
		}
	})
}

// Many connections, of which each holds something, stay within the bound, and
// what is let go is yielded first.
func TestTCPMemory(t *testing.T) {
	d := Decoder{Streams: want}
	data := "*" + string(make([]byte, 1400))
	in, out, ends := 0, 0, 0
	count := func(list []Datagram) {
		for _, g := range list {
			out += len(g.Payload)
			if g.End {
				ends++
			}
		}
	}
	var room []Datagram
	const conns = 60_000
	for i := range conns {
		c := client
		if i >= 50_000 {
			c = server
		}
		c = addrPort(c, uint16(i%50_000))
		for k, s := range []seg{{seq: 10, data: "*b"}, {seq: 14, data: data}} {
			room, _ = d.Decode(room[:0], s.frame(2*i+k+1, c, server))
			in += len(s.data)
			count(room)
		}
		if d.streams.bytes > maxTCPMemory {
			t.Fatalf("%d bytes held", d.streams.bytes)
		}
	}
	if ends == 0 {
		t.Error("nothing had to be let go")
	}
	if err := d.consistent(); err != nil {
		t.Error(err)
	}
	count(d.Flush(nil))
	if out != in || ends != conns {
		t.Errorf("%d bytes of %d, %d ends of %d", out, in, ends, conns)
	}
}

// One stream holds no more than its bound either, however long its hole lasts.
func TestTCPHeld(t *testing.T) {
	for name, step := range map[string]int{"long": 1400, "short": 1} {
		d := Decoder{Streams: want}
		d.Decode(nil, (&seg{seq: 10, data: "*b"}).frame(1, client, server))
		out := 0
		for i := range 2000 {
			s := seg{seq: uint32(100 + i*(step+1)), data: string(make([]byte, step))}
			list, _ := d.Decode(nil, s.frame(i+2, client, server))
			for _, g := range list {
				out += len(g.Payload)
			}
			if err := d.consistent(); err != nil {
				t.Fatal(name, err)
			}
		}
		if left := 2000*step - out; left <= 0 || left > maxHeld {
			t.Errorf("%s: %d bytes are still held", name, left)
		}
	}
}
