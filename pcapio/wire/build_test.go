package wire

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"callx/pcapio"
)

// Builders of frames, innermost first: eth(etherIPv4, ip4(17, udp(payload))).
// The addresses and ports are those of here.

var (
	src4 = netip.MustParseAddr("192.0.2.1")
	dst4 = netip.MustParseAddr("198.51.100.7")
	src6 = netip.MustParseAddr("2001:db8::1")
	dst6 = netip.MustParseAddr("2001:db8:0:1::7")
)

const (
	srcPort = 0x1234
	dstPort = 0xc350
)

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

func be16(v ...int) []byte {
	var b []byte
	for _, v := range v {
		b = binary.BigEndian.AppendUint16(b, uint16(v))
	}
	return b
}

func udp(payload []byte) []byte { return udpLen(8+len(payload), payload) }

// udpLen is udp with a length field of one's choice.
func udpLen(length int, payload []byte) []byte {
	return join(be16(srcPort, dstPort, length, 0xdead), payload)
}

func ip4(proto byte, b []byte) []byte { return ip4With(20+len(b), 0, proto, nil, b) }

// ip4With has a total length, a fragment field and options of one's choice.
func ip4With(total, fragment int, proto byte, options, b []byte) []byte {
	s, d := src4.As4(), dst4.As4()
	return join([]byte{0x40 | byte(5+len(options)/4), 0}, be16(total, 1, fragment), []byte{64, proto, 0xbe, 0xef}, s[:], d[:], options, b)
}

func ip6(next byte, b []byte) []byte { return ip6With(len(b), next, src6, dst6, b) }

func ip6With(length int, next byte, src, dst netip.Addr, b []byte) []byte {
	s, d := src.As16(), dst.As16()
	return join([]byte{0x60, 0, 0, 0}, be16(length), []byte{next, 64}, s[:], d[:], b)
}

// ext is an IPv6 extension header of 8*(units+1) bytes.
func ext(next byte, units int, b []byte) []byte {
	h := make([]byte, 8*(units+1))
	h[0], h[1] = next, byte(units)
	return join(h, b)
}

func eth(etherType int, b []byte) []byte {
	return join([]byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}, be16(etherType), b)
}

// vlan is what follows the EtherType of a tag.
func vlan(etherType int, b []byte) []byte { return join(be16(0x2064, etherType), b) }

// snap is what follows the length of an 802.3 frame.
func snap(etherType int, b []byte) []byte {
	return join([]byte{0xaa, 0xaa, 3, 0, 0, 0}, be16(etherType), b)
}

func sllHeader(protocol int, b []byte) []byte {
	return join(be16(0, 1, 6), []byte{2, 0, 0, 0, 0, 1, 0, 0}, be16(protocol), b)
}

func sll2Header(protocol int, b []byte) []byte {
	return join(be16(protocol, 0, 0, 3, 1), []byte{0, 6, 2, 0, 0, 0, 0, 1, 0, 0}, b)
}

// decodeBoth decodes with room for a datagram, as the fast path wants it, and
// by the layers alone, and holds them to the same.
func decodeBoth(tb testing.TB, f *pcapio.Frame) ([]Datagram, Class) {
	tb.Helper()
	var d Decoder
	room := []Datagram{{Cut: 99, Payload: []byte("left from before")}}
	got, class := d.Decode(room[:0], f)
	again, c := d.layers(nil, f)
	if c != class || !slices.EqualFunc(got, again, equal) {
		tb.Errorf("frame %d: class %d %+v, by the layers %d %+v", f.Frame, class, got, c, again)
	}
	return got, class
}

func equal(a, b Datagram) bool {
	return a.Pos == b.Pos && a.Nanos == b.Nanos && a.Flow == b.Flow && a.Cut == b.Cut && slices.Equal(a.Payload, b.Payload)
}
