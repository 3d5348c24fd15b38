package calls

import (
	"cmp"
	"slices"
	"sort"
)

// Where packets were lost. A packet that the capture does not hold was lost in
// front of the capture point, or by the capture itself; of those that it holds
// the receiver may have missed some. What the receiver reports tells these
// apart; where it reports nothing, holes in many calls at one moment, and the
// capture's own counters, tell the loss of the capture.

// A Loss says where the packets of a leg were lost, as far as there is evidence.
type Loss struct {
	// BeforeCapture were missed by the receiver too.
	BeforeCapture uint64 `json:"before_capture"`
	// AfterCapture are in the capture, and the receiver missed them.
	AfterCapture uint64 `json:"after_capture"`
	// Capture are not in the capture, and the receiver got them, or many calls
	// lack them at the same moment, or the capture says that it lost frames.
	Capture uint64 `json:"capture"`
	// Unknown are not in the capture, and nothing tells why.
	Unknown uint64 `json:"unknown"`
}

func (l *Loss) add(o Loss) {
	l.BeforeCapture += o.BeforeCapture
	l.AfterCapture += o.AfterCapture
	l.Capture += o.Capture
	l.Unknown += o.Unknown
}

// lossOf tells the losses of a part apart. dropped are the packets in its gaps
// that are known to be of the capture.
//
// The receiver's count covers the packets from its first report to its last;
// some of these the capture lacks. If the receiver missed as many
// or more, the capture lacks them because they never came, and the rest was lost
// behind it; if it missed fewer, the difference was lost by the capture.
func (b *builder) lossOf(p *Part, dropped uint64) (l Loss) {
	lost := p.lost()
	l.Capture = min(dropped, lost)
	rest := lost - l.Capture
	_, rr := b.reports.of(b.key(p.runs[0]))
	if rr == nil || rr.count < 2 || len(p.runs) > 1 {
		l.Unknown = rest
		return l
	}
	r := p.runs[0]
	from, to := r.extendSeq(uint16(rr.first.Highest)), r.extendSeq(uint16(rr.last.Highest))
	missed := int64(rr.last.Lost) - int64(rr.first.Lost)
	if to <= from || missed < 0 || int64(rr.last.Highest)-int64(rr.first.Highest) != to-from {
		l.Unknown = rest
		return l
	}
	inside := uint64(0) // holes that the reports cover
	for _, g := range p.holes {
		if n := min(g.seq+g.n, to+1) - max(g.seq, from+1); n > 0 {
			inside += uint64(n)
		}
	}
	inside = min(inside, rest)
	l.Unknown = rest - inside
	l.BeforeCapture = min(inside, uint64(missed))
	l.Capture += inside - l.BeforeCapture
	l.AfterCapture = uint64(missed) - l.BeforeCapture
	return l
}

// extendSeq returns the extended number next to the run's highest that ends so.
func (r *run) extendSeq(seq uint16) int64 {
	return r.seqMax + int64(int16(seq-uint16(r.seqMax)))
}

// What tells that the capture lost packets, not the network: at that moment all
// that is heard breaks off together. A fault of one line breaks the calls on it
// in one direction; so there must be breaks in both.
const (
	breakSlot  = int64(20e6) // nanoseconds: breaks within as much are together
	breakLeast = 3           // streams that break, in each direction of calls
	breakShare = 4           // and at least 3 of 4 that are heard at the time
	maxSlots   = 500         // of one gap that are looked at
)

// breaks counts, by slots of capture time, the streams that lack packets.
type breaks struct {
	slots map[int64]*[2]int32 // of callers and the rest, of callees
	first []int64             // when streams began, in order
	last  []int64             // when they ended, in order
	drops []interval          // by the capture's counters, in order
}

// findBreaks looks at the owned runs.
func (f *finisher) findBreaks() *breaks {
	bs := &breaks{slots: map[int64]*[2]int32{}, drops: f.drops}
	for _, r := range f.runs {
		o, owned := f.owners[r]
		if !owned {
			continue
		}
		bs.first, bs.last = append(bs.first, r.first), append(bs.last, r.last)
		side := 0
		if !o.isCaller() {
			side = 1
		}
		before := int64(-1)
		for _, g := range r.gaps {
			if g.n == 0 {
				continue
			}
			from, to := slotsOf(r, g)
			for slot := max(from, before+1); slot <= to; slot++ {
				n := bs.slots[slot]
				if n == nil {
					n = new([2]int32)
					bs.slots[slot] = n
				}
				n[side]++
			}
			before = max(before, to)
		}
	}
	slices.Sort(bs.first)
	slices.Sort(bs.last)
	return bs
}

func slotsOf(r *run, g gap) (from, to int64) {
	from, to = r.capture(g.from)/breakSlot, r.capture(max(g.to, g.from+1)-1)/breakSlot
	return from, min(to, from+maxSlots)
}

// captured reports whether a gap of a run is a loss of the capture itself.
func (bs *breaks) captured(r *run, g gap) bool {
	from, to := slotsOf(r, g)
	start := from * breakSlot
	if i := sort.Search(len(bs.drops), func(i int) bool { return bs.drops[i].to >= start }); i < len(bs.drops) && bs.drops[i].from <= (to+1)*breakSlot {
		return true
	}
	for slot := from; slot <= to; slot++ {
		n := bs.slots[slot]
		if n == nil || n[0] < breakLeast || n[1] < breakLeast {
			continue
		}
		at := slot * breakSlot
		began, _ := slices.BinarySearch(bs.first, at+breakSlot)
		ended, _ := slices.BinarySearch(bs.last, at)
		if heard := began - ended; breakShare*int(n[0]+n[1]) >= (breakShare-1)*heard {
			return true
		}
	}
	return false
}

// Drop tells the Indexer that the capture itself lost frames in an interval of
// time, as its counters say. It is called before Finish.
func (x *Indexer) Drop(from, to int64) {
	const longest = int64(10e9) // longer intervals tell nothing of a gap
	if to-from >= 0 && to-from <= longest {
		x.drops = append(x.drops, interval{from, to})
		slices.SortFunc(x.drops, func(a, b interval) int { return cmp.Compare(a.to, b.to) })
	}
}
