package forms

import (
	"encoding/binary"
	"slices"

	"callx/testdata/synth"
)

// All returns the table of forms.
func All() []Form {
	return slices.Concat(containers(), compressions(), pieces(), links(), tunnels(), fragments(), copies(), transports(), combinations())
}

var (
	plain = whole(synth.File{})
	ng    = whole(synth.File{NG: true})
)

func containers() []Form {
	be := synth.File{BigEndian: true}
	return []Form{
		{Name: "pcap", store: plain},
		{Name: "pcap big-endian", store: whole(be)},
		{Name: "pcap nanoseconds", store: whole(synth.File{Nanos: true})},
		{Name: "pcap nanoseconds big-endian", store: whole(synth.File{Nanos: true, BigEndian: true})},
		{Name: "pcap of Kuznetzov", store: whole(synth.File{Modified: true})},
		{Name: "pcap of Kuznetzov big-endian", store: whole(synth.File{Modified: true, BigEndian: true})},
		{Name: "pcap snaplen 0", store: snapLength(0)},
		{Name: "pcap snaplen too small", store: snapLength(64)},
		{Name: "pcapng", store: ng},
		{Name: "pcapng big-endian", store: whole(synth.File{NG: true, BigEndian: true})},
		{Name: "pcapng nanoseconds", store: resolution(synth.File{NG: true}, 9, 0)},
		{Name: "pcapng 10 ns", store: resolution(synth.File{NG: true}, 8, 0)},
		{Name: "pcapng time offset", store: resolution(synth.File{NG: true}, 6, 1_700_000_000)},
		{Name: "pcapng three interfaces", wrap: interfaces(3), store: ng},
		{Name: "pcapng sections of both byte orders", store: whole(synth.File{NG: true, Sections: 5})},
		{Name: "pcapng obsolete packet blocks", store: whole(synth.File{NG: true, Obsolete: true})},
		{Name: "pcapng all kinds of blocks", store: whole(synth.File{NG: true, Chatty: true, Sections: 2})},
	}
}

func compressions() []Form {
	return []Form{
		{Name: "gzip", store: compressed(plain, gzipped, 1)},
		{Name: "gzip three members", store: compressed(plain, gzipped, 3)},
		{Name: "zstd", store: compressed(plain, zstded, 1)},
		{Name: "zstd frames, one to skip", store: skippable(compressed(plain, zstded, 2))},
		{Name: "lz4", store: compressed(plain, lz4ed, 1)},
		{Name: "lz4 frames, one to skip", store: skippable(compressed(plain, lz4ed, 2))},
		{Name: "xz", store: compressed(plain, xzed, 1)},
		{Name: "xz two streams", store: compressed(plain, xzed, 2)},
		{Name: "bzip2", store: compressed(plain, bzipped, 1)},
		{Name: "bzip2 two streams", store: compressed(plain, bzipped, 2)},
		{Name: "zstd of pcapng", store: compressed(ng, zstded, 1)},
	}
}

func pieces() []Form {
	return []Form{
		{Name: "two files", store: split(plain, 1, 0)},
		{Name: "seven files", store: split(plain, 3, 0, 6, 2, 5, 1, 4)},
		{Name: "five files of pcapng", store: split(ng, 4, 1, 0, 3, 2)},
		{Name: "four files gzipped", store: split(compressed(plain, gzipped, 1), 2, 0, 3, 1)},
		{Name: "three files zstd", store: split(compressed(ng, zstded, 1), 1, 2, 0)},
	}
}

func links() []Form {
	return []Form{
		{Name: "SLL", wrap: relink(synth.SLL, sll)},
		{Name: "SLL2", wrap: relink(synth.SLL2, sll2)},
		{Name: "NULL", wrap: relink(synth.Null, null(binary.LittleEndian))},
		{Name: "NULL big-endian", wrap: relink(synth.Null, null(binary.BigEndian))},
		{Name: "LOOP", wrap: relink(synth.Loop, null(binary.BigEndian))},
		{Name: "RAW", wrap: relink(synth.Raw, bare)},
		{Name: "RAW 12", wrap: relink(12, bare)},
		{Name: "RAW 14", wrap: relink(14, bare)},
		{Name: "IPV4 and IPV6", wrap: byVersion, store: ng},
		{Name: "PPP", wrap: relink(linkPPP, pppHeader)},
		{Name: "PPP compressed header", wrap: relink(linkPPP, pppProtocol)},
		{Name: "PPP in HDLC", wrap: relink(linkPPPHDLC, pppHeader)},
		{Name: "PPPoE link", wrap: relink(linkPPPEther, pppoeSession)},
		{Name: "Cisco HDLC", wrap: relink(linkCHDLC, ciscoHDLC)},
		{Name: "MPLS link", wrap: relink(linkMPLS, mplsStack), hidden: "tshark 4.0 does not know link type 219"},
		{Name: "NFLOG", wrap: relink(linkNFLOG, nflog)},
		{Name: "802.11", wrap: wifi{}.step},
		{Name: "802.11 with QoS, four addresses", wrap: wifi{qos: true, bridged: true}.step},
		{Name: "802.11 radiotap", wrap: wifi{radiotap: true}.step},
		{Name: "802.11 radiotap with QoS, padding and FCS", wrap: wifi{radiotap: true, qos: true, padded: true, checked: true}.step},
		{Name: "several links", wrap: severalLinks, store: ng},
	}
}

