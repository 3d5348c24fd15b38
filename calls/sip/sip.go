// Package sip scans SIP messages (RFC 3261) out of captured datagrams. It is
// no stack: it reads what an observer needs, from whatever the wire held, and
// keeps no state of any dialog.
//
// The scanner is tolerant. A header it cannot read is passed over and the rest
// still counts, because a capture holds messages that were cut, damaged or
// made by software that never read the RFC.
package sip

import (
	"bytes"
	"errors"
)

var (
	// ErrNotSIP: no start line was found. Nothing of the message is set.
	ErrNotSIP = errors.New("not SIP")
	// ErrTruncated: the headers end without a blank line. All that was found
	// before the end is set; see [Message.Incomplete].
	ErrTruncated = errors.New("SIP headers end without a blank line")
)

// A Message is a scanned request or response.
//
// Every slice of a Message, also of its addresses, borrows from the bytes
// given to [Parse] and stands as written there: a folded value still holds its
// line breaks (Header and Headers return unfolded ones), a quoted display name
// its quotes. What was not found is nil or zero.
//
// Where a header is repeated the first one that is not empty wins, and the
// first of several values joined by commas.
type Message struct {
	Method []byte // of a request, case as written; nil for a response
	URI    []byte // request-URI
	Status int    // of a response, 100 to 999; 0 for a request
	Reason []byte // of a response

	CallID        []byte
	From          Address
	To            Address
	Contact       Address
	CSeq          uint32 // 0 if absent or beyond 32 bits
	CSeqMethod    []byte
	ContentType   []byte
	ContentLength int // bytes; -1 if absent or unreadable

	// Body is what follows the blank line, as far as Content-Length says. All
	// the rest of the datagram is Body if that header is absent, unreadable,
	// claims more than there is, or ends in the middle of an SDP.
	Body []byte

	head []byte // the header lines, without start line and blank line
}

// Parse scans the message in b into m, which is overwritten. It allocates
// nothing. Line breaks, NULs and other garbage before the start line are
// passed over, lines may end in CRLF, LF or CR, and blanks may stand in more
// places than RFC 3261 section 25.1 allows.
//
// The error is nil, [ErrNotSIP] or [ErrTruncated]; with the last one m is as
// good as the bytes were.
func Parse(m *Message, b []byte) error {
	*m = Message{ContentLength: -1}
	b = b[:len(b):len(b)] // Incomplete tells by the capacity
	l := lines{b: b}
	for {
		if l.pos == len(b) {
			return ErrNotSIP
		}
		if start, end := l.next(); m.startLine(b[start:end]) {
			break
		}
	}
	headers := l.pos
	for l.pos < len(b) {
		start, end := l.field()
		if start == end {
			m.head = b[headers:start]
			m.setBody(b[l.pos:])
			return nil
		}
		if !m.field(b[start:end]) && bytes.HasPrefix(b[start:end], sdpStart) {
			// Only the blank line is missing.
			m.head = b[headers:start]
			m.setBody(b[start:])
			return nil
		}
	}
	m.head = b[headers:]
	return ErrTruncated
}

// IsRequest reports whether m is a request.
func (m *Message) IsRequest() bool { return m.Method != nil }

// IsMethod reports whether m is a request of that method, or a response to
// one. Case is ignored: methods are case-sensitive (RFC 3261 section 7.1), but
// no two differ by case alone, and some senders write them in lower case.
func (m *Message) IsMethod(name string) bool {
	if m.IsRequest() {
		return equalFold(m.Method, name)
	}
	return equalFold(m.CSeqMethod, name)
}

// Incomplete reports whether v, a slice of a truncated message m, reaches to
// the very end of the bytes given to [Parse], so that its end may be missing.
func (m *Message) Incomplete(v []byte) bool {
	return len(v) > 0 && len(v) == cap(v)
}

// field stores a header line, folds and all, and reports whether it is one.
func (m *Message) field(line []byte) bool {
	name, value, ok := splitField(line)
	if !ok {
		return false
	}
	h := headerOf(name)
	if h == hOther {
		return true
	}
	value = trimRight(trimLeft(value))
	switch h {
	case hCallID:
		setFirst(&m.CallID, value)
	case hFrom:
		setAddress(&m.From, value)
	case hTo:
		setAddress(&m.To, value)
	case hContact:
		setAddress(&m.Contact, value)
	case hCSeq:
		if m.CSeq == 0 && m.CSeqMethod == nil {
			m.CSeq, m.CSeqMethod = parseCSeq(value)
		}
	case hContentType:
		setFirst(&m.ContentType, value)
	case hContentLength:
		if m.ContentLength < 0 {
			m.ContentLength = parseLength(value)
		}
	}
	return true
}

func setFirst(field *[]byte, value []byte) {
	if *field == nil && len(value) > 0 {
		*field = value
	}
}

func setAddress(field *Address, value []byte) {
	if field.URI == nil && field.Tag == nil {
		*field = Address{}
		field.parse(value)
	}
}

// parseCSeq reads `1*DIGIT LWS Method` (RFC 3261 section 20.16).
func parseCSeq(v []byte) (seq uint32, method []byte) {
	n := 0
	for n < len(v) && isDigit(v[n]) {
		n++
	}
	if u, ok := decimal(v[:n], 1<<32-1); ok {
		seq = uint32(u)
	}
	rest := trimLeft(v[n:])
	n = 0
	for n < len(rest) && isToken(rest[n]) {
		n++
	}
	if n == 0 {
		return seq, nil
	}
	return seq, rest[:n]
}

// parseLength reads a Content-Length; -1 if it is no number of bytes.
func parseLength(v []byte) int {
	n := 0
	for n < len(v) && isDigit(v[n]) {
		n++
	}
	if rest := trimLeft(v[n:]); len(rest) > 0 && rest[0] != ',' && rest[0] != ';' {
		return -1
	}
	if u, ok := decimal(v[:n], 1<<31-1); ok {
		return int(u)
	}
	return -1
}
