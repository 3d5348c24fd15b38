package wire

import "encoding/binary"

const (
	protoGRE      = 47
	etherBridging = 0x6558 // transparent Ethernet bridging (RFC 1701)
)

// Flags of a GRE header (RFC 2784 section 2.1, RFC 2890 section 2).
const (
	greChecksum = 0x8000
	greKey      = 0x2000
	greSequence = 0x1000
)

// gre takes off a GRE header of version 0 and goes on by the EtherType in it.
// Source routes (RFC 1701), which nobody sends, and version 1 (PPTP) are left.
func (d *Decoder) gre(b []byte, cut int) Class {
	if len(b) < 4 {
		return ClassTruncated
	}
	flags, etherType := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	if flags&^(greChecksum|greKey|greSequence) != 0 {
		return ClassOther
	}
	header := 4
	for _, field := range []uint16{greChecksum, greKey, greSequence} {
		if flags&field != 0 {
			header += 4
		}
	}
	if len(b) < header {
		return ClassTruncated
	}
	switch b = b[header:]; etherType {
	case etherBridging:
		return d.ethernet(b, cut)
	case etherIPv4:
		return d.ipv4(b, cut)
	case etherIPv6:
		return d.ipv6(b, cut)
	}
	return ClassOther
}
