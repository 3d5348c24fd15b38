package wire

import "encoding/binary"

// openTZSP opens what a sniffing access point or router sends to an analyser:
// the TaZmen Sniffer Protocol, version 1 (https://en.wikipedia.org/wiki/TZSP).
// Behind its header stand fields of type, length and value, up to the end type.
func openTZSP(b []byte, _ int) ([]byte, layer, bool) {
	const (
		header                         = 4
		received, sent, keep           = 0, 1, 4
		frameEthernet, frameWiFi       = 0x0001, 0x0012
		framePrism, frameAVS           = 0x0077, 0x007f
		fieldPadding, fieldEnd         = 0, 1
		version1                 uint8 = 1
	)
	if len(b) < header || b[0] != version1 {
		return nil, nil, false
	}
	if b[1] == keep {
		return b, (*Decoder).control, true
	}
	if b[1] != received && b[1] != sent {
		return nil, nil, false
	}
	at := header
	for {
		if at >= len(b) {
			return nil, nil, false
		}
		field := b[at]
		at++
		if field == fieldEnd {
			break
		}
		if field == fieldPadding {
			continue
		}
		if at >= len(b) {
			return nil, nil, false
		}
		at += 1 + int(b[at])
	}
	if at > len(b) {
		return nil, nil, false
	}
	switch inner := b[at:]; binary.BigEndian.Uint16(b[2:]) {
	case frameEthernet:
		return openFrame(inner)
	case frameWiFi:
		return inner, (*Decoder).wifi, true
	case framePrism:
		return inner, (*Decoder).prism, true
	case frameAVS:
		return inner, (*Decoder).avs, true
	}
	return nil, nil, false
}
