package wire

import (
	"encoding/binary"
	"slices"
	"testing"

	"callx/pcapio"
)

func le16(v int) []byte { return binary.LittleEndian.AppendUint16(nil, uint16(v)) }

func le32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

func be32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }

// madeBy gives a frame the addresses of a maker that tshark knows, by which it
// tells Ethernet from other bytes.
func madeBy(frame []byte) []byte {
	copy(frame, []byte{0x84, 0x16, 0xf9, 0, 0, 1, 0x84, 0x16, 0xf9, 0, 0, 2})
	return frame
}

// pppoeSession is what follows the EtherType.
func pppoeSession(b []byte) []byte { return join([]byte{0x11, 0, 0, 7}, be16(len(b)), b) }

// label is an entry of an MPLS stack.
func label(n int, bottom bool) []byte {
	e := uint32(n)<<12 | 64
	if bottom {
		e |= 1 << 8
	}
	return be32(e)
}

// nflogWith is a log entry with a packet, in either byte order.
func nflogWith(order binary.AppendByteOrder, family byte, etherType int, b []byte) []byte {
	attribute := func(kind int, value []byte) []byte {
		h := order.AppendUint16(order.AppendUint16(nil, uint16(4+len(value))), uint16(kind))
		return join(h, value, make([]byte, -len(value)&3))
	}
	return join([]byte{family, 0, 0, 5}, attribute(1, be16(etherType, 0x0300)), attribute(10, []byte("in\x00")), attribute(9, b))
}

// exportedPDU is a PDU of a dissector, with the addresses of ip4.
func exportedPDU(name string, portType uint32, b []byte) []byte {
	tag := func(n int, value []byte) []byte { return join(be16(n, len(value)), value) }
	return join(
		tag(12, join([]byte(name), make([]byte, -len(name)&3))), tag(20, src4.AsSlice()), tag(21, dst4.AsSlice()),
		tag(24, be32(portType)), tag(25, be32(srcPort)), tag(26, be32(dstPort)), tag(30, be32(1)), be16(0, 0), b)
}

