package calls

import (
	"cmp"
	"hash/maphash"
	"net/netip"
	"slices"
	"strings"

	"callx/calls/sdp"
	"callx/calls/sip"
	"callx/pcapio/wire"
)

// A description is one SDP: from nanos on, its member receives as it says.
// The offers and answers of one transaction seen at several hops, or in 183
// and again in 200, share a generation and hold side by side.
type description struct {
	nanos      int64
	from       netip.Addr // where the message came from, in the capture
	generation uint64     // CSeq and who asked
	offer      bool
	media      []sdp.Media
	bundle     [][]string // see sdp.Session
}

// describe keeps the SDP of m, which who sent, and returns it with its member
// if m carries one that is new.
func (d *dialog) describe(who *member, m *sip.Message, dg *wire.Datagram, ds *dialogs) (*member, *sdp.Session) {
	body := m.SDP()
	if len(body) == 0 {
		return who, nil
	}
	generation := uint64(m.CSeq) << 1
	if who.isCaller() != m.IsRequest() { // a callee asked
		generation |= 1
	}
	if !d.seen.add(ds.digest(body, who, generation)) {
		return who, nil
	}
	session, err := ds.pool.Parse(body)
	if err != nil {
		d.note(dg.Pos, "sdp", "session description could not be read: "+err.Error())
		return who, nil
	}
	if one := d.unite(who, session); one != who {
		if who = one; !d.seen.add(ds.digest(body, who, generation)) {
			return who, nil
		}
	}
	held := who.holds()
	offer := !who.answers(generation)
	who.says = append(who.says, description{nanos: dg.Nanos, from: dg.Flow.Src.Addr(), generation: generation, offer: offer, media: session.Media, bundle: session.Bundle})
	// A fragmented message may come late.
	slices.SortStableFunc(who.says, func(a, b description) int { return cmp.Compare(a.nanos, b.nanos) })
	if now := who.holds(); offer && now != held && len(who.says) > 1 {
		kind := "resume"
		if now {
			kind = "hold"
		}
		d.event(dg.Nanos, kind, who, "")
	}
	return who, session
}

// digest is what one description of a member is known by when it is repeated.
func (ds *dialogs) digest(body []byte, who *member, generation uint64) uint64 {
	var h maphash.Hash
	h.SetSeed(ds.seed)
	h.Write(body)
	h.WriteByte(byte(who.n))
	h.WriteByte(byte(generation))
	return h.Sum64() &^ 1 // fresh uses odd keys
}

// answers tells an answer from an offer (RFC 3264): the second description of
// a transaction, by the other side, answers the first.
func (m *member) answers(generation uint64) bool {
	return slices.ContainsFunc(m.others(), func(o *member) bool {
		return slices.ContainsFunc(o.says, func(ds description) bool { return ds.generation == generation && ds.offer })
	})
}

// holds reports whether a member's latest audio description puts the other on
// hold (RFC 3264 section 8.4; c=0.0.0.0 is the older way).
func (m *member) holds() bool {
	if n := len(m.says); n > 0 {
		for i := range m.says[n-1].media {
			if a := &m.says[n-1].media[i]; a.Kind == "audio" && a.Port != 0 {
				return a.Direction == sdp.SendOnly || a.Direction == sdp.Inactive || a.Addr.IsValid() && a.Addr.IsUnspecified()
			}
		}
	}
	return false
}

// spoken returns what payload type pt meant in packets that m sent over flow at
// time t; see heard.
func (m *member) spoken(flow wire.Flow, pt uint8, t int64) (Codec, string, bool) {
	return meaning(flow, pt, t, append(m.others()[:len(m.others()):len(m.others())], m))
}

// heard returns what payload type pt meant in packets that m got over flow at
// time t: as its own SDP in force said, else any of its SDP, else what who sent
// them said, else the static table of RFC 3551. ok is false if nobody said.
func (m *member) heard(flow wire.Flow, pt uint8, t int64) (Codec, string, bool) {
	return meaning(flow, pt, t, append([]*member{m}, m.others()...))
}

func meaning(flow wire.Flow, pt uint8, t int64, order []*member) (Codec, string, bool) {
	for _, m := range order {
		for pass := range 2 {
			for i := len(m.says) - 1; i >= 0; i-- {
				if pass == 0 && m.says[i].nanos > t+slack/5 {
					continue
				}
				if c, kind, ok := m.says[i].codec(flow, pt); ok {
					return c, kind, true
				}
			}
		}
	}
	return staticCodec(pt)
}

// codec returns what a payload type means: audio and video may use the same
// number, and the port tells which of them it is (a translator may have
// changed it, then the first counts).
func (ds *description) codec(flow wire.Flow, pt uint8) (c Codec, kind string, ok bool) {
	for i := range ds.media {
		a := &ds.media[i]
		here := a.Port != 0 && (a.Port == flow.Dst.Port() || a.Port == flow.Src.Port())
		if ok && !here {
			continue
		}
		for _, f := range a.Formats {
			if f.PayloadType == pt && f.Name != "" {
				c, kind, ok = codecOf(f), a.Kind, true
				if here {
					return c, kind, true
				}
				break
			}
		}
	}
	return c, kind, ok
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

// encryption tells how the media between m and the other side is protected, by
// what both of them said: an a=crypto or a fingerprint that is only offered is
// not in use. Profiles are not believed: real clients put crypto under RTP/AVP.
func (m *member) encryption() string {
	has := func(o *member, f func(*sdp.Media) bool) bool {
		return slices.ContainsFunc(o.says, func(ds description) bool {
			return slices.ContainsFunc(ds.media, func(a sdp.Media) bool { return a.Kind == "audio" && a.Port != 0 && f(&a) })
		})
	}
	both := func(f func(*sdp.Media) bool) bool {
		return has(m, f) && slices.ContainsFunc(m.others(), func(o *member) bool { return has(o, f) })
	}
	switch {
	case both(func(a *sdp.Media) bool { return a.Fingerprint || strings.Contains(a.Proto, "TLS") }):
		return "dtls"
	case both(func(a *sdp.Media) bool { return len(a.Crypto) > 0 }):
		return "sdes"
	}
	return "none"
}
