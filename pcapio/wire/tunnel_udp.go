package wire

import "encoding/binary"

// A layer is a method of Decoder that takes one header off.
type layer func(d *Decoder, b []byte, cut int) Class

// A tunnelOpener looks at the payload of a UDP datagram; cut bytes of it were
// not captured. If it is one of the tunnel's, it returns what is inside and the
// layer that this begins with. A port alone proves nothing: RTP and SIP use any.
// So everything that can be checked is, and what does not fit is a datagram like
// any other.
type tunnelOpener func(b []byte, cut int) (inner []byte, next layer, ok bool)

// tunnelAt is the table of tunnels in UDP, by port
// (https://www.iana.org/assignments/service-names-port-numbers); nil if there
// is none.
func tunnelAt(port uint16) tunnelOpener {
	switch port {
	case 1701:
		return openL2TP
	case 2152:
		return openGTP
	case 3544:
		return openTeredo
	case 4754:
		return openGRE
	case 4789, 8472: // the latter is Linux's, from before there was a number
		return openVXLAN
	case 4790:
		return openVXLANGPE
	case 6081:
		return openGeneve
	case 6635:
		return openMPLS
	case 37008:
		return openTZSP
	}
	return nil
}

// mayTunnel reports whether a UDP packet, header included, has to be looked at
// more closely.
func mayTunnel(b []byte) bool {
	return tunnelAt(binary.BigEndian.Uint16(b[2:])) != nil || tunnelAt(binary.BigEndian.Uint16(b)) != nil || mayBeHEP(b[8:])
}

// udpTunnel goes on with what a datagram carries, if it carries packets; the
// datagram itself is not yielded then. The port is that of the destination; some
// answer from it.
func (d *Decoder) udpTunnel(src, dst uint16, b []byte, cut int) (Class, bool) {
	for _, port := range [...]uint16{dst, src} {
		open := tunnelAt(port)
		if open == nil {
			continue
		}
		if inner, next, ok := open(b, cut); ok {
			return d.tunnel(next, inner, cut), true
		}
	}
	return d.hep(b, cut)
}

// control is the layer of a tunnel's own messages.
func (d *Decoder) control([]byte, int) Class { return ClassOther }

// openIP opens a packet of IP of the version that its first byte says.
func openIP(b []byte, cut int) ([]byte, layer, bool) {
	if len(b) == 0 {
		return nil, nil, false
	}
	switch b[0] >> 4 {
	case 4:
		return b, (*Decoder).ipv4, len(b) >= 20 && b[0]&0x0f >= 5 && int(binary.BigEndian.Uint16(b[2:])) <= len(b)+cut
	case 6:
		return b, (*Decoder).ipv6, len(b) >= 40 && int(binary.BigEndian.Uint16(b[4:])) <= len(b)-40+cut
	}
	return nil, nil, false
}

// openFrame opens an Ethernet frame.
func openFrame(b []byte) ([]byte, layer, bool) {
	return b, (*Decoder).ethernet, looksEthernet(b)
}

// openType opens what an EtherType says.
func openType(etherType uint16, b []byte, cut int) ([]byte, layer, bool) {
	switch etherType {
	case etherIPv4, etherIPv6:
		inner, next, ok := openIP(b, cut)
		return inner, next, ok && (b[0]>>4 == 4) == (etherType == etherIPv4)
	case etherBridging:
		return openFrame(b)
	case etherMPLS, etherMPLSUpstream:
		return openMPLS(b, cut)
	}
	return nil, nil, false
}

// openMPLS opens MPLS in UDP (RFC 7510): a stack of labels, the last of which
// says so, and behind it IP, or Ethernet with IP, with a control word or
// without. Labels may be anything, text and RTP too; so the length in the IP
// header has to agree.
func openMPLS(b []byte, cut int) ([]byte, layer, bool) {
	const maxLabels = 8
	for at := 0; at+4 < len(b) && at < 4*maxLabels; at += 4 {
		if b[at+2]&1 == 0 {
			continue
		}
		inner := b[at+4:]
		length, ok := lengthIP(inner)
		return b, (*Decoder).mpls, ok && length == len(inner)+cut || holdsIP(inner, cut) || len(inner) > 4 && holdsIP(inner[4:], cut)
	}
	return nil, nil, false
}

// lengthIP returns the length of an IP packet, as its header tells it.
func lengthIP(b []byte) (int, bool) {
	if len(b) < 6 {
		return 0, false
	}
	switch b[0] >> 4 {
	case 4:
		length := int(binary.BigEndian.Uint16(b[2:]))
		return length, b[0]&0x0f >= 5 && length >= 20
	case 6:
		return 40 + int(binary.BigEndian.Uint16(b[4:])), true
	}
	return 0, false
}

// holdsIP reports whether b is an Ethernet frame, tagged or not, with an IP
// packet that fits into it.
func holdsIP(b []byte, cut int) bool {
	if len(b) < 14 {
		return false
	}
	etherType, b := binary.BigEndian.Uint16(b[12:]), b[14:]
	for (etherType == etherVLAN || etherType == etherQinQ) && len(b) >= 4 {
		etherType, b = binary.BigEndian.Uint16(b[2:]), b[4:]
	}
	length, ok := lengthIP(b)
	if !ok || length > len(b)+cut {
		return false
	}
	if b[0]>>4 == 4 {
		return etherType == etherIPv4
	}
	return etherType == etherIPv6
}

// openGRE opens GRE in UDP (RFC 8086): version 0 without routes.
func openGRE(b []byte, cut int) ([]byte, layer, bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	flags := binary.BigEndian.Uint16(b)
	if flags&^(greChecksum|greKey|greSequence) != 0 {
		return nil, nil, false
	}
	header := 4
	for _, field := range []uint16{greChecksum, greKey, greSequence} {
		if flags&field != 0 {
			header += 4
		}
	}
	if len(b) < header {
		return nil, nil, false
	}
	return openType(binary.BigEndian.Uint16(b[2:]), b[header:], cut)
}

// openTeredo opens IPv6 behind a NAT (RFC 4380 section 5.1.1). In front may
// stand who sent it, with lengths of its own, and where it came from.
func openTeredo(b []byte, cut int) ([]byte, layer, bool) {
	const authentication, nonce, origin = 4, 8 + 1, 8
	if len(b) >= authentication && b[0] == 0 && b[1] == 1 {
		b = b[min(len(b), authentication+int(b[2])+int(b[3])+nonce):]
	}
	if len(b) >= origin && b[0] == 0 && b[1] == 0 {
		b = b[origin:]
	}
	if len(b) < 40 || b[0]>>4 != 6 || int(binary.BigEndian.Uint16(b[4:])) != len(b)-40+cut {
		return nil, nil, false
	}
	return b, (*Decoder).ipv6, true
}
