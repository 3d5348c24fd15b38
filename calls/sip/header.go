package sip

import (
	"bytes"
	"iter"
)

// header numbers the headers that Parse stores.
type header uint8

const (
	hOther header = iota
	hCallID
	hFrom
	hTo
	hContact
	hCSeq
	hContentType
	hContentLength
)

// compact pairs the one-letter forms with the full names (the IANA registry
// of SIP header fields; RFC 3261 section 7.3.3 and later RFCs).
var compact = [...]struct {
	letter byte
	name   string
}{
	{'a', "Accept-Contact"},
	{'b', "Referred-By"},
	{'c', "Content-Type"},
	{'d', "Request-Disposition"},
	{'e', "Content-Encoding"},
	{'f', "From"},
	{'i', "Call-ID"},
	{'j', "Reject-Contact"},
	{'k', "Supported"},
	{'l', "Content-Length"},
	{'m', "Contact"},
	{'n', "Identity-Info"},
	{'o', "Event"},
	{'r', "Refer-To"},
	{'s', "Subject"},
	{'t', "To"},
	{'u', "Allow-Events"},
	{'v', "Via"},
	{'x', "Session-Expires"},
	{'y', "Identity"},
}

// headerOf tells the stored headers by length first: most lines of a message
// are others.
func headerOf(name []byte) header {
	switch len(name) {
	case 1:
		switch name[0] | 0x20 {
		case 'i':
			return hCallID
		case 'f':
			return hFrom
		case 't':
			return hTo
		case 'm':
			return hContact
		case 'c':
			return hContentType
		case 'l':
			return hContentLength
		}
	case 2:
		if equalFold(name, "To") {
			return hTo
		}
	case 4:
		if equalFold(name, "From") {
			return hFrom
		}
		if equalFold(name, "CSeq") {
			return hCSeq
		}
	case 7:
		if equalFold(name, "Call-ID") {
			return hCallID
		}
		if equalFold(name, "Contact") {
			return hContact
		}
	case 12:
		if equalFold(name, "Content-Type") {
			return hContentType
		}
	case 14:
		if equalFold(name, "Content-Length") {
			return hContentLength
		}
	}
	return hOther
}

// splitField splits a header line, folds and all, at its first colon. The
// blanks are taken off the name only: most values are of no interest.
func splitField(line []byte) (name, value []byte, ok bool) {
	colon := bytes.IndexByte(line, ':')
	if colon < 0 {
		return nil, nil, false
	}
	name = trimRight(trimLeft(line[:colon]))
	return name, line[colon+1:], len(name) > 0
}

// Header returns the value of the first header of that full name, unfolded;
// nil if there is none or it has no value. Case is ignored, and the compact
// form is found too. Values joined by commas are returned together: see
// [Values]. Only a folded value is copied.
func (m *Message) Header(name string) []byte {
	for v := range m.Headers(name) {
		return v
	}
	return nil
}

// Headers yields the values of all headers of that full name that have one,
// in the order of the message, each as Header returns it.
func (m *Message) Headers(name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		letter := compactOf(name) // 0 equals no n[0]|0x20
		for l := (lines{b: m.head}); l.pos < len(l.b); {
			start, end := l.field()
			n, v, _ := splitField(l.b[start:end])
			if !equalFold(n, name) && (len(n) != 1 || n[0]|0x20 != letter) {
				continue
			}
			if v = trimRight(trimLeft(v)); len(v) > 0 && !yield(unfold(v)) {
				return
			}
		}
	}
}

// compactOf returns the one-letter form of a header, 0 if it has none.
func compactOf(name string) byte {
	for _, c := range compact {
		if len(name) == len(c.name) && equalFold([]byte(name), c.name) {
			return c.letter
		}
	}
	return 0
}

// unfold replaces every fold with one space; v itself is returned if it has
// none, and is never written to.
func unfold(v []byte) []byte {
	if bytes.IndexByte(v, '\n') < 0 && bytes.IndexByte(v, '\r') < 0 {
		return v
	}
	flat := make([]byte, 0, len(v)+1) // never full: Incomplete tells by that
	for l := (lines{b: v}); l.pos < len(v); {
		start, end := l.next()
		part := trimRight(trimLeft(v[start:end]))
		if len(flat) > 0 && len(part) > 0 {
			flat = append(flat, ' ')
		}
		flat = append(flat, part...)
	}
	return flat
}

// Values yields the parts of a header value that is a list, such as Via,
// Contact, Route or P-Asserted-Identity: it splits v at the commas that stand
// outside of quotes, angle brackets and comments. Empty parts are left out.
func Values(v []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		start, quoted, angle, parens := 0, false, false, 0
		for i := 0; i <= len(v); i++ {
			if i < len(v) {
				switch c := v[i]; {
				case c == '\\' && (quoted || parens > 0):
					i++
					continue
				case c == '"' && !angle:
					quoted = !quoted
					continue
				case quoted:
					continue
				case c == '<':
					angle = true
					continue
				case c == '>':
					angle = false
					continue
				case c == '(' && !angle:
					parens++
					continue
				case c == ')' && parens > 0:
					parens--
					continue
				case c != ',' || angle || parens > 0:
					continue
				}
			}
			part := trimRight(trimLeft(v[start:min(i, len(v))]))
			if len(part) > 0 && !yield(part) {
				return
			}
			start = i + 1
		}
	}
}
