package wire

import "encoding/binary"

// PPP protocol numbers that are looked into
// (https://www.iana.org/assignments/ppp-numbers).
const (
	pppIPv4 = 0x0021
	pppIPv6 = 0x0057
	pppMPLS = 0x0281
)

// ppp takes off a PPP header (RFC 1661 section 2): the protocol in one or two
// bytes, behind address and control of HDLC-like framing (RFC 1662 section 3.1)
// where they are not compressed away.
func (d *Decoder) ppp(b []byte, cut int) Class {
	if len(b) < 2 {
		return ClassTruncated
	}
	if b[0] == 0xff && b[1] == 3 {
		b = b[2:]
	}
	if len(b) < 2 {
		return ClassTruncated
	}
	protocol, header := binary.BigEndian.Uint16(b), 2
	if b[0]&1 != 0 { // the first byte, which is 0, is compressed away
		protocol, header = uint16(b[0]), 1
	}
	switch b = b[header:]; {
	case protocol == pppIPv4:
		return d.ipv4(b, cut)
	case protocol == pppIPv6:
		return d.ipv6(b, cut)
	case protocol == pppMPLS:
		return d.mpls(b, cut)
	case pppPacked(protocol):
		d.missOpaque(OpaquePPP)
		return ClassUndecodable
	}
	return ClassOther
}

// pppPacked reports whether IP may be in a frame in a form that only its two
// ends understand: compressed, encrypted, or split over links.
func pppPacked(protocol uint16) bool {
	switch protocol {
	case 0x0003, 0x0005, // ROHC
		0x003d,         // multilink
		0x0053, 0x0055, // encryption
		0x0061, 0x0063, 0x0065, 0x0067, 0x0069, 0x2061, 0x2063, 0x2065, 0x2067, 0x2069, // headers of UDP and RTP (RFC 2509)
		0x00fb, 0x00fd: // compression, and MPPE
		return true
	}
	return false
}

// pppSerial is PPP or Cisco HDLC on one kind of line.
func (d *Decoder) pppSerial(b []byte, cut int) Class {
	if len(b) > 0 && (b[0] == hdlcUnicast || b[0] == hdlcMulticast) {
		return d.hdlc(b, cut)
	}
	return d.ppp(b, cut)
}

// pppDirection is PPP behind a byte that tells the direction; pppd puts it in
// place of the address.
func (d *Decoder) pppDirection(b []byte, cut int) Class {
	if len(b) < 2 {
		return ClassTruncated
	}
	if b = b[1:]; b[0] == 3 {
		b = b[1:]
	}
	return d.ppp(b, cut)
}

// pppoe takes off the header of a PPPoE session (RFC 2516 section 4), whose
// length tells the padding of Ethernet from PPP.
func (d *Decoder) pppoe(b []byte, _ int) Class {
	if len(b) < 6 {
		return ClassTruncated
	}
	if b[0] != 0x11 { // version and type
		return ClassUndecodable
	}
	if b[1] != 0 { // discovery
		return ClassOther
	}
	payload, cut := bound(b[6:], int(binary.BigEndian.Uint16(b[4:])))
	return d.ppp(payload, cut)
}
