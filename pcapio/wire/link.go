package wire

import "encoding/binary"

// EtherTypes that are looked into.
const (
	etherIPv4 = 0x0800
	etherIPv6 = 0x86dd
	etherVLAN = 0x8100 // IEEE 802.1Q
	etherQinQ = 0x88a8 // IEEE 802.1ad
	etherQ91  = 0x9100 // the same before it was a standard
	etherQ92  = 0x9200
)

// ethernet takes off an Ethernet II or IEEE 802.3 header.
func ethernet(p *packet, b []byte) Class {
	if len(b) < 14 {
		return ClassTruncated
	}
	p.kind, p.b = binary.BigEndian.Uint16(b[12:]), b[14:]
	if p.kind < 0x600 {
		return p.llc()
	}
	return more
}

// llc takes off an IEEE 802.2 header that announces an EtherType by SNAP
// (RFC 1042); everything else behind 802.2 is no IP.
func (p *packet) llc() Class {
	if len(p.b) < 8 {
		return ClassOther
	}
	if p.b[0] != 0xaa || p.b[1] != 0xaa || p.b[2] != 3 || p.b[3] != 0 || p.b[4] != 0 || p.b[5] != 0 {
		return ClassOther
	}
	p.kind, p.b = binary.BigEndian.Uint16(p.b[6:]), p.b[8:]
	return more
}

// sll takes off the header of a Linux cooked capture
// (https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html).
func sll(p *packet, b []byte) Class {
	if len(b) < 16 {
		return ClassTruncated
	}
	return p.cooked(binary.BigEndian.Uint16(b[14:]), b[16:])
}

// sll2 takes off the header of version 2
// (https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html).
func sll2(p *packet, b []byte) Class {
	if len(b) < 20 {
		return ClassTruncated
	}
	return p.cooked(binary.BigEndian.Uint16(b), b[20:])
}

func (p *packet) cooked(protocol uint16, b []byte) Class {
	p.kind, p.b = protocol, b
	if protocol == 4 { // frames that begin with an 802.2 header
		return p.llc()
	}
	return more
}

// raw begins with the IP header.
func raw(p *packet, b []byte) Class {
	if len(b) == 0 {
		return ClassTruncated
	}
	p.b = b
	switch b[0] >> 4 {
	case 4:
		p.kind = etherIPv4
	case 6:
		p.kind = etherIPv6
	default:
		return ClassUndecodable
	}
	return more
}

// null begins with an address family in the byte order of the capturing
// machine, which the file does not tell; families are below 256.
func null(p *packet, b []byte) Class {
	if len(b) < 4 {
		return ClassTruncated
	}
	family := binary.LittleEndian.Uint32(b)
	if family > 0xffff {
		family = binary.BigEndian.Uint32(b)
	}
	return p.family(family, b[4:])
}

// loop is null in network byte order (OpenBSD).
func loop(p *packet, b []byte) Class {
	if len(b) < 4 {
		return ClassTruncated
	}
	return p.family(binary.BigEndian.Uint32(b), b[4:])
}

// family knows AF_INET, which is 2 everywhere, and AF_INET6 as Linux (10),
// NetBSD and OpenBSD (24), FreeBSD (28) and macOS (30) number it.
func (p *packet) family(family uint32, b []byte) Class {
	p.b = b
	switch family {
	case 2:
		p.kind = etherIPv4
	case 10, 24, 28, 30:
		p.kind = etherIPv6
	default:
		return ClassOther
	}
	return more
}
