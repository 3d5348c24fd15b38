package wire

// maxTunnels bounds how deep packets lie in packets.
const maxTunnels = 8

// IP protocol numbers of IP itself: IP in IP (RFC 2003), 4in6 (RFC 2473), and
// 6in4 (RFC 4213).
const (
	protoIPv4 = 4
	protoIPv6 = 41
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
