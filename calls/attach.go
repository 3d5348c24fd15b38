package calls

import (
	"net/netip"
	"slices"
)

// A finisher holds what Finish needs besides the Indexer.
type finisher struct {
	*Indexer
	paths  []string
	runs   []*run
	owners map[*run]owner
	fax    map[*run]bool         // not RTP at all: T.38 that looks like it
	events map[*run][]digitEvent // what may be telephone-events
	breaks *breaks
}

// An owner says whose voice a run is, and how that is known.
type owner struct {
	*member        // who speaks
	rule    string // see attach
}

func (f *finisher) key(r *run) streamKey { return f.streams.keys[r.stream].unpack() }

// A pair is a flow's addresses.
type pair struct{ src, dst netip.AddrPort }

func (f *finisher) pair(r *run) pair {
	k := f.key(r)
	return pair{k.flow.Src, k.flow.Dst}
}

// attach finds the owner of every run, by the first of these rules that tells:
//
//	sdp        it goes to where, as SDP says, the other side receives
//	ice        it goes to, or comes from, an ICE candidate of a side
//	symmetric  it is the reverse of such a flow, or comes from where the
//	           speaker receives (symmetric RTP, RFC 4961)
//	nat        the same with the port of the SDP at the address that the
//	           SIP message came from
//	hop        it has the SSRC and the payloads of one that is owned
func (f *finisher) attach() {
	cs, natted := claimsOf(f.signal.order)
	f.fax = map[*run]bool{}
	f.events = map[*run][]digitEvent{}
	for _, e := range f.dtmf {
		f.events[e.run] = append(f.events[e.run], e)
	}
	for _, d := range f.signal.order {
		d.faxes()
	}
	var open []*run
	for _, r := range f.runs {
		k := f.pair(r)
		if c := cs.find(k.dst, k.src, r); c == nil {
			open = append(open, r)
		} else if c.media.Kind == "image" {
			f.fax[r] = true
		} else {
			f.owners[r] = owner{c.owner.speaker(k.src, r.first), c.rule}
		}
	}
	reversed := f.reversed(open)
	for _, r := range open {
		k := f.pair(r)
		if o, ok := f.reverse(reversed[pair{k.dst, k.src}], r); ok {
			f.owners[r] = owner{o.speaker(k.src, r.first), "symmetric"}
		} else if c := cs.find(k.src, k.dst, r); c != nil {
			f.claimed(r, c, map[string]string{"sdp": "symmetric", "ice": "ice"}[c.rule])
		} else if c := natted.find(k.dst, k.src, r); c != nil {
			f.owners[r] = owner{c.owner.speaker(k.src, r.first), "nat"}
		} else if c := natted.find(k.src, k.dst, r); c != nil {
			f.claimed(r, c, "nat")
		}
	}
	f.attachHops()
	f.release()
}

// claimed makes a run from a claimed address the voice of who receives there.
func (f *finisher) claimed(r *run, c *claim, rule string) {
	if c.media.Kind == "image" {
		f.fax[r] = true
		return
	}
	f.owners[r] = owner{c.owner, rule}
}

// reversed returns the owned runs of the flows opposite to those of open.
func (f *finisher) reversed(open []*run) map[pair][]*run {
	list := map[pair][]*run{}
	for _, r := range open {
		k := f.pair(r)
		list[pair{k.dst, k.src}] = nil
	}
	for _, r := range f.runs {
		if _, owned := f.owners[r]; owned && len(list) > 0 {
			k := f.pair(r)
			if at, ok := list[k]; ok {
				list[k] = append(at, r)
			}
		}
	}
	return list
}

// maxReverse bounds how many runs of the opposite flow are looked at, those
// that began about when r did: more follow each other only by restarts.
const maxReverse = 64

// reverse returns the owner of the run that fits r best in time among those
// of the opposite flow that SDP has placed.
func (f *finisher) reverse(runs []*run, r *run) (best owner, ok bool) {
	most := -slack
	after, _ := slices.BinarySearchFunc(runs, r.first, func(o *run, t int64) int { return int(min(max(o.first-t, -1), 1)) })
	for _, o := range runs[max(0, after-maxReverse):min(len(runs), after+maxReverse)] {
		if overlap := min(o.last, r.last) - max(o.first, r.first); overlap > most {
			best, ok, most = f.owners[o], true, overlap
		}
	}
	return best, ok
}

// attachHops gives the runs that nobody owns to the owner of a run with the
// same SSRC and the same payloads: another hop of it. SSRC alone is no key.
func (f *finisher) attachHops() {
	type sampled struct{ ssrc, hash uint32 }
	index := map[sampled][]*run{}
	wanted := map[uint32]bool{}
	for _, r := range f.runs {
		if _, owned := f.owners[r]; owned || f.fax[r] || r.sketch == nil || r.sketch.n < sketchLeast {
			continue
		}
		ssrc := f.key(r).ssrc
		wanted[ssrc] = true
		for _, h := range r.sketch.hash[:r.sketch.n] {
			if k := (sampled{ssrc, h}); len(index[k]) < maxShare {
				index[k] = append(index[k], r)
			}
		}
	}
	found := map[*run]owner{}
	for _, o := range f.runs {
		w, owned := f.owners[o]
		ssrc := f.key(o).ssrc
		if !owned || !wanted[ssrc] || o.sketch == nil {
			continue
		}
		for _, h := range o.sketch.hash[:o.sketch.n] {
			for _, r := range index[sampled{ssrc, h}] {
				if _, done := found[r]; !done && sameVoice(o, r) {
					found[r] = owner{w.member, "hop"}
				}
			}
		}
	}
	for r, w := range found {
		f.owners[r] = w
	}
}

// quietMax is how long a call may be without media and still be the same call
// if nothing is said about it: where nobody hangs up, addresses serve other
// calls later. awayMax bounds it whatever is said.
const (
	quietMax = int64(3600e9)
	awayMax  = 24 * quietMax
)

// release takes runs away from calls that had long been quiet when they
// began: they are calls of their own.
func (f *finisher) release() {
	heard := map[*dialog]int64{}
	for _, r := range f.runs { // in order of time
		o, ok := f.owners[r]
		if !ok {
			continue
		}
		last, before := heard[o.d]
		if quiet := r.first - last; before && (quiet > awayMax || quiet > quietMax && !o.d.describedAt(r.first)) {
			delete(f.owners, r)
			continue
		}
		heard[o.d] = max(last, r.last)
	}
}

// describedAt reports whether either side described its media about that time.
func (d *dialog) describedAt(nanos int64) bool {
	for _, m := range d.members {
		if slices.ContainsFunc(m.says, func(ds description) bool { return nanos-ds.nanos < 60e9 && ds.nanos-nanos < slack }) {
			return true
		}
	}
	return false
}
