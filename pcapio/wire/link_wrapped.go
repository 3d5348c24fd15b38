package wire

import (
	"encoding/binary"
	"math"

	"callx/pcapio"
)

// ppi takes off a header that tells the link type of the frame behind it
// (https://www.tcpdump.org/linktypes.html, LINKTYPE_PPI).
func (d *Decoder) ppi(b []byte, cut int) Class {
	if len(b) < 8 {
		return ClassTruncated
	}
	return d.wrapped(uint32(binary.LittleEndian.Uint16(b[2:])), binary.LittleEndian.Uint32(b[4:]), b, cut)
}

// pktap does so with the header of macOS's interface of that name
// (https://www.tcpdump.org/linktypes.html, LINKTYPE_PKTAP).
func (d *Decoder) pktap(b []byte, cut int) Class {
	if len(b) < 12 {
		return ClassTruncated
	}
	return d.wrapped(binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[8:]), b, cut)
}

func (d *Decoder) wrapped(header, link uint32, b []byte, cut int) Class {
	switch {
	case header < 8 || link >= math.MaxUint16 || d.depth == maxTunnels:
		return ClassUndecodable
	case uint64(header) > uint64(len(b)):
		return ClassTruncated
	}
	d.depth++
	c := d.link(pcapio.LinkType(link), b[header:], cut)
	d.depth--
	return c
}

// docsis takes off a header of DOCSIS (ANSI/SCTE 22-1 section 6.2.1), behind
// which a data frame holds Ethernet.
func (d *Decoder) docsis(b []byte, cut int) Class {
	if len(b) < 6 {
		return ClassTruncated
	}
	if b[0]>>6 != 0 {
		return ClassOther
	}
	header := 6
	if b[0]&1 != 0 { // an extended header
		header += int(b[1])
	}
	if len(b) < header {
		return ClassTruncated
	}
	return d.ethernet(b[header:], cut)
}
