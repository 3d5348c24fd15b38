package calls

import (
	"fmt"
	"net/netip"
	"slices"

	"callx/calls/sdp"
	"callx/calls/sip"
)

// A member is one party of a dialog: the caller, or one of the user agents
// that its INVITE reached. Where a proxy forked it, each that responded with a
// tag of its own is one (RFC 3261 section 12.1.2).
type member struct {
	Party
	d    *dialog
	n    int            // 0 the caller, 1 the callee, 2 and up further callees
	at   netip.AddrPort // where its latest message came from, in the capture
	says []description  // what it said of its media, in order of time
}

func (m *member) isCaller() bool { return m.n == 0 }

// role names a member within its dialog.
func (m *member) role() string {
	switch m.n {
	case 0:
		return "caller"
	case 1:
		return "callee"
	}
	return fmt.Sprintf("callee-%d", m.n)
}

// maxForks bounds the callees of one dialog; who comes later counts as the last.
const maxForks = 32

// A tagging is one way in which the dialog is tagged. Proxies leave tags alone,
// so there is one as a rule; a session border controller may keep the Call-ID
// and put tags of its own in the place of both.
type tagging struct {
	caller  string
	callees []tagged // in order of appearance
}

type tagged struct {
	tag string
	who *member
}

// from tells which member sent m, by the tags (RFC 3261 section 12.1), and by
// the URI where there are none. A response that creates a dialog with a tag
// not seen before makes a member.
func (d *dialog) from(m *sip.Message) *member {
	asker, answerer := string(m.From.Tag), string(m.To.Tag)
	if !m.IsRequest() {
		if who := d.calleeOf(asker); who != nil {
			return d.members[0] // a callee asked
		}
		return d.callee(asker, answerer, m.Status > 100 && m.Status < 300 && m.IsMethod("INVITE"))
	}
	for i := range d.taggings {
		if d.taggings[i].caller == asker && (asker != "" || text(m.From.URI) == d.members[0].URI) {
			return d.members[0]
		}
	}
	if who := d.calleeOf(asker); who != nil {
		return who
	}
	for i := range d.taggings {
		if t := &d.taggings[i]; t.caller == answerer && answerer != "" {
			return d.callee(answerer, asker, true)
		}
	}
	if text(m.From.URI) == d.members[0].URI {
		if answerer == "" && asker != "" && len(d.taggings) < maxForks {
			d.taggings = append(d.taggings, tagging{caller: asker})
		}
		return d.members[0]
	}
	return d.members[1]
}

// calleeOf returns the callee of that tag, nil if there is none.
func (d *dialog) calleeOf(tag string) *member {
	if tag == "" {
		return nil
	}
	for i := range d.taggings {
		if who := d.taggings[i].find(tag); who != nil {
			return who
		}
	}
	return nil
}

func (t *tagging) find(tag string) *member {
	for i := range t.callees {
		if t.callees[i].tag == tag {
			return t.callees[i].who
		}
	}
	return nil
}

// callee returns the callee of a tag under a tag of the caller; a new one if
// create is set and the tag is.
func (d *dialog) callee(callerTag, tag string, create bool) *member {
	i := slices.IndexFunc(d.taggings, func(t tagging) bool { return t.caller == callerTag })
	if i < 0 || tag == "" {
		return d.members[1]
	}
	t := &d.taggings[i]
	if who := t.find(tag); who != nil {
		return who
	}
	if !create {
		return d.members[1]
	}
	n := len(t.callees) + 1 // the same fork has the same number under any tagging
	if n > maxForks {
		return d.members[len(d.members)-1]
	}
	if n >= len(d.members) {
		n = len(d.members)
		d.members = append(d.members, &member{Party: d.members[1].Party, d: d, n: n})
	}
	t.callees = append(t.callees, tagged{tag, d.members[n]})
	return d.members[n]
}

// unite makes one of two callees that receive at the same address: some user
// agents change their tag between 183 and 200. It returns the one that stays.
func (d *dialog) unite(m *member, s *sdp.Session) *member {
	if m.isCaller() || len(m.says) > 0 {
		return m
	}
	for _, o := range d.members[1:] {
		if o != m && o.receives(s) {
			for i := range d.taggings {
				for k := range d.taggings[i].callees {
					if c := &d.taggings[i].callees[k]; c.who == m {
						c.who = o
					}
				}
			}
			for i := range d.events {
				if d.events[i].by == m {
					d.events[i].by = o
				}
			}
			if m.n == 1 {
				d.promote(o)
			}
			if m.n == len(d.members)-1 {
				d.members = d.members[:m.n]
			}
			return o
		}
	}
	return m
}

// receives reports whether m said that it receives audio where s does.
func (m *member) receives(s *sdp.Session) bool {
	for i := range s.Media {
		t := s.Media[i].Target()
		if s.Media[i].Kind == "audio" && t.IsValid() && !t.Addr().IsUnspecified() && slices.ContainsFunc(m.says, func(ds description) bool {
			return slices.ContainsFunc(ds.media, func(o sdp.Media) bool { return o.Target() == t })
		}) {
			return true
		}
	}
	return false
}

// promote makes a callee, the one that answered, the first.
func (d *dialog) promote(who *member) {
	if who.n > 1 {
		first := d.members[1]
		d.members[1], d.members[who.n] = who, first
		first.n, who.n = who.n, 1
	}
}

// others lists whom a member talks to: the callees, the first one first, or
// the caller.
func (m *member) others() []*member {
	if m.isCaller() {
		return m.d.members[1:]
	}
	return m.d.members[:1]
}

// speaker returns who sends to m from an address at a time: of several
// callees the one that said it receives there or sends its SIP from there,
// else the one that had last described its media by then.
func (m *member) speaker(from netip.AddrPort, nanos int64) *member {
	others := m.others()
	if len(others) == 1 {
		return others[0]
	}
	score := func(o *member) (best int) {
		for i := range o.says {
			for k := range o.says[i].media {
				switch t := o.says[i].media[k].Target(); {
				case t == from:
					return 3
				case t.Addr() == from.Addr():
					best = 2
				}
			}
		}
		if best == 0 && o.at.Addr() == from.Addr() {
			best = 1
		}
		return best
	}
	found, most, latest := others[0], -1, int64(-1)
	for _, o := range others {
		at := int64(0)
		for i := range o.says {
			if o.says[i].nanos <= nanos+slack/5 {
				at = o.says[i].nanos
			}
		}
		if n := score(o); n > most || n == most && at > latest && (m.d.answer == 0 || nanos < m.d.answer) {
			found, most, latest = o, n, at
		}
	}
	return found
}
