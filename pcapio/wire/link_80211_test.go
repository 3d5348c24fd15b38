package wire

import (
	"testing"

	"callx/pcapio"
)

// wifiFrameOf is a frame of 802.11 with a frame control of one's choice and what
// follows its addresses and sequence control.
func wifiFrameOf(control int, rest, b []byte) []byte {
	header := make([]byte, 22)
	copy(header[2:], []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3})
	return join(le16(control), header[:20], header[20:22], rest, b)
}

// radiotapWith is a header with flags, alone or behind a timestamp and a
// second bitmap.
func radiotapWith(flags byte, long bool, b []byte) []byte {
	if !long {
		return join([]byte{0, 0}, le16(9), le32(radiotapFlags), []byte{flags}, b)
	}
	return join([]byte{0, 0}, le16(26), le32(radiotapFlags|radiotapTSFT|radiotapMore), le32(0), le32(0), make([]byte, 8), []byte{flags, 2}, b)
}

// subframe is a part of an A-MSDU, filled up to four bytes.
func subframe(b []byte) []byte {
	return join([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}, be16(len(b)), b, make([]byte, -(14+len(b))&3))
}

func wifiRules() []rule {
	v4, v6 := ip4(17, udp([]byte(voice))), ip6(17, udp([]byte(voice)))
	four := []byte{2, 0, 0, 0, 0, 4}
	s4, s6 := snap(etherIPv4, v4), snap(etherIPv6, v6)
	data := wifiFrameOf(0x0108, nil, s4)
	fcs := []byte{0xf0, 0xf1, 0xf2, 0xf3}
	prism := func(order func(uint32) []byte, code uint32, b []byte) []byte {
		return join(order(code), order(144), make([]byte, 136), b)
	}
	later := wifiFrameOf(0x0108, nil, s4)
	later[22] = 1
	const noQoS = "stops at QoS"
	return []rule{
		{name: "802.11", link: 105, data: data, payload: voice, notGopacket: "takes the end for a checksum"},
		{name: "802.11 with checksum", link: 105, data: join(data, fcs), payload: voice},
		{name: "802.11 from the station", link: 105, data: wifiFrameOf(0x0208, nil, s6), payload: voice, notGopacket: "takes the end for a checksum"},
		{name: "802.11 four addresses", link: 105, data: wifiFrameOf(0x0308, four, s4), payload: voice, notGopacket: "takes the end for a checksum"},
		{name: "802.11 QoS", link: 105, data: wifiFrameOf(0x0188, be16(0x0600), s4), payload: voice, notGopacket: noQoS},
		{name: "802.11 QoS four addresses", link: 105, data: wifiFrameOf(0x0388, join(four, be16(0)), s6), payload: voice, notGopacket: noQoS},
		{name: "802.11 HT control", link: 105, data: wifiFrameOf(0x8188, join(be16(0), be32(0)), s4), payload: voice, notGopacket: noQoS},
		{name: "802.11 retry", link: 105, data: wifiFrameOf(0x0988, be16(0), s4), payload: voice, notGopacket: noQoS},
		{name: "802.11 aggregate", link: 105, data: wifiFrameOf(0x0188, be16(0x8000), subframe(s4)), payload: voice, notGopacket: noQoS},
		{name: "802.11 null", link: 105, data: wifiFrameOf(0x0148, nil, nil), class: ClassOther, notGopacket: "takes the end for a checksum"},
		{name: "802.11 QoS null", link: 105, data: wifiFrameOf(0x01c8, be16(0), nil), class: ClassOther, notGopacket: noQoS},
		{name: "802.11 beacon", link: 105, data: wifiFrameOf(0x0080, nil, make([]byte, 40)), class: ClassOther},
		{name: "802.11 acknowledgement", link: 105, data: join(le16(0x00d4), make([]byte, 8)), class: ClassOther},
		{name: "802.11 version 1", link: 105, data: wifiFrameOf(0x0109, nil, s4), class: ClassUndecodable, notGopacket: "does not look"},
		{name: "802.11 later fragment", link: 105, data: later, class: ClassFragment, notGopacket: "does not look", notTshark: "does not tell"},
		{name: "802.11 encrypted", link: 105, data: wifiFrameOf(0x4108, nil, noise(60)), class: ClassUndecodable},
		{name: "802.11 decrypted", link: 105, data: wifiFrameOf(0x4108, nil, s4), payload: voice, notGopacket: "goes by the flag", notTshark: "goes by the flag"},
		{name: "802.11 decrypted behind a vector", link: 105, data: wifiFrameOf(0x4188, join(be16(0), make([]byte, 8)), s4), payload: voice, notGopacket: "goes by the flag", notTshark: "goes by the flag"},
		{name: "802.11 ARP", link: 105, data: wifiFrameOf(0x0108, nil, snap(0x0806, make([]byte, 28))), class: ClassOther, notGopacket: "takes the end for a checksum"},

		{name: "radiotap", link: 127, data: radiotapWith(0, false, data), payload: voice, notGopacket: "takes the end for a checksum"},
		{name: "radiotap long", link: 127, data: radiotapWith(0x10, true, join(data, fcs)), payload: voice, notGopacket: "loses its place"},
		{name: "radiotap with checksum", link: 127, data: radiotapWith(0x10, false, join(data, fcs)), payload: voice},
		{name: "radiotap without flags", link: 127, data: join([]byte{0, 0}, le16(8), le32(0), data), payload: voice, notGopacket: "takes the end for a checksum"},
		{name: "radiotap filled up", link: 127, data: radiotapWith(0x20, false, wifiFrameOf(0x0188, join(be16(0), be16(0)), s4)), payload: voice, notGopacket: noQoS},
		{name: "radiotap bad checksum", link: 127, data: radiotapWith(0x50, false, join(data, fcs)), class: ClassTruncated, notGopacket: "does not look", notTshark: "goes on"},
		{name: "radiotap version 1", link: 127, data: join([]byte{1}, radiotapWith(0, false, data)[1:]), class: ClassUndecodable, notGopacket: "does not look", notTshark: "goes on"},
		{name: "SLL radiotap", link: 113, data: join(be16(0, 803), make([]byte, 10), be16(0), radiotapWith(0, false, data)), payload: voice, notGopacket: "not known", notTshark: "not known"},
		{name: "Prism", link: 119, data: prism(le32, 0x44, data), payload: voice, notGopacket: "not known"},
		{name: "Prism big", link: 119, data: prism(be32, 0x44, data), payload: voice, notGopacket: "not known"},
		{name: "Prism AVS", link: 119, data: join(be32(0x80211001), be32(64), make([]byte, 56), data), payload: voice, notGopacket: "not known"},
		{name: "AVS", link: 163, data: join(be32(0x80211001), be32(64), make([]byte, 56), data), payload: voice, notGopacket: "not known"},
		{name: "PPI 802.11", link: 192, data: join([]byte{0, 0}, le16(8), le32(105), data), payload: voice, notGopacket: "not known"},
	}
}

