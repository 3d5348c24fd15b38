package wire

import "encoding/binary"

// Protocol types of GRE that are no EtherTypes in Ethernet.
const (
	greWCCP   = 0x883e // redirected by a web cache (WCCPv2)
	grePPP    = 0x880b // PPTP (RFC 2637)
	greERSPAN = 0x88be // ERSPAN of type I or II
	greSPAN3  = 0x22eb // ERSPAN of type III
)

// Flags of a GRE header (RFC 2784 section 2.1, RFC 2890 section 2, RFC 1701,
// RFC 2637 section 4.1).
const (
	greChecksum = 0x8000
	greRouting  = 0x4000
	greKey      = 0x2000
	greSequence = 0x1000
	greAck      = 0x0080 // of version 1
	greVersion  = 0x0007
)

// gre takes off a GRE header and goes on by the protocol type in it. Source
// routes, which nobody sends, are left.
func (d *Decoder) gre(b []byte, cut int) Class {
	if len(b) < 4 {
		return ClassTruncated
	}
	flags, protocol := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	switch {
	case flags&greVersion == 1:
		return d.pptp(flags, protocol, b)
	case flags&greVersion != 0 || flags&greRouting != 0:
		return ClassUndecodable
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
	b = b[header:]
	switch protocol {
	case grePPP:
		return d.ppp(b, cut)
	case greWCCP:
		return d.wccp(b, cut)
	case greERSPAN:
		if flags&greSequence == 0 {
			return d.ethernet(b, cut) // type I has no header
		}
		return d.erspan2(b, cut)
	case greSPAN3:
		return d.erspan3(b, cut)
	}
	if protocol < minEtherType { // keepalive, OSI
		return ClassOther
	}
	return d.etherType(protocol, b, cut)
}

// pptp takes off the rest of a header of version 1 (RFC 2637 section 4.1): the
// payload's length and a call number in place of the key, then sequence numbers.
func (d *Decoder) pptp(flags, protocol uint16, b []byte) Class {
	if protocol != grePPP || flags&greKey == 0 {
		return ClassUndecodable
	}
	if flags&greSequence == 0 { // an acknowledgement alone
		return ClassOther
	}
	header := 12
	if flags&greAck != 0 {
		header += 4
	}
	if len(b) < header {
		return ClassTruncated
	}
	payload, cut := bound(b[header:], int(binary.BigEndian.Uint16(b[4:])))
	return d.ppp(payload, cut)
}

// wccp is IPv4, which version 2 puts a header of four bytes before.
func (d *Decoder) wccp(b []byte, cut int) Class {
	if len(b) < 4 {
		return ClassTruncated
	}
	if b[0]>>4 != 4 {
		b = b[4:]
	}
	return d.ipv4(b, cut)
}
