package wire

// erspan2Header, erspan3Header: what follows GRE.
func erspan2Header(b []byte) []byte { return join(be16(0x1064, 0x0001, 0, 9), b) }

func erspan3Header(fields int, b []byte) []byte {
	return join(be16(0x2064, 0x0001, 0, 0, 0, fields), b)
}

func greOf(flags, protocol int, fields ...int) []byte {
	return join(be16(flags, protocol), be16(fields...))
}

// tunnels is a packet in n others.
func tunnels(n int, b []byte) []byte {
	for range n {
		b = ip4(4, b)
	}
	return b
}

// tunnelRules are packets in packets.
func tunnelRules() []rule {
	u := udp([]byte(voice))
	v4, v6 := ip4(17, u), ip6(17, u)
	frame := madeBy(eth(etherVLAN, vlan(etherIPv4, v4)))
	ppp4 := join([]byte{0xff, 3}, be16(pppIPv4), v4)
	ah := func(next byte, b []byte) []byte { return join([]byte{next, 4, 0, 0}, make([]byte, 20), b) }
	gre := func(name, not string, b ...[]byte) rule {
		return rule{name: "GRE " + name, link: 101, data: ip4(47, join(b...)), payload: voice, src: src4, dst: dst4, notGopacket: not}
	}
	list := []rule{
		{name: "IP in IP", link: 101, data: ip4(4, v4), payload: voice},
		{name: "6in4", link: 101, data: ip4(41, v6), payload: voice, src: src6, dst: dst6},
		{name: "4in6", link: 101, data: ip6(4, v4), payload: voice, src: src4, dst: dst4},
		{name: "6in6", link: 101, data: ip6(60, ext(41, 0, v6)), payload: voice},
		{name: "8 tunnels", link: 101, data: tunnels(8, v4), payload: voice},
		{name: "9 tunnels", link: 101, data: tunnels(9, v4), class: ClassUndecodable, notGopacket: "goes on", notTshark: "goes on"},
		{name: "version 6 in IP in IP", link: 101, data: ip4(4, v6), class: ClassUndecodable, notGopacket: "does not look", notTshark: "goes by the version"},
		{name: "AH of IPv4", link: 101, data: ip4(51, ah(17, u)), payload: voice},
		{name: "AH of IPv4 twice", link: 101, data: ip4(51, ah(51, ah(17, u))), payload: voice},
		{name: "AH around IPv4", link: 101, data: ip4(51, ah(4, v4)), payload: voice},
		{name: "AH around IPv6", link: 101, data: ip6(51, ah(41, v6)), payload: voice},
		{name: "AH around TCP", link: 101, data: ip4(51, ah(6, make([]byte, 20))), class: ClassTCP},
		{name: "ESP", link: 101, data: ip4(50, noise(80)), class: ClassOther},

		gre("", "", greOf(0, etherIPv4), v4),
		gre("IPv6 outside", "", greOf(0, etherIPv4), v4),
		gre("with all fields", "", greOf(0xb000, etherIPv4, 1, 0, 0, 2, 0, 3), v4),
		gre("with a key", "", greOf(0x2000, etherIPv4, 0, 2), v4),
		gre("Ethernet", "", greOf(0, etherBridging), frame),
		gre("MPLS", "", greOf(0, etherMPLS), label(16, true), v4),
		gre("pseudowire", "takes it for IP", greOf(0, etherMPLS), label(16, true), be32(0), frame),
		gre("PPP", "not known", greOf(0, grePPP), ppp4),
		gre("WCCP", "not known", greOf(0, greWCCP), v4),
		gre("WCCPv2", "not known", greOf(0, greWCCP), be32(0x00510000), v4),
		gre("ERSPAN I", "wants type II", greOf(0, greERSPAN), frame),
		gre("ERSPAN II", "stops there", greOf(0x1000, greERSPAN, 0, 5), erspan2Header(frame)),
		gre("ERSPAN III", "not known", greOf(0x1000, greSPAN3, 0, 5), erspan3Header(0x8000, frame)),
		gre("ERSPAN III without a sequence", "not known", greOf(0, greSPAN3), erspan3Header(0, frame)),
		gre("ERSPAN III with a subheader", "not known", greOf(0x1000, greSPAN3, 0, 5), erspan3Header(0x8001, join(be32(5<<26), be32(1), frame))),
		gre("PPTP", "reads it as version 0", greOf(0x3001, grePPP, len(ppp4), 2, 0, 1), ppp4),
		gre("PPTP acknowledging", "reads it as version 0", greOf(0x3081, grePPP, len(ppp4), 2, 0, 1, 0, 1), ppp4),
		gre("in GRE", "", greOf(0, etherIPv4), ip4(47, join(greOf(0, etherIPv4), v4))),
		{name: "GRE IPv6 inside", link: 101, data: ip4(47, join(greOf(0, etherIPv6), v6)), payload: voice, src: src6, dst: dst6},
		{name: "GRE VLAN", link: 101, data: ip4(47, join(greOf(0, etherVLAN), vlan(etherIPv4, v4))), payload: voice, notGopacket: "not known", notTshark: "not known"},
		{name: "ERSPAN III of IP", link: 101, data: ip4(47, join(greOf(0x1000, greSPAN3, 0, 5), erspan3Header(0x0800, v4))), payload: voice, notGopacket: "not known", notTshark: "does not look"},
		{name: "GRE over IPv6", link: 101, data: ip6(47, join(greOf(0x2000, etherIPv4, 0, 2), v4)), payload: voice, src: src4, dst: dst4},
		{name: "PPTP acknowledgement", link: 101, data: ip4(47, greOf(0x2081, grePPP, 0, 2, 0, 1)), class: ClassOther, notGopacket: "reads it as version 0"},
		{name: "PPTP MPPE", link: 101, data: ip4(47, join(greOf(0x3001, grePPP, 44, 2, 0, 1), be16(0x00fd), noise(42))), class: ClassUndecodable, notGopacket: "reads it as version 0"},
		{name: "PPTP without a key", link: 101, data: ip4(47, join(greOf(0x1001, grePPP, 0, 1), ppp4)), class: ClassUndecodable, notGopacket: "reads it as version 0", notTshark: "goes on"},
		{name: "GRE with routes", link: 101, data: ip4(47, join(greOf(0x4000, etherIPv4, 0, 0, 0, 0), v4)), class: ClassUndecodable, notGopacket: "goes on", notTshark: "goes on"},
		{name: "GRE version 2", link: 101, data: ip4(47, join(greOf(2, etherIPv4), v4)), class: ClassUndecodable, notGopacket: "goes on", notTshark: "goes on"},
		{name: "GRE keepalive", link: 101, data: ip4(47, greOf(0, 0)), class: ClassOther},
		{name: "GRE unknown", link: 101, data: ip4(47, join(greOf(0, 0x9999), v4)), class: ClassUndecodable},
		{name: "ERSPAN II version 0", link: 101, data: ip4(47, join(greOf(0x1000, greERSPAN, 0, 5), be32(0), be32(0), frame)), class: ClassUndecodable, notGopacket: "does not look", notTshark: "goes on"},
		{name: "ERSPAN III of another kind", link: 101, data: ip4(47, join(greOf(0x1000, greSPAN3, 0, 5), erspan3Header(0x1000, frame))), class: ClassOther, notTshark: "does not look"},

		{name: "EtherIP", link: 101, data: ip4(97, join(be16(0x3000), frame)), payload: voice},
		{name: "EtherIP version 4", link: 101, data: ip4(97, join(be16(0x4000), frame)), class: ClassUndecodable, notGopacket: "does not look", notTshark: "goes on"},
		{name: "MPLS in IP", link: 101, data: ip4(137, join(label(16, false), label(17, true), v4)), payload: voice, notGopacket: "not known"},
		{name: "MPLS in IPv6", link: 101, data: ip6(137, join(label(16, true), v6)), payload: voice, notGopacket: "not known"},
		{name: "L2TPv3 control", link: 101, data: ip4(115, join(be32(0), make([]byte, 20))), class: ClassOther},
		{name: "L2TPv3 of nothing known", link: 101, data: ip4(115, join(be32(7), make([]byte, 60))), class: ClassUndecodable},
	}
	for _, before := range []int{0, 4, 8, 12} { // cookie and sublayer
		name := string(rune('0'+before/4)) + " words before the frame"
		list = append(list,
			rule{name: "L2TPv3 " + name, link: 101, data: ip4(115, join(be32(7), make([]byte, before), frame)), payload: voice, notGopacket: "not known", notTshark: "has to be told"},
			rule{name: "L2TPv3 PPP " + name, link: 101, data: ip4(115, join(be32(7), make([]byte, before), ppp4)), payload: voice, notGopacket: "not known", notTshark: "has to be told"},
		)
	}
	return list
}
