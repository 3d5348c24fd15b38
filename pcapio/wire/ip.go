package wire

import (
	"encoding/binary"
	"net/netip"
)

// ipv4 takes off an IPv4 header (RFC 791 section 3.1). Its total length tells
// the padding of the link layer from the packet.
func (d *Decoder) ipv4(b []byte, cut int) Class {
	if len(b) < 20 {
		return ClassTruncated
	}
	header := int(b[0]&0x0f) * 4
	if b[0]>>4 != 4 || header < 20 {
		return ClassUndecodable
	}
	// 0 is segmentation offload: the packet was captured before its length was
	// known, and ends with the frame.
	if total := int(binary.BigEndian.Uint16(b[2:])); total != 0 {
		if total < header {
			return ClassUndecodable
		}
		b, cut = bound(b, total)
	}
	if binary.BigEndian.Uint16(b[6:])&0x3fff != 0 { // more fragments, or not the first
		return d.fragment4(b, header, cut)
	}
	if len(b) < header {
		return ClassTruncated
	}
	src, dst := netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
	return d.transport(b[9], src, dst, b[header:], cut)
}

// bound returns b without what lies behind length, and how many bytes b is
// short of it.
func bound(b []byte, length int) ([]byte, int) {
	if length <= len(b) {
		return b[:length], 0
	}
	return b, length - len(b)
}

// IPv6 extension headers
// (https://www.iana.org/assignments/ipv6-parameters).
const (
	extHopByHop    = 0
	extRouting     = 43
	extFragment    = 44
	extAH          = 51
	extDestination = 60
	extMobility    = 135
	extHIP         = 139
	extShim6       = 140
)

// maxExtensions bounds the extension headers of one packet.
const maxExtensions = 16

// ipv6 takes off an IPv6 header (RFC 8200 section 3).
func (d *Decoder) ipv6(b []byte, cut int) Class {
	if len(b) < 40 {
		return ClassTruncated
	}
	if b[0]>>4 != 6 {
		return ClassUndecodable
	}
	src, dst := netip.AddrFrom16([16]byte(b[8:24])).Unmap(), netip.AddrFrom16([16]byte(b[24:40])).Unmap()
	next, length := b[6], int(binary.BigEndian.Uint16(b[4:]))
	b = b[40:]
	if length != 0 { // 0 is a jumbogram (RFC 2675) or segmentation offload
		b, cut = bound(b, length)
	}
	if next == uint8(UDP) {
		return d.udp(src, dst, b, cut)
	}
	return d.extensions(next, src, dst, b, cut)
}

// extensions takes off extension headers (RFC 8200 section 4).
func (d *Decoder) extensions(next uint8, src, dst netip.Addr, b []byte, cut int) Class {
	for range maxExtensions + 1 {
		size := 8
		switch next {
		case extHopByHop, extRouting, extDestination, extMobility, extHIP, extShim6:
			if len(b) >= 2 {
				size = (int(b[1]) + 1) * 8
			}
		case extAH: // RFC 4302 section 2.2: in units of four bytes, less two
			if len(b) >= 2 {
				size = (int(b[1]) + 2) * 4
			}
		case extFragment: // the two bits between offset and M are reserved
			if len(b) >= 4 && binary.BigEndian.Uint16(b[2:])&0xfff9 != 0 {
				return d.fragment6(src, dst, b, cut)
			}
			// Offset 0 and nothing to come: an atomic fragment (RFC 6946) is whole.
		default:
			return d.transport(next, src, dst, b, cut)
		}
		if len(b) < size {
			return ClassTruncated
		}
		next, b = b[0], b[size:]
	}
	return ClassUndecodable
}

// transport goes on by the protocol number of an IP packet.
func (d *Decoder) transport(proto uint8, src, dst netip.Addr, b []byte, cut int) Class {
	switch Proto(proto) {
	case UDP:
		return d.udp(src, dst, b, cut)
	case TCP:
		return d.tcp(src, dst, b, cut)
	case protoIPv4:
		return d.tunnel((*Decoder).ipv4, b, cut)
	case protoIPv6:
		return d.tunnel((*Decoder).ipv6, b, cut)
	case protoGRE:
		return d.tunnel((*Decoder).gre, b, cut)
	case protoEtherIP:
		return d.tunnel((*Decoder).etherIP, b, cut)
	case protoL2TP:
		return d.tunnel((*Decoder).l2tpIP, b, cut)
	case protoMPLS:
		return d.tunnel((*Decoder).mpls, b, cut)
	case extAH: // of IPv4
		return d.extensions(proto, src, dst, b, cut)
	}
	return ClassOther
}
