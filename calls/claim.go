package calls

import (
	"net/netip"
	"slices"

	"callx/calls/sdp"
)

// A claim says that an address belongs to one side of a dialog for a time:
// there the side receives, as its SDP said (RFC 3264).
type claim struct {
	owner       *member // who receives at the address
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
		for _, who := range d.members {
			for i, ds := range who.says {
				for k := range ds.session.Media {
					m := &ds.session.Media[k]
					target := m.Target()
					if !target.IsValid() {
						continue
					}
					c := claim{owner: who, from: ds.nanos, until: min(end, replaced(who.says[i:], k, target)), media: m}
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
