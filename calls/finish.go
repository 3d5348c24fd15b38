package calls

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"callx/pcapio"
)

// Finish joins streams to calls, whatever the order they came in, and
// returns the Index. paths names the inputs by Pos.File. The Indexer must not
// be used afterwards.
func (x *Indexer) Finish(paths []string) *Index {
	x.flush()
	x.tcp.finish(x)
	f := &finisher{Indexer: x, paths: paths, owners: map[*run]owner{}}
	for id := range x.cur {
		for _, r := range x.runs(id) {
			if r.clock.rate == 0 {
				r.clock.settle(x.rate(&x.streams.keys[id], r))
			}
			r.settle()
			f.runs = append(f.runs, r)
		}
	}
	// In order of time, so that nothing depends on how a table numbers.
	slices.SortStableFunc(f.runs, func(a, b *run) int { return cmp.Compare(a.first, b.first) })
	f.attach()
	f.breaks = f.findBreaks()
	ix := &Index{Other: x.signal.other}
	ix.Calls = append(f.salvage(), f.dialogCalls()...)
	slices.SortStableFunc(ix.Calls, func(a, b *Call) int {
		return cmp.Or(a.Start.Compare(b.Start.Time), cmp.Compare(a.ID, b.ID))
	})
	for i, c := range ix.Calls {
		c.Number = i + 1
	}
	numberGroups(ix.Calls)
	ix.Packets = f.count
	if x.copied > 0 {
		x.notes = append(x.notes, pcapio.Note{Pos: x.copy, Kind: "duplicate", Text: fmt.Sprintf(
			"from here on %d datagrams besides RTP were captured twice within 100 ms, as by a mirror of both directions; each was used once", x.copied)})
	}
	for _, n := range x.notes {
		ix.Notes = append(ix.Notes, f.named(n))
	}
	return ix
}

// dialogCalls makes a call of every conversation. Of 100,000 dialogs there is
// not the room to keep all that was known of them beside their calls: what has
// become a call is let go.
func (f *finisher) dialogCalls() []*Call {
	said := map[*member][]*run{}
	for _, r := range f.runs {
		if o, ok := f.owners[r]; ok {
			said[o.member] = append(said[o.member], r)
		}
	}
	list := f.signal.conversations(f.signal.joins())
	links := f.links(list, said)
	calls := make([]*Call, len(list))
	f.signal.order, f.signal.byID, f.signal.targets = nil, nil, nil
	f.runs, f.cur, f.rest = nil, nil, nil
	for i, cv := range list {
		calls[i] = f.dialogCall(cv, said)
		list[i] = nil
	}
	setGroups(calls, links)
	return calls
}

func (f *finisher) dialogCall(cv *conversation, said map[*member][]*run) *Call {
	d := cv.dialogs[0]
	c := &Call{
		ID: shortID(d.callID, ""), State: cv.state(f.last),
		Caller: d.members[0].Party, Callee: d.members[1].Party, Start: timeOf(d.start),
		Ringing: known(d.ringing), Answer: known(d.answer), End: known(cv.end()), FinalStatus: d.final,
	}
	for _, d := range cv.dialogs {
		c.CallIDs = append(c.CallIDs, strings.ToValidUTF8(d.callID, "\uFFFD"))
		for _, n := range slices.Concat(d.remarks(f.last), d.notes) {
			c.Notes = append(c.Notes, f.named(n))
		}
	}
	b := &builder{finisher: f, call: c, cv: cv}
	for _, p := range cv.people {
		var runs []*run
		for _, m := range p.members {
			runs = append(runs, said[m]...)
		}
		b.leg(p.name, p.party(), runs)
	}
	b.finish()
	for _, p := range cv.people {
		for _, m := range p.members {
			f.account(said[m])
			delete(said, m)
		}
	}
	if f.opt.NoRouter {
		for _, l := range c.Legs {
			l.Parts = nil
		}
	}
	return c
}

func known(nanos int64) Time {
	if nanos == 0 {
		return Time{}
	}
	return timeOf(nanos)
}

// shortID makes a stable id of what identifies a call in any capture of it.
func shortID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:5])
}

func (f *finisher) named(n pcapio.Note) Note {
	out := Note{Frame: n.Frame, Offset: n.Off, Kind: n.Kind, Text: n.Text}
	if n.File < len(f.paths) {
		out.File = f.paths[n.File]
	}
	return out
}

// account says what the frames of owned runs were, now that their legs are
// made, and forgets who owns them.
func (f *finisher) account(runs []*run) {
	for _, r := range runs {
		delete(f.owners, r)
		switch p := r.at; {
		case p == nil: // video and the like
			f.count.RTP += r.packets - r.duplicates
			f.count.RTPDuplicate += r.duplicates
		case !p.accounted: // a hop's packets are all copies but the first's
			p.accounted = true
			dup := p.duplicates()
			f.count.RTP += p.packets() - dup
			f.count.RTPDuplicate += dup
		}
	}
}

// describeRun names a run for a note.
func (f *finisher) describeRun(r *run) string {
	k := f.key(r)
	return fmt.Sprintf("%v -> %v SSRC %v", k.flow.Src, k.flow.Dst, SSRC(k.ssrc))
}
