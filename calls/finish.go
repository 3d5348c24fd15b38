package calls

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
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
	f.release()
	ix := &Index{Other: x.signal.other}
	ix.Calls = append(f.dialogCalls(), f.salvage()...)
	slices.SortStableFunc(ix.Calls, func(a, b *Call) int {
		return cmp.Or(a.Start.Compare(b.Start.Time), cmp.Compare(a.ID, b.ID))
	})
	for i, c := range ix.Calls {
		c.Number = i + 1
	}
	numberGroups(ix.Calls)
	ix.Packets = f.account()
	if x.copied > 0 {
		x.notes = append(x.notes, pcapio.Note{Pos: x.copy, Kind: "duplicate", Text: fmt.Sprintf(
			"from here on %d datagrams besides RTP were captured twice within 100 ms, as by a mirror of both directions; each was used once", x.copied)})
	}
	for _, n := range x.notes {
		ix.Notes = append(ix.Notes, f.named(n))
	}
	return ix
}

// A finisher holds what Finish needs besides the Indexer.
type finisher struct {
	*Indexer
	paths  []string
	runs   []*run
	owners map[*run]owner
	single []*run // owned by nobody and media all the same
}

// An owner says whose voice a run is, and how that is known.
type owner struct {
	*member        // who speaks
	rule    string // sdp, symmetric or nat, see attach
}

func (f *finisher) key(r *run) streamKey { return f.streams.keys[r.stream].unpack() }

// attach finds the owner of every run, by the first of these rules that tells:
//
//	sdp        it goes to where, as SDP says, the other side receives
//	symmetric  it is the reverse of such a flow, or comes from where the
//	           speaker receives (symmetric RTP, RFC 4961)
//	nat        the same with the port of the SDP at the address that the
//	           SIP message came from
func (f *finisher) attach() {
	cs, natted := claimsOf(f.signal.order)
	byFlow := map[[2]netip.AddrPort][]*run{}
	for _, r := range f.runs {
		k := f.key(r)
		pair := [2]netip.AddrPort{k.flow.Src, k.flow.Dst}
		byFlow[pair] = append(byFlow[pair], r)
		if c := cs.find(k.flow.Dst, r); c != nil {
			f.owners[r] = owner{c.owner.speaker(k.flow.Src, r.first), "sdp"}
		}
	}
	for _, r := range f.runs {
		if _, ok := f.owners[r]; ok {
			continue
		}
		k := f.key(r)
		if o, ok := f.reverse(byFlow[[2]netip.AddrPort{k.flow.Dst, k.flow.Src}], r); ok {
			f.owners[r] = owner{o.speaker(k.flow.Src, r.first), "symmetric"}
		} else if c := cs.find(k.flow.Src, r); c != nil {
			f.owners[r] = owner{c.owner, "symmetric"}
		} else if c := natted.find(k.flow.Dst, r); c != nil {
			f.owners[r] = owner{c.owner.speaker(k.flow.Src, r.first), "nat"}
		} else if c := natted.find(k.flow.Src, r); c != nil {
			f.owners[r] = owner{c.owner, "nat"}
		}
	}
}

// quietMax is how long a call may be without media and still be the same call
// if nothing is said about it: where nobody hangs up, addresses serve other
// calls later. awayMax bounds it whatever is said.
const (
	quietMax = int64(3600e9)
	awayMax  = 24 * quietMax
)

// release takes runs away from calls that had long been quiet when they
// began: they are calls of their own.
func (f *finisher) release() {
	heard := map[*dialog]int64{}
	for _, r := range f.runs { // in order of time
		o, ok := f.owners[r]
		if !ok {
			continue
		}
		last, before := heard[o.d]
		if quiet := r.first - last; before && (quiet > awayMax || quiet > quietMax && !o.d.describedAt(r.first)) {
			delete(f.owners, r)
			continue
		}
		heard[o.d] = max(last, r.last)
	}
}

// describedAt reports whether either side described its media about that time.
func (d *dialog) describedAt(nanos int64) bool {
	for _, m := range d.members {
		if slices.ContainsFunc(m.says, func(ds description) bool { return nanos-ds.nanos < 60e9 && ds.nanos-nanos < slack }) {
			return true
		}
	}
	return false
}

// reverse returns the owner of the run that fits r best in time among those
// of the opposite flow that SDP has placed.
func (f *finisher) reverse(runs []*run, r *run) (best owner, ok bool) {
	most := -slack
	for _, o := range runs {
		w, owned := f.owners[o]
		if overlap := min(o.last, r.last) - max(o.first, r.first); owned && w.rule == "sdp" && overlap > most {
			best, ok, most = w, true, overlap
		}
	}
	return best, ok
}

// dialogCalls makes a call of every conversation.
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
	// Of 100,000 dialogs the memory is needed for their calls.
	f.signal.order, f.signal.byID, f.signal.targets = nil, nil, nil
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

// account says what every frame was, now that RTP has its owners.
func (f *finisher) account() Accounting {
	a := f.count
	salvaged := map[*run]bool{}
	for _, r := range f.single {
		salvaged[r] = true
	}
	copies := map[*Part]uint64{}
	for _, r := range f.runs {
		_, owned := f.owners[r]
		switch {
		case owned && r.at != nil: // a hop's packets are all copies but the first's
			copies[r.at] += r.packets
		case owned: // video and the like
			a.RTP += r.packets - r.duplicates
			a.RTPDuplicate += r.duplicates
		case salvaged[r]:
			a.RTPUnattributed += r.packets
		default:
			a.OtherUDP += r.packets
		}
	}
	for p, n := range copies {
		dup := p.duplicates()
		a.RTP += n - dup
		a.RTPDuplicate += dup
	}
	return a
}

// describeRun names a run for a note.
func (f *finisher) describeRun(r *run) string {
	k := f.key(r)
	return fmt.Sprintf("%v -> %v SSRC %v", k.flow.Src, k.flow.Dst, SSRC(k.ssrc))
}
