package calls

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"net/netip"
	"slices"
	"strings"

	"callx/calls/sdp"
	"callx/calls/sip"
	"callx/pcapio"
	"callx/pcapio/wire"
)

// A side is one of the two ends of a dialog.
type side int

const (
	caller side = iota
	callee
)

func (s side) String() string { return [...]string{"caller", "callee"}[s] }
func (s side) other() side    { return 1 - s }

// A dialog is what the signalling said under one Call-ID: the INVITE, all its
// forks and retries, and what followed (RFC 3261 section 12). The caller is
// who sent the first INVITE, whoever sends later ones.
type dialog struct {
	callID    string
	callerTag string
	party     [2]Party
	firstPos  pcapio.Pos

	start, ringing, answer, end, last int64 // nanoseconds, 0 unknown
	inviteSeq                         uint32
	final                             int // last final status of the INVITE
	cancelled, bye                    bool
	running                           bool // the capture does not hold its beginning

	says   [2][]description // what each side said of its media, in order of time
	seen   map[uint64]struct{}
	events []event
	notes  []pcapio.Note
}

// A description is one SDP: from nanos on, the side receives as it says.
// The offers and answers of one transaction seen at several hops, or in 183
// and again in 200, share a generation and hold side by side.
type description struct {
	nanos      int64
	from       netip.Addr // where the message came from, in the capture
	generation uint64     // CSeq and who asked
	offer      bool
	session    *sdp.Session
}

type event struct {
	nanos int64
	kind  string
	side  side
	text  string
}

// dialogs is the signalling half of the Indexer.
type dialogs struct {
	byID  map[string]*dialog
	order []*dialog // as they began
	other map[string]int
	seed  maphash.Seed
	msg   sip.Message // reused

	// targets is the latest owner of each address that SDP has named so far.
	targets map[netip.AddrPort]end
}

// An end is one side of one dialog.
type end struct {
	d    *dialog
	side side
}

func newDialogs() dialogs {
	return dialogs{
		byID: map[string]*dialog{}, other: map[string]int{}, seed: maphash.MakeSeed(),
		targets: map[netip.AddrPort]end{},
	}
}

// add takes one SIP message.
func (ds *dialogs) add(d *wire.Datagram) error {
	m := &ds.msg
	err := sip.Parse(m, d.Payload)
	if len(m.CallID) == 0 {
		if err == nil {
			ds.count("without Call-ID")
		}
		return err
	}
	dlg := ds.byID[string(m.CallID)]
	if dlg == nil {
		if !bytes.EqualFold(m.CSeqMethod, []byte("INVITE")) {
			ds.count(string(m.CSeqMethod))
			return nil
		}
		dlg = &dialog{
			callID: string(m.CallID), callerTag: string(m.From.Tag), firstPos: d.Pos,
			party: [2]Party{partyOf(&m.From), partyOf(&m.To)},
			start: d.Nanos, inviteSeq: m.CSeq, seen: map[uint64]struct{}{},
		}
		dlg.running = m.IsRequest() && len(m.To.Tag) > 0 || !m.IsRequest()
		ds.byID[dlg.callID] = dlg
		ds.order = append(ds.order, dlg)
	} else if d.Nanos < dlg.start && m.IsRequest() && bytes.EqualFold(m.Method, []byte("INVITE")) && len(m.To.Tag) == 0 {
		dlg.precede(m, d)
	}
	dlg.last = max(dlg.last, d.Nanos)
	if err != nil {
		dlg.note(d.Pos, "truncated", "SIP message is not whole: "+err.Error())
	}
	dlg.take(m, d)
	if s, session := dlg.describe(m, d, ds.seed); session != nil {
		for i := range session.Media {
			if t := session.Media[i].Target(); t.IsValid() {
				ds.targets[t] = end{dlg, s}
			}
		}
	}
	return nil
}

// precede takes the INVITE that began the dialog, if it is known only after
// what it brought about: of a fragmented one, wire waits for the rest.
func (d *dialog) precede(m *sip.Message, dg *wire.Datagram) {
	d.callerTag, d.firstPos, d.start, d.running = string(m.From.Tag), dg.Pos, dg.Nanos, false
	d.party = [2]Party{partyOf(&m.From), partyOf(&m.To)}
}

func (ds *dialogs) count(method string) {
	method = strings.ToUpper(method)
	if _, known := ds.other[method]; !known && len(ds.other) >= 64 {
		method = "(other)"
	}
	ds.other[method]++
}

func partyOf(a *sip.Address) Party {
	return Party{URI: text(a.URI), User: text(a.User), Display: text(a.Display)}
}

// text copies bytes of a packet into a string that is valid UTF-8.
func text(b []byte) string { return strings.ToValidUTF8(string(b), "\uFFFD") }

// from tells which side sent m, by the tags of the dialog (RFC 3261 section
// 12.1); a message without tags is told by its URI.
func (d *dialog) from(m *sip.Message) side {
	s := callee
	switch {
	case string(m.From.Tag) == d.callerTag && (d.callerTag != "" || text(m.From.URI) == d.party[caller].URI):
		s = caller
	case string(m.To.Tag) == d.callerTag && d.callerTag != "":
		s = callee
	case text(m.From.URI) == d.party[caller].URI:
		s = caller
	}
	if !m.IsRequest() {
		return s.other()
	}
	return s
}

