package synth

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// isResponse reports whether the step answers a request.
func (s Step) isResponse() bool { return s.Line[0] >= '1' && s.Line[0] <= '6' }

// method is the transaction's method as CSeq names it.
func (s Step) method() string {
	switch {
	case s.isResponse() && s.For == "":
		return "INVITE"
	case s.isResponse():
		return s.For
	}
	return s.Line
}

func (s Step) cseq() int { return max(s.CSeq, 1) }

// message writes the i-th step of the call as SIP (RFC 3261).
func (c *Call) message(i int) []byte {
	s := c.Steps[i]
	from := s.By // who sent the request
	if s.isResponse() {
		from = s.By.other()
	}
	a, b := c.Ends[from], c.Ends[from.other()]
	tag := func(p Party) string { return fmt.Sprintf(";tag=%08x", mix(uint32(p)+hash(c.ID))) }
	toTag := tag(from.other())
	if c.outsideDialog(i) {
		toTag = ""
	}
	var m strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&m, format+"\r\n", args...) }
	if s.isResponse() {
		line("SIP/2.0 %s", s.Line)
	} else {
		line("%s sip:%s@%s SIP/2.0", s.Line, b.User, b.SIP)
	}
	line("Via: SIP/2.0/UDP %s;rport;branch=z9hG4bK%s", a.SIP, c.branch(i))
	if !s.isResponse() {
		line("Max-Forwards: 70")
	}
	line("From: <sip:%s@%s>%s", a.User, host(a.SIP), tag(from))
	line("To: <sip:%s@%s>%s", b.User, host(b.SIP), toTag)
	line("Call-ID: %s", c.ID)
	line("CSeq: %d %s", s.cseq(), s.method())
	line("Contact: <sip:%s@%s>", c.Ends[s.By].User, c.Ends[s.By].SIP)
	line("User-Agent: callx-synth")
	var body string
	if s.SDP != nil {
		body = s.SDP.text(c.Ends[s.By], s.cseq())
		line("Content-Type: application/sdp")
	}
	line("Content-Length: %d", len(body))
	line("")
	return []byte(m.String() + body)
}

// outsideDialog reports whether the message precedes the callee's tag: the
// first INVITE, what cancels it, and 100 (RFC 3261 sections 8.1.1.2, 9.1 and
// 8.2.6.2).
func (c *Call) outsideDialog(i int) bool {
	s := c.Steps[i]
	return s.cseq() == 1 && (s.Line == "INVITE" || s.Line == "CANCEL" || s.Line == "100 Trying" || s.method() == "CANCEL")
}

// branch names the transaction. CANCEL and the ACK of a refusal belong to
// INVITE's own, the ACK of a 2xx does not (sections 9.1, 17.1.1.3, 13.2.2.4).
func (c *Call) branch(i int) string {
	s := c.Steps[i]
	method := s.method()
	if method == "CANCEL" {
		method = "INVITE"
	}
	if method == "ACK" {
		for _, earlier := range c.Steps[:i] {
			if earlier.isResponse() && earlier.method() == "INVITE" && earlier.cseq() == s.cseq() && earlier.Line >= "3" {
				method = "INVITE"
			}
		}
	}
	return fmt.Sprintf("%08x%s%d", hash(c.ID), strings.ToLower(method), s.cseq())
}

// text writes the description (RFC 8866); version counts the offers.
func (d *SDP) text(e Endpoint, version int) string {
	addr := d.Addr
	if !addr.IsValid() {
		addr = e.Media
	}
	family := "IP4"
	if addr.Addr().Is6() {
		family = "IP6"
	}
	dir := d.Dir
	if dir == "" {
		dir = "sendrecv"
	}
	var b, maps strings.Builder
	for _, c := range d.Codecs {
		fmt.Fprintf(&b, " %d", c.PT)
		fmt.Fprintf(&maps, "a=rtpmap:%d %s/%d", c.PT, c.Name, c.Clock)
		if c.Channels > 1 {
			fmt.Fprintf(&maps, "/%d", c.Channels)
		}
		maps.WriteString("\r\n")
	}
	return fmt.Sprintf("v=0\r\no=%s %d %d IN %s %s\r\ns=-\r\nc=IN %[4]s %[5]s\r\nt=0 0\r\nm=audio %d RTP/AVP%s\r\n%sa=%s\r\n",
		e.User, hash(e.User), version, family, addr.Addr(), addr.Port(), b.String(), maps.String(), dir)
}

// host writes an address as a SIP URI wants it.
func host(a netip.AddrPort) string {
	if a.Addr().Is6() {
		return "[" + a.Addr().String() + "]"
	}
	return a.Addr().String()
}

// hash is FNV-1a.
func hash(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

// setUp is an ordinary call from INVITE to ACK, answered after the given time.
func setUp(answer time.Duration, offer, accept []Codec) []Step {
	return []Step{
		{At: 0, By: Caller, Line: "INVITE", SDP: &SDP{Codecs: offer}},
		{At: 4 * ms, By: Callee, Line: "100 Trying"},
		{At: 150 * ms, By: Callee, Line: "180 Ringing"},
		{At: answer, By: Callee, Line: "200 OK", SDP: &SDP{Codecs: accept}},
		{At: answer + 7*ms, By: Caller, Line: "ACK"},
	}
}

// hangUp is a BYE and its answer.
func hangUp(at time.Duration, by Party, cseq int) []Step {
	return []Step{
		{At: at, By: by, Line: "BYE", CSeq: cseq},
		{At: at + 6*ms, By: by.other(), Line: "200 OK", For: "BYE", CSeq: cseq},
	}
}

const ms = time.Millisecond
