package wire

import "encoding/binary"

// erspan2 takes off a header of ERSPAN type II
// (draft-foschiano-erspan-03 section 4.2).
func (d *Decoder) erspan2(b []byte, cut int) Class {
	if len(b) < 8 {
		return ClassTruncated
	}
	if b[0]>>4 != 1 {
		return ClassUndecodable
	}
	return d.ethernet(b[8:], cut)
}

// Fields of the last two bytes of a header of type III.
const (
	erspanFrameType = 0x7c00
	erspanSubheader = 0x0001

	erspanEthernet = 0 << 10 // of the frame types
	erspanIP       = 2 << 10
)

// erspan3 takes off a header of type III and the subheader of the platform
// (draft-foschiano-erspan-03 section 4.3).
func (d *Decoder) erspan3(b []byte, cut int) Class {
	if len(b) < 12 {
		return ClassTruncated
	}
	if b[0]>>4 != 2 {
		return ClassUndecodable
	}
	fields, header := binary.BigEndian.Uint16(b[10:]), 12
	if fields&erspanSubheader != 0 {
		header += 8
	}
	if len(b) < header {
		return ClassTruncated
	}
	switch b = b[header:]; fields & erspanFrameType {
	case erspanEthernet:
		return d.ethernet(b, cut)
	case erspanIP:
		return d.raw(b, cut)
	}
	return ClassOther
}
