package wire

import (
	"encoding/binary"
	"net/netip"
	"time"
	"unsafe"

	"callx/pcapio"
)

// Bounds of what is held of fragmented datagrams. Thirty seconds is what Linux
// waits for the rest of one; RFC 8200 section 4.5 allows sixty.
const (
	maxFragmentMemory = 64 << 20 // bytes, all datagrams together
	maxFragmentAge    = 30 * time.Second
	maxReassembled    = 1<<16 - 1 // bytes, one datagram
)

// fragmentUnit is the unit of fragment offsets, in bytes: every fragment but
// the last is a whole number of them (RFC 791 section 3.2).
const fragmentUnit = 8

// fragmentKey names the datagram that a fragment is part of. proto is that of
// IPv4; fragments of one IPv6 packet may differ in it (RFC 8200 section 4.5).
type fragmentKey struct {
	src, dst netip.Addr
	id       uint32
	v6       bool
	proto    uint8
}

// A partial is a datagram of which fragments are missing. Of bytes that came
// twice the first win.
//
// If they never come, the bytes before the first gap are taken for a datagram
// that the capture has cut: the first fragment of a SIP message holds most of
// what is to know of a call.
type partial struct {
	key          fragmentKey
	nanos        int64 // when its first fragment came
	older, newer *partial
	data         []byte
	have         [(maxReassembled + fragmentUnit) / fragmentUnit / 64]uint64 // a bit a unit
	units        int                                                         // bits in have
	length       int                                                         // of the whole; -1 until the last fragment came
	kept         int                                                         // where the first byte lies that the capture cut off
	next         uint8                                                       // protocol in the first fragment
	first        pcapio.Frame                                                // of the first fragment, without data
}

// fragments holds partial datagrams, oldest first. The zero value is empty.
type fragments struct {
	byKey          map[fragmentKey]*partial
	oldest, newest *partial
	bytes          int        // held by all of them
	lost           []*partial // let go, and with a beginning to yield
	yielding       bool

	incomplete      uint64
	firstIncomplete pcapio.Pos
}

// A fragment is one part of a datagram, from byte offset of it.
type fragment struct {
	key    fragmentKey
	next   uint8
	offset int
	more   bool
	data   []byte
	cut    int // bytes that the capture lacks behind data
	frame  *pcapio.Frame
}

// fragment4 takes an IPv4 packet that is not whole and goes on with the one
// that it completes.
func (d *Decoder) fragment4(b []byte, header, cut int) Class {
	if len(b) < header {
		return ClassTruncated
	}
	field := binary.BigEndian.Uint16(b[6:])
	g := fragment{
		key: fragmentKey{
			src: netip.AddrFrom4([4]byte(b[12:16])), dst: netip.AddrFrom4([4]byte(b[16:20])),
			id: uint32(binary.BigEndian.Uint16(b[4:])), proto: b[9],
		},
		next: b[9], offset: int(field&0x1fff) * fragmentUnit, more: field&0x2000 != 0, data: b[header:], cut: cut, frame: d.frame,
	}
	data, next, cut, whole := d.fragments.add(&g)
	d.beginnings()
	if !whole {
		return ClassFragment
	}
	return d.transport(next, g.key.src, g.key.dst, data, cut)
}

// fragment6 does so with an IPv6 packet; b begins with the fragment header
// (RFC 8200 section 4.5).
func (d *Decoder) fragment6(src, dst netip.Addr, b []byte, cut int) Class {
	if len(b) < 8 {
		return ClassTruncated
	}
	field := binary.BigEndian.Uint16(b[2:])
	g := fragment{
		key:  fragmentKey{src: src, dst: dst, id: binary.BigEndian.Uint32(b[4:]), v6: true},
		next: b[0], offset: int(field &^ 7), more: field&1 != 0, data: b[8:], cut: cut, frame: d.frame,
	}
	data, next, cut, whole := d.fragments.add(&g)
	d.beginnings()
	if !whole {
		return ClassFragment
	}
	return d.extensions(next, src, dst, data, cut)
}

