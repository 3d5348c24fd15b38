package sip

import "bytes"

// lines walks the lines of b. A line ends in LF, CRLF, CR, or CR CR LF (what
// is left of CRLF after two conversions of text). Every byte is looked at a
// fixed number of times, whatever mixture of line ends b holds.
type lines struct {
	b   []byte
	pos int // start of the next line
	cr  int // first CR at or after pos, len(b) if none; unknown if below pos
	ok  bool
}

// next returns the bounds of the next line without its end, and moves on.
func (l *lines) next() (start, end int) {
	start = l.pos
	if !l.ok || l.cr < start {
		l.cr, l.ok = len(l.b), true
		if i := bytes.IndexByte(l.b[start:], '\r'); i >= 0 {
			l.cr = start + i
		}
	}
	end = l.cr
	if i := bytes.IndexByte(l.b[start:end], '\n'); i >= 0 {
		end = start + i
		l.pos = end + 1
		return start, end
	}
	rest := l.b[end:]
	switch {
	case len(rest) >= 2 && rest[1] == '\n':
		l.pos = end + 2
	case len(rest) >= 3 && rest[1] == '\r' && rest[2] == '\n':
		l.pos = end + 3
	default:
		l.pos = min(end+1, len(l.b))
	}
	return start, end
}

// field is next for header lines: it takes in the folded lines that follow
// (RFC 3261 section 7.3.1), with the line breaks between them.
func (l *lines) field() (start, end int) {
	start, end = l.next()
	for end > start && l.pos < len(l.b) && isBlank(l.b[l.pos]) {
		_, end = l.next()
	}
	return start, end
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
func isDigit(c byte) bool { return c-'0' < 10 }

// isSpace is isBlank for values that may be folded, or padded with NULs.
func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0 }

// isToken tells the characters of a token (RFC 3261 section 25.1).
func isToken(c byte) bool {
	switch {
	case c|0x20 >= 'a' && c|0x20 <= 'z', isDigit(c):
		return true
	}
	switch c {
	case '-', '.', '!', '%', '*', '_', '+', '`', '\'', '~':
		return true
	}
	return false
}

func trimLeft(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	return b
}

func trimRight(b []byte) []byte {
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// equalFold compares without regard to the case of ASCII letters.
func equalFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i, c := range b {
		if c != s[i] && (c^s[i] != 0x20 || c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// decimal reads digits; false if there are none or the number exceeds limit.
func decimal(digits []byte, limit uint64) (uint64, bool) {
	var n uint64
	for _, c := range digits {
		n = n*10 + uint64(c-'0')
		if n > limit {
			return 0, false
		}
	}
	return n, len(digits) > 0
}
