package calls

import (
	"fmt"
	"slices"
)

// A conversation is what becomes one call: a dialog, and those that went on
// with it after a transfer.
type conversation struct {
	dialogs []*dialog // the first one began it
	people  []*person // caller, callee, callee-2, ...
}

// A person is one party of a conversation: who may be a member of several of
// its dialogs.
type person struct {
	name    string
	members []*member
}

func (p *person) party() Party { return p.members[0].Party }

// conversations sorts all dialogs into calls. joins come from dialogs.joins.
func (ds *dialogs) conversations(joins map[*dialog]join) []*conversation {
	of := map[*dialog]*conversation{}
	root := func(d *dialog) *dialog {
		for range len(joins) { // a ring of joins ends somewhere
			j, ok := joins[d]
			if !ok || j.into.start > d.start {
				return d
			}
			d = j.into
		}
		return d
	}
	var out []*conversation
	for _, d := range ds.order {
		r := root(d)
		c := of[r]
		if c == nil {
			c = &conversation{}
			of[r] = c
			out = append(out, c)
		}
		of[d] = c
		c.dialogs = append(c.dialogs, d)
	}
	for _, c := range out {
		slices.SortStableFunc(c.dialogs, func(a, b *dialog) int { return int(min(1, max(-1, a.start-b.start))) })
		for _, d := range c.dialogs {
			c.meet(d, joins[d])
		}
	}
	return out
}

// meet adds a dialog's members to the people.
func (c *conversation) meet(d *dialog, j join) {
	for _, m := range d.members {
		if p := c.person(j.same[m]); p != nil {
			p.members = append(p.members, m)
			continue
		}
		name := "caller"
		if n := len(c.people); n == 1 {
			name = "callee"
		} else if n > 1 {
			name = fmt.Sprintf("callee-%d", n)
		}
		c.people = append(c.people, &person{name: name, members: []*member{m}})
	}
}

// person returns who the member is, nil if unknown.
func (c *conversation) person(m *member) *person {
	if m == nil {
		return nil
	}
	for _, p := range c.people {
		if slices.Contains(p.members, m) {
			return p
		}
	}
	return nil
}

// state is that of the dialog that began it, unless a later one goes on.
func (c *conversation) state(end int64) State {
	s := c.dialogs[0].state(end)
	for _, d := range c.dialogs[1:] {
		if d.state(end) == InProgress {
			return InProgress
		}
	}
	return s
}

// end is when the last of its dialogs ended; 0 while one goes on.
func (c *conversation) end() (t int64) {
	for _, d := range c.dialogs {
		if d.end == 0 {
			return 0
		}
		t = max(t, d.end)
	}
	return t
}
