package wire

import "encoding/binary"

// null begins with an address family in the byte order of the capturing
// machine, which the file does not tell; families are small numbers
// (https://www.tcpdump.org/linktypes.html, LINKTYPE_NULL).
func (d *Decoder) null(b []byte, cut int) Class {
	if len(b) < 4 {
		return ClassTruncated
	}
	return d.family(hostOrder(b), b[4:], cut)
}

// loop is null in network byte order (OpenBSD).
func (d *Decoder) loop(b []byte, cut int) Class {
	if len(b) < 4 {
		return ClassTruncated
	}
	return d.family(binary.BigEndian.Uint32(b), b[4:], cut)
}

// enc has the security association behind the family, index and flags (OpenBSD,
// https://www.tcpdump.org/linktypes/LINKTYPE_ENC.html).
func (d *Decoder) enc(b []byte, cut int) Class {
	if len(b) < 12 {
		return ClassTruncated
	}
	return d.family(hostOrder(b), b[12:], cut)
}

// pflog begins with its length, which leaves out what fills it up to four
// bytes, and the family (BSD, https://www.tcpdump.org/linktypes.html,
// LINKTYPE_PFLOG).
func (d *Decoder) pflog(b []byte, cut int) Class {
	if len(b) < 2 {
		return ClassTruncated
	}
	header := (int(b[0]) + 3) &^ 3
	if header < 4 {
		return ClassUndecodable
	}
	if len(b) < header {
		return ClassTruncated
	}
	return d.family(uint32(b[1]), b[header:], cut)
}

// ipnet begins with a version and the family (Solaris,
// https://www.tcpdump.org/linktypes.html, LINKTYPE_IPNET).
func (d *Decoder) ipnet(b []byte, cut int) Class {
	if len(b) < 24 {
		return ClassTruncated
	}
	return d.family(uint32(b[1]), b[24:], cut)
}

// hostOrder reads a small number in whatever byte order.
func hostOrder(b []byte) uint32 {
	n := binary.LittleEndian.Uint32(b)
	if n > 0xffff {
		n = binary.BigEndian.Uint32(b)
	}
	return n
}

// family knows AF_INET, which is 2 everywhere, and AF_INET6 as Linux (10),
// Windows (23), NetBSD and OpenBSD (24), Solaris (26), FreeBSD (28) and macOS
// (30) number it. 23 and 26 are IPX and ISDN on a BSD, so that the IP version
// has to agree.
func (d *Decoder) family(family uint32, b []byte, cut int) Class {
	switch family {
	case 2:
		return d.ipv4(b, cut)
	case 10, 24, 28, 30:
		return d.ipv6(b, cut)
	case 23, 26:
		if len(b) == 0 {
			return ClassTruncated
		}
		if b[0]>>4 == 6 {
			return d.ipv6(b, cut)
		}
	}
	return ClassOther
}
