package calls

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"callx/calls/sip"
	"callx/pcapio/wire"
)

// A back-to-back user agent ends one call and begins another for the same
// conversation. Such calls are grouped, and it is said on what evidence.

// A Group is the set of calls that carry one conversation.
type Group struct {
	ID       string   `json:"id"`
	Calls    []int    `json:"calls"`    // their numbers, this one's too
	Evidence []string `json:"evidence"` // why this call is in it, best first

	with []*Call
}

// CorrelateHeaders are the headers by which calls are grouped unless others are
// named: what switches write into the second call of what the first one is.
var CorrelateHeaders = []string{
	"X-CID", "X-Call-ID", "X-Callid", "X-Correlation-ID", "X-Correlationid", "X-Original-Call-ID", "X-Orig-Call-ID",
	"X-Leg-Call-ID", "X-UCID", "User-to-User-Call-ID",
}

// A token is a value in a dialog's headers that it shares with the calls that
// it belongs to.
type token struct{ header, value string }

// maxTokens bounds what one dialog remembers, maxToken the length of one.
const (
	maxTokens = 16
	maxToken  = 256
)

// correlate keeps what m says of the call that the dialog belongs to.
func (d *dialog) correlate(m *sip.Message, headers []string) {
	if !m.IsRequest() || !m.IsMethod("INVITE") {
		return
	}
	for _, h := range headers {
		d.token(h, text(m.Header(h)))
	}
	if v := m.Header("P-Charging-Vector"); v != nil {
		d.token("icid", parameter(text(v), "icid-value"))
	}
	if v := m.Header("Session-ID"); v != nil {
		d.session(text(v))
	}
}

// session keeps both UUIDs of a Session-ID (RFC 7989 section 5); the null UUID
// says nothing.
func (d *dialog) session(v string) {
	local, _, _ := strings.Cut(v, ";")
	for _, id := range []string{local, parameter(v, "remote")} {
		if strings.Trim(id, "0- ") != "" {
			d.token("Session-ID", strings.ToLower(strings.TrimSpace(id)))
		}
	}
}