// severalLinks captures frames on three links in turn.
func severalLinks(c Capture) Capture {
	ifaces := []synth.Iface{{Link: synth.Ethernet}, {Link: synth.SLL2, TSResol: 9}, {Link: linkPPP}}
	for i := range c.Frames {
		fr := &c.Frames[i]
		fr.Iface = i % len(ifaces)
		switch p := mustPeel(fr.Data); fr.Iface {
		case 1:
			fr.Data = append(sll2(p), p.data...)
		case 2:
			fr.Data = append(pppHeader(p), p.data...)
		}
	}
	c.Ifaces = ifaces
	return c
}

func tunnels() []Form {
	label := func(as string) []string { return []string{"-d", "mpls.label==200," + as} }
	old := []string{"-d", "ethertype==0x9100,ieee8021ad"}
	return []Form{
		{Name: "VLAN", wrap: tag(etherVLAN)},
		{Name: "QinQ", wrap: tag(etherQinQ, etherVLAN)},
		{Name: "VLAN 0x9100 three times", wrap: tag(etherQ91, etherQ91, etherQ91), decodeAs: old},
		{Name: "IP options and extension headers", wrap: each(extend)},
		{Name: "AH", wrap: each(authenticate)},
		{Name: "IP in IPv4", wrap: ipInIP(ipv4)},
		{Name: "IP in IPv6", wrap: ipInIP(ipv6)},
		{Name: "GRE", wrap: gre(ipv4, 0)},
		{Name: "GRE over IPv6", wrap: gre(ipv6, 0)},
		{Name: "GRE key", wrap: gre(ipv4, greKey)},
		{Name: "GRE checksum, key and sequence", wrap: gre(ipv4, greChecksum|greKey|greSequence)},
		{Name: "GRE Ethernet", wrap: greBridge(0)},
		{Name: "NVGRE", wrap: greBridge(greKey)},
		{Name: "ERSPAN I", wrap: erspan(1, false)},
		{Name: "ERSPAN II", wrap: erspan(2, false)},
		{Name: "ERSPAN III", wrap: erspan(3, false)},
		{Name: "ERSPAN III with subheader", wrap: erspan(3, true)},
		{Name: "VXLAN", wrap: bridge(vxlan)},
		{Name: "VXLAN over IPv6", wrap: bridge(vxlan6)},
		{Name: "Geneve Ethernet with options", wrap: bridge(geneve)},
		{Name: "Geneve IP with options", wrap: carry(geneveIP)},
		{Name: "GTP-U", wrap: carry(gtp(false))},
		{Name: "GTP-U with extension header", wrap: carry(gtp(true))},
		{Name: "MPLS", wrap: each(mplsIP)},
		{Name: "MPLS pseudowire with control word", wrap: mpls(0, 0, 0, 0), decodeAs: label("pwethcw")},
		{Name: "MPLS pseudowire", wrap: mpls(), decodeAs: label("pwethnocw")},
		{Name: "PPPoE", wrap: each(pppoe)},
		{Name: "L2TP", wrap: carry(l2tp(false))},
		{Name: "L2TP with length, sequence and offset", wrap: carry(l2tp(true))},
		{Name: "TZSP", wrap: bridge(tzsp)},
		{Name: "HEP3", wrap: hep, hidden: "tshark 4.0 does not know HEP"},
	}
}

func fragments() []Form {
	form := func(name string, k cutting) Form {
		return Form{Name: "fragments " + name, Changes: Framing, wrap: k.step}
	}
	return []Form{
		form("in order", cutting{size: 64}),
		form("of 8 bytes", cutting{size: 8}),
		form("of SIP alone", cutting{size: 400}),
		form("reversed", cutting{size: 64, reversed: true}),
		form("of several datagrams in turn", cutting{size: 64, mixed: 6}),
		form("of several datagrams in turn, reversed", cutting{size: 48, mixed: 5, reversed: true}),
		form("each twice", cutting{size: 64, twice: true}),
		form("that overlap", cutting{size: 64, overlap: 24}),
		form("that overlap, reversed", cutting{size: 64, overlap: 24, reversed: true}),
	}
}

