package wire

import (
	"encoding/binary"
	"net/netip"
	"strings"
)

// Tags of an exported PDU (Wireshark, epan/exported_pdu.h).
const (
	exportedEnd      = 0
	exportedName     = 12 // of the dissector
	exportedIPv4Src  = 20
	exportedIPv4Dst  = 21
	exportedIPv6Src  = 22
	exportedIPv6Dst  = 23
	exportedPortType = 24
	exportedSrcPort  = 25
	exportedDstPort  = 26
)

// exportedUDP is the port type of UDP.
const exportedUDP = 3

// exported takes a PDU that Wireshark has exported from one of its dissectors,
// behind tags that tell which, and between whom: two bytes of number, two of
// length, a value (https://www.tcpdump.org/linktypes.html,
// LINKTYPE_WIRESHARK_UPPER_PDU). It is how SIP gets out of TLS that Wireshark
// had the keys of. A message of SIP is yielded as a datagram of UDP whatever it
// came by, for it is whole.
func (d *Decoder) exported(b []byte, cut int) Class {
	var src, dst netip.Addr
	var srcPort, dstPort uint16
	var wanted bool
	for {
		if len(b) < 4 {
			return ClassTruncated
		}
		tag, length := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if b = b[4:]; tag == exportedEnd {
			break
		}
		if len(b) < length {
			return ClassTruncated
		}
		value := b[:length]
		b = b[length:]
		switch {
		case tag == exportedName:
			wanted = wanted || isSIP(value)
		case tag == exportedPortType && length == 4:
			wanted = wanted || binary.BigEndian.Uint32(value) == exportedUDP
		case tag == exportedIPv4Src && length == 4, tag == exportedIPv6Src && length == 16:
			src, _ = netip.AddrFromSlice(value)
		case tag == exportedIPv4Dst && length == 4, tag == exportedIPv6Dst && length == 16:
			dst, _ = netip.AddrFromSlice(value)
		case tag == exportedSrcPort && length == 4:
			srcPort = uint16(binary.BigEndian.Uint32(value))
		case tag == exportedDstPort && length == 4:
			dstPort = uint16(binary.BigEndian.Uint32(value))
		}
	}
	if !wanted || !src.IsValid() || !dst.IsValid() {
		return ClassOther
	}
	d.out = append(d.out, Datagram{
		Pos:     d.frame.Pos,
		Nanos:   d.frame.Nanos,
		Flow:    Flow{Src: netip.AddrPortFrom(src.Unmap(), srcPort), Dst: netip.AddrPortFrom(dst.Unmap(), dstPort), Proto: UDP},
		Payload: b,
		Cut:     cut,
	})
	return ClassUDP
}

// isSIP tells the dissectors of SIP, of which one is "sip.tcp". A name is
// filled up with zeros.
func isSIP(name []byte) bool {
	s := strings.TrimRight(string(name), "\x00")
	return s == "sip" || s == "sip.tcp"
}
