package calls

import (
	"cmp"
	"fmt"
	"slices"
)

// maxOpen bounds how many parts of a leg that are on the air together, and how
// many hops of each, a further run is held against.
const maxOpen = 32

// partsOf groups the runs of one leg. Those that carry the same packets at the
// same time are hops of one part: by the same SSRC and numbers, or by the same
// payloads where a relay has given them others.
func partsOf(runs []*run, key func(*run) streamKey) []*Part {
	runs = slices.Clone(runs)
	slices.SortStableFunc(runs, func(a, b *run) int { return cmp.Compare(a.first, b.first) })
	var parts, open []*Part
	for _, r := range runs {
		open = slices.DeleteFunc(open, func(p *Part) bool { return p.last()+slack < r.first })
		if slices.ContainsFunc(open, func(p *Part) bool { return p.join(r, key) }) {
			continue
		}
		p := &Part{runs: []*run{r}, shift: []int64{0}, seqAdd: []int64{0}}
		parts = append(parts, p)
		if open = append(open, p); len(open) > maxOpen {
			open = open[1:]
		}
	}
	for _, p := range parts {
		p.lead()
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

// last returns when the last of the part's hops so far ends.
func (p *Part) last() (nanos int64) {
	for _, r := range p.runs[max(0, len(p.runs)-maxOpen):] {
		nanos = max(nanos, r.last)
	}
	return nanos
}

// join adds r if it is another sight of one of the part's runs.
func (p *Part) join(r *run, key func(*run) streamKey) bool {
	for i := max(0, len(p.runs)-maxOpen); i < len(p.runs); i++ {
		o := p.runs[i]
		seqAdd, shift, ok := int64(0), int64(0), false
		if key(o).ssrc == key(r).ssrc {
			seqAdd, shift, ok = sameNumbers(o, r)
		}
		if !ok {
			if !sameVoice(o, r) {
				continue
			}
			if seqAdd, shift, ok = mapping(o, r); !ok || o.clock.hz() != r.clock.hz() {
				p.copies = append(p.copies, r)
				return true
			}
		}
		p.runs, p.shift, p.seqAdd = append(p.runs, r), append(p.shift, p.shift[i]+shift), append(p.seqAdd, p.seqAdd[i]+seqAdd)
		return true
	}
	return false
}

// sameNumbers reports whether b has the sequence numbers and timestamps that a
// has, at about the same time, and by how much their extensions differ.
func sameNumbers(a, b *run) (seqAdd, shift int64, ok bool) {
	shift = roundTo(a.tsTop-b.tsTop, 1<<32)
	seqAdd = roundTo(a.seqAt(b.tsTop+shift)-b.seqMax, 1<<16)
	if b.tsMin+shift > a.tsMax || b.tsMax+shift < a.tsMin || b.seqMin+seqAdd > a.seqMax || b.seqMax+seqAdd < a.seqMin {
		return 0, 0, false
	}
	// The same numbers at another time are another call.
	d := (b.first - a.first) - ticksToNanos(b.tsMin+shift-a.tsMin, a.clock.hz())
	return seqAdd, shift, max(d, -d) <= slack
}

// lead puts the hop with most packets first and counts from its numbers.
func (p *Part) lead() {
	best := 0
	for i, r := range p.runs {
		if r.unique() > p.runs[best].unique() {
			best = i
		}
	}
	shift, seqAdd := p.shift[best], p.seqAdd[best]
	for i := range p.runs {
		p.shift[i] -= shift
		p.seqAdd[i] -= seqAdd
	}
	p.runs[0], p.runs[best] = p.runs[best], p.runs[0]
	p.shift[0], p.shift[best] = p.shift[best], p.shift[0]
	p.seqAdd[0], p.seqAdd[best] = p.seqAdd[best], p.seqAdd[0]
}

// all lists every run of the part.
func (p *Part) all() []*run { return slices.Concat(p.runs, p.copies) }

// flows counts the pairs of addresses at which the part's packets were seen.
func (p *Part) flows(key func(*run) streamKey) int {
	seen := map[streamKey]bool{}
	for _, r := range p.all() {
		k := key(r)
		k.ssrc = 0
		seen[k] = true
	}
	return len(seen)
}

// packets counts every copy of the part's packets.
func (p *Part) packets() (n uint64) {
	for _, r := range p.all() {
		n += r.packets
	}
	return n
}

// duplicates counts the copies beyond the first, of one hop or of several.
func (p *Part) duplicates() (n uint64) {
	for _, r := range p.copies {
		n += r.packets
	}
	if len(p.runs) == 1 {
		return n + p.runs[0].duplicates
	}
	for _, r := range p.runs {
		n += r.packets - r.wild
	}
	if p.coarse() {
		return n - p.runs[0].unique()
	}
	lo, hi := p.span()
	return n - (uint64(hi-lo+1) - p.lost())
}

// mergeHoles intersects the hops' gaps: only what no hop has is missing.
// Gaps without missing packets (the timestamp advanced) are the first hop's.
func (p *Part) mergeHoles() {
	a := p.runs[0]
	p.holes = a.gaps
	if p.coarse() {
		return
	}
	if lo, hi := p.span(); lo < a.seqMin || hi > a.seqMax {
		p.holes = slices.Clone(p.holes)
		if n := a.seqMin - lo; n > 0 {
			p.holes = slices.Insert(p.holes, 0, gap{seq: lo, n: n, from: p.TS0, to: a.tsMin})
		}
		if n := hi - a.seqMax; n > 0 {
			p.holes = append(p.holes, gap{seq: a.seqMax + 1, n: n, from: a.cover, to: a.cover + n*a.step()})
		}
	}
	for _, g := range p.holes {
		p.filled += g.n
	}
	for i, r := range p.runs[1:] {
		p.holes = intersect(p.holes, r, p.seqAdd[i+1])
	}
	for _, g := range p.holes {
		p.filled -= g.n
	}
}

// intersect keeps of holes what r misses too; r's numbers are shifted by add.
// Both lists are in order, so each is gone through once.
func intersect(holes []gap, r *run, add int64) []gap {
	var out []gap
	at := 0 // gaps of r in front of it end before the hole in hand
	for _, g := range holes {
		if g.n == 0 {
			out = append(out, g)
			continue
		}
		lo, hi := g.seq-add, g.seq+g.n-add // in r's numbers
		keep := func(from, to int64) {
			if from, to = max(from, lo), min(to, hi); from >= to {
				return
			}
			h := g
			h.seq, h.n = from+add, to-from
			h.from = g.from + (g.to-g.from)*(from-lo)/g.n
			h.to = g.from + (g.to-g.from)*(to-lo)/g.n
			out = append(out, h)
		}
		keep(lo, r.seqMin)
		for at < len(r.gaps) && r.gaps[at].seq+r.gaps[at].n <= lo {
			at++
		}
		k := at
		for ; k < len(r.gaps) && r.gaps[k].seq < hi; k++ {
			keep(r.gaps[k].seq, r.gaps[k].seq+r.gaps[k].n)
		}
		at = max(at, k-1) // the last may reach into the next hole
		keep(r.seqMax+1, hi)
	}
	return out
}

// coarse reports whether some hop has more gaps than are kept, so that hops
// cannot be told to fill each other.
func (p *Part) coarse() bool {
	return slices.ContainsFunc(p.runs, func(r *run) bool { return r.moreGaps })
}

// lost returns the packets that no hop has.
func (p *Part) lost() (n uint64) {
	if p.coarse() {
		return p.runs[0].missing()
	}
	for _, g := range p.holes {
		n += uint64(g.n)
	}
	return n
}

// span returns the part's first and last sequence number over all hops.
func (p *Part) span() (lo, hi int64) {
	lo, hi = p.runs[0].seqMin, p.runs[0].seqMax
	for i, r := range p.runs {
		lo, hi = min(lo, r.seqMin+p.seqAdd[i]), max(hi, r.seqMax+p.seqAdd[i])
	}
	return lo, hi
}

// hops notes what was made of a part that was seen more than once.
func (b *builder) hops(leg *Leg, p *Part) {
	main := p.runs[0]
	if n := p.flows(b.key); n > 1 {
		text := fmt.Sprintf("%s: the same voice was seen at %d pairs of addresses; heard is %s", leg.Party, n, b.describeRun(main))
		if p.filled > 0 {
			text += fmt.Sprintf(", and %d packets that it lacks are taken from the others", p.filled)
		}
		b.note("hop", text)
	}
	for _, r := range p.all()[1:] {
		if b.key(r).ssrc != b.key(main).ssrc {
			b.note("hop", fmt.Sprintf("%s: by its payloads, %s is the same voice as %s under other numbers; %s", leg.Party,
				b.describeRun(r), b.describeRun(main), usedAs(slices.Contains(p.copies, r))))
		}
	}
}

func usedAs(copied bool) string {
	if copied {
		return "nothing maps these, so its packets are counted as duplicates"
	}
	return "a constant maps these"
}
