package calls

import (
	"cmp"
	"slices"
)

// A Part is a stretch of a leg on one RTP clock: a run, or the copies of one
// run seen at several hops. Pass 2 places its packets by
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

	runs   []*run      // hops, the one with most packets first
	keys   []streamKey // of the hops
	shift  []int64     // what to add to a hop's extended timestamps to get the first hop's
	seqAdd []int64     // the same for sequence numbers
	start  int64       // capture time of TS0, nanoseconds
	holes  []gap       // what no hop has, in the first hop's numbers
}

// A Format is what one payload type of a Part carries.
type Format struct {
	Codec
	Audio     bool // false for telephone-event, comfort noise, ...
	Decodable bool
	Packets   uint64 // every copy
}

// partsOf groups the runs of one leg: those that carry the same packets (same
// SSRC, same timestamps at the same time) are hops of one part.
func partsOf(runs []*run, key func(*run) streamKey) []*Part {
	var parts []*Part
	runs = slices.Clone(runs)
	slices.SortStableFunc(runs, func(a, b *run) int {
		return cmp.Or(cmp.Compare(b.unique(), a.unique()), cmp.Compare(a.first, b.first))
	})
next:
	for _, r := range runs {
		for _, p := range parts {
			if key(p.runs[0]).ssrc == key(r).ssrc && p.addHop(r) {
				continue next
			}
		}
		p := &Part{runs: []*run{r}, shift: []int64{0}, seqAdd: []int64{0}}
		parts = append(parts, p)
	}
	for _, p := range parts {
		for _, r := range p.runs {
			p.keys = append(p.keys, key(r))
		}
		p.settle()
	}
	slices.SortStableFunc(parts, func(a, b *Part) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(key(a.runs[0]).ssrc, key(b.runs[0]).ssrc))
	})
	return parts
}

// addHop adds r if it is another sight of the part's first run.
func (p *Part) addHop(r *run) bool {
	a := p.runs[0]
	shift := roundTo(a.tsTop-r.tsTop, 1<<32)
	seqAdd := roundTo(a.seqMax-r.seqMax, 1<<16)
	if r.tsMin+shift > a.tsMax || r.tsMax+shift < a.tsMin || r.seqMin+seqAdd > a.seqMax || r.seqMax+seqAdd < a.seqMin {
		return false
	}
	// The same numbers at another time are another call.
	if d := (r.first - a.first) - ticksToNanos(r.tsMin+shift-a.tsMin, a.clock.hz()); max(d, -d) > slack {
		return false
	}
	p.runs, p.shift, p.seqAdd = append(p.runs, r), append(p.shift, shift), append(p.seqAdd, seqAdd)
	return true
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
	p.holes = p.mergeHoles()
}

// mergeHoles intersects the hops' gaps: only what no hop has is missing.
// Gaps without missing packets (the timestamp advanced) are the first hop's.
func (p *Part) mergeHoles() []gap {
	a := p.runs[0]
	holes := a.gaps
	if lo, hi := p.span(); lo < a.seqMin || hi > a.seqMax {
		holes = slices.Clone(holes)
		if n := a.seqMin - lo; n > 0 {
			holes = slices.Insert(holes, 0, gap{seq: lo, n: n, from: p.TS0, to: a.tsMin})
		}
		if n := hi - a.seqMax; n > 0 {
			holes = append(holes, gap{seq: a.seqMax + 1, n: n, from: a.cover, to: a.cover + n*a.step()})
		}
	}
	for i, r := range p.runs[1:] {
		holes = intersect(holes, r, p.seqAdd[i+1])
	}
	return holes
}

// intersect keeps of holes what r misses too; r's numbers are shifted by add.
func intersect(holes []gap, r *run, add int64) []gap {
	var out []gap
	for _, g := range holes {
		if g.n == 0 {
			out = append(out, g)
			continue
		}
		for seq := g.seq; seq < g.seq+g.n; {
			n, missing := r.stretch(seq - add)
			n = min(n, g.seq+g.n-seq)
			if missing {
				h := g
				h.seq, h.n = seq, n
				h.from = g.from + (g.to-g.from)*(seq-g.seq)/g.n
				h.to = g.from + (g.to-g.from)*(seq+n-g.seq)/g.n
				out = append(out, h)
			}
			seq += n
		}
	}
	return out
}

// stretch tells whether seq is missing in r, and for how many numbers from
// there on that stays so.
func (r *run) stretch(seq int64) (n int64, missing bool) {
	if seq < r.seqMin {
		return r.seqMin - seq, true
	}
	if seq > r.seqMax {
		return int64(1) << 40, true
	}
	for _, g := range r.gaps[r.search(seq):] {
		switch {
		case g.n > 0 && g.seq > seq:
			return g.seq - seq, false
		case g.n > 0 && seq < g.seq+g.n:
			return g.seq + g.n - seq, true
		}
	}
	return r.seqMax - seq + 1, false
}

// lost returns the packets that no hop has.
func (p *Part) lost() uint64 {
	var n int64
	for _, g := range p.holes {
		n += g.n
	}
	if p.runs[0].moreGaps {
		n = int64(p.runs[0].missing())
	}
	return uint64(n)
}

// span returns the part's first and last sequence number over all hops.
func (p *Part) span() (lo, hi int64) {
	lo, hi = p.runs[0].seqMin, p.runs[0].seqMax
	for i, r := range p.runs {
		lo, hi = min(lo, r.seqMin+p.seqAdd[i]), max(hi, r.seqMax+p.seqAdd[i])
	}
	return lo, hi
}
