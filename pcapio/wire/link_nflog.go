package wire

import "encoding/binary"

// Attributes of NFLOG that are looked at (Linux, nfnetlink_log.h).
const (
	nflogPacket  = 1 // begins with the EtherType
	nflogPayload = 9
)

// nflog takes the packet out of a Linux netfilter log: a header of four bytes,
// then attributes of length, type and value, filled up to four bytes, the first
// two in the byte order of the capturing machine
// (https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html). Types are small
// numbers, which tells the order.
func (d *Decoder) nflog(b []byte, cut int) Class {
	if len(b) < 4 {
		return ClassTruncated
	}
	if b[1] != 0 { // version
		return ClassUndecodable
	}
	family, etherType := uint32(b[0]), uint16(0)
	for b = b[4:]; len(b) >= 4; {
		var order binary.ByteOrder = binary.LittleEndian
		if order.Uint16(b[2:]) > 0xff {
			order = binary.BigEndian
		}
		length, kind := int(order.Uint16(b)), order.Uint16(b[2:])
		if length < 4 {
			return ClassUndecodable
		}
		value, lack := bound(b, length)
		value = value[4:]
		switch {
		case kind == nflogPacket && len(value) >= 2:
			etherType = binary.BigEndian.Uint16(value)
		case kind == nflogPayload && (family == 2 || family == 10):
			return d.family(family, value, lack)
		case kind == nflogPayload && etherType >= minEtherType: // a bridge
			return d.etherType(etherType, value, lack)
		case kind == nflogPayload:
			return ClassOther
		}
		b = b[min(len(b), (length+3)&^3):]
	}
	return ClassTruncated
}
