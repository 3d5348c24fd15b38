package sip

import "bytes"

// A message is how far the message at the beginning of the window is known.
type message struct {
	begun bool // its start line is there
	head  int  // length of start line and headers, as far as looked at
	seen  int  // no line ends between head and here
	total int  // its length; 0 until the headers are complete
	fixed bool // its body may hold start lines: it is of type message or multipart
}

// maxStartLine bounds what is kept of a line that may become a start line.
const maxStartLine = 8 << 10

// nextPlain finds the message at the beginning of b and returns how many bytes
// are done with; 0 if more are needed.
func (f *Framer[At]) nextPlain(b []byte, out *Frame[At]) int {
	m := &f.message
	if !m.begun {
		if n := lineBreaks(b); n > 0 {
			f.adrift = false
			return n
		}
		end := bytes.IndexByte(b, '\n')
		switch {
		case end < 0 && (!startsLine(b) || len(b) > maxStartLine):
			f.adrift = true
			return len(b)
		case end < 0:
			return 0
		case !isStart(b[:end], f.adrift):
			f.adrift = false
			return end + 1
		}
		f.adrift, f.found = false, true
		*m = message{begun: true, head: end + 1, seen: end + 1}
	}
	n, err := m.end(b)
	if n > 0 {
		out.Data, out.Err = b[:n], err
		// What follows a message of unknown length may go on with it.
		f.adrift = n == len(b) && (err != nil || n != m.total)
		*m = message{}
	}
	return n
}

// end returns the length of the message that b begins with; 0 if more of b is
// needed to tell.
func (m *message) end(b []byte) (int, error) {
	if m.total == 0 {
		complete, next := m.headers(b)
		if next {
			return m.head, ErrCut // another message in the middle of the headers
		}
		if !complete {
			if len(b) > MaxMessage {
				return len(b), ErrTooLong
			}
			return 0, nil
		}
		var length int
		length, m.fixed = framing(b[:m.head])
		switch {
		case length < 0:
			return m.orNext(b, m.head), nil
		case length > MaxMessage-m.head:
			return m.orNext(b, m.head), ErrTooLong
		}
		m.total = m.head + length
	}
	if len(b) < m.total {
		return 0, nil
	}
	if mayStart(b[m.total:]) {
		return m.total, nil
	}
	// Content-Length is wrong: too large if there is a start line before its
	// end, else too small.
	if n := m.nextStart(b[:m.total]); n > 0 {
		return n, nil
	}
	return m.orNext(b, m.total), nil
}

// headers looks for the blank line. next is true if it came to a start line
// before.
func (m *message) headers(b []byte) (complete, next bool) {
	for {
		i := bytes.IndexByte(b[m.seen:], '\n')
		if i < 0 {
			m.seen = len(b)
			return false, false
		}
		end := m.seen + i
		line := b[m.head:end]
		if len(bytes.TrimRight(line, "\r")) == 0 {
			m.head = end + 1
			return true, false
		}
		if isStart(line, true) {
			return false, true
		}
		m.head, m.seen = end+1, end+1
	}
}

// framing reads from complete headers the length of the body, -1 if they do
// not say, and whether the body may hold start lines of its own (RFC 3420,
// RFC 5621).
func framing(head []byte) (length int, fixed bool) {
	length = -1
	for l := (lines{b: head}); l.pos < len(l.b); {
		start, end := l.field()
		name, value, _ := splitField(l.b[start:end])
		switch headerOf(name) {
		case hContentLength:
			if length < 0 {
				length = parseLength(trimRight(trimLeft(value)))
			}
		case hContentType:
			value = trimLeft(value)
			fixed = hasType(value, "message/") || hasType(value, "multipart/")
		}
	}
	return length, fixed
}

// nextStart returns where in the body of the message the next start line is;
// 0 if there is none.
func (m *message) nextStart(b []byte) int {
	if m.total == 0 || m.fixed {
		return 0
	}
	return startAfter(b, m.head)
}

// orNext returns where after from the next start line is; the end of b if
// there is none.
func (m *message) orNext(b []byte, from int) int {
	if n := startAfter(b, from); n > 0 {
		return n
	}
	return len(b)
}

// startAfter returns where at or after from a line of b begins that is a start
// line; 0 if none is.
func startAfter(b []byte, from int) int {
	for from < len(b) {
		line := b[from:]
		end := bytes.IndexByte(line, '\n')
		if end >= 0 {
			line = line[:end]
		}
		if isStart(line, true) {
			return from
		}
		if end < 0 {
			break
		}
		from += end + 1
	}
	return 0
}

// mayStart reports whether a message may begin with b, which may be short of a
// line, or empty.
func mayStart(b []byte) bool {
	b = b[lineBreaks(b):]
	if end := bytes.IndexByte(b, '\n'); end >= 0 {
		return isStart(b[:end], false)
	}
	return len(b) == 0 || startsLine(b)
}

// startsLine reports whether b, which holds no line break, may be the
// beginning of a start line.
func startsLine(b []byte) bool {
	n := 0
	for n < len(b) && n <= maxSniffed && isToken(b[n]) {
		n++
	}
	switch {
	case n == 0 || n > maxSniffed:
		return false
	case n == len(b) || isBlank(b[n]):
		return true
	}
	return isPrefix(b, version)
}

// isStart reports whether a line is a start line from its first byte on. known
// asks for a method of the RFCs: the line may be the end of one.
func isStart(line []byte, known bool) bool {
	var m Message
	if !m.plainStart(trimRight(line)) {
		return false
	}
	return m.Status != 0 || bytes.HasPrefix(line, m.Method) && (!known || isKnown(m.Method))
}

// methods are those of the IANA registry.
var methods = [...]string{
	"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK",
	"SUBSCRIBE", "NOTIFY", "PUBLISH", "INFO", "REFER", "MESSAGE", "UPDATE",
}

func isKnown(method []byte) bool {
	for _, m := range methods {
		if string(method) == m {
			return true
		}
	}
	return false
}
