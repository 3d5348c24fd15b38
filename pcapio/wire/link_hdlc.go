package wire

import "encoding/binary"

// Addresses of Cisco HDLC (https://www.tcpdump.org/linktypes.html,
// LINKTYPE_C_HDLC).
const (
	hdlcUnicast   = 0x0f
	hdlcMulticast = 0x8f
)

// hdlc takes off a header of Cisco HDLC: address, control, EtherType.
func (d *Decoder) hdlc(b []byte, cut int) Class {
	if len(b) < 4 {
		return ClassTruncated
	}
	protocol := binary.BigEndian.Uint16(b[2:])
	if protocol < minEtherType || protocol == cdpInHDLC || protocol == osiInHDLC {
		return ClassOther
	}
	return d.etherType(protocol, b[4:], cut)
}

// Numbers of Cisco HDLC that are no EtherTypes.
const (
	cdpInHDLC = 0x2000
	osiInHDLC = 0xfefe
)

// Network layer protocol identifiers (ISO/IEC TR 9577; RFC 2427 section 3).
const (
	nlpidSNAP = 0x80
	nlpidIPv6 = 0x8e
	nlpidIPv4 = 0xcc
	nlpidPPP  = 0xcf // RFC 1973
)

// frameRelay takes off a Q.922 address of two to four bytes. RFC 2427 has UI
// and a protocol identifier behind it, Cisco an EtherType.
func (d *Decoder) frameRelay(b []byte, cut int) Class {
	address := 0
	for {
		if address == len(b) {
			return ClassTruncated
		}
		address++
		if b[address-1]&1 != 0 {
			break
		}
		if address == 4 {
			return ClassUndecodable
		}
	}
	b = b[address:]
	if len(b) < 2 {
		return ClassTruncated
	}
	if b[0] != 3 {
		if etherType := binary.BigEndian.Uint16(b); etherType >= minEtherType {
			return d.etherType(etherType, b[2:], cut)
		}
		return ClassOther
	}
	if b = b[1:]; b[0] == 0 && len(b) > 1 { // padding
		b = b[1:]
	}
	switch nlpid := b[0]; nlpid {
	case nlpidIPv4:
		return d.ipv4(b[1:], cut)
	case nlpidIPv6:
		return d.ipv6(b[1:], cut)
	case nlpidPPP:
		return d.ppp(b[1:], cut)
	case nlpidSNAP:
		return d.snap(b[1:], cut)
	case 0:
		return ClassTruncated
	}
	return ClassOther
}