// parameter returns the value of `;name=value`, unquoted.
func parameter(v, name string) string {
	for part := range strings.SplitSeq(v, ";") {
		if k, value, ok := strings.Cut(strings.TrimSpace(part), "="); ok && strings.EqualFold(strings.TrimSpace(k), name) {
			return strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return ""
}

func (d *dialog) token(header, value string) {
	const least = 4 // shorter values are flags and counters
	t := token{header, value}
	if len(value) < least || len(value) > maxToken {
		return
	}
	if x := d.extra(); len(x.tokens) < maxTokens && !slices.Contains(x.tokens, t) {
		x.tokens = append(x.tokens, t)
	}
}

// A link is evidence that two calls are one conversation.
type link struct {
	a, b     int // positions in the list of conversations
	rank     rank
	evidence string
	voice    [2]*run // of byPayload
}

// A rank orders kinds of evidence, the best first.
type rank int

const (
	byHeader rank = iota
	byPayload
	byNumber
)

func newLink(i, k int, r rank, evidence string) link {
	return link{a: min(i, k), b: max(i, k), rank: r, evidence: evidence}
}

// maxShare is by how many calls a value, or a payload, may be shared and still
// tell something.
const maxShare = 8

// links finds the conversations that belong together.
func (f *finisher) links(list []*conversation, said map[*member][]*run) []link {
	return slices.Concat(linksByHeader(list), f.linksByPayload(list, said), linksByNumber(list))
}

// linksByHeader links calls that share a token, or one of which names the
// other's Call-ID.
func linksByHeader(list []*conversation) []link {
	shared := map[token][]int{}
	byID := map[string]int{}
	for i, c := range list {
		for _, d := range c.dialogs {
			byID[d.callID] = i
			for _, t := range d.beyond().tokens {
				if at := shared[t]; len(at) == 0 || at[len(at)-1] != i {
					shared[t] = append(at, i)
				}
			}
		}
	}
	var links []link
	for i, c := range list {
		for _, d := range c.dialogs {
			if k, ok := byID[d.beyond().replaces.callID]; ok && k != i {
				links = append(links, newLink(i, k, byHeader, "header Replaces names the other's dialog"))
			}
			if k, ok := byID[d.beyond().joins]; ok && k != i {
				links = append(links, newLink(i, k, byHeader, "header Join names the other's dialog"))
			}
			for _, t := range d.beyond().tokens {
				if k, ok := byID[t.value]; ok && k != i {
					links = append(links, newLink(i, k, byHeader, fmt.Sprintf("header %s names the other's Call-ID", t.header)))
				}
				if at := shared[t]; len(at) > 1 && len(at) <= maxShare && at[0] != i {
					links = append(links, newLink(at[0], i, byHeader, fmt.Sprintf("header %s: %s", t.header, t.value)))
				}
			}
		}
	}
	return links
}

// numbersWindow is how long a switch may take to call on.
const numbersWindow = int64(10e9)

// linksByNumber links calls between the same two numbers that go on at the same
// time, the second begun by the host that was called by the first.
func linksByNumber(list []*conversation) []link {
	type pair struct{ from, to string }
	open := map[pair][]int{}
	var links []link
	for i, c := range list { // in order of start
		d := c.dialogs[0]
		p := pair{number(d.members[0].User), number(d.members[1].User)}
		if p.from == "" || p.to == "" {
			continue
		}
		at := open[p]
		for n := len(at) - 1; n >= max(0, len(at)-maxShare); n-- {
			k := at[n]
			o := list[k].dialogs[0]
			if d.start-o.start > numbersWindow {
				break
			}
			if calledOn(&o.first, &d.first) && (o.end == 0 || o.end > d.start) {
				links = append(links, newLink(k, i, byNumber, fmt.Sprintf("numbers: %s calls %s, called on %.3f s later by the host that was called", p.from, p.to, float64(d.start-o.start)/1e9)))
				break
			}
		}
		open[p] = append(at, i)
	}
	return links
}

// calledOn reports whether the host that got INVITE a sent INVITE b.
func calledOn(a, b *wire.Flow) bool {
	if a.Src.Addr() == b.Src.Addr() { // several user agents on one host
		return a.Dst == b.Src && a.Src != b.Src
	}
	return a.Dst.Addr() == b.Src.Addr()
}

var separators = strings.NewReplacer("-", "", ".", "", " ", "", "(", "", ")", "")

// number strips what switches add to a user: visual separators, + and 00.
func number(user string) string {
	u := strings.ToLower(separators.Replace(user))
	if strings.HasPrefix(u, "+") {
		return u[1:]
	}
	return strings.TrimPrefix(u, "00")
}

// setGroups writes the groups into the calls; calls[i] is of conversation i.
func setGroups(calls []*Call, links []link) {
	root := make([]int, len(calls))
	for i := range root {
		root[i] = i
	}
	find := func(i int) int {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	slices.SortStableFunc(links, func(a, b link) int { return cmp.Compare(a.rank, b.rank) })
	evidence := map[int][]string{}
	for _, l := range links {
		a, b := find(l.a), find(l.b)
		root[max(a, b)] = min(a, b)
		for _, i := range []int{l.a, l.b} {
			if e := evidence[i]; !slices.Contains(e, l.evidence) && len(e) < maxShare {
				evidence[i] = append(e, l.evidence)
			}
		}
	}
	members := map[int][]*Call{}
	for i, c := range calls {
		members[find(i)] = append(members[find(i)], c)
	}
	for i, c := range calls {
		if together := members[find(i)]; len(together) > 1 {
			c.Group = &Group{Evidence: evidence[i], with: together}
		}
	}
}

// numberGroups fills in what depends on the calls' numbers.
func numberGroups(calls []*Call) {
	for _, c := range calls {
		if c.Group != nil {
			c.Group.ID = c.Group.with[0].ID
			for _, o := range c.Group.with {
				c.Group.Calls = append(c.Group.Calls, o.Number)
			}
			slices.Sort(c.Group.Calls)
		}
	}
}
