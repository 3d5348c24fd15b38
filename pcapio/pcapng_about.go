package pcapio

import (
	"bytes"
	"math"
	"net/netip"
)

// statistics reads an interface statistics block:
//
//	type, length, interface u32, time high u32, time low u32, options, length
func (p *pcapng) statistics(b []byte) {
	id := p.u32(b[8:])
	if int64(id) >= int64(len(p.about.live)) {
		p.noteHomeless("statistics", id)
		return
	}
	live := &p.about.live[id]
	stamp := func(b []byte) int64 { return live.clock.nanos(uint64(p.u32(b))<<32 | uint64(p.u32(b[4:]))) }
	s := Stats{Pos: p.here(), Nanos: stamp(b[12:]), Received: -1, Accepted: -1, Delivered: -1, IfDropped: -1, OSDropped: -1}
	from := int64(math.MinInt64)
	o := p.options(b[20 : len(b)-4])
	for o.next() {
		if o.code == optComment {
			p.about.comment(s.Pos, "statistics", o.value)
		}
		v, ok := o.u64()
		if !ok {
			continue
		}
		n := int64(min(v, math.MaxInt64))
		switch o.code {
		case optStartTime:
			from = stamp(o.value)
		case optReceived:
			s.Received = n
		case optIfDropped:
			s.IfDropped = n
		case optAccepted:
			s.Accepted = n
		case optOSDropped:
			s.OSDropped = n
		case optDelivered:
			s.Delivered = n
		}
	}
	if live.about < 0 {
		return
	}
	in := &p.about.interfaces[live.about]
	s.Blocks = in.Stats.Blocks + 1
	in.Stats = s
	if s.IfDropped >= 0 || s.OSDropped >= 0 {
		// The counters run from the beginning of the capture. What packets
		// have told of it already is not told again.
		sum := addSaturated(uint64(max(s.IfDropped, 0)), uint64(max(s.OSDropped, 0)))
		p.about.drop(s.Pos, live.about, from, s.Nanos, sum-min(sum, in.told))
	}
}

// A record of a name resolution block, section 4.5 of the draft.
const (
	recordEnd  = 0
	recordIPv4 = 1
	recordIPv6 = 2
)

// resolution reads a name resolution block. Its records look like options:
//
//	type, length, records, record end, options, length
//	record: type u16, length u16, address, zero-terminated names, padding
func (p *pcapng) resolution(b []byte) {
	b = b[8 : len(b)-4]
	for len(b) >= optionHead {
		typ, n := p.u16(b), int(p.u16(b[2:]))
		b = b[optionHead:]
		if typ == recordEnd {
			p.comments("names", b)
			return
		}
		if n > len(b) {
			if p.count(&p.badContent) {
				p.noteFirst(&p.badContent, "damaged", "a name runs over the end of its block; the names before it are used")
			}
			return
		}
		size := 0
		switch typ {
		case recordIPv4:
			size = 4
		case recordIPv6:
			size = 16
		}
		if addr, ok := netip.AddrFromSlice(b[:min(size, n)]); ok && n > size {
			for name := range bytes.SplitSeq(b[size:n], []byte{0}) {
				if len(name) > 0 {
					p.about.name(addr, name)
				}
			}
		}
		b = b[min((n+3)&^3, len(b)):]
	}
}

// decryption reads a decryption secrets block:
//
//	type, length, type of secrets u32, length of secrets u32, secrets, padding, options, length
func (p *pcapng) decryption(b []byte) {
	typ, n := SecretsType(p.u32(b[8:])), int64(p.u32(b[12:]))
	data := b[16 : len(b)-4]
	if n > int64(len(data)) {
		if p.count(&p.badContent) {
			p.noteFirst(&p.badContent, "damaged", "%d bytes of keys in a block with room for %d; these are used", n, len(data))
		}
		n = int64(len(data))
	}
	p.about.secret(p.here(), typ, data[:n])
	p.comments("secrets", data[min((n+3)&^3, int64(len(data))):])
}
