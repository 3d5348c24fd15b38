package wire

import "net/netip"

// segment takes off a TCP header (RFC 9293 section 3.1).
func (d *Decoder) segment(src, dst netip.Addr, b []byte, cut int) Class {
	return ClassTCP
}
