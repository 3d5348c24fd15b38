package calls

import (
	"cmp"
	"net/netip"
	"slices"

	"callx/calls/sdp"
)

// A claim says that an address belongs to one side of a dialog for a time:
// there the side receives, as its SDP said (RFC 3264).
type claim struct {
	at          netip.AddrPort
	owner       *member // who receives there
	from, until int64
	media       *sdp.Media
	rule        string     // sdp, ice or nat
	by          netip.Addr // who described it, by its address in the capture
}

// slack is by how much media may outlive or precede its signalling: packets
// under way, BYE lost in front of the capture, SIP delayed by a proxy.
const slack = int64(5e9)

// claims lists who receives where, by address and in order of time.
type claims []claim

const forever = int64(1) << 62

// claimsOf reads the descriptions of all dialogs. A claim ends where a later
// generation names other addresses, or with the dialog. natted holds the same
// claims at the addresses that the messages came from: what a NAT made of the
// address that the SDP names.
func claimsOf(order []*dialog) (cs, natted claims) {
	var all claims
	for _, d := range order {
		for _, who := range d.members {
			all = append(all, who.claims()...)
		}
	}
	for _, c := range all {
		if c.rule == "nat" {
			natted = append(natted, c)
		}
	}
	cs = slices.DeleteFunc(all, func(c claim) bool { return c.rule == "nat" })
	for _, list := range []claims{cs, natted} {
		slices.SortStableFunc(list, func(a, b claim) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.from, b.from)) })
	}
	return cs, natted
}

// An opening is an address that a media description claims until a later one
// does not name it.
type opening struct {
	generation uint64
	claims     []int // positions in the list of claims
}

// claims lists what a member claims.
func (m *member) claims() (list claims) {
	end := forever
	if m.d.end != 0 {
		end = m.d.end
	}
	type key struct {
		line int // number of the m= line
		at   netip.AddrPort
	}
	open := map[key][]opening{}
	for i := range m.says {
		ds := &m.says[i]
		for k := range ds.media {
			media := &ds.media[k]
			places := ds.places(media)
			if len(places) == 0 {
				continue
			}
			if len(m.says) > 1 {
				for at, holds := range open {
					if at.line != k || slices.ContainsFunc(places, func(p endpoint) bool { return p.at == at.at }) {
						continue
					}
					open[at] = slices.DeleteFunc(holds, func(h opening) bool {
						if h.generation != ds.generation {
							for _, c := range h.claims {
								list[c].until = min(list[c].until, ds.nanos)
							}
						}
						return h.generation != ds.generation
					})
				}
			}
			for _, p := range places {
				list = append(list, claim{at: p.at, owner: m, from: ds.nanos, until: end, media: media, rule: p.rule, by: ds.from})
				if len(m.says) == 1 {
					continue
				}
				holds := open[key{k, p.at}]
				if n := len(holds); n == 0 || holds[n-1].generation != ds.generation {
					holds = append(holds, opening{generation: ds.generation})
				}
				last := &holds[len(holds)-1]
				last.claims = append(last.claims, len(list)-1)
				open[key{k, p.at}] = holds
			}
		}
	}
	return list
}

// An endpoint is an address at which media may be received, and how that is known.
type endpoint struct {
	at   netip.AddrPort
	rule string
}

// places lists where a side receives the media m of its description: at the
// address of c= and m=, else at an ICE candidate of whatever type (RFC 8839
// section 4.1; a mapped or relayed address is what the capture shows on the far
// side of the NAT or relay); where a NAT stands in front of it, at that port of
// the address that the message came from. Bundled media is received where the
// first of its group is (RFC 9143 section 7.1).
func (ds *description) places(m *sdp.Media) (list []endpoint) {
	add := func(at netip.AddrPort, rule string) {
		if at.IsValid() && !slices.ContainsFunc(list, func(p endpoint) bool { return p.at == at }) {
			list = append(list, endpoint{at, rule})
		}
	}
	transports := []*sdp.Media{m}
	if t := ds.tagged(m); t != nil && t != m {
		transports = append(transports, t)
	}
	for _, t := range transports {
		add(t.Target(), "sdp")
		for _, c := range t.Candidates {
			add(c, "ice")
		}
	}
	// A description on hold by c=0.0.0.0 says nothing of a NAT.
	if m.Target().IsValid() || m.Port != 0 && m.AddrName != "" {
		add(netip.AddrPortFrom(ds.from, m.Port), "nat")
	}
	return list
}

