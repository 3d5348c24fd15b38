package wire

import (
	"encoding/binary"
	"net/netip"

	"callx/pcapio"
)

// fast decodes what nearly every frame is: Ethernet, VLAN tags, IP without
// options or extension headers, UDP, whole, with lengths that agree. It fills g
// and reports true; what is in any way different it leaves to the layers, which
// give the same for these frames in twice the time.
func fast(g *Datagram, f *pcapio.Frame) bool {
	b := f.Data
	if len(b) < 14 {
		return false
	}
	etherType := binary.BigEndian.Uint16(b[12:])
	b = b[14:]
	for (etherType == etherVLAN || etherType == etherQinQ) && len(b) >= 4 {
		etherType, b = binary.BigEndian.Uint16(b[2:]), b[4:]
	}
	switch etherType {
	case etherIPv4:
		if len(b) < 28 || b[0] != 0x45 || b[9] != byte(UDP) || binary.BigEndian.Uint16(b[6:])&0x3fff != 0 {
			return false
		}
		total := int(binary.BigEndian.Uint16(b[2:]))
		if total < 28 || total > len(b) {
			return false
		}
		g.Flow.Src = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[12:16])), binary.BigEndian.Uint16(b[20:]))
		g.Flow.Dst = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[16:20])), binary.BigEndian.Uint16(b[22:]))
		b = b[20:total]
	case etherIPv6:
		if len(b) < 48 || b[0]>>4 != 6 || b[6] != byte(UDP) {
			return false
		}
		length := int(binary.BigEndian.Uint16(b[4:]))
		if length < 8 || length > len(b)-40 {
			return false
		}
		g.Flow.Src = netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[8:24])).Unmap(), binary.BigEndian.Uint16(b[40:]))
		g.Flow.Dst = netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[24:40])).Unmap(), binary.BigEndian.Uint16(b[42:]))
		b = b[40 : 40+length]
	default:
		return false
	}
	length := int(binary.BigEndian.Uint16(b[4:]))
	if length < 8 || length > len(b) || mayTunnel(b) {
		return false
	}
	g.Pos, g.Nanos, g.Flow.Proto = f.Pos, f.Nanos, UDP
	g.Payload, g.Cut, g.Hole, g.End = b[8:length], 0, false, false
	return true
}
