package wire

import "encoding/binary"

// sll takes off the header of a Linux cooked capture
// (https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html).
func (d *Decoder) sll(b []byte, cut int) Class {
	if len(b) < 16 {
		return ClassTruncated
	}
	return d.cooked(binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint16(b[14:]), b[16:], cut)
}

// sll2 takes off the header of version 2
// (https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html).
func (d *Decoder) sll2(b []byte, cut int) Class {
	if len(b) < 20 {
		return ClassTruncated
	}
	return d.cooked(binary.BigEndian.Uint16(b[8:]), binary.BigEndian.Uint16(b), b[20:], cut)
}

// protocol802 stands in place of an EtherType where an 802.2 header follows.
// Other numbers below the EtherTypes are protocols that Linux gave a number
// of its own (CAN, IrDA, DSA, ...); none is IP.
const protocol802 = 4

// hardwareRadiotap is the hardware type (ARPHRD_) of an interface that gives
// radiotap; it has no protocol.
const hardwareRadiotap = 803

func (d *Decoder) cooked(hardware, protocol uint16, b []byte, cut int) Class {
	switch {
	case hardware == hardwareRadiotap:
		return d.radiotap(b, cut)
	case protocol >= minEtherType:
		return d.etherType(protocol, b, cut)
	case protocol == protocol802:
		return d.llc(b, cut)
	}
	return ClassOther
}
