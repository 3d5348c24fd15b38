package sip

import (
	"bytes"
	"encoding/binary"
)

// upgraded begins the response that opens a WebSocket (RFC 6455 section 4.2.2).
const upgraded = "HTTP/1.1 101"

// maxHandshake bounds the HTTP headers of a handshake.
const maxHandshake = 32 << 10

// A socket is the WebSocket message that is being put together.
type socket struct {
	open       bool // a frame of it was there
	compressed bool
	data       []byte
}

// nextHandshake passes over the HTTP request or response at the beginning of b.
func (f *Framer[At]) nextHandshake(b []byte) int {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	switch {
	case end < 0 && len(b) > maxHandshake:
		f.protocol, f.adrift = undecided, true
		return len(b)
	case end < 0:
		return 0
	}
	upgrade, sip := handshakeOf(b[:end])
	f.protocol = undecided
	if upgrade {
		f.protocol, f.adrift = webSocket, false
		f.found = f.found || sip
	}
	return end + len("\r\n\r\n")
}

// handshakeOf tells from HTTP headers whether they open a WebSocket, and
// whether they name SIP as its subprotocol (RFC 7118 section 4.1).
func handshakeOf(head []byte) (upgrade, sip bool) {
	for l := (lines{b: head}); l.pos < len(l.b); {
		start, end := l.field()
		name, value, _ := splitField(l.b[start:end])
		switch {
		case equalFold(name, "Upgrade"):
			upgrade = equalFold(trimRight(trimLeft(value)), "websocket")
		case equalFold(name, "Sec-WebSocket-Protocol"):
			for v := range Values(value) {
				sip = sip || equalFold(v, "sip")
			}
		}
	}
	return upgrade, sip
}

// Opcodes (RFC 6455 section 5.2).
const (
	opContinue = 0
	opText     = 1
	opBinary   = 2
	opClose    = 8
	opPong     = 10
)

// A socketHead is the header of a WebSocket frame (RFC 6455 section 5.2).
//
//	+-+-+-+-+-------+-+-------------+-------------------------------+
//	|F|R|R|R| opcode|M| Payload len |  Extended payload length      |
//	|I|S|S|S|  (4)  |A|     (7)     |            (16/64)            |
//	|N|V|V|V|       |S|             |  if payload len is 126 / 127  |
//	+-+-+-+-+-------+-+-------------+ - - - - - - - - - - - - - - - +
//	| Masking key, if MASK is set   |  Payload ...
type socketHead struct {
	fin, compressed bool
	opcode          byte
	masked          bool
	key             [4]byte
	size            int    // of the header
	length          uint64 // of the payload
}

// parse reads the header that b begins with; more is true if b is too short,
// ok false if no frame begins so.
func (h *socketHead) parse(b []byte) (more, ok bool) {
	if len(b) < 2 {
		return true, true
	}
	*h = socketHead{fin: b[0]&0x80 != 0, compressed: b[0]&0x40 != 0, opcode: b[0] & 15, masked: b[1]&0x80 != 0, size: 2}
	switch {
	case b[0]&0x30 != 0, h.opcode > opPong, h.opcode > opBinary && h.opcode < opClose:
		return false, false
	case h.opcode >= opClose && (!h.fin || h.compressed || b[1]&0x7f > 125):
		return false, false
	}
	switch n := b[1] & 0x7f; n {
	case 126:
		h.size += 2
		if len(b) < h.size {
			return true, true
		}
		h.length = uint64(binary.BigEndian.Uint16(b[2:]))
	case 127:
		h.size += 8
		if len(b) < h.size {
			return true, true
		}
		h.length = binary.BigEndian.Uint64(b[2:])
	default:
		h.length = uint64(n)
	}
	if h.masked {
		h.size += len(h.key)
		if len(b) < h.size {
			return true, true
		}
		h.key = [4]byte(b[h.size-len(h.key):])
	}
	return false, true
}

// unmask appends payload to dst in the clear.
func (h *socketHead) unmask(dst, payload []byte) []byte {
	at := len(dst)
	dst = append(dst, payload...)
	if h.masked {
		for i := range payload {
			dst[at+i] ^= h.key[i%4]
		}
	}
	return dst
}

// sniffSocket tells whether b begins with a WebSocket frame that begins a SIP
// message; control frames may stand before it. What such a frame carries is
// text of a few known beginnings, which stands against binary protocols.
func sniffSocket(b []byte) Answer {
	for {
		var h socketHead
		more, ok := h.parse(b)
		switch {
		case !ok || h.opcode == opContinue && !more || h.compressed:
			return No
		case more:
			return Maybe
		case h.opcode < opClose && (h.length < uint64(len("ACK a:b SIP/2.0")) || h.length > MaxMessage):
			return No
		case h.opcode < opClose:
			var room [len("SUBSCRIBE ")]byte
			payload := b[h.size:]
			return sniffWord(h.unmask(room[:0], payload[:min(len(payload), len(room))]))
		case h.size+int(h.length) >= len(b):
			return No
		}
		b = b[h.size+int(h.length):]
	}
}

// nextSocket takes the frame that b begins with, and yields the message that it
// ends if that is SIP. It returns how many bytes are done with; 0 if more are
// needed.
func (f *Framer[At]) nextSocket(b []byte, out *Frame[At]) int {
	s := &f.socket
	if f.adrift && sniffSocket(b) != Yes {
		return len(b) // it is as good as certain that a segment begins with a frame soon
	}
	var h socketHead
	more, ok := h.parse(b)
	switch {
	case !ok:
		f.adrift = true
		*s = socket{}
		return len(b)
	case more:
		return 0
	case h.opcode < opClose && h.length > uint64(MaxMessage-len(s.data)):
		out.Err, out.At = ErrTooLong, f.startOf(out.At)
		f.adrift = true
		*s = socket{}
		return len(b)
	case uint64(len(b)-h.size) < h.length:
		f.adrift = false
		return 0
	}
	f.adrift = false
	payload := b[h.size:][:h.length]
	n := h.size + len(payload)
	switch h.opcode {
	case opText, opBinary:
		*s = socket{open: true, compressed: h.compressed, data: s.data[:0]}
		f.began = out.At
	case opContinue:
		if !s.open {
			return n // its beginning is missing
		}
		out.At = f.began
	default:
		return n
	}
	if h.masked || !h.fin || len(s.data) > 0 {
		s.data = h.unmask(s.data, payload)
		payload = s.data
	}
	if !h.fin {
		return n
	}
	if s.compressed {
		out.Err = ErrCompressed
	} else if Sniff(payload) {
		out.Data, f.found = payload, true
	}
	*s = socket{data: s.data[:0]}
	return n
}

// startOf returns what the message that socket puts together began with, or,
// if that is none, at.
func (f *Framer[At]) startOf(at At) At {
	if f.socket.open {
		return f.began
	}
	return at
}

// part adds the frame that b begins with, as far as it goes, to what is there
// of the message, and reports whether that is the beginning of a SIP message.
func (s *socket) part(b []byte) bool {
	var h socketHead
	if more, ok := h.parse(b); !more && ok && h.opcode <= opBinary && (h.opcode != opContinue) != s.open {
		s.data = h.unmask(s.data, b[h.size:])
		s.compressed = s.compressed || h.compressed
	}
	return !s.compressed && Sniff(s.data)
}
