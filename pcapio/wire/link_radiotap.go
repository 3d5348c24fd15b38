package wire

import "encoding/binary"

// Bits of radiotap (https://www.radiotap.org/fields/defined).
const (
	radiotapTSFT  = 1 << 0
	radiotapFlags = 1 << 1
	radiotapMore  = 1 << 31

	radiotapPad    = 0x20 // of Flags: the 802.11 header is filled up to four bytes
	radiotapBadFCS = 0x40
)

// radiotap takes off a radiotap header (https://www.radiotap.org).
func (d *Decoder) radiotap(b []byte, cut int) Class {
	if len(b) < 8 {
		return ClassTruncated
	}
	header := int(binary.LittleEndian.Uint16(b[2:]))
	if b[0] != 0 || header < 8 {
		return ClassUndecodable
	}
	if len(b) < header {
		return ClassTruncated
	}
	flags := radiotapFlagsOf(b[:header])
	switch b = b[header:]; {
	case flags&radiotapBadFCS != 0: // damaged on the air; the sender repeats it
		return ClassTruncated
	case flags&radiotapPad != 0:
		return d.wifiFrame(b, cut, 4)
	}
	return d.wifi(b, cut)
}

// radiotapFlagsOf gives the field Flags of a header. Fields follow the bitmaps
// of what is present, in order and aligned to their size.
func radiotapFlagsOf(h []byte) byte {
	present := binary.LittleEndian.Uint32(h[4:])
	if present&radiotapFlags == 0 {
		return 0
	}
	at := 8
	for word := present; word&radiotapMore != 0; at += 4 {
		if at+4 > len(h) {
			return 0
		}
		word = binary.LittleEndian.Uint32(h[at:])
	}
	if present&radiotapTSFT != 0 {
		at = (at+7)&^7 + 8
	}
	if at >= len(h) {
		return 0
	}
	return h[at]
}

// prism takes off a header of the Prism drivers: a number in the byte order of
// the capturing machine, and the length. Some of its files hold AVS headers
// (https://www.tcpdump.org/linktypes/LINKTYPE_IEEE802_11_PRISM.html).
func (d *Decoder) prism(b []byte, cut int) Class {
	if len(b) < 8 {
		return ClassTruncated
	}
	length := binary.BigEndian.Uint32(b[4:])
	switch binary.LittleEndian.Uint32(b) {
	case 0x41, 0x44:
		length = binary.LittleEndian.Uint32(b[4:])
	}
	return d.behind(length, b, cut)
}

// avs takes off a header of the AVS drivers, which is big-endian
// (https://www.tcpdump.org/linktypes/LINKTYPE_IEEE802_11_AVS.html).
func (d *Decoder) avs(b []byte, cut int) Class {
	if len(b) < 8 {
		return ClassTruncated
	}
	return d.behind(binary.BigEndian.Uint32(b[4:]), b, cut)
}

// behind is wifi behind a header of a length that counts itself.
func (d *Decoder) behind(length uint32, b []byte, cut int) Class {
	if length < 8 {
		return ClassUndecodable
	}
	if uint64(length) > uint64(len(b)) {
		return ClassTruncated
	}
	return d.wifi(b[length:], cut)
}
