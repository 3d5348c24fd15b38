package calls

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"callx/pcapio/wire"
)

// A scene is a capture in the making: user agents a, b, c, ... at 192.0.2.1, 2,
// 3, ... that send each other SIP and RTP.
type scene struct{ list []wire.Datagram }

func host(name byte, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, name - 'a' + 1}), port)
}

func at(seconds float64) int64 { return 1700000000e9 + int64(math.Round(seconds*1e9)) }

// sip sends "a>b INVITE" or "b>a 200" of a dialog that from began to to, with
// the tags of both; the request's URI is that of its receiver. port is that of
// the SDP, 0 for none, negative to put on hold.
func (s *scene) sip(seconds float64, hop, what, callID string, seq int, from, to string, port int, headers ...string) {
	s.message(seconds, hop, what, callID, seq, from, to, hop[0], port, headers...)
}

// message is sip with an SDP that has the address of describer.
func (s *scene) message(seconds float64, hop, what, callID string, seq int, from, to string, describer byte, port int, headers ...string) {
	method := what
	first := what + " sip:" + hop[2:3] + "@h SIP/2.0"
	if code, rest, ok := strings.Cut(what, " "); ok {
		first, method = "SIP/2.0 "+code+" X", rest
	}
	addr := func(p string) string { // "a:tag" or "a"
		name, tag, _ := strings.Cut(p, ":")
		if tag != "" {
			tag = ";tag=" + tag
		}
		return fmt.Sprintf("<sip:%s@h>%s", name, tag)
	}
	body := ""
	direction := ""
	if port < 0 {
		port, direction = -port, "a=sendonly\r\n"
	}
	if port > 0 {
		ip := host(describer, 1).Addr()
		body = fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 %v\r\ns=-\r\nc=IN IP4 %v\r\nt=0 0\r\nm=audio %d RTP/AVP 8\r\n%s", ip, ip, port, direction)
		headers = append(headers, "Content-Type: application/sdp")
	}
	text := fmt.Sprintf("%s\r\nCall-ID: %s\r\nFrom: %s\r\nTo: %s\r\nCSeq: %d %s\r\n%s\r\nContent-Length: %d\r\n\r\n%s",
		first, callID, addr(from), addr(to), seq, method, strings.Join(append(headers, "Max-Forwards: 70"), "\r\n"), len(body), body)
	s.list = append(s.list, wire.Datagram{
		Nanos: at(seconds), Payload: []byte(text),
		Flow: wire.Flow{Src: host(hop[0], 5060), Dst: host(hop[2], 5060), Proto: wire.UDP},
	})
}

// rtp sends two seconds of speech, a voice for each SSRC.
func (s *scene) rtp(seconds float64, from byte, fromPort uint16, to byte, toPort uint16, ssrc uint32) {
	s.voice(seconds, from, fromPort, to, toPort, ssrc, ssrc)
}

func (s *scene) voice(seconds float64, from byte, fromPort uint16, to byte, toPort uint16, ssrc, voice uint32) {
	flow := wire.Flow{Src: host(from, fromPort), Dst: host(to, toPort), Proto: wire.UDP}
	for i := range 100 {
		payload := rtpBytes(8, uint16(i), uint32(i)*160, ssrc, 160)
		for k := range payload[12:] {
			payload[12+k] = byte(uint32(i*160+k) * (voice | 1) * 2654435761 >> 13)
		}
		s.list = append(s.list, wire.Datagram{Nanos: at(seconds) + int64(i)*20e6, Flow: flow, Payload: payload})
	}
}

func (s *scene) index() *Index {
	return s.indexWith(NewIndexer(Options{Decodable: func(c Codec) bool { return c.Name == "PCMA" }}))
}

func (s *scene) indexWith(x *Indexer) *Index {
	slices.SortStableFunc(s.list, func(a, b wire.Datagram) int { return int(min(1, max(-1, a.Nanos-b.Nanos))) })
	return indexWith(x, s.list)
}

