package sip

import "bytes"

const (
	version     = "SIP/2.0"
	maxSniffed  = 64 // bytes of a method that Sniff looks at
	maxLeadings = 16 // line breaks before the start line that Sniff passes over
)

// Sniff reports cheaply whether b begins like a SIP message: a status line, or
// a request line with a method, a URI and SIP/2.0, complete in b. Line breaks
// may stand before it (RFC 3261 section 7.5). What Sniff accepts, [Parse] does
// not call [ErrNotSIP]; the reverse does not hold, as Parse also searches.
func Sniff(b []byte) bool {
	i := 0
	for i < len(b) && i < maxLeadings && (b[i] == '\r' || b[i] == '\n') {
		i++
	}
	b = b[i:]
	// RTP, STUN and DNS fail here, within a few bytes.
	n := 0
	for n < len(b) && n < maxSniffed && isToken(b[n]) {
		n++
	}
	if n == 0 || n == len(b) || b[n] != ' ' && b[n] != '\t' && b[n] != '/' {
		return false
	}
	l := lines{b: b}
	start, end := l.next()
	var m Message
	return m.plainStart(trimRight(b[start:end]))
}

// startLine reads a request line or status line (RFC 3261 section 7).
//
//	INVITE sip:bob@biloxi.example SIP/2.0
//	SIP/2.0 200 OK
//
// Garbage may stand before it, blanks at either end and between its parts,
// and, although a URI cannot hold them, also in the URI.
func (m *Message) startLine(line []byte) bool {
	line = trimRight(line)
	if m.plainStart(line) {
		return true
	}
	for i := 0; ; i++ {
		slash := bytes.IndexByte(line[i:], '/')
		if slash < 0 {
			return false
		}
		i += slash
		if m.statusLine(line, i-len("SIP")) {
			return true
		}
	}
}

// plainStart is startLine without garbage before a status line.
func (m *Message) plainStart(line []byte) bool {
	if m.statusLine(line, 0) {
		return true
	}
	n := len(line) - len(version)
	return n > 1 && isBlank(line[n-1]) && equalFold(line[n:], version) && m.requestLine(trimRight(line[:n]))
}

// statusLine reads a status line that begins at line[at].
func (m *Message) statusLine(line []byte, at int) bool {
	if at < 0 || len(line)-at < len("SIP/2.0 200") || !equalFold(line[at:at+len(version)], version) {
		return false
	}
	rest := line[at+len(version):]
	if !isBlank(rest[0]) {
		return false
	}
	rest = trimLeft(rest)
	if len(rest) < 3 || rest[0] == '0' || !isDigit(rest[0]) || !isDigit(rest[1]) || !isDigit(rest[2]) ||
		len(rest) > 3 && isDigit(rest[3]) {
		return false
	}
	m.Status = int(rest[0]-'0')*100 + int(rest[1]-'0')*10 + int(rest[2]-'0')
	if reason := trimLeft(rest[3:]); len(reason) > 0 {
		m.Reason = reason
	}
	return true
}

// requestLine reads method and URI, the version being taken off already.
func (m *Message) requestLine(line []byte) bool {
	for i := 1; i < len(line); i++ {
		if !isBlank(line[i]) || !isToken(line[i-1]) {
			continue
		}
		uri := trimLeft(line[i:])
		// Of several words the method is the one before the URI.
		if word := upTo(uri, ' ', '\t'); len(word) < len(uri) && bytes.IndexByte(word, ':') < 0 {
			continue
		}
		start := i - 1
		for start > 0 && isToken(line[start-1]) {
			start--
		}
		m.Method, m.URI = line[start:i], uri
		return true
	}
	return false
}
