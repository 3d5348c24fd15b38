package wire

import (
	"encoding/binary"
	"net/netip"
)

// udp takes off a UDP header (RFC 768) and yields the datagram, or what is in
// it if it is that of a tunnel. Where the
// length field cannot be (0 of a jumbogram or of offload, less than the header,
// more than IP has), the payload ends with the IP packet. The checksum is not
// looked at: with offload it is wrong in what a sender captures.
func (d *Decoder) udp(src, dst netip.Addr, b []byte, cut int) Class {
	if len(b) < 8 {
		return ClassTruncated
	}
	payload := b[8:]
	if length := int(binary.BigEndian.Uint16(b[4:])); length >= 8 && length <= len(b)+cut {
		payload, cut = bound(payload, length-8)
	}
	sport, dport := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	if c, ok := d.udpTunnel(sport, dport, payload, cut); ok {
		return c
	}
	d.out = append(d.out, Datagram{
		Pos:   d.frame.Pos,
		Nanos: d.frame.Nanos,
		Flow: Flow{
			Src:   netip.AddrPortFrom(src, sport),
			Dst:   netip.AddrPortFrom(dst, dport),
			Proto: UDP,
		},
		Payload: payload,
		Cut:     cut,
	})
	return ClassUDP
}