// ring sets up a call and answers it.
func (s *scene) ring(seconds float64, callID string, from, to byte, port uint16, headers ...string) {
	f, t := string(from), string(to)
	s.sip(seconds, f+">"+t, "INVITE", callID, 1, f+":1", t, int(port), headers...)
	s.sip(seconds+0.1, t+">"+f, "200 INVITE", callID, 1, f+":1", t+":2", int(port))
	s.sip(seconds+0.2, f+">"+t, "ACK", callID, 1, f+":1", t+":2", 0)
}

func (s *scene) bye(seconds float64, callID string, from, to byte) {
	f, t := string(from), string(to)
	s.sip(seconds, f+">"+t, "BYE", callID, 9, f+":1", t+":2", 0)
}

// legs lists the parties of a call with their users and streams.
func legs(c *Call) string {
	var out []string
	for _, l := range c.Legs {
		out = append(out, fmt.Sprintf("%s=%s/%d", l.Party, l.Identity.User, len(l.Streams)))
	}
	return strings.Join(out, " ")
}

func kinds(c *Call) string {
	var out []string
	for _, e := range c.Events {
		if e.Kind != "ssrc" {
			out = append(out, e.Kind+":"+e.Party)
		}
	}
	return strings.Join(out, " ")
}

// TestFork: both branches ring with a ring-back tone of their own, the second
// to ring answers (RFC 3261 section 12.1.2: two dialogs, one call).
func TestFork(t *testing.T) {
	var s scene
	s.sip(0, "a>p", "INVITE", "x", 1, "a:1", "b", 4000)
	s.sip(1, "p>a", "183 INVITE", "x", 1, "a:1", "b:2", 0)
	s.sip(1.1, "b>a", "183 INVITE", "x", 1, "a:1", "b:2", 4002)
	s.sip(1.2, "c>a", "183 INVITE", "x", 1, "a:1", "b:3", 4004)
	s.rtp(1.3, 'b', 4002, 'a', 4000, 22)
	s.rtp(1.3, 'c', 4004, 'a', 4000, 33)
	s.sip(4, "c>a", "200 INVITE", "x", 1, "a:1", "b:3", 4004)
	s.sip(4.1, "a>c", "ACK", "x", 1, "a:1", "b:3", 0)
	s.rtp(4.2, 'a', 4000, 'c', 4004, 11)
	s.rtp(4.2, 'c', 4004, 'a', 4000, 34)
	s.sip(8, "c>a", "BYE", "x", 1, "b:3", "a:1", 0)
	ix := s.index()
	if len(ix.Calls) != 1 {
		t.Fatalf("%d calls, want 1", len(ix.Calls))
	}
	c := ix.Calls[0]
	if got, want := legs(c), "caller=a/1 callee=b/2 callee-2=b/1"; got != want {
		t.Errorf("legs %s, want %s", got, want)
	}
	if got, want := kinds(c), "answer:callee bye:callee"; got != want {
		t.Errorf("events %s, want %s", got, want)
	}
	if c.State != Completed || c.Legs[2].Streams[0].SSRC != 22 {
		t.Errorf("%s, callee-2 is %v", c.State, c.Legs[2].Streams[0].SSRC)
	}
}

// TestEarlyMediaTag: a gateway that takes another tag for its answer and goes
// on at the same address is one party.
func TestEarlyMediaTag(t *testing.T) {
	var s scene
	s.sip(0, "a>b", "INVITE", "x", 1, "a:1", "b", 4000)
	s.sip(1, "b>a", "183 INVITE", "x", 1, "a:1", "b:2", 4002)
	s.rtp(1.1, 'b', 4002, 'a', 4000, 22)
	s.sip(4, "b>a", "200 INVITE", "x", 1, "a:1", "b:3", 4002)
	s.rtp(4.1, 'b', 4002, 'a', 4000, 23)
	s.sip(8, "a>b", "BYE", "x", 2, "a:1", "b:3", 0)
	if got, want := legs(s.index().Calls[0]), "callee=b/2"; got != want {
		t.Errorf("legs %s, want %s", got, want)
	}
}

