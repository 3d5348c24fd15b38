package sip

import "bytes"

// An Answer is what can be told from the first bytes of something.
type Answer uint8

const (
	No Answer = iota
	Maybe
	Yes
)

// SniffStream tells whether b, from the beginning of a TCP stream or of a
// segment, begins a SIP message, a WebSocket that may carry SIP, or a WebSocket
// frame with SIP in it. Maybe means that it takes more bytes to tell.
func SniffStream(b []byte) Answer {
	n := min(lineBreaks(b), maxLeadings)
	b = b[n:]
	if len(b) == 0 {
		return Maybe
	}
	switch c := b[0]; {
	case c&0x70 == 0:
		if a := sniffSocket(b); a != No {
			return a
		}
	case c == 'G' && isPrefix(b, "GET "):
		return sniffRequest(b)
	case c == 'H' && isPrefix(b, upgraded):
		if len(b) < len(upgraded) {
			return Maybe
		}
		return Yes
	}
	end := bytes.IndexByte(b[:min(len(b), maxStartLine)], '\n')
	switch {
	case end >= 0:
		if isStart(b[:end], false) {
			return Yes
		}
		return No
	case len(b) >= maxStartLine:
		return No
	}
	return sniffWord(b)
}

// sniffWord looks at the beginning of what may be a start line.
func sniffWord(b []byte) Answer {
	if isPrefix(b, version+" ") {
		if len(b) < len(version)+1 {
			return Maybe
		}
		return Yes
	}
	for _, m := range methods {
		if !isPrefix(b, m) {
			continue
		}
		if len(b) <= len(m) {
			return Maybe
		}
		if b[len(m)] == ' ' {
			return Yes
		}
	}
	return No
}

// sniffRequest looks at what may be the request that opens a WebSocket.
func sniffRequest(b []byte) Answer {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 {
		if len(b) > maxHandshake {
			return No
		}
		return Maybe
	}
	if upgrade, _ := handshakeOf(b[:end]); upgrade {
		return Yes
	}
	return No
}
