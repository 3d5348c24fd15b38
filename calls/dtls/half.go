package dtls

import "slices"

const (
	recordHandshake = 22
	recordMajor     = 0xfe

	// maxHello bounds a message that comes in fragments. A ClientHello with
	// post-quantum key shares has about 2 KiB.
	maxHello = 8 << 10
	// maxPieces bounds the fragments of one that do not touch each other.
	maxPieces = 16
)

// A Half finds the hellos in what one side of a connection sends. The zero
// value is ready; it holds at most one incomplete message, and nothing else.
type Half struct {
	typ    byte
	seq    uint16
	length int
	buf    []byte // as far as fragments reach
	pieces []piece
}

// A piece is a stretch [from, to) of the message that is there.
type piece struct{ from, to int }

// Pending reports whether a message is incomplete.
func (h *Half) Pending() bool { return h.pieces != nil }

// Reset forgets what is incomplete.
func (h *Half) Reset() { *h = Half{} }

// Take reads the datagram b and calls found for each hello that it holds or
// completes. Records and fragments may come in any order, repeated or
// overlapping (RFC 6347 section 4.2.3); what is damaged is passed over.
//
//	record: type(1) version(2) epoch(2) sequence(6) length(2)
//	fragment: type(1) length(3) message(2) offset(3) length(3)
func (h *Half) Take(b []byte, found func(*Hello)) {
	for r := (reader{b: b}); len(r.b) > 0; {
		typ, major := r.u8(), r.u8()
		r.bytes(1)
		epoch := r.u16()
		r.bytes(6)
		length := int(r.u16())
		if r.short || major != recordMajor {
			return
		}
		body := reader{b: r.bytes(min(length, len(r.b)))} // a record may be cut
		for typ == recordHandshake && epoch == 0 && len(body.b) > 0 {
			msg, whole := byte(body.u8()), body.u24()
			seq, from, n := body.u16(), body.u24(), body.u24()
			part := body.bytes(n)
			if body.short {
				break
			}
			if msg == clientHello || msg == serverHello {
				h.fragment(msg, whole, seq, from, part, found)
			}
		}
	}
}

func (h *Half) fragment(msg byte, whole int, seq uint16, from int, part []byte, found func(*Hello)) {
	to := from + len(part)
	if to > whole || whole > maxHello {
		return
	}
	if to-from < whole {
		if h.typ != msg || h.seq != seq || h.length != whole {
			*h = Half{typ: msg, seq: seq, length: whole, buf: h.buf[:0], pieces: h.pieces[:0]}
		}
		if !h.place(piece{from, to}) {
			return
		}
		if to > len(h.buf) {
			h.buf = append(h.buf, make([]byte, to-len(h.buf))...)
		}
		copy(h.buf[from:], part)
		if h.pieces[0] != (piece{0, whole}) {
			return
		}
		part = h.buf
	}
	hello, ok := parseHello(msg, part)
	h.Reset()
	if ok {
		found(&hello)
	}
}

// place joins a piece with those that it touches, and reports false if there
// would be too many.
func (h *Half) place(p piece) bool {
	i, _ := slices.BinarySearchFunc(h.pieces, p.from, func(q piece, from int) int { return q.to - from })
	k := i
	for ; k < len(h.pieces) && h.pieces[k].from <= p.to; k++ {
		p = piece{min(p.from, h.pieces[k].from), max(p.to, h.pieces[k].to)}
	}
	if i == k && len(h.pieces) >= maxPieces {
		return false
	}
	h.pieces = slices.Replace(h.pieces, i, k, p)
	return true
}