// linkRules are frames of the links that are no kind of Ethernet, and of what
// the EtherTypes bring.
func linkRules() []rule {
	u := udp([]byte(voice))
	v4, v6 := ip4(17, u), ip6(17, u)
	ppp4, ppp6 := join(be16(pppIPv4), v4), join(be16(pppIPv6), v6)
	le, be := binary.LittleEndian, binary.BigEndian
	wire, tagged := madeBy(eth(etherIPv4, v4)), madeBy(eth(etherVLAN, vlan(etherIPv6, v6)))
	low, mid := slices.Clone(wire), slices.Clone(wire) // whose addresses begin as a control word and as IPv4 do
	copy(low, []byte{0, 0x1b, 0x21})
	mid[0] = 0x45
	oui := func(pid int, b []byte) []byte {
		return join([]byte{0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2}, be16(pid), b)
	}
	return []rule{
		{name: "PPP", link: 9, data: ppp4, payload: voice, notGopacket: "wants address and control"},
		{name: "PPP framed", link: 9, data: join([]byte{0xff, 3}, ppp6), payload: voice},
		{name: "PPP compressed", link: 9, data: join([]byte{0x21}, v4), payload: voice},
		{name: "PPP framed and compressed", link: 9, data: join([]byte{0xff, 3, 0x57}, v6), payload: voice},
		{name: "PPP LCP", link: 9, data: join([]byte{0xff, 3}, be16(0xc021), []byte{9, 1, 0, 8, 0, 0, 0, 0}), class: ClassOther},
		{name: "PPP MPPE", link: 9, data: join([]byte{0xff, 3}, be16(0x00fd), noise(40)), class: ClassUndecodable},
		{name: "PPP MPLS", link: 9, data: join(be16(pppMPLS), label(16, true), v4), payload: voice, notGopacket: "not known"},
		{name: "PPP HDLC", link: 50, data: join([]byte{0xff, 3}, ppp4), payload: voice, notGopacket: "not known"},
		{name: "PPP HDLC of Cisco", link: 50, data: join([]byte{0x0f, 0}, be16(etherIPv6), v6), payload: voice, notGopacket: "not known"},
		{name: "PPPoE link", link: 51, data: pppoeSession(ppp4), payload: voice, notGopacket: "not known"},
		{name: "PPP of pppd", link: 166, data: join([]byte{0, 3}, ppp4), payload: voice, notGopacket: "not known", notTshark: "takes the direction for a protocol"},
		{name: "PPP received", link: 204, data: join([]byte{0, 0xff, 3}, ppp4), payload: voice, notGopacket: "not known"},
		{name: "PPP sent", link: 204, data: join([]byte{1}, ppp6), payload: voice, notGopacket: "not known"},
		{name: "PPPoE", link: 1, data: eth(etherPPPoE, pppoeSession(ppp4)), payload: voice},
		{name: "PPPoE padded", link: 1, data: eth(etherPPPoE, join(pppoeSession(join(be16(pppIPv4), ip4(17, udp([]byte("x"))))), padded)), payload: "x"},
		{name: "PPPoE tagged", link: 1, data: eth(etherQinQ, vlan(etherVLAN, vlan(etherPPPoE, pppoeSession(ppp6)))), payload: voice},
		{name: "PPPoE discovery", link: 1, data: eth(0x8863, join([]byte{0x11, 9, 0, 0}, be16(0))), class: ClassOther},
		{name: "PPPoE discovery in a session", link: 1, data: eth(etherPPPoE, join([]byte{0x11, 0xa7, 0, 7}, be16(0))), class: ClassOther},
		{name: "PPPoE version 2", link: 1, data: eth(etherPPPoE, join([]byte{0x21}, pppoeSession(ppp4)[1:])), class: ClassUndecodable, notTshark: "does not look", notGopacket: "does not look"},

		{name: "HDLC", link: 104, data: join([]byte{0x0f, 0}, be16(etherIPv4), v4), payload: voice, notGopacket: "not known"},
		{name: "HDLC multicast", link: 104, data: join([]byte{0x8f, 0}, be16(etherIPv6), v6), payload: voice, notGopacket: "not known"},
		{name: "HDLC keepalive", link: 104, data: join([]byte{0x8f, 0}, be16(0x8035), make([]byte, 14)), class: ClassOther},
		{name: "HDLC CDP", link: 104, data: join([]byte{0x8f, 0}, be16(0x2000), make([]byte, 14)), class: ClassOther},
		{name: "Frame Relay", link: 107, data: join([]byte{0x18, 0x41, 3, 0xcc}, v4), payload: voice, notGopacket: "not known"},
		{name: "Frame Relay IPv6", link: 107, data: join([]byte{0x18, 0x41, 3, 0x8e}, v6), payload: voice, notGopacket: "not known"},
		{name: "Frame Relay long address", link: 107, data: join([]byte{0x18, 0x40, 0x40, 0x01, 3, 0xcc}, v4), payload: voice, notGopacket: "not known"},
		{name: "Frame Relay SNAP", link: 107, data: join([]byte{0x18, 0x41, 3, 0, 0x80, 0, 0, 0}, be16(etherIPv4), v4), payload: voice, notGopacket: "not known"},
		{name: "Frame Relay Ethernet", link: 107, data: oui(7, wire), payload: voice, notGopacket: "not known"},
		{name: "Frame Relay PPP", link: 107, data: join([]byte{0x18, 0x41, 3, 0xcf}, ppp4), payload: voice, notGopacket: "not known"},
		{name: "Frame Relay of Cisco", link: 107, data: join([]byte{0x18, 0x41}, be16(etherIPv4), v4), payload: voice, notGopacket: "not known"},
		{name: "Frame Relay LMI", link: 107, data: join([]byte{0, 1, 3, 8}, make([]byte, 12)), class: ClassOther},
		{name: "Frame Relay without an end", link: 107, data: make([]byte, 30), class: ClassUndecodable},
		{name: "ATM", link: 100, data: snap(etherIPv4, v4), payload: voice, notGopacket: "not known"},
		{name: "DOCSIS", link: 143, data: join([]byte{0, 0}, be16(len(wire)+4), []byte{0x23, 0x24}, wire, []byte{1, 2, 3, 4}), payload: voice, notGopacket: "not known"},
		{name: "DOCSIS extended", link: 143, data: join([]byte{1, 3}, be16(3+len(wire)+4), []byte{0x10, 0, 0x10, 0xc0, 0x80}, wire, []byte{1, 2, 3, 4}), payload: voice, notGopacket: "not known"},
		{name: "DOCSIS management", link: 143, data: join([]byte{0xc2, 0}, be16(20), make([]byte, 22)), class: ClassOther},

		{name: "MPLS", link: 1, data: eth(etherMPLS, join(label(16, true), v4)), payload: voice},
		{name: "MPLS IPv6", link: 1, data: eth(etherMPLSUpstream, join(label(2, true), v6)), payload: voice, notGopacket: "goes by the label"},
		{name: "MPLS stack", link: 1, data: eth(etherMPLS, join(label(16, false), label(17, false), label(18, true), v4)), payload: voice},
		{name: "MPLS link", link: 219, data: join(label(16, true), v4), payload: voice, notGopacket: "not known", notTshark: "not known"},
		{name: "pseudowire", link: 1, data: eth(etherMPLS, join(label(16, true), be32(9), wire)), payload: voice, notGopacket: "takes it for IP"},
		{name: "pseudowire to a low address", link: 1, data: eth(etherMPLS, join(label(16, true), be32(9), low)), payload: voice, notGopacket: "takes it for IP"},
		{name: "pseudowire without control word", link: 1, data: eth(etherMPLS, join(label(16, true), low)), payload: voice, notGopacket: "takes it for IP", notTshark: "takes the address for a control word"},
		{name: "pseudowire to an address like IPv4", link: 1, data: eth(etherMPLS, join(label(16, true), mid)), payload: voice, notGopacket: "takes it for IP", notTshark: "takes the address for IPv4"},
		{name: "pseudowire tagged", link: 1, data: eth(etherMPLS, join(label(16, true), be32(0), tagged)), payload: voice, notGopacket: "takes it for IP"},
		{name: "MPLS channel", link: 1, data: eth(etherMPLS, join(label(13, true), be16(0x1000, 7), make([]byte, 24))), class: ClassOther, notGopacket: "takes it for IP"},
		{name: "backbone bridge", link: 1, data: eth(etherBackbone, join(be32(9), wire)), payload: voice, notGopacket: "not known"},

		{name: "NFLOG", link: 239, data: nflogWith(le, 2, etherIPv4, v4), payload: voice, notGopacket: "not known"},
		{name: "NFLOG IPv6", link: 239, data: nflogWith(be, 10, etherIPv6, v6), payload: voice, notGopacket: "not known", notTshark: "is not sure of the byte order"},
		{name: "NFLOG of a bridge", link: 239, data: nflogWith(le, 7, etherIPv4, v4), payload: voice, notGopacket: "not known", notTshark: "does not look"},
		{name: "NFLOG ARP", link: 239, data: nflogWith(le, 3, 0, make([]byte, 28)), class: ClassOther},
		{name: "NFLOG version 1", link: 239, data: join([]byte{2, 1, 0, 5}, v4), class: ClassUndecodable},
		{name: "PFLOG", link: 117, data: join([]byte{61, 2, 0, 0}, make([]byte, 60), v4), payload: voice, notGopacket: "another family"},
		{name: "PFLOG IPv6", link: 117, data: join([]byte{61, 24, 0, 0}, make([]byte, 60), v6), payload: voice, notGopacket: "another family"},
		{name: "ENC", link: 109, data: join(le32(2), be32(1), be32(0), v4), payload: voice, notGopacket: "not known", notTshark: "in its own byte order"},
		{name: "ENC big", link: 109, data: join(be32(24), be32(1), be32(0), v6), payload: voice, notGopacket: "not known"},
		{name: "IPNET", link: 226, data: join([]byte{1, 2, 0, 0}, be32(uint32(len(v4))), make([]byte, 16), v4), payload: voice, notGopacket: "not known"},
		{name: "IPNET IPv6", link: 226, data: join([]byte{1, 26, 0, 0}, be32(uint32(len(v6))), make([]byte, 16), v6), payload: voice, notGopacket: "not known"},

		{name: "PPI", link: 192, data: join([]byte{0, 0}, le16(8), le32(1), wire), payload: voice, notGopacket: "not known"},
		{name: "PPI of an unknown link", link: 192, data: join([]byte{0, 0}, le16(8), le32(147), wire), class: ClassUndecodable},
		{name: "PKTAP", link: 258, data: join(le32(108), le32(1), le32(1), make([]byte, 96), wire), payload: voice, notGopacket: "not known"},
		{name: "PKTAP in PKTAP", link: 258, data: join(le32(12), le32(1), le32(258), le32(12), le32(1), le32(12), v4), payload: voice, notGopacket: "not known", notTshark: "wants a longer header"},
		{name: "Juniper Ethernet", link: 178, data: join([]byte("MGC\x01"), wire), payload: voice, notGopacket: "not known"},
		{name: "Juniper Ethernet extended", link: 178, data: join([]byte("MGC\x81"), be16(6), []byte{1, 1, 1, 2, 1, 1}, wire), payload: voice, notGopacket: "not known"},
		{name: "Juniper without a link", link: 178, data: join([]byte("MGC\x02"), le32(2), v4), payload: voice, notGopacket: "not known"},
		{name: "Juniper PPP", link: 179, data: join([]byte("MGC\x00\xff\x03"), ppp4), payload: voice, notGopacket: "not known"},
		{name: "Juniper Frame Relay", link: 180, data: join([]byte("MGC\x00"), []byte{0x18, 0x41, 3, 0xcc}, v4), payload: voice, notGopacket: "not known"},
		{name: "Juniper HDLC", link: 181, data: join([]byte("MGC\x00"), []byte{0x0f, 0}, be16(etherIPv4), v4), payload: voice, notGopacket: "not known"},
		{name: "no Juniper", link: 178, data: join([]byte("MGD\x00"), wire), class: ClassUndecodable, notTshark: "goes on"},

		{name: "exported SIP", link: 252, data: exportedPDU("sip", 2, []byte(voice)), payload: voice, notGopacket: "not known", notTshark: "has no UDP"},
		{name: "exported from UDP", link: 252, data: exportedPDU("data", 3, []byte(voice)), payload: voice, notGopacket: "not known", notTshark: "has no UDP"},
		{name: "exported HTTP", link: 252, data: exportedPDU("http", 2, []byte(voice)), class: ClassOther},
		{name: "exported without addresses", link: 252, data: join(be16(12, 3), []byte("sip"), be16(0, 0), []byte(voice)), class: ClassOther},
	}
}

