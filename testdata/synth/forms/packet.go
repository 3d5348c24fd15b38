package forms

import (
	"encoding/binary"
	"hash/crc32"
)

const (
	etherIPv4 = 0x0800
	etherVLAN = 0x8100
	etherIPv6 = 0x86dd
	etherQinQ = 0x88a8
	etherQ91  = 0x9100
	etherTEB  = 0x6558 // an Ethernet frame
)

const (
	protoIPv4 = 4
	protoTCP  = 6
	protoUDP  = 17
	protoIPv6 = 41
	protoGRE  = 47
	protoFrag = 44
	protoAH   = 51
)

// A packet is an IP packet.
type packet struct {
	ether uint16 // etherIPv4 or etherIPv6
	data  []byte // as long as its header says
}

func (p packet) v6() bool { return p.ether == etherIPv6 }

// header is the length of the IP header without extensions.
func (p packet) header() int {
	if p.v6() {
		return 40
	}
	return int(p.data[0]&0x0f) * 4
}

// proto is the protocol in the IP header.
func (p packet) proto() byte {
	if p.v6() {
		return p.data[6]
	}
	return p.data[9]
}

// udp returns ports and payload of an UDP packet without extension headers.
func (p packet) udp() (src, dst uint16, payload []byte, ok bool) {
	if p.proto() != protoUDP {
		return 0, 0, nil, false
	}
	b := p.data[p.header():]
	return binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), b[8:], true
}

// with gives p another protocol and payload behind the same addresses.
func (p packet) with(proto byte, payload []byte) packet {
	h := p.header()
	b := append(append([]byte{}, p.data[:h]...), payload...)
	if p.v6() {
		b[6] = proto
		binary.BigEndian.PutUint16(b[4:], uint16(len(payload)))
	} else {
		b[9] = proto
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
		sumIPv4(b[:h])
	}
	return packet{p.ether, b}
}

// sumIPv4 writes the checksum of an IPv4 header.
func sumIPv4(h []byte) {
	h[10], h[11] = 0, 0
	binary.BigEndian.PutUint16(h[10:], checksum(h))
}

// checksum is that of RFC 1071 over all bytes of the parts, each of which but
// the last must have an even length.
func checksum(parts ...[]byte) uint16 {
	var sum uint32
	for _, b := range parts {
		for ; len(b) > 1; b = b[2:] {
			sum += uint32(binary.BigEndian.Uint16(b))
		}
		if len(b) == 1 {
			sum += uint32(b[0]) << 8
		}
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// sumTransport writes the checksum of a TCP segment (RFC 9293 section 3.1) or
// UDP datagram (RFC 768) whose checksum stands at a place of its header.
func sumTransport(p packet, at int) {
	b := p.data[p.header():]
	b[at], b[at+1] = 0, 0
	addrs := p.data[12:20]
	if p.v6() {
		addrs = p.data[8:40]
	}
	pseudo := binary.BigEndian.AppendUint32(nil, uint32(len(b)))
	sum := checksum(addrs, append(pseudo, 0, 0, 0, p.proto()), b)
	if sum == 0 {
		sum = 0xffff // of UDP, where 0 means none; the same to TCP
	}
	binary.BigEndian.PutUint16(b[at:], sum)
}

// peel takes Ethernet, VLAN tags and padding off; ok is false for what is not
// IP.
func peel(frame []byte) (p packet, ok bool) {
	for at := 12; at+2 <= len(frame); at += 4 {
		b := frame[at+2:]
		switch ether := binary.BigEndian.Uint16(frame[at:]); ether {
		case etherVLAN, etherQinQ, etherQ91:
			continue
		case etherIPv4:
			return packet{ether, b[:binary.BigEndian.Uint16(b[2:])]}, true
		case etherIPv6:
			return packet{ether, b[:40+int(binary.BigEndian.Uint16(b[4:]))]}, true
		}
		break
	}
	return packet{}, false
}

// mustPeel is peel for frames that Read let pass.
func mustPeel(frame []byte) packet {
	p, ok := peel(frame)
	if !ok {
		panic("forms: a frame without IP")
	}
	return p
}

// replace puts another payload behind the Ethernet header and tags of a frame.
func replace(frame []byte, p packet) []byte {
	at := 12
	for ; at+4 < len(frame); at += 4 {
		if t := binary.BigEndian.Uint16(frame[at:]); t != etherVLAN && t != etherQinQ && t != etherQ91 {
			break
		}
	}
	b := append([]byte{}, frame[:at]...)
	return append(binary.BigEndian.AppendUint16(b, p.ether), p.data...)
}

// The two ends of every tunnel. 198.18.0.0/15 is for tests of networks (RFC
// 2544), 2001:db8::/32 for documentation (RFC 3849).
var (
	outer4 = []byte{198, 18, 0, 1, 198, 18, 0, 2}
	outer6 = []byte{
		0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
	}
	outerMAC = []byte{2, 0, 198, 18, 0, 2, 2, 0, 198, 18, 0, 1}
)

// ethernet puts a packet between the ends of a tunnel.
func ethernet(ether uint16, b []byte) []byte {
	return append(binary.BigEndian.AppendUint16(append([]byte{}, outerMAC...), ether), b...)
}

// ipv4 carries b between the ends of a tunnel (RFC 791).
func ipv4(n int, proto byte, b []byte) packet {
	h := []byte{0x45, 0}
	h = binary.BigEndian.AppendUint16(h, uint16(20+len(b)))
	h = binary.BigEndian.AppendUint16(h, uint16(n))
	h = append(append(h, 0, 0, 64, proto, 0, 0), outer4...)
	sumIPv4(h)
	return packet{etherIPv4, append(h, b...)}
}

// ipv6 carries b between the ends of a tunnel (RFC 8200).
func ipv6(_ int, proto byte, b []byte) packet {
	h := binary.BigEndian.AppendUint16([]byte{0x60, 0, 0, 0}, uint16(len(b)))
	h = append(append(h, proto, 64), outer6...)
	return packet{etherIPv6, append(h, b...)}
}

// udp puts an UDP header in front of b; the source port varies as that of
// VXLAN and its like does (RFC 7348 section 5). The checksum is zero: none.
func udp(n int, port uint16, b []byte) []byte {
	h := binary.BigEndian.AppendUint16(nil, uint16(49152+n%8))
	h = binary.BigEndian.AppendUint16(h, port)
	h = binary.BigEndian.AppendUint16(h, uint16(8+len(b)))
	return append(append(h, 0, 0), b...)
}

// frameCheck is the FCS of IEEE 802, as it stands behind a frame.
func frameCheck(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(b))
}
