package calls

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"callx/pcapio/wire"
)

type side int

const (
	caller side = iota
	callee
)

func (s side) other() side { return 1 - s }

// A message is one SIP message of a script: who sends it, when in seconds, its
// first line, CSeq and SDP lines. Tags are those of RFC 3261: the caller's is
// "1", the callee's "2" as soon as it has answered.
type message struct {
	from side
	at   float64
	line string
	cseq string
	sdp  string
}

var ends = [2]netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:5060"), netip.MustParseAddrPort("192.0.2.2:5060")}

func (m message) datagram() wire.Datagram {
	request := !strings.HasPrefix(m.line, "SIP/2.0")
	asker := m.from
	if !request {
		asker = m.from.other()
	}
	tags, users := [2]string{"1", "2"}, [2]string{"alice", "bob"}
	to := ";tag=" + tags[asker.other()]
	if strings.HasPrefix(m.line, "INVITE") && m.cseq == "1 INVITE" || strings.HasPrefix(m.line, "CANCEL") {
		to = ""
	}
	text := fmt.Sprintf("%s\r\nCall-ID: x@y\r\nFrom: <sip:%s@h>;tag=%s\r\nTo: <sip:%s@h>%s\r\nCSeq: %s\r\n",
		m.line, users[asker], tags[asker], users[asker.other()], to, m.cseq)
	body := ""
	if m.sdp != "" {
		body = fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 192.0.2.%[1]d\r\ns=-\r\nc=IN IP4 192.0.2.%[1]d\r\nt=0 0\r\n%[2]s\r\n", 1+int(m.from), m.sdp)
		text += "Content-Type: application/sdp\r\n"
	}
	text += fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
	return wire.Datagram{
		Nanos: 1700000000e9 + int64(m.at*1e9), Payload: []byte(text),
		Flow: wire.Flow{Src: ends[m.from], Dst: ends[m.from.other()], Proto: wire.UDP},
	}
}

const invite = "INVITE sip:bob@h SIP/2.0"

