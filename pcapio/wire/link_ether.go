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

// llc takes off an IEEE 802.2 header. An EtherType follows if it is a SNAP
// header of RFC 1042 or of 802.1H (bridge tunnels), and IPv4 does at the access
// point of RFC 948; everything else behind 802.2 (STP, IS-IS, CDP) is no IP.
func (d *Decoder) llc(b []byte, cut int) Class {
	if len(b) < 3 {
		return ClassTruncated
	}
	switch [3]byte(b) {
	case [3]byte{0x06, 0x06, 3}:
		return d.ipv4(b[3:], cut)
	case [3]byte{0xaa, 0xaa, 3}:
	default:
		return ClassOther
	}
	if len(b) < 8 {
		return ClassTruncated
	}
	if b[3] != 0 || b[4] != 0 || b[5] != 0 && b[5] != 0xf8 {
		return ClassOther
	}
	return d.etherType(binary.BigEndian.Uint16(b[6:]), b[8:], cut)
}