func copies() []Form {
	return []Form{
		{Name: "every frame twice", Changes: Copies, wrap: again(3*micro, same)},
		{Name: "every frame tagged and untagged", Changes: Copies, wrap: again(3*micro, tagOnce)},
		{Name: "every frame before and behind a router", Changes: Copies, wrap: again(250*micro, routed)},
		{Name: "every frame four times", Changes: Copies, wrap: chain(again(2*micro, same), again(5*micro, tagOnce))},
		{Name: "every frame mirrored with ERSPAN as well", Changes: Copies, wrap: again(40*micro, mirrored)},
		{Name: "files that overlap", Changes: Copies, store: overlapping},
		{Name: "two points of capture", Changes: Copies, store: twoPoints(5*milli, tag(etherVLAN))},
		{Name: "two points of capture, one behind VXLAN", Changes: Copies, store: twoPoints(700*micro, bridge(vxlan))},
	}
}

// mirrored is the copy that a switch sends of a frame.
func mirrored(n int, frame []byte) []byte {
	return erspan(2, false)(Capture{Frames: []synth.Frame{{Data: frame}}}).Frames[0].Data
}

func transports() []Form {
	form := func(name string, t transport) Form {
		return Form{Name: "SIP over " + name, Changes: Framing | Transport, wrap: t.step}
	}
	return []Form{
		form("TCP", transport{}),
		form("TCP, begun before the capture", transport{midway: true}),
		form("TCP in small segments, repeated and out of order", transport{rough: true}),
		form("WebSocket", transport{websocket: true}),
		form("WebSocket in small segments, repeated and out of order", transport{websocket: true, rough: true}),
		{Name: "SIP cut by the snaplen", Changes: Cut, wrap: cutSIP},
	}
}

func combinations() []Form {
	pseudowire := []string{"-d", "mpls.label==200,pwethcw"}
	return []Form{
		{Name: "VXLAN in VLAN", wrap: chain(bridge(vxlan), tag(etherVLAN))},
		{Name: "VLAN in VXLAN in QinQ", wrap: chain(tag(etherVLAN), bridge(vxlan), tag(etherQinQ, etherVLAN))},
		{Name: "GRE in gzipped pcapng", wrap: gre(ipv4, greKey), store: compressed(ng, gzipped, 1)},
		{Name: "GTP-U in VXLAN in MPLS", wrap: chain(carry(gtp(true)), bridge(vxlan), mpls(0, 0, 0, 0)), decodeAs: pseudowire},
		{Name: "four tunnels deep", wrap: chain(ipInIP(ipv4), gre(ipv6, 0), bridge(geneve), bridge(vxlan))},
		{Name: "ERSPAN in cooked capture", wrap: chain(erspan(2, false), relink(synth.SLL, sll))},
		{Name: "PPPoE in VLAN in files of zstd", wrap: chain(each(pppoe), tag(etherVLAN)), store: split(compressed(ng, zstded, 1), 1, 0, 2)},
		{Name: "fragments of VXLAN", Changes: Framing, wrap: chain(bridge(vxlan), cutting{size: 104}.step)},
		{Name: "fragments in GRE", Changes: Framing, wrap: chain(cutting{size: 64, mixed: 3}.step, gre(ipv4, greSequence))},
		{Name: "fragments in IP in IP in fragments", Changes: Framing, wrap: chain(cutting{size: 96}.step, ipInIP(ipv4), cutting{size: 40, reversed: true}.step)},
		{Name: "fragments in files", Changes: Framing, wrap: cutting{size: 64, mixed: 6}.step, store: split(plain, 2, 1, 0)},
		{Name: "fragments, each frame twice", Changes: Framing | Copies, wrap: chain(cutting{size: 64}.step, again(3*micro, tagOnce))},
		{Name: "SIP over TCP in VXLAN", Changes: Framing | Transport, wrap: chain(transport{rough: true}.step, bridge(vxlan))},
		{Name: "SIP over TCP, each frame twice", Changes: Framing | Transport | Copies, wrap: chain(transport{rough: true}.step, again(3*micro, tagOnce))},
		{Name: "SIP over TCP in files", Changes: Framing | Transport, wrap: transport{rough: true}.step, store: split(plain, 3, 1, 0, 2)},
	}
}
