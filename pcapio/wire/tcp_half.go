package wire

import (
	"bytes"
	"slices"
	"sort"
)

// A half is one of the two streams of a connection. Of bytes that came twice
// the first win.
type half struct {
	next  uint32 // the sequence number that is due
	isn   uint32 // of its SYN, if begun
	acked uint32 // by the other side
	fin   uint32 // the number behind its last byte

	known   bool // next is; all else counts only then
	begun   bool // the SYN was seen
	ackSeen bool
	finSeen bool
	ended   bool
	hole    bool // bytes before next are missing

	held  []segment // in order, apart from each other, all behind next
	bytes int       // that held takes
}

// resume begins in the middle of a stream.
func (h *half) resume(seq uint32) { *h = half{known: true, next: seq, hole: true} }

// strange reports whether g lies where no segment of the stream can.
func (h *half) strange(g *segment) bool {
	n := distance(h.next, g.seq)
	return h.known && max(n, -n) > maxJump
}

func (h *half) acknowledge(ack uint32) {
	if h.known && (!h.ackSeen || distance(h.acked, ack) > 0) {
		h.acked, h.ackSeen = ack, true
	}
}

// givenUp reports whether the segment that held waits for will not come.
func (h *half) givenUp(now int64) bool {
	if h.bytes > maxHeld || len(h.held) > maxSegments {
		return true
	}
	g := &h.held[0]
	return h.ackSeen && distance(g.seq, h.acked) >= 0 && apart(g.nanos, now) > maxDisorder
}

// over reports whether nothing more is to come. A stream of which the capture
// holds nothing never ends.
func (h *half) over() bool { return h.ended || !h.known }

// drop forgets what is held and returns how many bytes that were.
func (h *half) drop() int {
	n := h.bytes
	h.held, h.bytes = nil, 0
	return n
}

// accept takes the next segment of a stream, near the others. A frame with
// payload yields at least one datagram, the first of which is its own.
func (d *Decoder) accept(c *conn, h *half, f *Flow, g *segment) {
	rest, yielded := *g, false
	for {
		if n := distance(rest.seq, h.next); n >= rest.length() {
			rest.data, rest.cut = nil, 0 // it was here before
		} else if n > 0 {
			rest.trim(n)
		}
		switch {
		case rest.length() == 0 || rest.seq != h.next:
			if !yielded {
				d.yield(f, &segment{pos: g.pos, nanos: g.nanos}, false)
			}
			d.hold(c, h, &rest)
			return
		case len(h.held) == 0:
			d.advance(h, f, &rest)
			return
		}
		n := min(rest.length(), distance(h.next, h.held[0].seq))
		part := rest.first(n)
		d.advance(h, f, &part)
		d.drain(h, f)
		rest.trim(n)
		yielded = true
	}
}

// advance yields the segment that is due.
func (d *Decoder) advance(h *half, f *Flow, g *segment) {
	d.yield(f, g, h.hole)
	h.hole, h.next = g.cut > 0, g.end()
}

// drain yields what is held and is due.
func (d *Decoder) drain(h *half, f *Flow) {
	n := 0
	for ; n < len(h.held) && h.held[n].seq == h.next; n++ {
		g := &h.held[n]
		d.advance(h, f, g)
		h.bytes -= segmentSize + len(g.data)
		d.streams.bytes -= segmentSize + len(g.data)
	}
	h.held = slices.Delete(h.held, 0, n)
}

// skip gives up what is missing before the first segment held.
func (d *Decoder) skip(h *half, f *Flow) {
	h.next, h.hole = h.held[0].seq, true
	d.drain(h, f)
}

