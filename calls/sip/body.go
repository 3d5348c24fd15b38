package sip

import "bytes"

var (
	sdpStart  = []byte("v=0")
	delimiter = []byte("--")
)

const sdpType = "application/sdp"

// setBody takes as much of rest as Content-Length says, where that can be.
func (m *Message) setBody(rest []byte) {
	m.Body = rest
	if n := m.ContentLength; n >= 0 && n < len(rest) && !cutsSDP(rest, n) {
		m.Body = rest[:n]
	}
}

// cutsSDP reports whether b begins with an SDP that goes on at b[n]: a
// gateway has rewritten the SDP and left Content-Length as it was.
func cutsSDP(b []byte, n int) bool {
	if !bytes.HasPrefix(b, sdpStart) {
		return false
	}
	if n < len(sdpStart) {
		return true
	}
	rest := b[n:]
	if !isLineEnd(b[n-1]) && !isLineEnd(rest[0]) && rest[0] != 0 {
		return true
	}
	rest = trimLeft(rest)
	return len(rest) > 1 && rest[0] >= 'a' && rest[0] <= 'z' && rest[1] == '='
}

func isLineEnd(c byte) bool { return c == '\r' || c == '\n' }

// SDP returns the session description that m carries: the body, or the part
// of a multipart body, of type application/sdp, or one that begins with v=0
// whatever its type. nil if there is none.
func (m *Message) SDP() []byte {
	body := trimLeft(m.Body)
	switch {
	case len(body) == 0:
		return nil
	case bytes.HasPrefix(body, sdpStart):
		return body
	case hasType(m.ContentType, "multipart/") || bytes.HasPrefix(body, delimiter):
		return sdpPart(body)
	case hasType(m.ContentType, sdpType):
		return body
	}
	return nil
}

// sdpPart finds the first SDP among the parts of a multipart body (RFC 2046
// section 5.1). Every line that begins with -- is taken for a delimiter,
// whatever boundary was announced: no line of an SDP begins so, and thus parts
// are found at any depth, under any boundary, in one pass.
func sdpPart(body []byte) []byte {
	l := lines{b: body}
	for l.pos < len(body) {
		if start, end := l.next(); !bytes.HasPrefix(body[start:end], delimiter) {
			continue
		}
		isSDP := partIsSDP(&l)
		first := l.pos
		end := l.untilDelimiter()
		part := trimLeft(body[first:end])
		if len(part) > 0 && (isSDP || bytes.HasPrefix(part, sdpStart)) {
			return part
		}
	}
	return nil
}

// partIsSDP reads the headers of a part and reports what its type says. A
// part without headers, and a line that is none, end them.
func partIsSDP(l *lines) (isSDP bool) {
	for l.pos < len(l.b) {
		before := *l
		start, end := l.field()
		if start == end {
			return isSDP
		}
		line := l.b[start:end]
		name, value, ok := splitField(line)
		if !ok || bytes.HasPrefix(line, delimiter) || bytes.HasPrefix(line, sdpStart) {
			*l = before
			return isSDP
		}
		if headerOf(name) == hContentType {
			isSDP = hasType(trimLeft(value), sdpType)
		}
	}
	return isSDP
}

// untilDelimiter moves to the next delimiter line, and returns where the part
// before it ends.
func (l *lines) untilDelimiter() (end int) {
	for end = l.pos; l.pos < len(l.b); {
		if bytes.HasPrefix(l.b[l.pos:], delimiter) {
			return end
		}
		_, end = l.next()
		if l.pos < len(l.b) && bytes.HasPrefix(l.b[l.pos:], delimiter) {
			return end
		}
		end = l.pos
	}
	return end
}

func hasType(contentType []byte, prefix string) bool {
	return len(contentType) >= len(prefix) && equalFold(contentType[:len(prefix)], prefix)
}
