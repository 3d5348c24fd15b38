package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"callx/calls"
	"callx/calls/rtp"
	"callx/pcapio/wire"
)

// sightings are the UDP flows near the addresses that a call asked its media
// to be sent to: whatever came there, or from there.
type sightings struct {
	wanted map[netip.AddrPort]bool
	flows  map[wire.Flow]*sighting
}

// A sighting counts what one flow carried.
type sighting struct {
	flow                         wire.Flow
	rtp, rtcp, stun, dtls, other uint64
	cut                          uint64 // not whole
	firstFrame, lastFrame        uint64
}

// maxSightings bounds the flows that are counted.
const maxSightings = 4096

func newSightings(c *calls.Call, t *calls.Trace) *sightings {
	s := &sightings{wanted: map[netip.AddrPort]bool{}, flows: map[wire.Flow]*sighting{}}
	for _, m := range t.Messages {
		if m.SDP == nil {
			continue
		}
		for i := range m.SDP.Media {
			media := &m.SDP.Media[i]
			if at := media.Target(); at.IsValid() {
				s.wanted[at] = true
			}
			if media.Port != 0 {
				s.wanted[netip.AddrPortFrom(m.Flow.Src.Addr(), media.Port)] = true
			}
			for _, at := range media.Candidates {
				s.wanted[at] = true
			}
		}
	}
	for _, l := range c.Legs {
		for _, st := range l.Streams {
			s.wanted[st.Src], s.wanted[st.Dst] = true, true
		}
	}
	return s
}

func (s *sightings) take(dgs []wire.Datagram) {
	for i := range dgs {
		d := &dgs[i]
		if d.Flow.Proto != wire.UDP || !s.wanted[d.Flow.Src] && !s.wanted[d.Flow.Dst] {
			continue
		}
		f := s.flows[d.Flow]
		if f == nil {
			if len(s.flows) >= maxSightings {
				continue
			}
			f = &sighting{flow: d.Flow, firstFrame: d.Frame}
			s.flows[d.Flow] = f
		}
		f.lastFrame = d.Frame
		if d.Cut > 0 {
			f.cut++
		}
		b := d.Payload
		switch {
		case rtp.IsRTCP(b):
			f.rtcp++
		case len(b) >= rtp.HeaderLen && b[0]>>6 == 2:
			f.rtp++
		case len(b) >= 20 && b[0]>>6 == 0 && b[4] == 0x21 && b[5] == 0x12:
			f.stun++
		case len(b) >= 13 && b[0] >= 20 && b[0] <= 25:
			f.dtls++
		default:
			f.other++
		}
	}
}

// to lists the flows to an address, the busiest first.
func (s *sightings) to(at netip.AddrPort) []*sighting {
	return s.list(func(f *wire.Flow) bool { return f.Dst == at })
}

// from lists the flows from an address, the busiest first.
func (s *sightings) from(at netip.AddrPort) []*sighting {
	return s.list(func(f *wire.Flow) bool { return f.Src == at })
}

func (s *sightings) list(which func(*wire.Flow) bool) (list []*sighting) {
	for k, f := range s.flows {
		if which(&k) {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(a, b *sighting) int {
		return cmp.Or(cmp.Compare(b.rtp, a.rtp), cmp.Compare(a.firstFrame, b.firstFrame))
	})
	return list
}

// what names the contents of a flow: "312 RTP, 4 RTCP packets".
func (f *sighting) what() string {
	var parts []string
	for _, k := range []struct {
		n    uint64
		name string
	}{{f.rtp, "RTP"}, {f.rtcp, "RTCP"}, {f.stun, "STUN"}, {f.dtls, "DTLS"}, {f.other, "other"}} {
		if k.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", k.n, k.name))
		}
	}
	return strings.Join(parts, ", ") + " packets"
}
