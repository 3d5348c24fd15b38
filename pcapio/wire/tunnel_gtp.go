package wire

import "encoding/binary"

// GTP-U (3GPP TS 29.281 section 5.1).
const (
	gtpHeader    = 8
	gtpVersion   = 0xe8 // the bits that say version 1 of GTP, not GTP'
	gtpVersion1  = 0x20
	gtpProtocol  = 0x10
	gtpOptional  = 0x07 // extension header, sequence number, N-PDU number
	gtpExtension = 0x04
	gtpPDU       = 255 // a user's packet
)

// openGTP opens a G-PDU of GTP-U: IP, behind a sequence number and any chain
// of extension headers. All other messages are between the ends of the tunnel.
func openGTP(b []byte, cut int) ([]byte, layer, bool) {
	if len(b) < gtpHeader || b[0]&gtpVersion != gtpVersion1 || b[0]&gtpProtocol == 0 {
		return nil, nil, false
	}
	if int(binary.BigEndian.Uint16(b[2:])) != len(b)-gtpHeader+cut {
		return nil, nil, false
	}
	if b[1] != gtpPDU {
		return b, (*Decoder).control, true
	}
	at := gtpHeader
	if b[0]&gtpOptional != 0 {
		const optional = 4
		if at += optional; len(b) < at {
			return nil, nil, false
		}
		// The last byte of each header is the type of the next; 0 is none.
		for next := b[at-1]; b[0]&gtpExtension != 0 && next != 0; next = b[at-1] {
			if at >= len(b) || b[at] == 0 || at+int(b[at])*4 > len(b) {
				return nil, nil, false
			}
			at += int(b[at]) * 4
		}
	}
	if inner, next, ok := openIP(b[at:], cut); ok {
		return inner, next, true
	}
	return openFrame(b[at:]) // a PDU session of type Ethernet
}