// take moves the dialog's state on.
func (d *dialog) take(m *sip.Message, dg *wire.Datagram) {
	t := dg.Nanos
	invite := bytes.EqualFold(m.CSeqMethod, []byte("INVITE"))
	switch {
	case m.IsRequest() && bytes.EqualFold(m.Method, []byte("BYE")):
		if !d.bye {
			d.bye, d.end = true, t
			d.event(t, "bye", d.from(m), "")
		}
	case m.IsRequest() && bytes.EqualFold(m.Method, []byte("CANCEL")):
		d.cancelled = true
	case m.IsRequest() && invite && bytes.EqualFold(m.Method, []byte("INVITE")):
		s := d.from(m)
		if d.answer != 0 && t > d.answer && d.fresh(m, s) {
			d.event(t, "reinvite", s, "")
		}
		if d.answer == 0 && s == caller {
			d.inviteSeq = max(d.inviteSeq, m.CSeq)
		}
	case !m.IsRequest() && invite && d.answer == 0:
		d.respond(m, t)
	}
}

func (d *dialog) respond(m *sip.Message, t int64) {
	switch {
	case m.Status == 180 || m.Status == 183:
		if d.ringing == 0 {
			d.ringing = t
		}
	case m.Status >= 200 && m.Status < 300:
		d.answer, d.final = t, m.Status
		d.event(t, "answer", callee, "")
	case m.Status >= 300 && (m.CSeq >= d.inviteSeq || d.final == 0):
		if d.final != m.Status {
			d.final, d.end = m.Status, t
		}
	}
}

// fresh reports whether m is the first copy of its request in this dialog.
func (d *dialog) fresh(m *sip.Message, s side) bool {
	k := uint64(m.CSeq)<<2 | uint64(s)<<1 | 1
	if _, ok := d.seen[k]; ok {
		return false
	}
	d.seen[k] = struct{}{}
	return true
}

// describe keeps the SDP of m and returns it with its side, if m carries one
// that is new.
func (d *dialog) describe(m *sip.Message, dg *wire.Datagram, seed maphash.Seed) (side, *sdp.Session) {
	s := d.from(m)
	body := m.SDP()
	if len(body) == 0 {
		return s, nil
	}
	asker := s
	if !m.IsRequest() {
		asker = s.other()
	}
	generation := uint64(m.CSeq)<<1 | uint64(asker)
	var h maphash.Hash
	h.SetSeed(seed)
	h.Write(body)
	h.WriteByte(byte(s))
	h.WriteByte(byte(generation))
	k := h.Sum64() &^ 1 // fresh uses odd keys
	if _, ok := d.seen[k]; ok {
		return s, nil
	}
	d.seen[k] = struct{}{}
	session, err := sdp.Parse(body)
	if err != nil {
		d.note(dg.Pos, "sdp", "session description could not be read: "+err.Error())
		return s, nil
	}
	held := d.holds(s)
	offer := d.isOffer(m, s, generation)
	d.says[s] = append(d.says[s], description{nanos: dg.Nanos, from: dg.Flow.Src.Addr(), generation: generation, offer: offer, session: session})
	// A fragmented message may come late.
	slices.SortStableFunc(d.says[s], func(a, b description) int { return cmp.Compare(a.nanos, b.nanos) })
	if now := d.holds(s); offer && now != held && len(d.says[s]) > 1 {
		kind := "resume"
		if now {
			kind = "hold"
		}
		d.event(dg.Nanos, kind, s, "")
	}
	return s, session
}

// isOffer tells an offer from an answer (RFC 3264): the second description of
// a transaction, by the other side, answers the first.
func (d *dialog) isOffer(m *sip.Message, s side, generation uint64) bool {
	for _, o := range d.says[s.other()] {
		if o.generation == generation && o.offer {
			return false
		}
	}
	return true
}

// holds reports whether a side's latest audio description puts the other on
// hold (RFC 3264 section 8.4; c=0.0.0.0 is the older way).
func (d *dialog) holds(s side) bool {
	if n := len(d.says[s]); n > 0 {
		for i := range d.says[s][n-1].session.Media {
			if m := &d.says[s][n-1].session.Media[i]; m.Kind == "audio" && m.Port != 0 {
				return m.Direction == sdp.SendOnly || m.Direction == sdp.Inactive || m.Addr.IsValid() && m.Addr.IsUnspecified()
			}
		}
	}
	return false
}

func (d *dialog) event(t int64, kind string, s side, text string) {
	d.events = append(d.events, event{t, kind, s, text})
}

// maxNotes bounds what one dialog remembers of damage.
const maxNotes = 100

func (d *dialog) note(pos pcapio.Pos, kind, text string) {
	if len(d.notes) < maxNotes {
		d.notes = append(d.notes, pcapio.Note{Pos: pos, Kind: kind, Text: text})
	}
}

// timerC is how long a proxy waits for a final response (RFC 3261 section
// 16.6: more than three minutes).
const timerC = int64(180e9)

// state says how the call went, seen from the end of the capture.
func (d *dialog) state(end int64) State {
	switch {
	case d.answer != 0 && d.bye:
		return Completed
	case d.answer != 0:
		return InProgress
	case d.final == 0 && d.bye:
		return Completed // running before the capture began
	case d.final == 487 || d.cancelled && d.final == 0:
		return Cancelled
	case d.final == 0 && end-d.last < timerC:
		return InProgress
	case d.final == 0 || d.final == 408 || d.final == 480:
		return Unanswered
	case d.final == 486 || d.final == 600:
		return Busy
	case d.final == 603:
		return Declined
	}
	return Failed
}
