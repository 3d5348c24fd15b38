package calls

import "callx/calls/srtp"

// A Part is a stretch of a leg on one RTP clock: a run, or the copies of one
// run seen at several hops, whatever these did to its headers. Pass 2 places its packets by
//
//	Start + (timestamp - TS0) / clock rate
//
// from the call's origin, whenever they arrive.
type Part struct {
	Start Seconds // of timestamp TS0, from the call's origin
	End   Seconds // of the last packet's end as far as pass 1 can tell
	TS0   int64   // lowest extended timestamp
	Clock int     // Hz
	// Late is by how much a packet may come after one with a higher timestamp.
	Late Seconds
	// Formats are the payload types in use, with what they mean here.
	Formats []Format
	// Keys are those that its packets may be encrypted with, the likeliest
	// first; none if they are in the clear, or the keys are not known.
	Keys []srtp.Key

	runs   []*run      // hops, the one with most packets first
	keys   []streamKey // of the hops
	shift  []int64     // what to add to a hop's extended timestamps to get the first hop's
	seqAdd []int64     // the same for sequence numbers
	copies []*run      // hops whose numbers nothing maps: counted, not heard
	start  int64       // capture time of TS0, nanoseconds
	holes  []gap       // what no hop has, in the first hop's numbers
	filled int64       // packets that the first hop lacks and another has

	accounted bool // its packets are in the Accounting
}

// A Format is what one payload type of a Part carries.
type Format struct {
	Codec
	Audio     bool // false for telephone-event, comfort noise, ...
	Decodable bool
	Packets   uint64 // every copy
}

// roundTo returns the multiple of m nearest to v.
func roundTo(v, m int64) int64 {
	return (v + m/2) &^ (m - 1)
}

func ticksToNanos(ticks, hz int64) int64 {
	return ticks/hz*1e9 + ticks%hz*1e9/hz
}

// settle works out the part's place once all hops are known.
func (p *Part) settle() {
	a := p.runs[0]
	p.TS0, p.Clock = a.tsMin, int(a.clock.hz())
	end, late := a.cover, a.maxLate
	for i, r := range p.runs {
		p.TS0 = min(p.TS0, r.tsMin+p.shift[i])
		end = max(end, r.cover+p.shift[i])
		late = max(late, r.maxLate)
		if r.at == nil {
			r.at = p
		}
	}
	for _, g := range a.gaps {
		end = max(end, g.to)
	}
	hz := int64(p.Clock)
	p.start = a.anchor + ticksToNanos(p.TS0-a.clock.base, hz)
	p.Late = Seconds(ticksToNanos(late, hz))
	for i, r := range p.runs[1:] {
		lag := r.anchor - ticksToNanos(a.clock.base-r.clock.base-p.shift[i+1], hz) - a.anchor
		p.Late = max(p.Late, Seconds(max(lag, -lag)+2e8))
	}
	p.End = Seconds(ticksToNanos(end-p.TS0, hz)) // from Start until the origin is known
	for _, r := range p.copies {
		r.at = p
	}
	p.mergeHoles()
}