func TestStates(t *testing.T) {
	ask := message{caller, 0, invite, "1 INVITE", ""}
	ring := message{callee, 1, "SIP/2.0 180 Ringing", "1 INVITE", ""}
	ok := message{callee, 2, "SIP/2.0 200 OK", "1 INVITE", ""}
	ack := message{caller, 2.1, "ACK sip:bob@h SIP/2.0", "1 ACK", ""}
	end := func(at float64) message { // something long after, to end the capture
		return message{caller, at, "OPTIONS sip:z@h SIP/2.0", "9 OPTIONS", ""}
	}
	final := func(line string) []message {
		return []message{ask, ring, {callee, 3, "SIP/2.0 " + line, "1 INVITE", ""}, {caller, 3.1, "ACK sip:bob@h SIP/2.0", "1 ACK", ""}}
	}
	for _, tt := range []struct {
		name   string
		script []message
		state  State
		status int
	}{
		{"hung up by the callee", []message{ask, ring, ok, ack, {callee, 9, "BYE sip:alice@h SIP/2.0", "1 BYE", ""}}, Completed, 200},
		{"not ended", []message{ask, ring, ok, ack, end(9)}, InProgress, 200},
		{"still ringing", []message{ask, ring, end(100)}, InProgress, 0},
		{"rang for ever", []message{ask, ring, end(400)}, InProgress, 0}, // the same dialog is still talked about
		{"cancelled", []message{ask, ring, {caller, 5, "CANCEL sip:bob@h SIP/2.0", "1 CANCEL", ""}, {callee, 5.1, "SIP/2.0 200 OK", "1 CANCEL", ""}, {callee, 5.2, "SIP/2.0 487 Request Terminated", "1 INVITE", ""}}, Cancelled, 487},
		{"cancelled, 487 not seen", []message{ask, ring, {caller, 5, "CANCEL sip:bob@h SIP/2.0", "1 CANCEL", ""}}, Cancelled, 0},
		{"busy", final("486 Busy Here"), Busy, 486},
		{"busy everywhere", final("600 Busy Everywhere"), Busy, 600},
		{"declined", final("603 Decline"), Declined, 603},
		{"not found", final("404 Not Found"), Failed, 404},
		{"moved", final("302 Moved Temporarily"), Failed, 302},
		{"timeout", final("408 Request Timeout"), Unanswered, 408},
		{"unavailable", final("480 Temporarily Unavailable"), Unanswered, 480},
		{"challenged, then answered", []message{ask, {callee, 0.1, "SIP/2.0 407 Proxy Authentication Required", "1 INVITE", ""},
			{caller, 0.2, "ACK sip:bob@h SIP/2.0", "1 ACK", ""}, {caller, 0.3, invite, "2 INVITE", ""}, {callee, 2, "SIP/2.0 200 OK", "2 INVITE", ""},
			{caller, 9, "BYE sip:bob@h SIP/2.0", "3 BYE", ""}}, Completed, 200},
		{"challenged, given up", []message{ask, {callee, 0.1, "SIP/2.0 401 Unauthorized", "1 INVITE", ""}}, Failed, 401},
		{"joined in the middle", []message{{callee, 2, "SIP/2.0 200 OK", "7 INVITE", ""}, {caller, 9, "BYE sip:bob@h SIP/2.0", "8 BYE", ""}}, Completed, 200},
	} {
		var list []wire.Datagram
		for _, m := range tt.script {
			list = append(list, m.datagram(), m.datagram()) // every message is retransmitted
		}
		ix := index(list)
		if len(ix.Calls) != 1 {
			t.Errorf("%s: %d calls", tt.name, len(ix.Calls))
			continue
		}
		c := ix.Calls[0]
		if c.State != tt.state || c.FinalStatus != tt.status {
			t.Errorf("%s: %s %d, want %s %d", tt.name, c.State, c.FinalStatus, tt.state, tt.status)
		}
		if c.Caller.User != "alice" || c.Callee.User != "bob" {
			t.Errorf("%s: %s calls %s", tt.name, c.Caller.User, c.Callee.User)
		}
	}
}

// TestUnanswered ends the capture by another dialog, so that the first has
// been quiet for longer than timer C.
func TestUnanswered(t *testing.T) {
	for after, want := range map[float64]State{100: InProgress, 200: Unanswered} {
		ask := message{caller, 0, invite, "1 INVITE", ""}.datagram()
		other := message{caller, after, invite, "1 INVITE", ""}.datagram()
		other.Payload = []byte(strings.ReplaceAll(string(other.Payload), "x@y", "other"))
		if got := index([]wire.Datagram{ask, other}).Calls[0].State; got != want {
			t.Errorf("%v s later: %s, want %s", after, got, want)
		}
	}
}

// TestHoldEvents holds and resumes by either side and in both notations.
func TestHoldEvents(t *testing.T) {
	audio := func(port int, more string) string { return fmt.Sprintf("m=audio %d RTP/AVP 8%s", port, more) }
	reinvite := func(from side, at float64, cseq, offer, answer string) []message {
		return []message{
			{from, at, "INVITE sip:u@h SIP/2.0", cseq + " INVITE", offer},
			{from.other(), at + 0.1, "SIP/2.0 200 OK", cseq + " INVITE", answer},
			{from, at + 0.2, "ACK sip:u@h SIP/2.0", cseq + " ACK", ""},
		}
	}
	script := slices.Concat(
		reinvite(caller, 0, "1", audio(4000, ""), audio(4002, "")),
		reinvite(caller, 10, "2", audio(4000, "\r\na=sendonly"), audio(4002, "\r\na=recvonly")),
		reinvite(caller, 20, "3", audio(4000, ""), audio(4002, "")),
		reinvite(callee, 30, "1001", audio(4002, "\r\nc=IN IP4 0.0.0.0"), audio(4000, "")),
		reinvite(callee, 40, "1002", audio(4002, ""), audio(4000, "")),
	)
	var list []wire.Datagram
	for _, m := range script {
		list = append(list, m.datagram())
	}
	var got []string
	for _, e := range index(list).Calls[0].Events {
		if e.Kind == "hold" || e.Kind == "resume" {
			got = append(got, fmt.Sprintf("%s %s %d", e.Kind, e.Party, e.At.Unix()-1700000000))
		}
	}
	want := []string{"hold caller 10", "resume caller 20", "hold callee 30", "resume callee 40"}
	if !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
}

