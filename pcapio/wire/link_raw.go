package wire

// raw begins with the IP header, of either version.
func (d *Decoder) raw(b []byte, cut int) Class {
	if len(b) == 0 {
		return ClassTruncated
	}
	switch b[0] >> 4 {
	case 4:
		return d.ipv4(b, cut)
	case 6:
		return d.ipv6(b, cut)
	}
	return ClassUndecodable
}