// tagged returns the media description whose addresses hold for the group in
// which m is bundled; nil if it is in none.
func (ds *description) tagged(m *sdp.Media) *sdp.Media {
	if m.MID == "" {
		return nil
	}
	for _, group := range ds.bundle {
		if !slices.Contains(group, m.MID) {
			continue
		}
		for i := range ds.media {
			if t := &ds.media[i]; t.MID == group[0] {
				return t
			}
		}
	}
	return nil
}

// maxClaims is how many claims on one address are looked at for a run, on
// either side of its beginning: some senders use one port for all calls.
const maxClaims = 64

// find returns the claim on addr that fits a run best: one that was in force
// when the run began, the latest such; else one that the run overlaps. Claims
// whose media has the run's payload types come before others; before all come
// those of a dialog whose other side is at the far end of the run's flow: one
// host may receive at one port for several calls. See also repeats.
func (cs claims) find(addr, far netip.AddrPort, r *run) *claim {
	first, _ := slices.BinarySearchFunc(cs, addr, func(c claim, at netip.AddrPort) int { return c.at.Compare(at) })
	list := cs[first:]
	n, _ := slices.BinarySearchFunc(list, addr, func(c claim, at netip.AddrPort) int {
		if c.at == at {
			return -1
		}
		return 1
	})
	list = list[:n]
	after, _ := slices.BinarySearchFunc(list, r.first+slack+1, func(c claim, t int64) int { return cmp.Compare(c.from, t) })
	var own, told candidate // described by the owner itself, or by another
	for i := max(0, after-maxClaims); i < min(len(list), after+maxClaims); i++ {
		c := &list[i]
		if r.first > c.until+slack || r.last < c.from-slack {
			continue
		}
		score := min(r.last, c.until) - max(r.first, c.from) // overlap, may be negative
		score = max(score, 0)
		if r.first >= c.from-slack {
			score = forever - max(r.first-c.from, c.from-r.first)
		}
		if !carries(c.media, r) {
			score /= 2
		}
		best := &told
		if c.by == c.at.Addr() {
			best = &own
		}
		if n := (candidate{c, c.owner.faces(far), score}); n.beats(best) {
			*best = n
		}
	}
	switch {
	case own.known && told.known && told.repeats(own.claim):
		if told.owner.d.start < own.owner.d.start {
			return told.claim
		}
	case told.beats(&own):
		return told.claim
	}
	return own.claim
}

// A candidate is a claim and how well it fits a run.
type candidate struct {
	*claim
	known bool // the owner's other side is at the far end
	score int64
}

func (c *candidate) beats(o *candidate) bool {
	return c.claim != nil && (o.claim == nil || c.known && !o.known || c.known == o.known && c.score > o.score)
}

// repeats reports whether c was made by a party of the dialog in which o was:
// a switch that stays out of the media, and passes on in one dialog where media
// goes in the other. The conversation then is heard in the one that began first.
func (c *claim) repeats(o *claim) bool {
	return c.owner.d != o.owner.d && slices.ContainsFunc(o.owner.others(), func(m *member) bool { return m.at.Addr() == c.by })
}

// faces reports whether the other side of m said that it receives at an address.
func (m *member) faces(at netip.AddrPort) bool {
	return slices.ContainsFunc(m.others(), func(o *member) bool {
		return slices.ContainsFunc(o.says, func(ds description) bool {
			return slices.ContainsFunc(ds.media, func(a sdp.Media) bool { return a.Target() == at })
		})
	})
}

// carries reports whether the media description lists the run's payload types.
// To T.38 goes what only looks like a few packets of RTP.
func carries(m *sdp.Media, r *run) bool {
	if m.Kind == "image" {
		return r.unique() < enough
	}
	return slices.ContainsFunc(m.Formats, func(f sdp.Format) bool {
		return slices.ContainsFunc(r.formats, func(g format) bool { return g.pt == f.PayloadType })
	})
}
