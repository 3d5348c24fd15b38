package calls

import (
	"cmp"
	"slices"
	"strings"
)

// gaps lists what of a part's timeline holds no audio, and why. It returns how
// many packets the capture itself lost.
func (b *builder) gaps(leg *Leg, p *Part) (dropped uint64) {
	add := func(from, to int64, kind string, n uint64) {
		start := p.Start + Seconds(ticksToNanos(from-p.TS0, int64(p.Clock)))
		length := Seconds(ticksToNanos(to-from, int64(p.Clock)))
		leg.Gaps = append(leg.Gaps, Gap{Offset: start, Duration: length, Kind: kind, Packets: n})
	}
	if p.silentOnly() {
		add(p.TS0, p.TS0+nanosToTicks(int64(p.End-p.Start), int64(p.Clock)), "undecodable", leg.Undecodable)
		return 0
	}
	a := p.runs[0]
	holds := b.holds()
	for _, g := range p.holes {
		if g.to <= g.from && g.n == 0 {
			continue
		}
		kind := "lost"
		if g.n > 0 && b.breaks.captured(a, g) {
			kind = "capture_drop"
			dropped += uint64(g.n)
		}
		if g.n == 0 {
			kind = p.quiet(g.pt)
			at := a.capture(g.from)
			until := a.capture(g.to)
			if slices.ContainsFunc(holds, func(h interval) bool { return min(h.to, until)-max(h.from, at) > (until-at)/2 }) {
				kind = "hold"
			}
		}
		add(g.from, g.to, kind, uint64(g.n))
	}
	return dropped
}

// quiet names a stretch in which the timestamp advanced and nothing was sent,
// by the payload type in front of it.
func (p *Part) quiet(pt uint8) string {
	for _, f := range p.Formats {
		if f.PayloadType == pt && strings.EqualFold(f.Name, "telephone-event") {
			return "dtmf"
		}
	}
	return "dtx"
}

// silentOnly reports whether no packet of the part can be made audio of.
func (p *Part) silentOnly() bool {
	some := false
	for _, f := range p.Formats {
		if f.Decodable {
			return false
		}
		some = some || f.Audio
	}
	return some
}

// capture returns the capture time of an extended timestamp.
func (r *run) capture(ts int64) int64 {
	return r.anchor + ticksToNanos(ts-r.clock.base, r.clock.hz())
}

func nanosToTicks(nanos, hz int64) int64 {
	return nanos/1e9*hz + nanos%1e9*hz/1e9
}

// An interval is a stretch of capture time in nanoseconds.
type interval struct{ from, to int64 }

// holds returns when one party held another.
func (b *builder) holds() []interval {
	if b.cv == nil {
		return nil
	}
	var out []interval
	for _, d := range b.cv.dialogs {
		end := b.last
		if d.end != 0 {
			end = d.end
		}
		open := map[*member]int64{}
		for _, e := range d.events {
			switch from, held := open[e.by]; {
			case e.kind == "hold" && !held:
				open[e.by] = e.nanos
			case e.kind == "resume" && held:
				out = append(out, interval{from, e.nanos})
				delete(open, e.by)
			}
		}
		for _, m := range d.members {
			if from, held := open[m]; held {
				out = append(out, interval{from, end})
			}
		}
	}
	return out
}

// digits lists the telephone-events of the leg, once for all hops.
func (b *builder) digits(leg *Leg) {
	for _, p := range leg.Parts {
		type heard struct {
			ts    int64
			event uint8
		}
		known := map[heard]bool{}
		var found []digitEvent
		for i, r := range p.runs {
			for _, e := range b.events[r] {
				if p.Format(e.pt) == nil || p.Format(e.pt).Audio {
					continue
				}
				e.ts += p.shift[i]
				if k := (heard{e.ts, e.event}); !known[k] {
					known[k] = true
					found = append(found, e)
				}
			}
		}
		slices.SortStableFunc(found, func(a, b digitEvent) int { return cmp.Compare(a.ts, b.ts) })
		for _, e := range found {
			hz := int64(p.Clock)
			leg.DTMF = append(leg.DTMF, Digit{
				Digit:    e.digit(),
				Offset:   p.Start + Seconds(ticksToNanos(e.ts-p.TS0, hz)),
				Duration: int(ticksToNanos(int64(e.duration), hz) / 1e6),
			})
		}
	}
}

// Format returns what the part knows of a payload type, nil if nothing.
func (p *Part) Format(pt uint8) *Format {
	for i := range p.Formats {
		if p.Formats[i].PayloadType == pt {
			return &p.Formats[i]
		}
	}
	return nil
}

// streamsOf sums up the leg's runs by flow and SSRC.
func (b *builder) streamsOf(leg *Leg) []*Stream {
	byStream := map[int32]*Stream{}
	var out []*Stream
	for _, p := range leg.Parts {
		for _, r := range p.all() {
			s := byStream[r.stream]
			if s == nil {
				k := b.key(r)
				s = &Stream{SSRC: SSRC(k.ssrc), Src: k.flow.Src, Dst: k.flow.Dst, First: timeOf(r.first), Hops: p.flows(b.key)}
				s.Jitter, s.RTCP = r.clock.jitter.report(), b.rtcpOf(r)
				if fit := r.clock.env.line; fit.ok {
					d := Decimal(fit.ppm)
					s.DriftPPM = &d
				}
				byStream[r.stream] = s
				out = append(out, s)
			}
			s.Last = timeOf(r.last)
			s.Packets += r.packets
			s.Lost += r.missing()
			s.Duplicates += r.duplicates
			s.Reordered += r.reordered
			for _, f := range r.formats {
				if !slices.Contains(s.PayloadTypes, int(f.pt)) {
					s.PayloadTypes = append(s.PayloadTypes, int(f.pt))
				}
			}
		}
	}
	return out
}