// TestAggregate: each part of an A-MSDU is a packet of its own, and the frame is
// what the best of them is.
func TestAggregate(t *testing.T) {
	part := func(s string) []byte { return subframe(snap(etherIPv4, ip4(17, udp([]byte(s))))) }
	arp := subframe(snap(0x0806, make([]byte, 28)))
	for _, c := range []struct {
		name string
		rest []byte
		want []string
		cut  int
		c    Class
	}{
		{"three", join(part("one"), arp, part("three")), []string{"one", "three"}, 0, ClassUDP},
		{"with checksum", join(part("one"), part("two"), []byte{1, 2, 3, 4}), []string{"one", "two"}, 0, ClassUDP},
		{"the last cut", join(part("one"), part("long enough")[:14+8+28+4]), []string{"one", "long"}, 7, ClassUDP},
		{"no voice", join(arp, arp), nil, 0, ClassOther},
		{"none", nil, nil, 0, ClassTruncated},
	} {
		f := pcapio.Frame{Link: 105, Data: wifiFrameOf(0x0188, be16(0x8000), c.rest)}
		f.Orig = len(f.Data)
		got, class := decodeBoth(t, &f)
		if class != c.c || len(got) != len(c.want) {
			t.Errorf("%s: class %d, %d datagrams", c.name, class, len(got))
			continue
		}
		for i, g := range got {
			if string(g.Payload) != c.want[i] {
				t.Errorf("%s: %q, want %q", c.name, g.Payload, c.want[i])
			}
		}
		if n := len(got); n > 0 && got[n-1].Cut != c.cut {
			t.Errorf("%s: cut %d, want %d", c.name, got[n-1].Cut, c.cut)
		}
	}
}