// TestBorderTags: a session border controller keeps the Call-ID and tags both
// sides anew; its two sides are hops of the same two parties.
func TestBorderTags(t *testing.T) {
	var s scene
	s.sip(0, "a>s", "INVITE", "x", 1, "a:1", "b", 4000)
	s.sip(0.1, "s>b", "INVITE", "x", 7, "a:8", "b", 5000)
	s.sip(1, "b>s", "200 INVITE", "x", 7, "a:8", "b:9", 4002)
	s.sip(1.1, "s>a", "200 INVITE", "x", 1, "a:1", "b:2", 5002)
	s.sip(1.2, "a>s", "ACK", "x", 1, "a:1", "b:2", 0)
	s.rtp(2, 'a', 4000, 's', 5002, 11)
	s.rtp(2.001, 's', 5000, 'b', 4002, 11)
	s.rtp(2, 'b', 4002, 's', 5000, 22)
	s.rtp(2.001, 's', 5002, 'a', 4000, 22)
	s.sip(8, "b>s", "BYE", "x", 1, "b:9", "a:8", 0)
	s.sip(8.1, "s>a", "BYE", "x", 1, "b:2", "a:1", 0)
	c := s.index().Calls[0]
	if got, want := legs(c), "caller=a/2 callee=b/2"; got != want {
		t.Errorf("legs %s, want %s", got, want)
	}
	if got, want := kinds(c), "answer:callee bye:callee"; got != want {
		t.Errorf("events %s, want %s", got, want)
	}
	if c.Legs[0].Packets != 200 || c.Legs[0].Duplicates != 100 {
		t.Errorf("%d packets, %d duplicates", c.Legs[0].Packets, c.Legs[0].Duplicates)
	}
}

// TestBlindTransfer: b refers a to c (RFC 3515; RFC 5589 section 6.1).
func TestBlindTransfer(t *testing.T) {
	var s scene
	s.ring(0, "x", 'a', 'b', 4000)
	s.rtp(1, 'a', 4000, 'b', 4000, 11)
	s.rtp(1, 'b', 4000, 'a', 4000, 22)
	s.sip(4, "b>a", "REFER", "x", 1, "b:2", "a:1", 0, "Refer-To: <sip:c@h>")
	s.sip(4.1, "a>b", "202 REFER", "x", 1, "b:2", "a:1", 0)
	s.ring(5, "y", 'a', 'c', 4010)
	s.sip(5.5, "a>b", "BYE", "x", 2, "a:1", "b:2", 0)
	s.rtp(6, 'a', 4010, 'c', 4010, 12)
	s.rtp(6, 'c', 4010, 'a', 4010, 33)
	s.bye(9, "y", 'a', 'c')
	ix := s.index()
	if len(ix.Calls) != 1 {
		t.Fatalf("%d calls, want 1", len(ix.Calls))
	}
	c := ix.Calls[0]
	if got, want := legs(c), "caller=a/2 callee=b/1 callee-2=c/1"; got != want {
		t.Errorf("legs %s, want %s", got, want)
	}
	if got, want := kinds(c), "answer:callee refer:callee answer:callee-2 bye:caller bye:caller"; got != want {
		t.Errorf("events %s, want %s", got, want)
	}
	if !slices.Equal(c.CallIDs, []string{"x", "y"}) || c.State != Completed || c.End.UnixNano() != at(9) {
		t.Errorf("%v %s until %v", c.CallIDs, c.State, c.End)
	}
}

