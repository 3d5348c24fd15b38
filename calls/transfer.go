package calls

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"callx/calls/sip"
	"callx/pcapio/wire"
)

// Calls that move: a REFER asks its receiver to call somebody else (RFC 3515),
// Replaces puts a new dialog in the place of one that there is (RFC 3891). The
// dialogs of one such move are one call: it goes on with its new party.

// A dialogID names a dialog as a Replaces header does.
type dialogID struct{ callID, to, from string }

// A refer is a REFER in a dialog.
type refer struct {
	nanos    int64
	by, to   *member // who asked whom
	target   string  // the URI to call
	replaces dialogID
	receiver netip.AddrPort
	seq      uint32
	status   int // final status of the REFER, 0 unknown
}

// maxRefers bounds what one dialog remembers of them.
const maxRefers = 64

func (d *dialog) refer(who *member, m *sip.Message, dg *wire.Datagram) {
	x := d.extra()
	if len(x.refers) >= maxRefers {
		return
	}
	a := sip.ParseAddress(m.Header("Refer-To"))
	uri, headers, _ := bytes.Cut(a.URI, []byte("?"))
	r := refer{nanos: dg.Nanos, by: who, to: who.others()[0], target: text(uri), receiver: dg.Flow.Dst, seq: m.CSeq}
	for h := range bytes.SplitSeq(headers, []byte("&")) {
		if name, value, ok := bytes.Cut(h, []byte("=")); ok && strings.EqualFold(string(name), "Replaces") {
			if plain, err := url.QueryUnescape(strings.ReplaceAll(string(value), "+", "%2B")); err == nil {
				r.replaces = parseReplaces([]byte(plain))
			}
		}
	}
	x.refers = append(x.refers, r)
	d.event(dg.Nanos, "refer", who, fmt.Sprintf("refers %s to %s", cmp.Or(r.to.URI, r.to.role()), r.target))
}

func (d *dialog) referAnswered(m *sip.Message) {
	refers := d.beyond().refers
	for i := range refers {
		if r := &refers[i]; r.seq == m.CSeq && m.Status >= 200 && r.status < 200 {
			r.status = m.Status
		}
	}
}

// parseReplaces reads `callid;to-tag=x;from-tag=y` (RFC 3891 section 6.1).
func parseReplaces(v []byte) (id dialogID) {
	for i, part := range strings.Split(text(v), ";") {
		part = strings.TrimSpace(part)
		name, value, _ := strings.Cut(part, "=")
		switch {
		case i == 0:
			id.callID = part
		case strings.EqualFold(name, "to-tag"):
			id.to = value
		case strings.EqualFold(name, "from-tag"):
			id.from = value
		}
	}
	return id
}

// referWindow is within what time of a REFER the call that it asks for begins:
// timer F of RFC 3261 section 17.1.2.2.
const referWindow = int64(32e9)

// A join says that one dialog goes on with what another began.
type join struct {
	into *dialog
	same map[*member]*member // members of the joining dialog that are known in the other
}

// joins finds for every dialog the one that it goes on with.
func (ds *dialogs) joins() map[*dialog]join {
	out := map[*dialog]join{}
	referred := map[string][]*refer{} // by the target, in order of time
	for _, d := range ds.order {
		refers := d.beyond().refers
		for i := range refers {
			k := addressOf(refers[i].target)
			referred[k] = append(referred[k], &refers[i])
		}
	}
	for _, list := range referred {
		slices.SortStableFunc(list, func(a, b *refer) int { return cmp.Compare(a.nanos, b.nanos) })
	}
	for _, d := range ds.order {
		if len(referred) == 0 && d.more == nil {
			continue
		}
		if j, ok := d.referredFrom(referred); ok {
			out[d] = j
		} else if j, ok := ds.replaced(d); ok {
			out[d] = j
		}
	}
	return out
}

// addressOf cuts a URI down to what tells user agents apart.
func addressOf(uri string) string {
	a := sip.ParseAddress([]byte(uri))
	return strings.ToLower(string(a.User) + "@" + string(a.Host))
}

// referredFrom finds the REFER that made the dialog's caller call: one whose
// Replaces the INVITE repeats; else one with the same target, to a user agent
// of that address or name, shortly before.
func (d *dialog) referredFrom(referred map[string][]*refer) (join, bool) {
	var best *refer
	score := 0
	for _, k := range []string{addressOf(d.target), addressOf(d.members[1].URI)} {
		list := referred[k]
		n, _ := slices.BinarySearchFunc(list, d.start+1, func(r *refer, t int64) int { return cmp.Compare(r.nanos, t) })
		for i := n - 1; i >= max(0, n-maxRefers) && d.start-list[i].nanos <= referWindow; i-- {
			if n := d.follows(list[i]); n > score {
				score, best = n, list[i]
			}
		}
	}
	if best == nil {
		return join{}, false
	}
	return join{into: best.by.d, same: map[*member]*member{d.members[0]: best.to}}, true
}

// follows says how sure it is that d is the call that r asks for; 0 is no.
func (d *dialog) follows(r *refer) int {
	x, caller, name := d.beyond(), &d.members[0].Party, addressOf(d.members[0].URI) == addressOf(r.to.URI)
	switch {
	case r.by.d == d || r.status >= 300:
		return 0
	case r.replaces.callID != "" && r.replaces == x.replaces:
		return 4
	case x.referredBy != "" && addressOf(x.referredBy) == addressOf(r.by.URI):
		return 3
	case name && d.first.Src.Addr() == r.receiver.Addr():
		return 2
	case name && caller.User != "" || d.first.Src == r.receiver:
		return 1
	}
	return 0
}

// replaced finds the dialog that the INVITE of d replaces. Its callee has that
// dialog already: the caller takes the other one's place (RFC 3891 section 3).
func (ds *dialogs) replaced(d *dialog) (join, bool) {
	r := &d.beyond().replaces
	o := ds.byID[r.callID]
	if r.callID == "" || o == nil || o == d {
		return join{}, false
	}
	stays := o.members[1]
	if i := slices.IndexFunc(o.taggings, func(t tagging) bool { return t.caller == r.to && t.caller != "" }); i >= 0 {
		stays = o.members[0]
	} else if who := o.calleeOf(r.to); who != nil {
		stays = who
	}
	d.event(d.start, "replaces", d.members[0], fmt.Sprintf("%s takes the place of %s",
		cmp.Or(d.members[0].URI, "a new caller"), cmp.Or(stays.others()[0].URI, stays.others()[0].role())))
	return join{into: o, same: map[*member]*member{d.members[1]: stays}}, true
}
