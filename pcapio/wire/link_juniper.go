package wire

import "encoding/binary"

// Flags of a Juniper header.
const (
	juniperBare      = 0x02 // no link layer
	juniperExtension = 0x80
)

// juniper takes off the header of Juniper's routers: "MGC", flags, and what
// else the flags tell of. layer is what follows, if not IP behind a number of
// its own (https://www.tcpdump.org/linktypes.html, LINKTYPE_JUNIPER_ETHER).
func (d *Decoder) juniper(layer func(d *Decoder, b []byte, cut int) Class, b []byte, cut int) Class {
	if len(b) < 4 {
		return ClassTruncated
	}
	if string(b[:3]) != "MGC" {
		return ClassUndecodable
	}
	flags, header := b[3], 4
	if flags&juniperExtension != 0 {
		if len(b) < 6 {
			return ClassTruncated
		}
		header += 2 + int(binary.BigEndian.Uint16(b[4:]))
	}
	if flags&juniperBare != 0 {
		header, layer = header+4, (*Decoder).raw
	}
	if len(b) < header {
		return ClassTruncated
	}
	return layer(d, b[header:], cut)
}
