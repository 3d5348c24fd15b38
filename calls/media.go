package calls

import "slices"

// Pass 1 of RTP: samples become runs.

// A stream is what most streams do not need: the runs before the one in hand,
// and a packet that does not go on from it and may be the first of a new one.
type stream struct {
	older  []*run
	held   sample
	copies uint64 // of the held packet; 0 if there is none
}

// lookUp finds the stream of each sample. It is done for a whole batch with
// nothing in between, so that the processor waits for many slots of the table
// at once.
func (x *Indexer) lookUp(list []sample) {
	for i := range list {
		s := &list[i]
		id := x.streams.find(&s.key)
		if id < 0 {
			id = x.streams.add(s.key)
		}
		s.stream = int32(id)
	}
}

// touchGroup is for how many samples the runs are fetched from memory before
// the first of them has its turn. With thousands of streams no cache holds all
// runs, and what a packet costs is to wait for its own; the loads of a group
// wait together.
const touchGroup = 32

// Runs are allocated together, more and more of them: the fewer pages they lie
// on, the less the processor has to look up.
const (
	slabRuns    = 64
	maxSlabRuns = 32 << 10
)

// newRun begins the run of one packet. Until keepRun, the next call gives the
// same memory.
func (x *Indexer) newRun(stream int, s *sample) *run {
	if len(x.slab) == 0 {
		x.slab = make([]run, min(max(slabRuns, len(x.cur)), maxSlabRuns))
	}
	r := &x.slab[0]
	r.begin(int32(stream), s)
	return r
}

func (x *Indexer) keepRun() { x.slab = x.slab[1:] }

// allMedia takes the samples of a batch.
func (x *Indexer) allMedia(list []sample) {
	for group := range slices.Chunk(list, touchGroup) {
		for i := range group {
			if id := int(group[i].stream); id < len(x.cur) {
				x.touched += x.cur[id].touch()
			}
		}
		for i := range group {
			x.media(&group[i])
		}
	}
}

// media takes one RTP packet.
func (x *Indexer) media(s *sample) {
	id := int(s.stream)
	if id == len(x.cur) {
		x.cur = append(x.cur, x.newRun(id, s))
		x.keepRun()
		x.rest = append(x.rest, nil)
	} else if r := x.cur[id]; !r.add(s) {
		x.hold(id, s)
	} else if r.holding {
		x.dropHeld(id)
	}
	r := x.cur[id]
	if r.clock.rate == 0 && len(r.clock.pending) >= settleAfter {
		r.clock.settle(x.rate(&s.key, r))
	}
	if s.isEvent() {
		x.event(s, r)
	}
}

// hold keeps a packet that does not go on from the run in hand. If the next
// goes on from it, the sender has restarted and a new run begins with it; else
// its timestamp is wild and it cannot be placed.
func (x *Indexer) hold(id int, s *sample) {
	st, cur := x.rest[id], x.cur[id]
	if st == nil {
		st = &stream{}
		x.rest[id] = st
	}
	if cur.holding {
		if s.seq == st.held.seq && s.ts == st.held.ts {
			st.copies++
			return
		}
		next := x.newRun(id, &st.held)
		if d := int16(s.seq - st.held.seq); d > 0 && d < 16 && next.add(s) {
			x.keepRun()
			next.packets += st.copies - 1
			next.duplicates += st.copies - 1
			cur.holding = false
			st.older = append(st.older, cur)
			x.cur[id] = next
			return
		}
		x.dropHeld(id)
	}
	st.held, st.copies = *s, 1
	cur.holding = true
}

// dropHeld counts the held packet of a stream as wild.
func (x *Indexer) dropHeld(id int) {
	cur, st := x.cur[id], x.rest[id]
	cur.packets += st.copies
	cur.wild += st.copies
	cur.holding = false
}

// runs returns the runs of a stream in order of capture.
func (x *Indexer) runs(id int) []*run {
	if x.cur[id].holding {
		x.dropHeld(id)
	}
	if x.rest[id] == nil {
		return x.cur[id : id+1 : id+1]
	}
	return append(x.rest[id].older, x.cur[id])
}

// rate finds the clock rate of a run: what the signalling so far says of its
// commonest payload type, the static table, else the slope of its packets.
func (x *Indexer) rate(key *packedKey, r *run) int64 {
	pt := r.mainFormat().pt
	flow := key.unpack().flow
	if o, ok := x.signal.targets[flow.Dst]; ok {
		if c, _, ok := o.heard(flow, pt, r.first); ok && c.ClockRate > 0 {
			return int64(c.ClockRate)
		}
	}
	if c, _, ok := staticCodec(pt); ok && c.ClockRate > 0 {
		return int64(c.ClockRate)
	}
	return r.clock.guess()
}

// mainFormat returns the payload type with most packets.
func (r *run) mainFormat() *format {
	r.keep()
	best := &r.formats[0]
	for i := range r.formats {
		if r.formats[i].packets > best.packets {
			best = &r.formats[i]
		}
	}
	return best
}