// TestAttendedTransfer: b talks to a, then to c, and refers a to c in place of
// that second dialog (RFC 3891; RFC 5589 section 7.3).
func TestAttendedTransfer(t *testing.T) {
	var s scene
	s.ring(0, "x", 'a', 'b', 4000)
	s.rtp(1, 'a', 4000, 'b', 4000, 11)
	s.ring(3, "y", 'b', 'c', 4010)
	s.rtp(4, 'c', 4010, 'b', 4010, 33)
	s.sip(6, "b>a", "REFER", "x", 1, "b:2", "a:1", 0, "Refer-To: <sip:c@h?Replaces=y%3Bto-tag%3D2%3Bfrom-tag%3D1>")
	s.ring(7, "z", 'a', 'c', 4020, "Replaces: y;to-tag=2;from-tag=1")
	s.rtp(8, 'a', 4020, 'c', 4020, 12)
	s.rtp(8, 'c', 4020, 'a', 4020, 34)
	s.bye(11, "z", 'a', 'c')
	ix := s.index()
	if len(ix.Calls) != 2 {
		t.Fatalf("%d calls, want 2", len(ix.Calls))
	}
	if got, want := legs(ix.Calls[0]), "caller=a/2 callee-2=c/1"; got != want {
		t.Errorf("legs %s, want %s", got, want)
	}
	if !slices.Equal(ix.Calls[0].CallIDs, []string{"x", "z"}) || !slices.Equal(ix.Calls[1].CallIDs, []string{"y"}) {
		t.Errorf("%v, %v", ix.Calls[0].CallIDs, ix.Calls[1].CallIDs)
	}
	// The consultation belongs to the same matter.
	if g := ix.Calls[1].Group; g == nil || !slices.Equal(g.Calls, []int{1, 2}) {
		t.Errorf("group %+v", g)
	}
}

// TestPickup: c takes the place of a, without REFER (RFC 3891 section 1).
func TestPickup(t *testing.T) {
	var s scene
	s.ring(0, "x", 'a', 'b', 4000)
	s.rtp(1, 'b', 4000, 'a', 4000, 22)
	s.ring(4, "y", 'c', 'b', 4010, "Replaces: x;to-tag=2;from-tag=1")
	s.rtp(5, 'c', 4010, 'b', 4010, 33)
	s.rtp(5, 'b', 4010, 'c', 4010, 23)
	s.bye(8, "y", 'c', 'b')
	ix := s.index()
	if len(ix.Calls) != 1 {
		t.Fatalf("%d calls, want 1", len(ix.Calls))
	}
	if got, want := legs(ix.Calls[0]), "callee=b/2 callee-2=c/1"; got != want {
		t.Errorf("legs %s, want %s", got, want)
	}
	if got, want := kinds(ix.Calls[0]), "answer:callee replaces:callee-2 answer:callee bye:callee-2"; got != want {
		t.Errorf("events %s, want %s", got, want)
	}
}

// TestRefusedTransfer: a call to the same party that nobody asked for, and one
// that was refused, are calls of their own.
func TestRefusedTransfer(t *testing.T) {
	for name, status := range map[string]string{"refused": "603 REFER", "too late": "202 REFER"} {
		var s scene
		s.ring(0, "x", 'a', 'b', 4000)
		s.sip(4, "b>a", "REFER", "x", 1, "b:2", "a:1", 0, "Refer-To: <sip:c@h>")
		s.sip(4.1, "a>b", status, "x", 1, "b:2", "a:1", 0)
		when := 5.0
		if name == "too late" {
			when = 60
		}
		s.ring(when, "y", 'a', 'c', 4010)
		if n := len(s.index().Calls); n != 2 {
			t.Errorf("%s: %d calls, want 2", name, n)
		}
	}
}

// TestGroupByPayload: the second call has nothing of the first but its voice,
// with headers made anew. The same announcement in many calls joins none.
func TestGroupByPayload(t *testing.T) {
	var s scene
	s.ring(0, "x", 'a', 's', 4000)
	s.ring(0.5, "y", 's', 'c', 4010)
	s.voice(1, 'a', 4000, 's', 4000, 11, 5)
	s.voice(1.002, 's', 4010, 'c', 4010, 12, 5)
	s.voice(1, 'c', 4010, 's', 4010, 13, 7)
	s.ring(0.6, "z", 'd', 'e', 4020)
	s.voice(1, 'd', 4020, 'e', 4020, 14, 9)
	ix := s.index()
	for i, want := range []bool{true, true, false} {
		g := ix.Calls[i].Group
		if (g != nil) != want {
			t.Errorf("call %d: group %+v", i+1, g)
		} else if want && (!slices.Equal(g.Calls, []int{1, 2}) || !strings.HasPrefix(g.Evidence[0], "payload: ")) {
			t.Errorf("call %d: group %+v", i+1, *g)
		}
	}
	s = scene{}
	for i := range 12 {
		id, port := fmt.Sprint("call", i), uint16(4000+2*i)
		s.ring(0, id, 'a', byte('b'+i), port)
		s.voice(1, byte('b'+i), port, 'a', port, uint32(100+i), 5)
	}
	for i, c := range s.index().Calls {
		if c.Group != nil {
			t.Errorf("an announcement joins call %d to %v", i+1, c.Group.Calls)
		}
	}
}

