package wire

import (
	"encoding/binary"
	"net/netip"
)

// IP protocol numbers that are looked into, and IPv6 extension headers
// (https://www.iana.org/assignments/ipv6-parameters).
const (
	protoHopByHop    = 0
	protoTCP         = uint8(TCP)
	protoUDP         = uint8(UDP)
	protoRouting     = 43
	protoFragment    = 44
	protoAH          = 51
	protoDestination = 60
	protoMobility    = 135
	protoHIP         = 139
	protoShim6       = 140
)

// peel takes off everything between the link layer and a UDP payload.
func (p *packet) peel() Class {
	for {
		switch p.kind {
		case etherIPv4:
			return p.ipv4()
		case etherIPv6:
			return p.ipv6()
		case etherVLAN, etherQinQ, etherQ91, etherQ92:
			if len(p.b) < 4 {
				return ClassTruncated
			}
			p.kind, p.b = binary.BigEndian.Uint16(p.b[2:]), p.b[4:]
			if p.kind < 0x600 {
				if c := p.llc(); c != more {
					return c
				}
			}
		default:
			return ClassOther
		}
	}
}

// ipv4 reads an IPv4 header (RFC 791 section 3.1).
func (p *packet) ipv4() Class {
	b := p.b
	if len(b) < 20 {
		return ClassTruncated
	}
	header := int(b[0]&0x0f) * 4
	if b[0]>>4 != 4 || header < 20 {
		return ClassUndecodable
	}
	total := int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 { // segmentation offload: the length was not filled in yet
		total = len(b)
	}
	if total < header {
		return ClassUndecodable
	}
	if binary.BigEndian.Uint16(b[6:])&0x3fff != 0 { // more fragments, or not the first
		return ClassFragment
	}
	if len(b) < header {
		return ClassTruncated
	}
	p.b, p.cut = b[header:min(total, len(b))], max(total-len(b), 0)
	return p.transport(b[9], netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20])))
}

// maxExtensions bounds the extension headers of one packet.
const maxExtensions = 16

// ipv6 reads an IPv6 header and its extension headers (RFC 8200 section 4).
func (p *packet) ipv6() Class {
	b := p.b
	if len(b) < 40 {
		return ClassTruncated
	}
	if b[0]>>4 != 6 {
		return ClassUndecodable
	}
	next, length := b[6], int(binary.BigEndian.Uint16(b[4:]))
	src, dst := netip.AddrFrom16([16]byte(b[8:24])).Unmap(), netip.AddrFrom16([16]byte(b[24:40])).Unmap()
	b = b[40:]
	if length == 0 { // a jumbogram, or segmentation offload
		length = len(b)
	}
	p.b, p.cut = b[:min(length, len(b))], max(length-len(b), 0)
	for range maxExtensions {
		size := 0
		switch next {
		default:
			return p.transport(next, src, dst)
		case protoHopByHop, protoRouting, protoDestination, protoMobility, protoHIP, protoShim6:
			if len(p.b) >= 2 {
				size = (int(p.b[1]) + 1) * 8
			}
		case protoAH: // RFC 4302 section 2.2: in units of four bytes, less two
			if len(p.b) >= 2 {
				size = (int(p.b[1]) + 2) * 4
			}
		case protoFragment:
			if len(p.b) >= 8 {
				if binary.BigEndian.Uint16(p.b[2:])&0xfff9 != 0 {
					return ClassFragment
				}
				size = 8 // an atomic fragment (RFC 6946) is whole
			}
		}
		if size == 0 || size > len(p.b) {
			return ClassTruncated
		}
		next, p.b = p.b[0], p.b[size:]
	}
	return ClassUndecodable
}

// transport reads a UDP header (RFC 768). Where the length field does not fit
// into the IP packet, the IP packet's length counts.
func (p *packet) transport(proto uint8, src, dst netip.Addr) Class {
	switch proto {
	case protoTCP:
		return ClassTCP
	case protoUDP:
	default:
		return ClassOther
	}
	b := p.b
	if len(b) < 8 {
		return ClassTruncated
	}
	p.flow = Flow{
		Src:   netip.AddrPortFrom(src, binary.BigEndian.Uint16(b)),
		Dst:   netip.AddrPortFrom(dst, binary.BigEndian.Uint16(b[2:])),
		Proto: UDP,
	}
	length := int(binary.BigEndian.Uint16(b[4:]))
	if whole := len(b) + p.cut; length < 8 || length > whole {
		length = whole
	}
	p.b, p.cut = b[8:min(length, len(b))], max(length-len(b), 0)
	return more
}
