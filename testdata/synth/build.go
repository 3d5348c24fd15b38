package synth

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Build returns the bytes of the capture file and the truth about it.
func (s Script) Build() ([]byte, *Truth, error) {
	if len(s.Ifaces) == 0 {
		s.Ifaces = []Iface{{Link: Ethernet}}
	}
	b := builder{script: s, truth: &Truth{Capture: s.Name, About: s.About}}
	for i := range s.Calls {
		if err := b.call(&s.Calls[i]); err != nil {
			return nil, nil, fmt.Errorf("%s: call %s: %w", s.Name, s.Calls[i].ID, err)
		}
	}
	slices.SortStableFunc(b.frames, func(x, y Frame) int { return cmp.Compare(x.Nanos, y.Nanos) })
	b.truth.Frames = len(b.frames)
	data, err := s.File.Write(s.Ifaces, b.frames)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	return data, b.truth, nil
}

type builder struct {
	script Script
	frames []Frame
	truth  *Truth
	ipID   uint16
}

func (b *builder) call(c *Call) error {
	t := &CallTruth{State: c.State}
	b.truth.Calls = append(b.truth.Calls, t)
	if len(c.Steps) > 0 {
		t.Start = c.Start.Add(c.Steps[0].At)
		t.CallID, t.Caller, t.Callee = c.ID, c.Ends[Caller].User, c.Ends[Callee].User
	}
	for i, s := range c.Steps {
		data := c.message(i)
		if err := b.send(c, int64(s.At), c.SIPIface, c.Ends[s.By].SIP, c.Ends[s.By.other()].SIP, data, 0); err != nil {
			return err
		}
		b.truth.SIP++
	}
	return b.media(c, t)
}

// media sends the streams and places their audio on the legs' timelines.
func (b *builder) media(c *Call, t *CallTruth) error {
	if len(c.Streams) == 0 {
		return nil
	}
	origin := slices.MinFunc(c.Streams, func(x, y Stream) int { return cmp.Compare(x.At, y.At) }).At
	at := c.Start.Add(origin)
	t.Origin = &at
	if len(c.Steps) == 0 {
		t.Start = at
	}
	for _, s := range c.Streams {
		leg, err := t.leg(c, s)
		if err != nil {
			return err
		}
		offset, err := samples(s.At-origin, s.Codec.Clock)
		if err != nil {
			return err
		}
		if len(leg.Streams) == 0 {
			leg.Offset = offset
		}
		src, dst := s.Src, s.Dst
		if !src.IsValid() {
			src = c.Ends[s.By].Media
		}
		if !dst.IsValid() {
			dst = c.Ends[s.By.other()].Media
		}
		sent, err := s.packets()
		if err != nil {
			return err
		}
		ids := map[int]uint16{}
		for _, p := range sent {
			// A second copy is the same datagram, so it keeps its IP identification.
			if p.copies == 0 {
				leg.place(offset+p.pos, s.Codec.decode(p.payload))
			}
			id := ids[p.index]
			if id == 0 {
				b.ipID = max(b.ipID+1, 1)
				id = b.ipID
				ids[p.index] = id
			}
			if err := b.send(c, p.nanos, c.Ends[s.By].Iface, src, dst, s.rtp(p), id); err != nil {
				return err
			}
			b.truth.RTP++
		}
		leg.Streams = append(leg.Streams, s.truth(src, dst, sent))
	}
	for _, l := range t.Legs {
		l.finish()
	}
	return nil
}

// leg finds or begins the leg that a stream belongs to.
func (t *CallTruth) leg(c *Call, s Stream) (*LegTruth, error) {
	party := [2]string{"caller", "callee"}[s.By]
	if len(c.Steps) == 0 {
		party = [2]string{"a", "b"}[s.By]
	}
	leg := t.Leg(party)
	if leg == nil {
		leg = &LegTruth{Party: party, Rate: s.Codec.Clock, Channels: s.Codec.Channels}
		t.Legs = append(t.Legs, leg)
	}
	if leg.Rate != s.Codec.Clock || leg.Channels != s.Codec.Channels {
		return nil, fmt.Errorf("%s changes from %d Hz, %d channels to %s: no exact truth", party, leg.Rate, leg.Channels, s.Codec)
	}
	if !slices.Contains(leg.Codecs, s.Codec.String()) {
		leg.Codecs = append(leg.Codecs, s.Codec.String())
	}
	return leg, nil
}

// send captures one datagram at a time counted from the call's start. The IP
// identification 0 asks for the next one.
func (b *builder) send(c *Call, after int64, iface int, src, dst netip.AddrPort, payload []byte, id uint16) error {
	if id == 0 {
		b.ipID = max(b.ipID+1, 1)
		id = b.ipID
	}
	data, err := b.script.Ifaces[iface].datagram(src, dst, id, payload)
	if err != nil {
		return err
	}
	b.frames = append(b.frames, Frame{Nanos: c.Start.Add(time.Duration(after)).UnixNano(), Iface: iface, Data: data})
	return nil
}
