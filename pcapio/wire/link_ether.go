package wire

import "encoding/binary"

// ethernet takes off an Ethernet II or IEEE 802.3 header.
func (d *Decoder) ethernet(b []byte, cut int) Class {
	if len(b) < 14 {
		return ClassTruncated
	}
	etherType := binary.BigEndian.Uint16(b[12:])
	if etherType < minEtherType {
		return d.llc(b[14:], cut)
	}
	return d.etherType(etherType, b[14:], cut)
}

// llc takes off an IEEE 802.2 header. SNAP may follow, and IPv4 does at the
// access point of RFC 948; everything else behind 802.2 (STP, IS-IS, CDP) is no
// IP.
func (d *Decoder) llc(b []byte, cut int) Class {
	if len(b) < 3 {
		return ClassTruncated
	}
	switch [3]byte(b) {
	case [3]byte{0x06, 0x06, 3}:
		return d.ipv4(b[3:], cut)
	case [3]byte{0xaa, 0xaa, 3}:
		return d.snap(b[3:], cut)
	}
	return ClassOther
}

// snap takes off an organisation's code and a number of its own. The number is
// an EtherType for RFC 1042 and for 802.1H (bridge tunnels), and tells the kind
// of a bridged frame for 802.1 (RFC 2427 section 4.2).
func (d *Decoder) snap(b []byte, cut int) Class {
	if len(b) < 5 {
		return ClassTruncated
	}
	number := binary.BigEndian.Uint16(b[3:])
	switch [3]byte(b) {
	case [3]byte{}, [3]byte{0, 0, 0xf8}:
		return d.tagged(number, b[5:], cut)
	case [3]byte{0, 0x80, 0xc2}:
		if number == 1 || number == 7 { // Ethernet with its checksum, and without
			return d.tunnel((*Decoder).ethernet, b[5:], cut)
		}
	}
	return ClassOther
}

// tagged is etherType within the depth limit: 802.2 may follow a tag, and a tag
// 802.2.
func (d *Decoder) tagged(etherType uint16, b []byte, cut int) Class {
	if d.depth == maxTunnels {
		return ClassUndecodable
	}
	d.depth++
	c := d.etherType(etherType, b, cut)
	d.depth--
	return c
}

// looksEthernet reports whether b begins with an Ethernet header: by its type,
// and by what follows it. It is for places where nothing else tells.
func looksEthernet(b []byte) bool {
	if len(b) < 17 {
		return false
	}
	switch etherType := binary.BigEndian.Uint16(b[12:]); etherType {
	case etherIPv4:
		return b[14]>>4 == 4 && b[14]&0x0f >= 5
	case etherIPv6:
		return b[14]>>4 == 6
	case etherVLAN, etherQinQ, etherQ91, etherQ92, etherMPLS, etherMPLSUpstream:
		return true
	default:
		if etherType < minEtherType {
			return [3]byte(b[14:]) == [3]byte{0xaa, 0xaa, 3} || [3]byte(b[14:]) == [3]byte{0x42, 0x42, 3}
		}
		return noTelephony(etherType) || etherType == etherPPPoE
	}
}