// TestOpaque: what cannot be got at is counted by kind, and where it began.
func TestOpaque(t *testing.T) {
	var d Decoder
	if d.UnknownOpaque() != nil {
		t.Error("the zero Decoder knows of opaque frames")
	}
	mppe := join([]byte{0xff, 3}, be16(0x00fd), noise(40))
	sealed := wifiFrameOf(0x4108, nil, noise(60))
	for i, f := range []pcapio.Frame{
		{Link: 9, Data: mppe}, {Link: 105, Data: sealed}, {Link: 9, Data: mppe}, {Link: 101, Data: ip4(115, join(be32(7), make([]byte, 60)))},
	} {
		f.Pos = pcapio.Pos{Frame: uint64(i + 1)}
		if _, class := d.Decode(nil, &f); class != ClassUndecodable {
			t.Errorf("frame %d: class %d", i+1, class)
		}
	}
	want := []Unknown{
		{Link: 105, Opaque: OpaqueWiFi, Frames: 1, First: pcapio.Pos{Frame: 2}},
		{Link: 9, Opaque: OpaquePPP, Frames: 2, First: pcapio.Pos{Frame: 1}},
		{Link: 101, Opaque: OpaqueL2TP, Frames: 1, First: pcapio.Pos{Frame: 4}},
	}
	if got := d.UnknownOpaque(); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	for _, u := range want {
		if u.Opaque.String() == "" {
			t.Errorf("kind %d has no name", u.Opaque)
		}
	}
}
