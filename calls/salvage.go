package calls

import (
	"fmt"
	"slices"
)

// salvage makes calls of the media that no dialog owns: legs a and b, paired
// by reversed flow.
func (f *finisher) salvage() []*Call {
	byFlow := map[pair][]*talk{}
	var talks []*talk
	for _, r := range f.runs {
		if _, ok := f.owners[r]; ok {
			continue
		}
		if f.fax[r] || !f.plausible(r) {
			f.count.OtherUDP += r.packets
			continue
		}
		f.count.RTPUnattributed += r.packets
		k := f.pair(r)
		t := open(byFlow[k], r)
		if t == nil {
			t = &talk{pair: k}
			byFlow[k] = append(byFlow[k], t)
			talks = append(talks, t)
		}
		t.add(r)
	}
	var calls []*Call
	for _, t := range talks {
		if t.taken {
			continue
		}
		t.taken = true
		var answer *talk
		back := pair{t.pair.dst, t.pair.src}
		for len(byFlow[back]) > 0 && byFlow[back][0].taken {
			byFlow[back] = byFlow[back][1:]
		}
		for _, o := range byFlow[back] { // in order of time
			if o.first > t.last+slack {
				break
			}
			if !o.taken && min(o.last, t.last)-max(o.first, t.first) > -slack {
				answer, o.taken = o, true
				break
			}
		}
		calls = append(calls, f.unattributed(t, answer))
	}
	return calls
}

// A talk is what one flow carried in one go: streams that follow each other.
type talk struct {
	pair        pair
	runs        []*run
	first, last int64
	taken       bool
}

func (t *talk) add(r *run) {
	if len(t.runs) == 0 {
		t.first = r.first
	}
	t.runs = append(t.runs, r)
	t.last = max(t.last, r.last)
}

// pauseMax is the silence after which a flow without signalling is another call.
const pauseMax = int64(60e9)

// maxTalks bounds how many talks of one flow may be open at the same time.
const maxTalks = 32

// open returns the talk that r goes on: not one that is still speaking, as
// streams at the same time are different voices.
func open(talks []*talk, r *run) *talk {
	for _, t := range talks[max(0, len(talks)-maxTalks):] {
		if r.first >= t.last && r.first-t.last <= pauseMax {
			return t
		}
	}
	return nil
}

// enough packets that go on from each other are no chance.
const enough = 8

// plausible is the test that media without signalling must pass: enough
// packets of one SSRC whose sequence and timestamps progress as audio does.
func (f *finisher) plausible(r *run) bool {
	n := r.unique()
	if n < enough || r.missing() > 4*n || r.wild > n/4 {
		return false
	}
	main := r.mainFormat()
	if main.pt >= 64 && main.pt <= 95 { // RTCP in disguise, RFC 5761 section 4
		return false
	}
	if main.pt >= 35 && main.pt < 96 { // unassigned, RFC 3551 section 6
		return false
	}
	if f.evented(r, main.pt) {
		return true
	}
	ticks := r.tsMax - r.tsMin
	span := float64(r.last - r.first)
	if ticks <= 0 || span <= 0 || r.tsTop <= r.clock.base {
		return false
	}
	rate := float64(ticks) * 1e9 / span
	if r.maxSize == 0 || rate < 4000 || rate > 200000 {
		return false
	}
	// The timestamps of audio go with a clock, whoever sends it; over a short
	// time jitter hides which.
	if c, _, ok := staticCodec(main.pt); ok {
		return ratio(rate, float64(c.ClockRate)) < 2
	}
	const steady = 2e9
	return span < steady || ratio(rate, float64(usualRate(rate))) < 1.25
}

// evented reports whether a run holds telephone-events of that payload type.
func (f *finisher) evented(r *run, pt uint8) bool {
	return slices.ContainsFunc(f.events[r], func(e digitEvent) bool { return e.pt == pt })
}

// unattributed makes a call of one or two talks.
func (f *finisher) unattributed(a, b *talk) *Call {
	id := f.key(a.runs[0])
	first := a.runs[0]
	c := &Call{
		ID:      shortID(id.flow.Src.String(), id.flow.Dst.String(), SSRC(id.ssrc).String(), fmt.Sprint(first.first)),
		CallIDs: []string{}, State: Unattributed, Start: timeOf(a.first), End: timeOf(a.last),
	}
	bl := &builder{finisher: f, call: c}
	bl.leg("a", Party{}, a.runs)
	if b != nil {
		bl.leg("b", Party{}, b.runs)
		c.End = timeOf(max(a.last, b.last))
	}
	bl.note("unattributed", "no signalling for this media is in the capture: "+f.describeRun(first))
	bl.finish()
	return c
}
