package wire

import "encoding/binary"

// Flags of an L2TP header (RFC 2661 section 3.1).
const (
	l2tpControl  = 0x8000
	l2tpLength   = 0x4000
	l2tpSequence = 0x0800
	l2tpOffset   = 0x0200
	l2tpPriority = 0x0100
	l2tpVersion  = 0x000f
)

// openL2TP opens a data message of L2TP: of version 2 with PPP in it, or of
// version 3 over UDP (RFC 3931 section 4.1.2.1).
func openL2TP(b []byte, cut int) ([]byte, layer, bool) {
	if len(b) < 8 {
		return nil, nil, false
	}
	flags := binary.BigEndian.Uint16(b)
	control := flags&l2tpControl != 0
	if control && (flags&l2tpLength == 0 || flags&l2tpSequence == 0) {
		return nil, nil, false
	}
	if flags&^(l2tpControl|l2tpLength|l2tpSequence|l2tpOffset|l2tpPriority|l2tpVersion) != 0 {
		return nil, nil, false
	}
	at := 2
	if flags&l2tpLength != 0 {
		if int(binary.BigEndian.Uint16(b[at:])) != len(b)+cut {
			return nil, nil, false
		}
		at += 2
	}
	switch version := flags & l2tpVersion; {
	case version != 2 && version != 3:
		return nil, nil, false
	case control:
		return b, (*Decoder).control, true
	case version == 3:
		return b[4:], (*Decoder).l2tpIP, flags == 3 && binary.BigEndian.Uint16(b[2:]) == 0
	}
	at += 4 // tunnel and session
	if flags&l2tpSequence != 0 {
		at += 4
	}
	if flags&l2tpOffset != 0 {
		if len(b) < at+2 {
			return nil, nil, false
		}
		at += 2 + int(binary.BigEndian.Uint16(b[at:]))
	}
	if len(b) < at {
		return nil, nil, false
	}
	return b[at:], (*Decoder).ppp, looksPPP(b[at:])
}

// looksPPP reports whether b begins with a PPP header: address and control, or
// a protocol number, whose low byte is odd and whose high byte is even (RFC
// 1661 section 2).
func looksPPP(b []byte) bool {
	switch {
	case len(b) < 2:
		return false
	case b[0] == 0xff:
		return b[1] == 3
	case b[0]&1 != 0:
		return b[0] == pppIPv4 || b[0] == pppIPv6
	}
	return b[1]&1 != 0
}
