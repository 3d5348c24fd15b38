package wire

import (
	"encoding/binary"
	"net/netip"

	"callx/pcapio"
)

// An Interest says what is to be done with a TCP connection.
type Interest uint8

const (
	Ignore    Interest = iota // nothing of it is wanted
	Undecided                 // more bytes are needed to tell
	Glance                    // this payload is wanted, the connection is not
	Follow                    // both streams of the connection are wanted
)

// tcpHeader is the length of a TCP header without options.
const tcpHeader = 20

// Control bits of a segment.
const (
	flagFIN = 1 << iota
	flagSYN
	flagRST
	_
	flagACK
)

// A segment is the part of a stream that one packet carried.
type segment struct {
	seq   uint32 // of the first byte
	data  []byte
	cut   int // bytes that the capture lacks behind data
	pos   pcapio.Pos
	nanos int64
}

func (g *segment) length() int { return len(g.data) + g.cut }

// end returns the sequence number behind the segment.
func (g *segment) end() uint32 { return g.seq + uint32(g.length()) }

// trim takes off the first n bytes.
func (g *segment) trim(n int) {
	have := min(n, len(g.data))
	g.data, g.cut, g.seq = g.data[have:], g.cut-(n-have), g.seq+uint32(n)
}

// first returns the first n bytes as a segment of their own.
func (g segment) first(n int) segment {
	have := min(n, len(g.data))
	g.data, g.cut = g.data[:have:have], n-have
	return g
}

// distance is how far b lies behind a in the sequence space, which wraps.
func distance(a, b uint32) int { return int(int32(b - a)) }

// tcp takes off a TCP header (RFC 9293 section 3.1) and yields what follows of
// the stream if its connection is followed. Most are not: a packet of theirs
// costs a look-up and a glance at its first bytes.
func (d *Decoder) tcp(src, dst netip.Addr, b []byte, cut int) Class {
	if d.Streams == nil || len(b) < tcpHeader {
		return ClassTCP
	}
	header := int(b[12]>>4) * 4
	if header < tcpHeader || header > len(b) {
		return ClassTCP
	}
	flags := b[13]
	g := segment{seq: binary.BigEndian.Uint32(b[4:]), data: b[header:], cut: cut, pos: d.frame.Pos, nanos: d.frame.Nanos}
	if len(d.streams.byFlow) > 0 || g.length() > 0 || flags&flagSYN != 0 {
		f := Flow{
			Src:   netip.AddrPortFrom(src, binary.BigEndian.Uint16(b)),
			Dst:   netip.AddrPortFrom(dst, binary.BigEndian.Uint16(b[2:])),
			Proto: TCP,
		}
		d.segment(&f, &g, flags, binary.BigEndian.Uint32(b[8:]))
	}
	if d.streams.waiting.oldest != nil {
		d.overdue(g.nanos)
	}
	return ClassTCP
}

// segment takes a segment of a flow.
func (d *Decoder) segment(f *Flow, g *segment, flags byte, ack uint32) {
	t := &d.streams
	key, dir := *f, 0
	if f.Dst.Compare(f.Src) < 0 {
		key, dir = f.Reverse(), 1
	}
	c := t.byFlow[key]
	if c == nil {
		if flags&flagSYN != 0 {
			c = d.connect(key, pending)
		} else if c = d.midstream(f, key, dir, g); c == nil {
			return
		}
	}
	t.touch(c, g)
	h := &c.halves[dir]
	if flags&flagSYN != 0 {
		d.synchronise(c, h, g)
	}
	if flags&flagACK != 0 {
		c.halves[1-dir].acknowledge(ack)
	}
	if flags&flagRST != 0 { // it may say why, in bytes that are none of the stream
		if !h.strange(g) {
			d.reset(c)
		}
		return
	}
	if flags&flagFIN != 0 && !h.strange(g) {
		h.fin, h.finSeen = g.end(), true
	}
	if g.length() > 0 {
		d.payload(c, h, f, g)
	}
	d.settle(c, d.frame.Nanos)
}

// midstream looks at a segment of no known connection. One that has begun
// before the capture, or whose beginning was not wanted, is followed from the
// first payload that is.
func (d *Decoder) midstream(f *Flow, key Flow, dir int, g *segment) *conn {
	if len(g.data) == 0 {
		return nil
	}
	switch d.Streams(*f, g.data) {
	case Follow:
		c := d.connect(key, followed)
		c.halves[dir].resume(g.seq)
		return c
	case Glance:
		d.yield(f, g, true)
	}
	return nil
}

// synchronise takes a SYN: the stream begins behind it.
func (d *Decoder) synchronise(c *conn, h *half, g *segment) {
	isn := g.seq
	g.seq++ // the SYN itself
	if h.begun && h.isn == isn {
		return // sent again
	}
	if h.known || c.state == closed {
		// Ports that are used again.
		d.finish(c)
		c.halves = [2]half{}
		d.streams.move(c, pending)
	}
	*h = half{known: true, begun: true, isn: isn, next: isn + 1}
}

// payload takes the bytes of a segment.
func (d *Decoder) payload(c *conn, h *half, f *Flow, g *segment) {
	strange := h.strange(g)
	if c.state == followed && !h.ended && !strange {
		if !h.known {
			h.resume(g.seq)
		}
		d.accept(c, h, f, g)
		return
	}
	if h.known && !strange {
		switch n := distance(g.seq, h.next); {
		case n >= g.length():
			return // sent again
		case n > 0:
			g.trim(n)
		}
	}
	interest := d.Streams(*f, g.data)
	first := c.state == pending && h.known && g.seq == h.next
	switch {
	case first && (interest == Ignore || interest == Glance):
		if interest == Glance {
			d.yield(f, g, false)
		}
		d.streams.remove(c)
		return
	case first:
		d.streams.move(c, followed)
	case c.state == pending && interest != Follow:
		if h.known && !strange {
			d.early(c, h, g)
		}
		return
	case c.state == pending && !strange:
		d.streams.move(c, followed)
		if !h.known {
			h.resume(g.seq)
		}
	case interest == Follow:
		d.revive(c, h, f, g)
	default:
		return
	}
	d.accept(c, h, f, g)
}

// early holds a segment of a stream whose first bytes are still missing. What
// goes on without them is not wanted.
func (d *Decoder) early(c *conn, h *half, g *segment) {
	d.hold(c, h, g)
	if h.bytes > maxEarly {
		d.streams.remove(c)
	}
}

// yield appends a stretch of a stream.
func (d *Decoder) yield(f *Flow, g *segment, hole bool) {
	d.out = append(d.out, Datagram{Pos: g.pos, Nanos: g.nanos, Flow: *f, Payload: g.data, Cut: g.cut, Hole: hole})
}
