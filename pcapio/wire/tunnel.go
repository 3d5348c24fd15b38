package wire

import "encoding/binary"

// maxTunnels bounds how deep packets lie in packets.
const maxTunnels = 8

// Protocol numbers of tunnels: IP in IP (RFC 2003), 4in6 (RFC 2473), 6in4
// (RFC 4213), GRE (RFC 2784), EtherIP (RFC 3378), L2TPv3 (RFC 3931), MPLS
// (RFC 4023).
const (
	protoIPv4    = 4
	protoIPv6    = 41
	protoGRE     = 47
	protoEtherIP = 97
	protoL2TP    = 115
	protoMPLS    = 137
)

// tunnel goes on with what layer finds in the payload of a packet.
func (d *Decoder) tunnel(layer func(d *Decoder, b []byte, cut int) Class, b []byte, cut int) Class {
	if d.depth == maxTunnels {
		return ClassUndecodable
	}
	d.depth++
	c := layer(d, b, cut)
	d.depth--
	return c
}

// etherIP takes off the header of EtherIP: a version, of which RFC 3378 moved
// the place.
func (d *Decoder) etherIP(b []byte, cut int) Class {
	if len(b) < 2 {
		return ClassTruncated
	}
	if b[0] != 0x30 && b[0] != 0x03 {
		return ClassUndecodable
	}
	return d.ethernet(b[2:], cut)
}

// l2tpIP takes off the session number of L2TPv3 over IP (RFC 3931 section
// 4.1.1). Session 0 is control. How long the cookie behind the number is, and
// whether a sublayer follows it, only the two ends know: the frame is looked
// for where it can begin.
func (d *Decoder) l2tpIP(b []byte, cut int) Class {
	if len(b) < 4 {
		return ClassTruncated
	}
	if binary.BigEndian.Uint32(b) == 0 {
		return ClassOther
	}
	const cookie, sublayer, frame = 8, 4, 17
	for at := 4; at <= 4+cookie+sublayer && at < len(b); at += 4 {
		switch {
		case looksEthernet(b[at:]):
			return d.ethernet(b[at:], cut)
		case len(b) >= at+5 && [2]byte(b[at:]) == [2]byte{0xff, 3}:
			return d.ppp(b[at:], cut)
		}
	}
	if len(b) < 4+cookie+sublayer+frame {
		return ClassTruncated
	}
	d.missOpaque(OpaqueL2TP)
	return ClassUndecodable
}
