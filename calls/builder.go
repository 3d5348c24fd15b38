package calls

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"callx/calls/srtp"
)

// A builder makes the legs of one call from its runs.
type builder struct {
	*finisher
	call *Call
	cv   *conversation // nil for unattributed media
	srtp map[*run][]srtp.Key
}

// leg makes one party's leg of the runs that it spoke.
func (b *builder) leg(party string, who Party, runs []*run) {
	var audio, others []*run
	for _, r := range runs {
		if b.kind(r) == "audio" {
			audio = append(audio, r)
		} else {
			others = append(others, r)
		}
	}
	b.asides(party, others)
	if len(audio) == 0 {
		return
	}
	leg := &Leg{Party: party, Identity: who, Encryption: "none", Rule: "unattributed", DTMF: []Digit{}, Gaps: []Gap{}}
	if o, ok := b.owners[audio[0]]; ok {
		leg.Encryption, leg.Rule = o.encryption(), o.rule
	}
	leg.Encryption = b.guessEncryption(leg.Encryption, audio)
	if leg.Encryption != "none" {
		leg.Decrypted = b.findKeys(leg, audio)
	}
	leg.Parts = partsOf(audio, b.key)
	for _, p := range leg.Parts {
		p.Keys = b.partKeys(p)
		b.formats(p, leg)
	}
	leg.Last = slices.MaxFunc(audio, func(a, b *run) int { return cmp.Compare(a.lastOrd, b.lastOrd) }).lastPos
	b.call.Legs = append(b.call.Legs, leg)
}

// resolve says what a payload type of a run means.
func (b *builder) resolve(r *run, pt uint8, t int64) (Codec, string, bool) {
	if o, ok := b.owners[r]; ok {
		return o.spoken(b.key(r).flow, pt, t)
	}
	return staticCodec(pt)
}

func (b *builder) kind(r *run) string {
	_, kind, _ := b.resolve(r, r.mainFormat().pt, r.first)
	return kind
}

// formats fills in what the payload types of a part mean, and the counts
// that depend on it.
func (b *builder) formats(p *Part, leg *Leg) {
	packets := map[uint8]uint64{}
	first := map[uint8]int64{}
	var order []uint8
	for _, r := range p.runs {
		for _, f := range r.formats {
			if _, seen := packets[f.pt]; !seen {
				order = append(order, f.pt)
				first[f.pt] = f.first
			}
			packets[f.pt] += f.packets
		}
	}
	for _, pt := range order {
		c, _, ok := b.resolve(p.runs[0], pt, first[pt])
		if !ok && b.onlyEvents(p, pt) {
			c = Codec{Name: "telephone-event", ClockRate: p.Clock, Channels: 1, PayloadType: pt}
		}
		if c.ClockRate == 0 {
			c.ClockRate = p.Clock
		}
		f := Format{Codec: c, Audio: !silent(c.Name), Packets: packets[pt]}
		f.Decodable = f.Audio && (leg.Encryption == "none" || len(p.Keys) > 0) && b.opt.Decodable(c)
		p.Formats = append(p.Formats, f)
		if !slices.Contains(leg.Codecs, c) {
			leg.Codecs = append(leg.Codecs, c)
		}
		if f.Audio && !f.Decodable {
			leg.Undecodable += packets[pt]
		}
	}
}

// silent lists the payload formats that hold no audio of their own.
func silent(name string) bool {
	switch strings.ToLower(name) {
	case "telephone-event", "cn", "tone":
		return true
	}
	return false
}

// onlyEvents reports whether a payload type that nobody declared carried
// nothing but what looks like telephone-events.
func (b *builder) onlyEvents(p *Part, pt uint8) bool {
	return slices.ContainsFunc(p.runs, func(r *run) bool { return b.evented(r, pt) })
}

// guessEncryption adds to what SDP said: ZRTP is agreed upon in the media
// path, and a sample-based payload that is always longer than its ticks by an
// authentication tag (RFC 3711 section 4.2) is SRTP whose keying was not seen.
func (b *builder) guessEncryption(said string, runs []*run) string {
	if said == "sdes" && !slices.ContainsFunc(runs, func(r *run) bool { return !r.plain() }) {
		return "none"
	}
	if said != "none" {
		return said
	}
	if b.given(runs) {
		return "srtp"
	}
	for _, r := range runs {
		k := b.key(r)
		if b.zrtp[k.flow] && b.zrtp[k.flow.Reverse()] {
			return "zrtp"
		}
		if b.dtls.secures(k.flow) {
			return "dtls"
		}
		f := r.mainFormat()
		if tag := int64(r.maxSize) - f.step*int64(f.bytesPerTick); f.bytesPerTick > 0 && f.step >= 80 && (tag == 4 || tag == 10) {
			return "srtp"
		}
	}
	return said
}

// plain reports whether the packets are as long as their audio: whatever SDP
// said, nothing was added to authenticate them.
func (r *run) plain() bool {
	f := r.mainFormat()
	return f.bytesPerTick > 0 && f.step >= 80 && int64(r.maxSize) == f.step*int64(f.bytesPerTick)
}

