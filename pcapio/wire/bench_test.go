package wire

import (
	"encoding/binary"
	"testing"

	"callx/pcapio"
)

// benchFrames is how many frames of 20 ms of G.711 one run decodes: together
// they are larger than a first-level cache and smaller than a last-level one.
const benchFrames = 4096

// To compare two states: go test -run '^$' -bench . -count 10 ./pcapio/wire | benchstat
func BenchmarkDecode(b *testing.B) {
	rtp := make([]byte, 172)
	rtp[0] = 0x80
	for _, c := range []struct {
		name string
		link pcapio.LinkType
		data []byte
		ip   int // where the IP header begins
	}{
		{"Ethernet-IPv4", linkEthernet, eth(etherIPv4, ip4(17, udp(rtp))), 14},
		{"Ethernet-VLAN-IPv4", linkEthernet, eth(etherVLAN, vlan(etherIPv4, ip4(17, udp(rtp)))), 18},
		{"Ethernet-IPv6", linkEthernet, eth(etherIPv6, ip6(17, udp(rtp))), 14},
		{"Ethernet-PPPoE-IPv4", linkEthernet, eth(etherPPPoE, pppoeSession(join(be16(pppIPv4), ip4(17, udp(rtp))))), 22},
		{"Ethernet-ERSPAN-IPv4", linkEthernet, eth(etherIPv4, ip4(47, join(greOf(0x1000, greERSPAN, 0, 5), erspan2Header(eth(etherIPv4, ip4(17, udp(rtp))))))), 64},
		{"radiotap-IPv4", linkRadiotap, radiotapWith(0, false, wifiFrameOf(0x0188, be16(0), snap(etherIPv4, ip4(17, udp(rtp))))), 43},
		{"SLL2-IPv4", linkSLL2, sll2Header(etherIPv4, ip4(17, udp(rtp))), 20},
	} {
		frames := make([]pcapio.Frame, benchFrames)
		arena := make([]byte, 0, benchFrames*len(c.data))
		for i := range frames {
			arena = append(arena, c.data...)
			frames[i] = pcapio.Frame{Link: c.link, Orig: len(c.data), Data: arena[len(arena)-len(c.data):]}
		}
		b.Run(c.name, func(b *testing.B) {
			var d Decoder
			var dst []Datagram
			n := 0
			for b.Loop() {
				for i := range frames {
					dst, _ = d.Decode(dst[:0], &frames[i])
					n += len(dst)
				}
			}
			if n == 0 || n%benchFrames != 0 {
				b.Fatal(n, "datagrams")
			}
			perFrame(b)
		})
		// The yardstick: nothing but loads of addresses and ports.
		b.Run(c.name+"/loads", func(b *testing.B) {
			v6 := c.data[c.ip]>>4 == 6
			var sum uint64
			for b.Loop() {
				for i := range frames {
					h := frames[i].Data[c.ip:]
					if v6 {
						sum += binary.BigEndian.Uint64(h[8:]) + binary.BigEndian.Uint64(h[16:]) + binary.BigEndian.Uint64(h[24:]) +
							binary.BigEndian.Uint64(h[32:]) + uint64(binary.BigEndian.Uint32(h[40:]))
					} else {
						sum += uint64(binary.BigEndian.Uint32(h[12:])) + uint64(binary.BigEndian.Uint32(h[16:])) + uint64(binary.BigEndian.Uint32(h[20:]))
					}
				}
			}
			if sum == 0 {
				b.Fatal("no address is zero")
			}
			perFrame(b)
		})
	}
}

func perFrame(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchFrames, "ns/frame")
	b.ReportMetric(0, "ns/op")
	b.ReportAllocs()
}
