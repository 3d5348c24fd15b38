package wire

import (
	"encoding/binary"
	"net/netip"
)

// HEP version 3, in which capture agents send messages to a Homer server
// (HEP3 Network Protocol Specification, revision 26): after the magic and the
// length of all, chunks of vendor, type, length and value.
const (
	hepHeader      = 6
	hepChunkHeader = 6

	hepSource4    = 0x0003
	hepDest4      = 0x0004
	hepSource6    = 0x0005
	hepDest6      = 0x0006
	hepSourcePort = 0x0007
	hepDestPort   = 0x0008
	hepPayload    = 0x000f
	hepCompressed = 0x0010
)

// mayBeHEP reports whether HEP may begin so: with the magic of version 3 or the
// number of an earlier one. It is known by that: servers listen where they like.
func mayBeHEP(b []byte) bool { return len(b) >= 8 && (b[0] == 'H' || b[0] == 1 || b[0] == 2) }

// A report is what HEP tells of a message.
type report struct {
	src, dst     netip.Addr
	sport, dport uint16
	payload      []byte // nil if there is none
	cut          int    // bytes of it that were not captured
	compressed   bool
}

// hep takes the captured message out of a HEP packet, with the addresses that
// it had. It reports false if b is no HEP packet. A message that came over TCP
// is as whole as one over UDP, so that its Flow says UDP. Its time is that of the
// frame, not the agent's: the order of a capture is that of its frames.
func (d *Decoder) hep(b []byte, cut int) (Class, bool) {
	if !mayBeHEP(b) {
		return 0, false
	}
	if b[0] != 'H' {
		return d.hep2(b, cut)
	}
	if string(b[:4]) != "HEP3" || int(binary.BigEndian.Uint16(b[4:])) != len(b)+cut {
		return 0, false
	}
	var r report
	short, ok := r.chunks(b[hepHeader:], cut)
	switch {
	case !ok:
		return 0, false
	case r.src.IsValid() && r.dst.IsValid() && r.payload != nil:
		return d.reported(&r), true
	case short:
		return ClassTruncated, true
	}
	return ClassOther, true // to keep the connection alive
}

// chunks reads the chunks of version 3. short is true if the capture lacks some
// of them; ok is false if they do not add up.
func (r *report) chunks(b []byte, cut int) (short, ok bool) {
	for len(b) > 0 {
		if len(b) < hepChunkHeader {
			return true, len(b)+cut >= hepChunkHeader
		}
		vendor, kind, length := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), int(binary.BigEndian.Uint16(b[4:]))
		if length < hepChunkHeader || length > len(b)+cut {
			return false, false
		}
		value, lack := bound(b[hepChunkHeader:], length-hepChunkHeader)
		if b = b[min(length, len(b)):]; vendor != 0 {
			continue
		}
		switch {
		case kind == hepPayload:
			r.payload, r.cut, r.compressed = value, lack, false
		case lack > 0:
		case kind == hepCompressed:
			r.payload, r.cut, r.compressed = value, 0, true
		case kind == hepSource4 && len(value) == 4, kind == hepSource6 && len(value) == 16:
			r.src, _ = netip.AddrFromSlice(value)
		case kind == hepDest4 && len(value) == 4, kind == hepDest6 && len(value) == 16:
			r.dst, _ = netip.AddrFromSlice(value)
		case kind == hepSourcePort && len(value) == 2:
			r.sport = binary.BigEndian.Uint16(value)
		case kind == hepDestPort && len(value) == 2:
			r.dport = binary.BigEndian.Uint16(value)
		}
	}
	return cut > 0, true
}

// hep2 takes off the header of version 1 or 2: version, length of the header,
// address family, protocol; ports; addresses; in version 2 time and number of
// the agent. It is not specified but by the programs that send it, to whom the
// length is that of the whole header (captagent), without the time (OpenSIPS), or
// the upper byte of that of the packet (sngrep). Only SIP is sent so.
func (d *Decoder) hep2(b []byte, cut int) (Class, bool) {
	const fixed, when, sctp = 8, 12, 132
	addr := 0
	switch b[2] { // as the agent's system numbers families
	case 2:
		addr = 4
	case 10, 24, 28, 30:
		addr = 16
	default:
		return 0, false
	}
	header := fixed + 2*addr
	switch length := int(b[1]); {
	case b[0] == 1 && length == header:
	case b[0] == 2 && (length == header || length == header+when || length == (len(b)+cut)>>8):
		header += when
	default:
		return 0, false
	}
	if p := Proto(b[3]); p != UDP && p != TCP && p != sctp || header >= len(b)+cut {
		return 0, false
	}
	if len(b) <= header {
		return ClassTruncated, true
	}
	if b[header] < 'A' || b[header] > 'Z' {
		return 0, false
	}
	r := report{sport: binary.BigEndian.Uint16(b[4:]), dport: binary.BigEndian.Uint16(b[6:]), payload: b[header:], cut: cut}
	r.src, _ = netip.AddrFromSlice(b[fixed : fixed+addr])
	r.dst, _ = netip.AddrFromSlice(b[fixed+addr : fixed+2*addr])
	return d.reported(&r), true
}

// reported yields the message.
func (d *Decoder) reported(r *report) Class {
	payload := r.payload
	if r.compressed {
		var ok bool
		if payload, ok = d.inflated.whole(payload); !ok {
			return ClassUndecodable
		}
	}
	d.out = append(d.out, Datagram{
		Pos: d.frame.Pos, Nanos: d.frame.Nanos, Payload: payload, Cut: r.cut,
		Flow: Flow{Src: netip.AddrPortFrom(r.src.Unmap(), r.sport), Dst: netip.AddrPortFrom(r.dst.Unmap(), r.dport), Proto: UDP},
	})
	return ClassUDP
}
