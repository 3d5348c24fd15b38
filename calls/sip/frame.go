package sip

import "errors"

var (
	// ErrCut: the stream lacks bytes of the message.
	ErrCut = errors.New("bytes of the message are missing")
	// ErrTooLong: only the first bytes of the message were kept.
	ErrTooLong = errors.New("the message is too long")
	// ErrCompressed: the message came in compressed WebSocket frames.
	ErrCompressed = errors.New("the message is compressed")
)

// MaxMessage is how long a message on a stream may be, in bytes: four times
// what UDP has room for.
const MaxMessage = 256 << 10

// maxMarks is how many places in the stream a Framer remembers.
const maxMarks = 16

// A Framer finds the SIP messages in one direction of a connection: one after
// the other, each as long as its Content-Length says (RFC 3261 section 18.3),
// with line breaks between them (RFC 5626 section 3.5.1), or one in each
// message of a WebSocket (RFC 7118). It finds out which. The zero value is at
// the beginning of a stream.
//
// At is what the caller wants to know of the place where a message began. The
// use is
//
//	f.Feed(bytes, at)
//	for f.Next(&frame) { ... }
//
// and Next must have returned false before the next Feed.
//
// Bytes that are missing and lengths that are wrong cost no more than the
// messages concerned: the Framer goes on at the next start line. A message
// without Content-Length, which no stream should hold, ends at the next start
// line or with the bytes that its last header came with.
type Framer[At any] struct {
	win   []byte // what was fed; what is not yet passed begins at pos
	pos   int
	own   []byte // what was left of earlier feeds; if any, win is all of it
	marks []mark[At]
	gap   bool // nothing joins the end of win

	protocol protocol
	adrift   bool // win[pos] may be in the middle of a line or WebSocket frame
	found    bool
	message  message // that begins at pos
	socket   socket
	began    At // of the message that socket puts together
}

type protocol uint8

const (
	undecided protocol = iota
	plain
	handshake // of a WebSocket
	webSocket
)

// A mark says that what follows off, in the window, came with at.
type mark[At any] struct {
	off int
	at  At
}

// A Frame is one message found on a stream.
type Frame[At any] struct {
	Data      []byte // borrowed until the next call of a method of the Framer
	At        At     // of the Feed that its first byte came with
	WebSocket bool
	Err       error // nil, ErrCut, ErrTooLong or ErrCompressed (then without Data)
}

// Found reports whether SIP, or a WebSocket for it, was found so far.
func (f *Framer[At]) Found() bool { return f.found }

// Buffered returns how many bytes the Framer holds in memory.
func (f *Framer[At]) Buffered() int { return cap(f.own) + cap(f.socket.data) }

// Feed gives the next bytes of the stream, borrowed until Next returns false.
func (f *Framer[At]) Feed(b []byte, at At) {
	if len(b) == 0 {
		return
	}
	if len(f.marks) < maxMarks {
		f.marks = append(f.marks, mark[At]{len(f.own), at})
	}
	f.win = b
	if len(f.own) > 0 {
		f.own = append(f.own, b...)
		f.win = f.own
	}
}

// Gap says that bytes are missing behind those that were fed, or that none
// follow: Next then gives up what waits for them.
func (f *Framer[At]) Gap() { f.gap = true }

// Next finds the next message in what was fed; false if it needs more.
func (f *Framer[At]) Next(out *Frame[At]) bool {
	for f.pos < len(f.win) {
		rest := f.win[f.pos:]
		*out = Frame[At]{WebSocket: f.protocol == webSocket, At: f.at()}
		n := 0
		switch f.protocol {
		case undecided:
			f.protocol, n = decide(rest)
			if f.protocol != undecided {
				continue
			}
		case plain:
			n = f.nextPlain(rest, out)
		case handshake:
			n = f.nextHandshake(rest)
		case webSocket:
			n = f.nextSocket(rest, out)
		}
		if n == 0 {
			if !f.gap {
				break
			}
			n = f.giveUp(rest, out)
		}
		f.pos += n
		if out.Data != nil || out.Err != nil {
			return true
		}
	}
	if f.gap && f.socket.part(nil) {
		*out = Frame[At]{Data: f.socket.data, At: f.began, WebSocket: true, Err: ErrCut}
		f.socket = socket{}
		return true
	}
	f.keep()
	return false
}

// at returns what the byte at pos came with.
func (f *Framer[At]) at() At {
	i := len(f.marks) - 1
	for i > 0 && f.marks[i].off > f.pos {
		i--
	}
	return f.marks[i].at
}

// keep moves what is left of the window to the buffer.
func (f *Framer[At]) keep() {
	if f.gap {
		f.gap, f.adrift = false, true
		f.message, f.socket = message{}, socket{}
	}
	left := f.win[min(f.pos, len(f.win)):]
	switch {
	case len(left) == 0:
		// Buffers are not kept for later: most streams never need one.
		f.own, f.marks = nil, f.marks[:0]
		if !f.socket.open {
			f.socket.data = nil
		}
		if f.protocol == plain && !f.found {
			f.protocol = undecided
		}
	case len(f.own) == 0:
		f.own = append(f.own, left...)
		f.shift()
	case f.pos > 0:
		f.own = f.own[:copy(f.own, left)]
		f.shift()
	}
	f.win, f.pos = f.own, 0
}

// shift lets the marks begin at pos.
func (f *Framer[At]) shift() {
	first := mark[At]{at: f.at()}
	kept := f.marks[:0]
	for _, m := range f.marks {
		if m.off > f.pos {
			kept = append(kept, mark[At]{m.off - f.pos, m.at})
		}
	}
	if len(kept) == maxMarks {
		kept = kept[:maxMarks-1]
	}
	f.marks = append(kept, mark[At]{})
	copy(f.marks[1:], f.marks)
	f.marks[0] = first
}

// decide tells what a stream carries. n is how many bytes to pass over before
// it can tell; 0 if it needs more.
func decide(b []byte) (p protocol, n int) {
	n = lineBreaks(b)
	b = b[n:]
	switch {
	case n > 0:
		return undecided, n
	case isPrefix(b, "GET "), isPrefix(b, upgraded):
		if len(b) < len("GET ") || b[0] == 'H' && len(b) < len(upgraded) {
			return undecided, 0
		}
		return handshake, 0
	}
	switch sniffSocket(b) {
	case Maybe:
		return undecided, 0
	case Yes:
		return webSocket, 0
	}
	return plain, 0
}

// isPrefix reports whether b begins with s, as far as b goes.
func isPrefix(b []byte, s string) bool {
	n := min(len(b), len(s))
	return string(b[:n]) == s[:n]
}

// lineBreaks counts the line breaks and NULs that b begins with.
func lineBreaks(b []byte) int {
	n := 0
	for n < len(b) && (b[n] == '\r' || b[n] == '\n' || b[n] == 0) {
		n++
	}
	return n
}

// giveUp takes what is left when nothing joins it. What has begun is found as
// far as it goes.
func (f *Framer[At]) giveUp(rest []byte, out *Frame[At]) int {
	switch {
	case f.protocol == plain && f.message.begun:
		out.Data, out.Err = rest, ErrCut
		if n := f.message.nextStart(rest); n > 0 {
			out.Data = rest[:n] // a wrong length swallowed the rest
		}
		f.message = message{}
		return len(out.Data)
	case f.protocol == webSocket && f.socket.part(rest):
		out.Data, out.Err, out.At = f.socket.data, ErrCut, f.startOf(out.At)
		f.socket = socket{}
	case f.protocol == handshake:
		f.protocol = undecided
	}
	return len(rest)
}
