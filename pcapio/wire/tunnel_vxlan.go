package wire

import "encoding/binary"

const vxlanHeader = 8

// Flags of a VXLAN header (RFC 7348 section 5; the group policy extension,
// draft-smith-vxlan-group-policy, for G).
const (
	vxlanVNI   = 0x08 // the network is named, as it must be
	vxlanGroup = 0x80 // G: a group policy stands in bytes that are reserved else
)

// openVXLAN opens VXLAN, which carries Ethernet.
func openVXLAN(b []byte, _ int) ([]byte, layer, bool) {
	if len(b) < vxlanHeader || b[0]&^vxlanGroup != vxlanVNI || b[7] != 0 {
		return nil, nil, false
	}
	if b[0]&vxlanGroup == 0 && (b[1]|b[2]|b[3]) != 0 {
		return nil, nil, false
	}
	return openFrame(b[vxlanHeader:])
}

// Flags and protocols of VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe section 3).
const (
	gpeNext     = 0x04 // P: the next protocol is named
	gpeOAM      = 0x01 // O
	gpeIPv4     = 1
	gpeIPv6     = 2
	gpeEthernet = 3
	gpeMPLS     = 5
)

// openVXLANGPE opens VXLAN with a next protocol.
func openVXLANGPE(b []byte, cut int) ([]byte, layer, bool) {
	if len(b) < vxlanHeader || b[0]&^(vxlanVNI|gpeNext|gpeOAM) != 0 || b[0]&vxlanVNI == 0 || (b[1]|b[2]|b[7]) != 0 {
		return nil, nil, false
	}
	inner := b[vxlanHeader:]
	switch {
	case b[0]&gpeOAM != 0:
		return inner, (*Decoder).control, true
	case b[0]&gpeNext == 0:
		return openFrame(inner)
	}
	switch b[3] {
	case gpeIPv4:
		return openType(etherIPv4, inner, cut)
	case gpeIPv6:
		return openType(etherIPv6, inner, cut)
	case gpeEthernet:
		return openFrame(inner)
	case gpeMPLS:
		return openMPLS(inner, cut)
	}
	return nil, nil, false
}

// openGeneve opens Geneve (RFC 8926 section 3.4): version 0, options in words
// of four bytes, then what the EtherType says.
func openGeneve(b []byte, cut int) ([]byte, layer, bool) {
	const header, oam, reserved = 8, 0x80, 0x3f
	if len(b) < header || b[0]>>6 != 0 || b[1]&reserved != 0 || b[7] != 0 {
		return nil, nil, false
	}
	at := header + int(b[0]&0x3f)*4
	if len(b) < at {
		return nil, nil, false
	}
	if b[1]&oam != 0 {
		return b[at:], (*Decoder).control, true
	}
	return openType(binary.BigEndian.Uint16(b[2:]), b[at:], cut)
}
