package wire

import (
	"time"
	"unsafe"

	"callx/pcapio"
)

// Bounds of what is held of TCP.
const (
	maxTCPMemory = 32 << 20 // bytes, all connections together
	maxHeld      = 256 << 10
	maxSegments  = 512 // held of one stream
	// maxEarly is how many bytes of a stream may come before its first ones.
	maxEarly = 32 << 10
	// maxIdle is how long a connection is remembered that has not carried
	// anything yet, or that has ended (twice the maximum segment lifetime of
	// most systems).
	maxIdle = int64(time.Minute)
	// maxWait is how long a stream waits for a missing segment to be sent
	// again. Linux has tried seven times by then.
	maxWait = int64(30 * time.Second)
	// maxDisorder is how long it waits for one that the receiver has
	// acknowledged: merged captures hold some segments behind their
	// acknowledgements.
	maxDisorder = int64(100 * time.Millisecond)
	// maxJump is how far from its stream a segment may lie.
	maxJump = 4 << 20
)

// A connState is how far a connection is, and the number of the queue that it
// is in.
type connState uint8

const (
	pending  connState = iota // a SYN was seen, but no payload yet
	closed                    // both streams have ended
	followed                  // the order is that of eviction
	states
	waits  = states // not a state: the queue of connections with holes
	unused = states
)

// A conn is one TCP connection.
type conn struct {
	key     Flow // the lower address first
	state   connState
	waiting bool // it is in that queue
	halves  [2]half
	pos     pcapio.Pos // of the last packet
	nanos   int64
	since   int64 // it has been waiting
	links   [2]link
}

// flow returns the flow of one of its streams.
func (c *conn) flow(dir int) Flow {
	if dir == 0 {
		return c.key
	}
	return c.key.Reverse()
}

// connSize is what a conn takes without what it holds: itself and about its
// share of the map.
const (
	connSize    = int(unsafe.Sizeof(conn{})) + 2*int(unsafe.Sizeof(Flow{}))
	segmentSize = int(unsafe.Sizeof(segment{}))
)

// A queue is a list of connections, oldest first. Links of which is used.
type queue struct {
	oldest, newest *conn
	which          int
}

type link struct{ older, newer *conn }

func (q *queue) push(c *conn) {
	c.links[q.which] = link{older: q.newest}
	if q.newest != nil {
		q.newest.links[q.which].newer = c
	} else {
		q.oldest = c
	}
	q.newest = c
}

func (q *queue) take(c *conn) {
	l := c.links[q.which]
	if l.older != nil {
		l.older.links[q.which].newer = l.newer
	} else {
		q.oldest = l.newer
	}
	if l.newer != nil {
		l.newer.links[q.which].older = l.older
	} else {
		q.newest = l.older
	}
}

// streams holds the connections. The zero value is empty.
type streams struct {
	byFlow  map[Flow]*conn
	queues  [states]queue // by their last packet
	waiting queue         // by how long; which is 1
	free    *conn         // a list by links[0].newer
	bytes   int           // held by all of them
}

// connect makes a connection.
func (d *Decoder) connect(key Flow, s connState) *conn {
	t := &d.streams
	if t.byFlow == nil {
		t.byFlow = map[Flow]*conn{}
		t.waiting.which = 1
	}
	for _, idle := range [...]connState{pending, closed} {
		for c := t.queues[idle].oldest; c != nil && apart(c.nanos, d.frame.Nanos) > maxIdle; c = t.queues[idle].oldest {
			t.remove(c)
		}
	}
	c := t.free
	if c == nil {
		c = new(conn)
	} else {
		t.free = c.links[0].newer
	}
	*c = conn{key: key, state: s}
	t.byFlow[key] = c
	t.queues[s].push(c)
	d.makeRoom(c, connSize)
	return c
}

// apart is the time between two frames. Clocks step, either way.
func apart(a, b int64) int64 { return max(a-b, b-a) }

// makeRoom accounts for more bytes of c and lets go of others until all are
// within the bound.
func (d *Decoder) makeRoom(c *conn, more int) {
	t := &d.streams
	t.bytes += more
	for t.bytes > maxTCPMemory {
		victim := (*conn)(nil)
		for i := range t.queues {
			if victim = t.queues[i].oldest; victim == c {
				victim = c.links[0].newer
			}
			if victim != nil {
				break
			}
		}
		if victim == nil {
			return
		}
		d.finish(victim)
		t.remove(victim)
	}
}

// touch notes that a packet of c has come.
func (t *streams) touch(c *conn, g *segment) {
	c.pos, c.nanos = g.pos, g.nanos
	if q := &t.queues[c.state]; q.newest != c {
		q.take(c)
		q.push(c)
	}
}

// move gives c another state.
func (t *streams) move(c *conn, s connState) {
	t.queues[c.state].take(c)
	c.state = s
	t.queues[s].push(c)
}

// remove forgets c.
func (t *streams) remove(c *conn) {
	for i := range c.halves {
		t.bytes -= c.halves[i].drop()
	}
	t.wait(c)
	t.queues[c.state].take(c)
	delete(t.byFlow, c.key)
	t.bytes -= connSize
	c.state = unused
	c.links[0].newer = t.free
	t.free = c
}

// wait puts c among those that wait for a segment, or takes it out.
func (t *streams) wait(c *conn) {
	holds := len(c.halves[0].held)+len(c.halves[1].held) > 0
	switch {
	case holds && !c.waiting:
		c.since = c.nanos
		t.waiting.push(c)
	case !holds && c.waiting:
		t.waiting.take(c)
	}
	c.waiting = holds
}
