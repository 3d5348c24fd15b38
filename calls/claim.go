package calls

import (
	"net/netip"
	"slices"
	"strings"

	"callx/calls/sdp"
)

// A claim says that an address belongs to one side of a dialog for a time:
// there the side receives, as its SDP said (RFC 3264).
type claim struct {
	d           *dialog
	owner       side // who receives at the address
	from, until int64
	media       *sdp.Media
}

// slack is by how much media may outlive or precede its signalling: packets
// under way, BYE lost in front of the capture, SIP delayed by a proxy.
const slack = int64(5e9)

// claims lists who receives where, by address.
type claims map[netip.AddrPort][]claim

// claimsOf reads the descriptions of all dialogs. A claim ends where a later
// generation names another address, or with the dialog. natted holds the same
// claims at the addresses that the messages came from: what a NAT made of the
// address that the SDP names.
func claimsOf(order []*dialog) (cs, natted claims) {
	cs, natted = claims{}, claims{}
	for _, d := range order {
		end := int64(1) << 62
		if d.end != 0 {
			end = d.end
		}
		for s, says := range d.says {
			for i, ds := range says {
				for k := range ds.session.Media {
					m := &ds.session.Media[k]
					target := m.Target()
					if !target.IsValid() {
						continue
					}
					c := claim{d: d, owner: side(s), from: ds.nanos, until: min(end, replaced(says[i:], k, target)), media: m}
					cs[target] = append(cs[target], c)
					if a := netip.AddrPortFrom(ds.from, target.Port()); a != target {
						natted[a] = append(natted[a], c)
					}
				}
			}
		}
	}
	return cs, natted
}

// replaced returns when a later generation of says[0] moves media k elsewhere.
func replaced(says []description, k int, target netip.AddrPort) int64 {
	for _, later := range says[1:] {
		if later.generation == says[0].generation || k >= len(later.session.Media) {
			continue
		}
		if t := later.session.Media[k].Target(); t.IsValid() && t != target {
			return later.nanos
		}
	}
	return int64(1) << 62
}

// find returns the claim on addr that fits a run best: one that was in force
// when the run began, the latest such; else one that the run overlaps.
func (cs claims) find(addr netip.AddrPort, r *run) *claim {
	var best *claim
	bestScore := int64(-1)
	list := cs[addr]
	for i := range list {
		c := &list[i]
		if r.first > c.until+slack || r.last < c.from-slack {
			continue
		}
		score := min(r.last, c.until) - max(r.first, c.from) // overlap, may be negative
		score = max(score, 0)
		if r.first >= c.from-slack {
			score = int64(1)<<62 - max(r.first-c.from, c.from-r.first)
		}
		if !carries(c.media, r) {
			score /= 2
		}
		if score > bestScore {
			best, bestScore = c, score
		}
	}
	return best
}

// carries reports whether the media description lists the run's payload types.
func carries(m *sdp.Media, r *run) bool {
	return slices.ContainsFunc(m.Formats, func(f sdp.Format) bool {
		return slices.ContainsFunc(r.formats, func(g format) bool { return g.pt == f.PayloadType })
	})
}

// codec returns what payload type pt meant for packets towards side s at time
// t: as the receiver's SDP in force said, else any SDP of the receiver, else
// the sender's, else the static table of RFC 3551. ok is false if nobody said.
func (d *dialog) codec(towards side, pt uint8, t int64) (Codec, string, bool) {
	for _, s := range []side{towards, towards.other()} {
		says := d.says[s]
		for pass := range 2 {
			for i := len(says) - 1; i >= 0; i-- {
				if pass == 0 && says[i].nanos > t+slack/5 {
					continue
				}
				if c, kind, ok := says[i].codec(pt); ok {
					return c, kind, true
				}
			}
		}
	}
	return staticCodec(pt)
}

func (ds *description) codec(pt uint8) (Codec, string, bool) {
	for i := range ds.session.Media {
		for _, f := range ds.session.Media[i].Formats {
			if f.PayloadType == pt && f.Name != "" {
				return codecOf(f), ds.session.Media[i].Kind, true
			}
		}
	}
	return Codec{}, "", false
}

func staticCodec(pt uint8) (Codec, string, bool) {
	f, ok := sdp.StaticFormat(pt)
	if !ok {
		return Codec{PayloadType: pt, Channels: 1}, "audio", false
	}
	kind := "audio"
	if f.Clock == 90000 && !strings.EqualFold(f.Name, "MPA") {
		kind = "video"
	}
	return codecOf(f), kind, true
}

func codecOf(f sdp.Format) Codec {
	return Codec{Name: f.Name, ClockRate: f.Clock, Channels: max(f.Channels, 1), PayloadType: f.PayloadType, Fmtp: f.Fmtp}
}

// encryption tells how the media between both sides is protected, by what
// both of them said: an a=crypto or a fingerprint that is only offered is not
// in use. Profiles are not believed: real clients put crypto under RTP/AVP.
func (d *dialog) encryption() string {
	has := func(s side, f func(*sdp.Media) bool) bool {
		return slices.ContainsFunc(d.says[s], func(ds description) bool {
			return slices.ContainsFunc(ds.session.Media, func(m sdp.Media) bool { return m.Kind == "audio" && m.Port != 0 && f(&m) })
		})
	}
	both := func(f func(*sdp.Media) bool) bool { return has(caller, f) && has(callee, f) }
	switch {
	case both(func(m *sdp.Media) bool { return m.Fingerprint || strings.Contains(m.Proto, "TLS") }):
		return "dtls"
	case both(func(m *sdp.Media) bool { return len(m.Crypto) > 0 }):
		return "sdes"
	}
	return "none"
}
