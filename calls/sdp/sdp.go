// Package sdp reads session descriptions (RFC 8866) as SIP carries them: where
// each party receives, and what the payload types mean. It holds no state of
// any call and does not know offers from answers.
//
// It is tolerant line by line: a line it cannot read is passed over and
// counted, because one odd attribute must not hide the address of the media.
package sdp

import (
	"errors"
	"net/netip"
	"strings"
)

// ErrNotSDP says that the bytes hold nothing of a session description: no
// media, no address, no origin.
var ErrNotSDP = errors.New("not SDP")

const (
	maxMedia = 64   // media descriptions that are kept; the lines of further ones count as skipped
	maxList  = 64   // entries of one list within a media description (candidates, SSRCs, keys)
	maxFmtp  = 1024 // bytes of a=fmtp of one payload type, when joined of several lines
)

// Direction is the flow of media as seen by the party that wrote the SDP.
type Direction uint8

// The zero value is what holds when nothing is said (RFC 8866 section 6.7).
const (
	SendRecv Direction = iota
	SendOnly
	RecvOnly
	Inactive
)

var directions = [...]string{"sendrecv", "sendonly", "recvonly", "inactive"}

func (d Direction) String() string {
	if int(d) < len(directions) {
		return directions[d]
	}
	return "unknown"
}

// A Session is one session description.
type Session struct {
	Origin        string     // the whole o= value
	OriginID      string     // sess-id of o=, empty if o= is short of fields
	OriginVersion string     // sess-version of o=: the same again means that nothing has changed
	Addr          netip.Addr // session-level c=; IPv4 in IPv6 is unmapped
	AddrName      string     // host name of a session-level c= that holds no address
	Direction     Direction  // session-level attribute
	Fingerprint   bool       // session-level a=fingerprint
	Bundle        [][]string // the MIDs of each a=group:BUNDLE (RFC 9143)
	Media         []Media
	Skipped       int // lines that could not be read
}

// parser collects a Session. A section's defaults are known only when the
// description ends or the next m= begins, so a media description is completed
// by finish.
type parser struct {
	session Session
	common  section // before the first m=
	current section // of the last m=
	open    bool    // there is a current m=
}

// Parse reads the session description in b; nothing of the result borrows
// from it. Lines may end in CRLF, LF or CR. The error is nil or [ErrNotSDP].
func Parse(b []byte) (*Session, error) {
	var p parser
	for line := range strings.FieldsFuncSeq(string(b), isLineEnd) {
		line = strings.Trim(line, blanks)
		if line == "" {
			continue
		}
		kind, value, ok := splitLine(line)
		if ok && kind == 'v' && (p.open || len(p.session.Media) > 0) {
			break // another description
		}
		if !ok || !p.line(kind, value) {
			p.session.Skipped++
		}
	}
	p.finish()
	s := &p.session
	s.Addr, s.AddrName = p.common.addr, p.common.addrName
	s.Direction, s.Fingerprint = p.common.direction, p.common.fingerprint
	if len(s.Media) == 0 && s.Origin == "" && !s.Addr.IsValid() && s.AddrName == "" {
		return nil, ErrNotSDP
	}
	return s, nil
}

func isLineEnd(r rune) bool { return r == '\n' || r == '\r' }

// blanks may stand at either end of a line; NULs pad some bodies.
const blanks = " \t\x00"

// splitLine splits `type=value`; blanks may stand around the =.
func splitLine(line string) (kind byte, value string, ok bool) {
	rest := strings.TrimLeft(line[1:], " \t")
	if rest == "" || rest[0] != '=' {
		return 0, "", false
	}
	return line[0] | 0x20, strings.TrimLeft(rest[1:], " \t"), true
}

// line stores one line and reports whether it could be read.
func (p *parser) line(kind byte, value string) bool {
	if kind != 'm' && p.open && p.current.discard {
		return false
	}
	switch kind {
	case 'm':
		return p.media(value)
	case 'c':
		return p.section().connection(value)
	case 'a':
		return p.attribute(value)
	case 'o':
		return p.origin(value)
	case 'v', 's', 'i', 'u', 'e', 'p', 'b', 't', 'r', 'z', 'k':
		return true
	}
	return false
}

func (p *parser) section() *section {
	if p.open {
		return &p.current
	}
	return &p.common
}

// origin reads o= (RFC 8866 section 5.2). The user name, which should hold no
// blanks, does: so fields are counted from the end.
//
//	o=<username> <sess-id> <sess-version> <nettype> <addrtype> <unicast-address>
func (p *parser) origin(value string) bool {
	s := &p.session
	if s.Origin != "" || value == "" {
		return false
	}
	s.Origin = value
	f := strings.Fields(value)
	at := 1
	if n := len(f); n >= 6 && strings.EqualFold(f[n-3], "IN") {
		at = n - 5
	}
	if len(f) < at+2 {
		return false
	}
	s.OriginID, s.OriginVersion = f[at], f[at+1]
	return true
}
