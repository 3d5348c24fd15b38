package calls

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// What a call carries besides its voices, and how a voice changes on the way,
// becomes events.

// asides notes the streams of a party that are no audio, once a kind.
func (b *builder) asides(party string, runs []*run) {
	var kinds []string
	byKind := map[string][]*run{}
	for _, r := range runs {
		kind := b.kind(r)
		if byKind[kind] == nil {
			kinds = append(kinds, kind)
		}
		byKind[kind] = append(byKind[kind], r)
	}
	for _, kind := range kinds {
		list := byKind[kind]
		var packets uint64
		for _, r := range list {
			packets += r.packets
		}
		streams := fmt.Sprintf("%s stream", kind)
		if len(list) > 1 {
			streams = fmt.Sprintf("%d %s streams", len(list), kind)
		}
		b.event(list[0].first, "video", party, fmt.Sprintf("%s of %d packets, left out: %s", streams, packets, b.describeRun(list[0])))
	}
}

// codecs notes where a leg goes over to another codec: within a stream, or
// with the next.
func (b *builder) codecs(leg *Leg) {
	type change struct {
		nanos int64
		codec Codec
	}
	var list []change
	for _, p := range leg.Parts {
		for _, f := range p.runs[0].formats {
			if said := p.Format(f.pt); said != nil && said.Audio {
				list = append(list, change{f.first, said.Codec})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b change) int { return cmp.Compare(a.nanos, b.nanos) })
	for i := 1; i < len(list); i++ {
		if c := list[i].codec; c != list[i-1].codec {
			b.event(list[i].nanos, "codec", leg.Party, fmt.Sprintf("goes over from %s to %s", list[i-1].codec.describe(), c.describe()))
		}
	}
}

func (c *Codec) describe() string {
	if c.Name == "" {
		return fmt.Sprintf("payload type %d", c.PayloadType)
	}
	return fmt.Sprintf("%s/%d (payload type %d)", c.Name, c.ClockRate, c.PayloadType)
}

// faxes notes where a dialog agreed on T.38 (ITU-T T.38 annex D.2.3): the
// answer accepts an image over UDPTL or TCP, or T.38 in RTP is audio's matter.
func (d *dialog) faxes() {
	for _, m := range d.members {
		var seen []uint64 // generations; the same answer is seen at every hop
		for i := range m.says {
			ds := &m.says[i]
			if ds.offer || slices.Contains(seen[max(0, len(seen)-8):], ds.generation) {
				continue
			}
			for k := range ds.media {
				a := &ds.media[k]
				if a.Kind == "image" && a.Port != 0 && !strings.Contains(strings.ToUpper(a.Proto), "RTP") {
					seen = append(seen, ds.generation)
					d.event(ds.nanos, "fax", m, fmt.Sprintf("T.38 over %s is agreed upon; the answerer receives at %v", a.Proto, a.Target()))
					break
				}
			}
		}
	}
}