// TestGroups: a back-to-back user agent s calls on. Each kind of evidence alone
// joins the two calls, and without any they stay apart.
func TestGroups(t *testing.T) {
	uuid := "ab30317f1a784dc48ff824d0d3715d86"
	for _, tt := range []struct {
		name          string
		first, second string // headers
		callee        byte   // of the second call
		evidence      string
	}{
		{"names the Call-ID", "", "X-CID: call@h", 'c', "header X-CID names the other's Call-ID"},
		{"same value", "X-Correlation-ID: 4711-0815", "X-Correlation-ID: 4711-0815", 'c', "header X-Correlation-ID: 4711-0815"},
		{"Session-ID", "Session-ID: " + uuid + ";remote=" + strings.Repeat("0", 32), "Session-ID: " + uuid + ";remote=" + strings.Repeat("0", 32), 'c', "header Session-ID: " + uuid},
		{"icid", "P-Charging-Vector: icid-value=\"z9hG4\";orig-ioi=h", "P-Charging-Vector: icid-value=z9hG4", 'c', "header icid: z9hG4"},
		{"other values", "X-CID: aaaa", "X-CID: bbbb", 'c', ""},
		{"too short to tell", "X-CID: 1", "X-CID: 1", 'c', ""},
		{"numbers", "", "", 'b', "numbers: a calls b, called on 0.500 s later by the host that was called"},
	} {
		var s scene
		s.sip(0, "a>s", "INVITE", "call@h", 1, "a:1", "b", 4000, tt.first)
		s.sip(0.5, "s>c", "INVITE", "y", 1, "a:1", string(tt.callee), 4010, tt.second)
		s.sip(1, "c>s", "200 INVITE", "y", 1, "a:1", string(tt.callee)+":2", 4010)
		s.sip(1.1, "s>a", "200 INVITE", "call@h", 1, "a:1", "b:2", 4000)
		var got []string
		for _, c := range s.index().Calls {
			if c.Group != nil && slices.Equal(c.Group.Calls, []int{1, 2}) {
				got = append(got, c.Group.Evidence...)
			}
		}
		want := []string{tt.evidence, tt.evidence}
		if tt.evidence == "" {
			want = nil
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: evidence %q, want %q", tt.name, got, want)
		}
	}
}

// TestOnePort: a test host calls through s and is called by s, and receives all
// of it at one port. Each stream goes to the call whose other side sent it.
func TestOnePort(t *testing.T) {
	var s scene
	s.sip(0, "a>s", "INVITE", "x", 1, "a:1", "b", 6000)
	s.sip(0.1, "s>a", "INVITE", "y", 1, "c:1", "d", 5010)
	s.sip(1, "a>s", "200 INVITE", "y", 1, "c:1", "d:2", 6000)
	s.sip(1.1, "s>a", "200 INVITE", "x", 1, "a:1", "b:2", 5000)
	s.rtp(2, 's', 5000, 'a', 6000, 21)
	s.rtp(2, 's', 5010, 'a', 6000, 31)
	s.rtp(2, 'a', 6000, 's', 5000, 41)
	s.rtp(2, 'a', 6000, 's', 5010, 51)
	ix := s.index()
	for i, want := range []string{"caller 41 callee 21", "caller 31 callee 51"} {
		var got []string
		for _, l := range ix.Calls[i].Legs {
			got = append(got, fmt.Sprintf("%s %d", l.Party, uint32(l.Streams[0].SSRC)))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("call %d: %s, want %s", i+1, s, want)
		}
	}
}