// add takes a fragment. If nothing is missing any more it gives the datagram,
// in memory of its own, the protocol in it, and how many of its bytes the
// capture cut.
func (h *fragments) add(g *fragment) (data []byte, next uint8, cut int, whole bool) {
	nanos := g.frame.Nanos
	for h.oldest != nil && nanos-h.oldest.nanos > int64(maxFragmentAge) {
		h.lose(h.oldest)
	}
	length := len(g.data) + g.cut
	if g.more { // as Linux does; what is left is the next fragment's
		length &^= fragmentUnit - 1
	}
	end := g.offset + length
	if end > maxReassembled || g.more && length == 0 {
		return nil, 0, 0, false
	}
	p := h.byKey[g.key]
	// Clocks step, so that age is asked of each, and either way.
	if p != nil && max(nanos-p.nanos, p.nanos-nanos) > int64(maxFragmentAge) {
		h.lose(p)
		p = nil
	}
	if p == nil {
		p = h.start(g.key, nanos)
	}
	if !p.fits(end, g.more) {
		return nil, 0, 0, false
	}
	h.grow(p, end)
	p.fill(g, end)
	if p.length < 0 || p.units < (p.length+fragmentUnit-1)/fragmentUnit {
		return nil, 0, 0, false
	}
	h.drop(p)
	kept := min(p.kept, p.length)
	return p.data[:kept:kept], p.next, p.length - kept, true
}

// fits reports whether a fragment agrees with what is known of the datagram's
// length.
func (p *partial) fits(end int, more bool) bool {
	switch {
	case more:
		return p.length < 0 || end <= p.length
	case p.length >= 0:
		return end == p.length
	}
	return end >= len(p.data)
}

// fill takes the units of a fragment that are missing. p.data reaches to end.
func (p *partial) fill(g *fragment, end int) {
	if !g.more && p.length < 0 {
		p.length = end
	}
	if g.offset == 0 && p.have[0]&1 == 0 {
		p.next, p.first = g.next, pcapio.Frame{Pos: g.frame.Pos, Nanos: g.frame.Nanos, Link: g.frame.Link}
	}
	for at := g.offset; at < end; at += fragmentUnit {
		word, bit := &p.have[at/fragmentUnit/64], uint64(1)<<(at/fragmentUnit%64)
		if *word&bit != 0 {
			continue
		}
		*word |= bit
		p.units++
		from, to := at-g.offset, min(at+fragmentUnit, end)-g.offset
		if to > len(g.data) {
			p.kept = min(p.kept, g.offset+len(g.data))
		}
		copy(p.data[at:end], g.data[min(from, len(g.data)):min(to, len(g.data))])
	}
}

// start makes a partial, the newest.
func (h *fragments) start(key fragmentKey, nanos int64) *partial {
	p := &partial{key: key, nanos: nanos, length: -1, kept: maxReassembled}
	h.makeRoom(p, partialSize)
	if p.older = h.newest; p.older != nil {
		p.older.newer = p
	} else {
		h.oldest = p
	}
	h.newest = p
	if h.byKey == nil {
		h.byKey = map[fragmentKey]*partial{}
	}
	h.byKey[key] = p
	return p
}

// partialSize is what a partial takes without its data: itself and about its
// share of the map.
const partialSize = int(unsafe.Sizeof(partial{})) + 2*int(unsafe.Sizeof(fragmentKey{}))

// grow makes p.data reach to end.
func (h *fragments) grow(p *partial, end int) {
	if end <= len(p.data) {
		return
	}
	if end > cap(p.data) {
		room := min(max(end, 2*cap(p.data)), maxReassembled)
		h.makeRoom(p, room-cap(p.data))
		p.data = append(make([]byte, 0, room), p.data...)
	}
	p.data = p.data[:end]
}

// makeRoom accounts for more bytes of p and loses the oldest others until they
// are within the bound.
func (h *fragments) makeRoom(p *partial, more int) {
	h.bytes += more
	for h.bytes > maxFragmentMemory {
		victim := h.oldest
		if victim == p {
			victim = p.newer
		}
		if victim == nil {
			return
		}
		h.lose(victim)
	}
}

// lose drops p with fragments missing.
func (h *fragments) lose(p *partial) {
	h.drop(p)
	if p.beginning() > 0 {
		h.lost = append(h.lost, p)
	}
}

// drop forgets p.
func (h *fragments) drop(p *partial) {
	delete(h.byKey, p.key)
	h.bytes -= partialSize + cap(p.data)
	if p.older != nil {
		p.older.newer = p.newer
	} else {
		h.oldest = p.newer
	}
	if p.newer != nil {
		p.newer.older = p.older
	} else {
		h.newest = p.older
	}
}