// hold keeps a copy of what is not held yet of a segment that is not due.
func (d *Decoder) hold(c *conn, h *half, g *segment) {
	for g.length() > 0 {
		// The first one that ends behind the beginning of g.
		i := sort.Search(len(h.held), func(i int) bool { return distance(g.seq, h.held[i].end()) > 0 })
		n := g.length()
		if i < len(h.held) {
			n = min(n, distance(g.seq, h.held[i].seq))
		}
		if n > 0 {
			part := g.first(n)
			part.data = bytes.Clone(part.data)
			h.held = slices.Insert(h.held, i, part)
			h.bytes += segmentSize + len(part.data)
			d.makeRoom(c, segmentSize+len(part.data))
			g.trim(n)
			continue
		}
		g.trim(min(g.length(), distance(g.seq, h.held[i].end())))
	}
}

// settle gives up what will not come and ends what has ended.
func (d *Decoder) settle(c *conn, now int64) {
	if c.state == unused {
		return
	}
	if c.state == followed {
		for dir := range c.halves {
			h := &c.halves[dir]
			if len(h.held) == 0 && !h.finSeen {
				continue
			}
			f := c.flow(dir)
			for len(h.held) > 0 && h.givenUp(now) {
				d.skip(h, &f)
			}
			if h.finSeen && distance(h.fin, h.next) >= 0 {
				d.end(c, h, &f)
			}
		}
		if c.halves[0].over() && c.halves[1].over() {
			d.streams.move(c, closed)
		}
	}
	d.streams.wait(c)
}

// end says that a stream has ended, once.
func (d *Decoder) end(c *conn, h *half, f *Flow) {
	if !h.ended {
		h.ended = true
		d.out = append(d.out, Datagram{Pos: c.pos, Nanos: c.nanos, Flow: *f, End: true})
	}
}

// finish yields what is held of c and ends its streams.
func (d *Decoder) finish(c *conn) {
	for dir := range c.halves {
		h := &c.halves[dir]
		if c.state != followed {
			d.streams.bytes -= h.drop()
			continue
		}
		f := c.flow(dir)
		for len(h.held) > 0 {
			d.skip(h, &f)
		}
		if h.known {
			d.end(c, h, &f)
		}
	}
	d.streams.wait(c)
}

// reset takes a RST.
func (d *Decoder) reset(c *conn) {
	if c.state == pending {
		d.streams.remove(c)
		return
	}
	d.finish(c)
	d.streams.move(c, closed)
}

// revive goes on with a stream that has ended, or that has moved away from
// where it was: its connection was another one, or most of it is missing.
func (d *Decoder) revive(c *conn, h *half, f *Flow, g *segment) {
	if c.state == followed {
		for len(h.held) > 0 {
			d.skip(h, f)
		}
	} else {
		d.streams.bytes -= h.drop()
		d.streams.move(c, followed)
	}
	h.resume(g.seq)
}

// overdue gives up the holes that have been waited for too long.
func (d *Decoder) overdue(now int64) {
	t := &d.streams
	for c := t.waiting.oldest; c != nil && apart(c.since, now) > maxWait; c = t.waiting.oldest {
		since := now
		for i := range c.halves {
			for k := range c.halves[i].held {
				if n := c.halves[i].held[k].nanos; apart(n, now) > apart(since, now) {
					since = n
				}
			}
		}
		t.waiting.take(c)
		c.waiting = false
		switch {
		case apart(since, now) <= maxWait:
			t.wait(c)
			c.since = since
		case c.state == pending:
			t.remove(c)
		default:
			for dir := range c.halves {
				f := c.flow(dir)
				for h := &c.halves[dir]; len(h.held) > 0; {
					d.skip(h, &f)
				}
			}
			d.settle(c, now)
		}
	}
}

// flush yields what is held of all connections, at the end of the capture, and
// ends all streams.
func (d *Decoder) flush() {
	t := &d.streams
	for c := t.waiting.oldest; c != nil; c = t.waiting.oldest {
		if c.state == pending {
			t.remove(c)
			continue
		}
		d.finish(c)
	}
	for c := t.queues[followed].oldest; c != nil; c = c.links[0].newer {
		d.finish(c)
	}
	*t = streams{}
}