// finish places the call's legs against its origin and sums up.
func (b *builder) finish() {
	c := b.call
	zero, first := int64(math.MaxInt64), int64(math.MaxInt64)
	for _, leg := range c.Legs {
		for _, p := range leg.Parts {
			zero = min(zero, p.start)
			for _, r := range p.runs {
				first = min(first, r.first)
			}
		}
	}
	if len(c.Legs) > 0 {
		c.Origin = timeOf(first)
	}
	for _, leg := range c.Legs {
		for _, p := range leg.Parts {
			p.Start = Seconds(p.start - zero)
			p.End += p.Start
		}
		b.sum(leg)
		c.Duration = max(c.Duration, Seconds(leg.End.Sub(c.Origin.Time)))
	}
	if b.cv != nil {
		for _, d := range b.cv.dialogs {
			for _, e := range d.events {
				b.event(e.nanos, e.kind, b.cv.person(e.by).name, e.text)
			}
		}
		b.remark()
	}
	slices.SortStableFunc(c.Events, func(a, b Event) int { return a.At.Compare(b.At.Time) })
	for i := range c.Events {
		if !c.Origin.IsZero() {
			c.Events[i].Offset = Seconds(c.Events[i].At.Sub(c.Origin.Time))
		}
	}
	if c.Legs == nil {
		c.Legs = []*Leg{}
	}
	if c.Events == nil {
		c.Events = []Event{}
	}
	if c.Notes == nil {
		c.Notes = []Note{}
	}
}

func (b *builder) event(nanos int64, kind, party, text string) {
	b.call.Events = append(b.call.Events, Event{At: timeOf(nanos), Kind: kind, Party: party, Text: text})
}

func (b *builder) note(kind, text string) {
	b.call.Notes = append(b.call.Notes, Note{Kind: kind, Text: text})
}

// encryptions names the values of Leg.Encryption for people.
var encryptions = map[string]string{"sdes": "SRTP with SDES", "dtls": "DTLS-SRTP", "zrtp": "ZRTP", "srtp": "SRTP"}

// remark notes what a reader of the call should know about its legs.
func (b *builder) remark() {
	if d := b.cv.dialogs[0]; b.call.State == Completed && len(d.members[0].says)+len(d.members[1].says) > 0 {
		for _, p := range b.cv.people[:2] {
			if !slices.ContainsFunc(b.call.Legs, func(l *Leg) bool { return l.Party == p.name }) {
				b.note("no_media", fmt.Sprintf("no audio of the %s is in the capture", p.name))
			}
		}
	}
}

// sum fills in the leg's counts, times, gaps and streams from its parts.
func (b *builder) sum(leg *Leg) {
	for _, p := range leg.Parts {
		leg.Packets += p.packets()
		leg.Duplicates += p.duplicates()
		leg.Lost += p.lost()
		for _, r := range p.runs {
			leg.Undecodable += r.wild
			if r.wild > 0 {
				b.note("timestamp", fmt.Sprintf("%s: %d packets have a timestamp that their arrival does not allow and were left out: %s", leg.Party, r.wild, b.describeRun(r)))
			}
			if r.moreGaps {
				b.note("gaps", fmt.Sprintf("%s: more than %d gaps; the rest is counted, not listed: %s", leg.Party, maxGaps, b.describeRun(r)))
			}
		}
		leg.Reordered += p.runs[0].reordered
		leg.Loss.add(b.lossOf(p, b.gaps(leg, p)))
		b.hops(leg, p)
	}
	b.overlaps(leg)
	b.codecs(leg)
	leg.Expected = leg.Packets - leg.Duplicates + leg.Lost
	if leg.Expected > 0 {
		leg.LossPercent = Percent(100 * float64(leg.Lost) / float64(leg.Expected))
	}
	first, last := leg.Parts[0], leg.Parts[0]
	for _, p := range leg.Parts {
		if p.End > last.End {
			last = p
		}
	}
	leg.Offset = first.Start
	leg.Start = Time{b.call.Origin.Add(time.Duration(first.Start))}
	leg.End = Time{b.call.Origin.Add(time.Duration(last.End))}
	leg.Jitter, leg.DriftPPM = first.figures()
	slices.SortStableFunc(leg.Gaps, func(a, b Gap) int { return cmp.Compare(a.Offset, b.Offset) })
	b.digits(leg)
	leg.Streams = b.streamsOf(leg)
}

// figures returns jitter and drift of the part's first hop.
func (p *Part) figures() (*Jitter, *Decimal) {
	r := p.runs[0]
	var drift *Decimal
	if fit := r.clock.env.line; fit.ok {
		d := Decimal(fit.ppm)
		drift = &d
	}
	return r.clock.jitter.report(), drift
}

// overlaps notes parts that speak at the same time: the later one wins.
func (b *builder) overlaps(leg *Leg) {
	for i, p := range leg.Parts[1:] {
		if before := leg.Parts[i]; p.Start < before.End {
			b.note("overlap", fmt.Sprintf("%s: %s begins %v s before the stream in front of it ends; the later one is heard",
				leg.Party, b.describeRun(p.runs[0]), min(before.End, p.End)-p.Start))
		}
		b.event(p.runs[0].first, "ssrc", leg.Party, "goes on with "+b.describeRun(p.runs[0]))
	}
}