// TestLateBeginning has the INVITE come last, with its own time: wire gives up
// waiting for the rest of a fragmented one long after.
func TestLateBeginning(t *testing.T) {
	script := []message{
		{caller, 0, "INVITE sip:bob@h SIP/2.0", "1 INVITE", "m=audio 4000 RTP/AVP 8"},
		{callee, 1, "SIP/2.0 180 Ringing", "1 INVITE", ""},
		{callee, 2, "SIP/2.0 200 OK", "1 INVITE", "m=audio 5000 RTP/AVP 8"},
		{caller, 9, "BYE sip:bob@h SIP/2.0", "2 BYE", ""},
		{callee, 9.1, "SIP/2.0 200 OK", "2 BYE", ""},
	}
	call := func(order ...int) *Call {
		var list []wire.Datagram
		for _, i := range order {
			list = append(list, script[i].datagram())
		}
		ix := index(list)
		if len(ix.Calls) != 1 {
			t.Fatalf("%d calls", len(ix.Calls))
		}
		return ix.Calls[0]
	}
	want, got := call(0, 1, 2, 3, 4), call(1, 2, 3, 4, 0)
	if got.State != Completed || got.Start != want.Start || got.Caller != want.Caller || got.Callee != want.Callee ||
		fmt.Sprint(got.Events) != fmt.Sprint(want.Events) || fmt.Sprint(got.Notes) != fmt.Sprint(want.Notes) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// TestRemarks: what is odd about a dialog is noted, and only then.
func TestRemarks(t *testing.T) {
	ask := message{caller, 0, invite, "1 INVITE", ""}
	ok := message{callee, 2, "SIP/2.0 200 OK\r\nSession-Expires: 90;refresher=uac", "1 INVITE", ""}
	ack := message{caller, 2.1, "ACK sip:bob@h SIP/2.0", "1 ACK", ""}
	bye := message{callee, 300, "BYE sip:alice@h SIP/2.0", "1 BYE", ""}
	end := message{caller, 400, "OPTIONS sip:z@h SIP/2.0", "9 OPTIONS", ""}
	refresh := message{callee, 350, "SIP/2.0 200 OK\r\nSession-Expires: 90", "2 UPDATE", ""}
	for _, tt := range []struct {
		name   string
		script []message
		kinds  []string
	}{
		{"all is well", []message{ask, ok, ack, bye}, nil},
		{"never acknowledged", []message{ask, ok, bye}, []string{"unacknowledged"}},
		{"the capture ends before the ACK is due", []message{ask, ok, {caller, 10, "OPTIONS sip:z@h SIP/2.0", "9 OPTIONS", ""}}, nil},
		{"the session timer ran out", []message{ask, ok, ack, end}, []string{"expired"}},
		{"the session was refreshed", []message{ask, ok, ack, refresh, end}, nil},
		{"running", []message{ok, ack, bye}, []string{"incomplete"}},
	} {
		var list []wire.Datagram
		for _, m := range tt.script {
			list = append(list, m.datagram())
		}
		c := index(list).Calls[0]
		var kinds []string
		for _, n := range c.Notes {
			kinds = append(kinds, n.Kind)
		}
		if !slices.Equal(kinds, tt.kinds) {
			t.Errorf("%s: notes %v, want %v", tt.name, kinds, tt.kinds)
		}
	}
}
