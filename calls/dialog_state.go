package calls

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"callx/calls/sip"
	"callx/pcapio"
	"callx/pcapio/wire"
)

// take moves the dialog's state on with a message that who sent.
func (d *dialog) take(who *member, m *sip.Message, dg *wire.Datagram) {
	t := dg.Nanos
	if !m.IsRequest() {
		d.timer(m, t)
		switch {
		case m.IsMethod("INVITE") && (d.answer == 0 || m.CSeq == d.inviteSeq && !who.isCaller()):
			d.respond(who, m, t)
		case m.IsMethod("REFER"):
			d.referAnswered(m)
		}
		return
	}
	switch {
	case m.IsMethod("BYE"):
		if fork := d.fork(who, m); fork.n > 1 && d.answered(fork) {
			if d.fresh(m, who) { // the call goes on with the one that answered first
				d.event(t, "bye", who, reason(m))
			}
		} else if !d.bye {
			d.bye, d.end = true, t
			d.event(t, "bye", who, reason(m))
		}
	case m.IsMethod("ACK"):
		d.acked = true
	case m.IsMethod("CANCEL"):
		if !d.cancelled {
			d.event(t, "cancel", who, reason(m))
		}
		d.cancelled = true
	case m.IsMethod("INVITE"):
		d.invite(who, m, dg)
	case m.IsMethod("REFER"):
		if d.fresh(m, who) {
			d.refer(who, m, dg)
		}
	case m.IsMethod("INFO"):
		if d.fresh(m, who) {
			d.info(who, m, t)
		}
	}
}

// reason returns what the Reason header says (RFC 3326).
func reason(m *sip.Message) string { return text(m.Header("Reason")) }

func (d *dialog) invite(who *member, m *sip.Message, dg *wire.Datagram) {
	if len(m.To.Tag) == 0 {
		d.running = false
	}
	switch {
	case d.answer != 0 && dg.Nanos > d.answer:
		if d.fresh(m, who) {
			d.event(dg.Nanos, "reinvite", who, "")
		}
	case d.answer == 0 && who.isCaller():
		if m.CSeq > d.inviteSeq && d.final >= 300 && !d.bye {
			d.final, d.end = 0, 0 // tried again: with credentials, or where it was redirected to
		}
		d.inviteSeq = max(d.inviteSeq, m.CSeq)
	}
	if v := m.Header("Replaces"); v != nil {
		d.extra().replaces = parseReplaces(v)
	}
	if v := m.Header("Join"); v != nil {
		d.extra().joins = parseReplaces(v).callID // written alike
	}
	if v := m.Header("Referred-By"); v != nil {
		by := sip.ParseAddress(v)
		d.extra().referredBy = text(by.URI)
	}
}

// respond takes a response to the INVITE that began the dialog.
func (d *dialog) respond(who *member, m *sip.Message, t int64) {
	switch {
	case m.Status >= 200 && m.Status < 300:
		if d.answer == 0 {
			d.answer, d.final, d.end = t, m.Status, 0
			if d.bye { // it crossed the answer, or is seen before it
				d.end = t
			}
			d.promote(who)
			d.event(t, "answer", who, "")
		} else if who.n > 1 && !d.answered(who) { // a second fork answered too
			d.event(t, "answer", who, "")
		}
	case d.answer != 0:
	case m.Status == 180 || m.Status == 183:
		if d.ringing == 0 {
			d.ringing = t
		}
	case m.Status >= 300 && (m.CSeq >= d.inviteSeq || d.final == 0):
		if d.final == m.Status {
			return
		}
		d.final, d.end = m.Status, t
		d.inviteSeq = max(d.inviteSeq, m.CSeq) // its INVITE may be seen after it
		if m.Status < 400 {
			to := sip.ParseAddress(m.Header("Contact"))
			d.event(t, "redirect", who, "to "+text(to.URI))
		}
	}
}

// fork returns the callee in whose dialog who sent a request.
func (d *dialog) fork(who *member, m *sip.Message) *member {
	if who.isCaller() {
		if callee := d.calleeOf(string(m.To.Tag)); callee != nil {
			return callee
		}
		return d.members[1]
	}
	return who
}

func (d *dialog) answered(who *member) bool {
	return slices.ContainsFunc(d.events, func(e event) bool { return e.kind == "answer" && e.by == who })
}

// timer keeps the session timer that a 2xx sets or sets anew (RFC 4028 section
// 4).
func (d *dialog) timer(m *sip.Message, t int64) {
	if m.Status/100 != 2 || !(m.IsMethod("INVITE") || m.IsMethod("UPDATE")) {
		return
	}
	if v := m.Header("Session-Expires"); v != nil {
		seconds, _, _ := strings.Cut(text(v), ";")
		if n, err := strconv.ParseUint(strings.TrimSpace(seconds), 10, 32); err == nil {
			d.extra().expires, d.more.refreshed = int64(n)*1e9, t
		}
	}
}

// timerH is how long an answer is repeated that nobody acknowledges (RFC 3261
// section 17.2.1).
const timerH = int64(32e9)

// remarks says what is odd about a dialog, seen from the end of the capture.
func (d *dialog) remarks(end int64) (notes []pcapio.Note) {
	add := func(kind, format string, args ...any) {
		notes = append(notes, pcapio.Note{Pos: d.firstPos, Kind: kind, Text: fmt.Sprintf(format, args...)})
	}
	if d.running {
		add("incomplete", "the call was already being set up or running where the capture starts")
	}
	if until := cmp.Or(d.end, end); d.answer != 0 && !d.acked && !d.running && until-d.answer > timerH {
		add("unacknowledged", "no ACK for the answer is in the capture")
	}
	if x := d.beyond(); x.expires > 0 && !d.bye && end-x.refreshed > x.expires {
		add("expired", "no BYE is in the capture, but the session timer of %v ran out %v before the capture ends",
			time.Duration(x.expires), time.Duration(end-x.refreshed-x.expires).Round(time.Second))
	}
	return notes
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
