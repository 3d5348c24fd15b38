package wire

import "encoding/binary"

// mpls takes off a stack of labels (RFC 3032 section 2.1). What follows only
// the two ends of the path know; the first four bits tell IP from a pseudowire
// (RFC 4928), whose control word begins with 0, and a channel for its upkeep
// with 1 (RFC 4385). Ethernet without a control word may begin with anything.
func (d *Decoder) mpls(b []byte, cut int) Class {
	for bottom := false; !bottom; b = b[4:] {
		if len(b) < 4 {
			return ClassTruncated
		}
		bottom = b[2]&1 != 0
	}
	if len(b) == 0 {
		return ClassTruncated
	}
	frame := looksEthernet(b)
	switch b[0] >> 4 {
	case 4:
		if !frame || checksum4(b) {
			return d.ipv4(b, cut)
		}
	case 6:
		if !frame || len(b) >= 40 && 40+int(binary.BigEndian.Uint16(b[4:])) == len(b)+cut {
			return d.ipv6(b, cut)
		}
	case 0:
		if len(b) < 4 {
			return ClassTruncated
		}
		if !frame || looksEthernet(b[4:]) {
			b = b[4:]
		}
	case 1:
		if len(b) >= 14 && !frame {
			return ClassOther
		}
	}
	return d.tunnel((*Decoder).ethernet, b, cut)
}

// checksum4 reports whether the checksum of an IPv4 header is right (RFC 791
// section 3.1).
func checksum4(b []byte) bool {
	header := int(b[0]&0x0f) * 4
	if header < 20 || len(b) < header {
		return false
	}
	var sum uint32
	for ; header > 0; header -= 2 {
		sum += uint32(binary.BigEndian.Uint16(b[header-2:]))
	}
	return sum&0xffff+sum>>16 == 0xffff
}
