package calls

import (
	"bytes"
	"hash/maphash"
	"net/netip"
	"slices"
	"strings"

	"callx/calls/sdp"
	"callx/calls/sip"
	"callx/pcapio"
	"callx/pcapio/wire"
)

// A dialog is what the signalling said under one Call-ID: the INVITE, all its
// forks and retries, and what followed (RFC 3261 section 12). The caller is
// who sent the first INVITE, whoever sends later ones.
type dialog struct {
	callID   string
	members  []*member // the caller, the callee, further callees
	taggings []tagging
	firstPos pcapio.Pos
	first    wire.Flow // of the first INVITE

	start, ringing, answer, end, last int64 // nanoseconds, 0 unknown
	inviteSeq                         uint32
	final                             int // last final status of the INVITE
	cancelled, bye, acked             bool
	running                           bool // the capture does not hold its beginning

	target string // the first INVITE's request-URI
	more   *more  // nil for most

	seen   seen
	events []event
	notes  []pcapio.Note
}

// more is what few dialogs have.
type more struct {
	replaces   dialogID
	joins      string // Call-ID of the dialog that it joins (RFC 3911)
	referredBy string
	refers     []refer
	expires    int64   // the session timer in nanoseconds (RFC 4028), 0 if there is none
	refreshed  int64   // when it was last set
	tokens     []token // what the headers say it belongs to
}

// extra returns d.more to be written to.
func (d *dialog) extra() *more {
	if d.more == nil {
		d.more = new(more)
	}
	return d.more
}

// none is what dialogs have that have no more.
var none more

// beyond returns d.more to be read.
func (d *dialog) beyond() *more {
	if d.more == nil {
		return &none
	}
	return d.more
}

// seen is a set of hashes: a slice while there are few, as in most dialogs.
type seen struct {
	few  []uint64
	many map[uint64]struct{}
}

// add reports whether k is new.
func (s *seen) add(k uint64) bool {
	const most = 32
	if s.many != nil {
		_, ok := s.many[k]
		s.many[k] = struct{}{}
		return !ok
	}
	if slices.Contains(s.few, k) {
		return false
	}
	if s.few = append(s.few, k); len(s.few) > most {
		s.many = make(map[uint64]struct{}, 2*most)
		for _, k := range s.few {
			s.many[k] = struct{}{}
		}
		s.few = nil
	}
	return true
}

type event struct {
	nanos int64
	kind  string
	by    *member
	text  string
}

// dialogs is the signalling half of the Indexer.
type dialogs struct {
	byID  map[string]*dialog
	order []*dialog // as they began
	pool  sdp.Pool
	other map[string]int
	seed  maphash.Seed
	msg   sip.Message // reused

	// targets is the latest owner of each address that SDP has named so far.
	targets map[netip.AddrPort]*member

	correlate []string // headers that name the call that a call belongs to
}

func newDialogs(correlate []string) dialogs {
	return dialogs{
		byID: map[string]*dialog{}, other: map[string]int{}, seed: maphash.MakeSeed(),
		targets: map[netip.AddrPort]*member{}, correlate: correlate,
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
		dlg = newDialog(m, d)
		ds.byID[dlg.callID] = dlg
		ds.order = append(ds.order, dlg)
	} else if d.Nanos < dlg.start && m.IsRequest() && bytes.EqualFold(m.Method, []byte("INVITE")) && len(m.To.Tag) == 0 {
		dlg.precede(m, d)
	}
	dlg.last = max(dlg.last, d.Nanos)
	if err != nil {
		dlg.note(d.Pos, "truncated", "SIP message is not whole: "+err.Error())
	}
	who := dlg.from(m)
	who.at = d.Flow.Src
	if who, session := dlg.describe(who, m, d, ds); session != nil {
		for i := range session.Media {
			if t := session.Media[i].Target(); t.IsValid() {
				ds.targets[t] = who
			}
		}
	}
	dlg.take(dlg.from(m), m, d)
	dlg.correlate(m, ds.correlate)
	return nil
}

// newDialog begins a dialog with its first message.
func newDialog(m *sip.Message, dg *wire.Datagram) *dialog {
	d := &dialog{
		callID: string(m.CallID), firstPos: dg.Pos, first: dg.Flow, start: dg.Nanos, inviteSeq: m.CSeq,
		taggings: []tagging{{caller: string(m.From.Tag)}}, target: text(m.URI),
	}
	both := &[2]member{{Party: partyOf(&m.From), d: d}, {Party: partyOf(&m.To), d: d, n: 1}}
	d.members = []*member{&both[0], &both[1]}
	d.running = m.IsRequest() && len(m.To.Tag) > 0 || !m.IsRequest()
	if !m.IsRequest() {
		d.first = d.first.Reverse()
	}
	if tag := string(m.To.Tag); tag != "" && (m.IsRequest() || m.Status > 100 && m.Status < 300) {
		d.taggings[0].callees = []tagged{{tag, d.members[1]}}
	}
	return d
}

// precede takes the INVITE that began the dialog, if it is known only after
// what it brought about: of a fragmented one, wire waits for the rest.
func (d *dialog) precede(m *sip.Message, dg *wire.Datagram) {
	d.firstPos, d.first, d.start, d.running, d.target = dg.Pos, dg.Flow, dg.Nanos, false, text(m.URI)
	if d.taggings[0].caller != string(m.From.Tag) {
		d.taggings = []tagging{{caller: string(m.From.Tag)}}
	}
	d.members[0].Party, d.members[1].Party = partyOf(&m.From), partyOf(&m.To)
}

func (ds *dialogs) count(method string) {
	method = strings.ToUpper(method)
	if _, known := ds.other[method]; !known && len(ds.other) >= 64 {
		method = "(other)"
	}
	ds.other[method]++
}

func partyOf(a *sip.Address) Party {
	p := Party{URI: text(a.URI), User: text(a.User), Display: text(a.Display)}
	if i := strings.Index(p.URI, p.User); i >= 0 {
		p.User = p.URI[i : i+len(p.User)] // one string instead of two
	}
	return p
}

// text copies bytes of a packet into a string that is valid UTF-8.
func text(b []byte) string { return strings.ToValidUTF8(string(b), "\uFFFD") }

// fresh reports whether m is the first copy of its request in this dialog.
func (d *dialog) fresh(m *sip.Message, who *member) bool {
	method := uint64(len(m.Method)) // tells apart the methods of which copies matter
	k := uint64(m.CSeq)<<16 | method<<8 | uint64(who.n)<<1 | 1
	return d.seen.add(k)
}

// maxEvents bounds what one dialog remembers of what happened.
const maxEvents = 10000

func (d *dialog) event(t int64, kind string, by *member, text string) {
	if len(d.events) < maxEvents {
		d.events = append(d.events, event{t, kind, by, text})
	}
}

// maxNotes bounds what one dialog remembers of damage.
const maxNotes = 100

func (d *dialog) note(pos pcapio.Pos, kind, text string) {
	if len(d.notes) < maxNotes {
		d.notes = append(d.notes, pcapio.Note{Pos: pos, Kind: kind, Text: text})
	}
}
