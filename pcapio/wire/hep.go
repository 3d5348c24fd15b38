package wire

import (
	"encoding/binary"
	"net/netip"
)

// HEP version 3, in which capture agents send messages to a Homer server
// (HEP3 Network Protocol Specification, revision 26): after the magic and the
// length of all, chunks of vendor, type, length and value.
const (
	hepHeader      = 6
	hepChunkHeader = 6

	hepSource4    = 0x0003
	hepDest4      = 0x0004
	hepSource6    = 0x0005
	hepDest6      = 0x0006
	hepSourcePort = 0x0007
	hepDestPort   = 0x0008
	hepPayload    = 0x000f
)

// isHEP knows HEP by its magic: servers listen where they like.
func isHEP(b []byte) bool {
	return len(b) >= hepHeader && b[0] == 'H' && b[1] == 'E' && b[2] == 'P' && b[3] == '3'
}

// hep takes the captured message out of a HEP packet, with the addresses that
// it had. It reports false if b is no whole HEP packet. A message that came over
// TCP is as whole as one over UDP, so that its Flow says UDP. Its time is that
// of the frame, not the agent's: the order of a capture is that of its frames.
//
// A compressed payload (type 0x0010), which no known agent sends by default, is
// left: such a packet is ClassOther.
func (d *Decoder) hep(b []byte) (Class, bool) {
	if int(binary.BigEndian.Uint16(b[4:])) != len(b) {
		return 0, false
	}
	var src, dst netip.Addr
	var sport, dport uint16
	var payload []byte
	for at := hepHeader; at < len(b); {
		if at+hepChunkHeader > len(b) {
			return 0, false
		}
		vendor, kind, length := binary.BigEndian.Uint16(b[at:]), binary.BigEndian.Uint16(b[at+2:]), int(binary.BigEndian.Uint16(b[at+4:]))
		if length < hepChunkHeader || at+length > len(b) {
			return 0, false
		}
		value := b[at+hepChunkHeader : at+length]
		at += length
		if vendor != 0 {
			continue
		}
		switch {
		case kind == hepSource4 && len(value) == 4:
			src = netip.AddrFrom4([4]byte(value))
		case kind == hepDest4 && len(value) == 4:
			dst = netip.AddrFrom4([4]byte(value))
		case kind == hepSource6 && len(value) == 16:
			src = netip.AddrFrom16([16]byte(value)).Unmap()
		case kind == hepDest6 && len(value) == 16:
			dst = netip.AddrFrom16([16]byte(value)).Unmap()
		case kind == hepSourcePort && len(value) == 2:
			sport = binary.BigEndian.Uint16(value)
		case kind == hepDestPort && len(value) == 2:
			dport = binary.BigEndian.Uint16(value)
		case kind == hepPayload:
			payload = value
		}
	}
	if !src.IsValid() || !dst.IsValid() || payload == nil {
		return ClassOther, true
	}
	d.out = append(d.out, Datagram{
		Pos: d.frame.Pos, Nanos: d.frame.Nanos, Payload: payload,
		Flow: Flow{Src: netip.AddrPortFrom(src, sport), Dst: netip.AddrPortFrom(dst, dport), Proto: UDP},
	})
	return ClassUDP, true
}
