package wire

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"

	"callx/pcapio"
)

// A udpRule is a datagram to a port and what must come of it: the voice in it,
// a message of the tunnel's own (ClassOther), or itself.
type udpRule struct {
	name  string
	port  int
	data  []byte
	class Class // ClassUDP with voice inside, or ClassOther
	plain bool  // it is no tunnel, whatever the port says
}

func udpTo(port int, payload []byte) []byte {
	return join(be16(srcPort, port, 8+len(payload), 0), payload)
}

func hepChunk(kind int, value ...byte) []byte { return join(be16(0, kind, 6+len(value)), value) }

func hepOf(chunks ...[]byte) []byte {
	b := join(chunks...)
	return join([]byte("HEP3"), be16(6+len(b)), b)
}

func udpRules() []udpRule {
	v4, v6 := ip4(17, udp([]byte(voice))), ip6(17, udp([]byte(voice)))
	frame := eth(etherIPv4, v4)
	vx := func(flags, reserved int, b []byte) []byte { return join(be16(flags<<8, reserved, 0x1234, 0x5600), b) }
	gtp := func(flags, kind byte, length int, b ...[]byte) []byte {
		return join([]byte{flags, kind}, be16(length, 0xcafe, 0xbabe), join(b...))
	}
	ports := join(hepChunk(7, be16(srcPort)...), hepChunk(8, be16(dstPort)...))
	s4, t4, s6, t6 := src4.AsSlice(), dst4.AsSlice(), src6.AsSlice(), dst6.AsSlice()
	rtp := join([]byte{0x80, 8, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4}, noise(160))
	return []udpRule{
		{name: "VXLAN", port: 4789, data: vx(8, 0, frame)},
		{name: "VXLAN of Linux", port: 8472, data: vx(8, 0, eth(etherIPv6, v6))},
		{name: "VXLAN with a policy", port: 4789, data: vx(0x88, 0x4321, frame)},
		{name: "VXLAN tagged", port: 4789, data: vx(8, 0, eth(etherVLAN, vlan(etherIPv4, v4)))},
		{name: "VXLAN without a network", port: 4789, data: vx(0, 0, frame), plain: true},
		{name: "VXLAN reserved", port: 4789, data: vx(8, 1, frame), plain: true},
		{name: "VXLAN of nothing", port: 4789, data: vx(8, 0, nil), plain: true},
		{name: "VXLAN of noise", port: 4789, data: vx(8, 0, noise(60)), plain: true},
		{name: "RTP to the port of VXLAN", port: 4789, data: rtp, plain: true},
		{name: "SIP to the port of VXLAN", port: 4789, data: []byte("OPTIONS sip:a SIP/2.0\r\n\r\n"), plain: true},
		{name: "VXLAN-GPE IPv4", port: 4790, data: join([]byte{0x0c, 0, 0, 1, 0, 0, 5, 0}, v4)},
		{name: "VXLAN-GPE IPv6", port: 4790, data: join([]byte{0x0c, 0, 0, 2, 0, 0, 5, 0}, v6)},
		{name: "VXLAN-GPE Ethernet", port: 4790, data: join([]byte{0x0c, 0, 0, 3, 0, 0, 5, 0}, frame)},
		{name: "VXLAN-GPE MPLS", port: 4790, data: join([]byte{0x0c, 0, 0, 5, 0, 0, 5, 0}, label(16, true), v4)},
		{name: "VXLAN-GPE OAM", port: 4790, data: join([]byte{0x0d, 0, 0, 1, 0, 0, 5, 0}, v4), class: ClassOther},
		{name: "RTP to the port of VXLAN-GPE", port: 4790, data: rtp, plain: true},

		{name: "Geneve", port: 6081, data: join(be16(0, etherBridging, 0, 0x700), frame)},
		{name: "Geneve with options", port: 6081, data: join(be16(0x0200, etherIPv4, 0, 0x700), noise(8), v4)},
		{name: "Geneve IPv6", port: 6081, data: join(be16(0x0040, etherIPv6, 0, 0x700), v6)},
		{name: "Geneve control", port: 6081, data: join(be16(0x0080, 0, 0, 0x700), v4), class: ClassOther},
		{name: "Geneve version 1", port: 6081, data: join(be16(0x4000, etherIPv4, 0, 0x700), v4), plain: true},
		{name: "Geneve with options beyond its end", port: 6081, data: join(be16(0x3f00, etherIPv4, 0, 0x700), v4), plain: true},
		{name: "Geneve of another version of IP", port: 6081, data: join(be16(0, etherIPv6, 0, 0x700), v4), plain: true},
		{name: "RTP to the port of Geneve", port: 6081, data: rtp, plain: true},

		{name: "GTP-U", port: 2152, data: gtp(0x30, 255, len(v4), v4)},
		{name: "GTP-U IPv6", port: 2152, data: gtp(0x30, 255, len(v6), v6)},
		{name: "GTP-U with a number", port: 2152, data: gtp(0x32, 255, 4+len(v4), be16(7, 0), v4)},
		{name: "GTP-U extended", port: 2152, data: gtp(0x34, 255, 8+len(v4), be16(0, 0x85), []byte{1, 0, 9, 0}, v4)},
		{name: "GTP-U extended twice", port: 2152, data: gtp(0x36, 255, 16+len(v4), be16(7, 0x85), []byte{2, 0, 9, 0, 1, 2, 3, 0x40}, []byte{1, 0, 9, 0}, v4)},
		{name: "GTP-U of a frame", port: 2152, data: gtp(0x30, 255, len(frame), frame)},
		{name: "GTP-U echo", port: 2152, data: gtp(0x32, 1, 4, be16(7, 0)), class: ClassOther},
		{name: "GTP-U with an extension of no length", port: 2152, data: gtp(0x34, 255, 8+len(v4), be16(0, 0x85), []byte{0, 0, 9, 0}, v4), plain: true},
		{name: "GTP'", port: 2152, data: gtp(0x20, 255, len(v4), v4), plain: true},
		{name: "GTP-U of another length", port: 2152, data: gtp(0x30, 255, len(v4)+1, v4), plain: true},
		{name: "RTP to the port of GTP-U", port: 2152, data: rtp, plain: true},

		{name: "L2TP", port: 1701, data: join(be16(0x0002, 17, 5), []byte{0xff, 3}, be16(pppIPv4), v4)},
		{name: "L2TP with all fields", port: 1701, data: join(be16(0x4b02, 18+4+len(v4), 17, 5, 1, 2, 4), noise(4), []byte{0xff, 3}, be16(pppIPv4), v4)},
		{name: "L2TP compressed", port: 1701, data: join(be16(0x0002, 17, 5), []byte{pppIPv6}, v6)},
		{name: "L2TP LCP", port: 1701, data: join(be16(0x0002, 17, 5), []byte{0xff, 3}, be16(0xc021), noise(8)), class: ClassOther},
		{name: "L2TP control", port: 1701, data: join(be16(0xc802, 12, 17, 0, 1, 2)), class: ClassOther},
		{name: "L2TP version 3", port: 1701, data: join(be16(3, 0, 0, 9), frame)},
		{name: "L2TP of another length", port: 1701, data: join(be16(0x4002, 9, 17, 5), []byte{0xff, 3}, be16(pppIPv4), v4), plain: true},
		{name: "RTP to the port of L2TP", port: 1701, data: rtp, plain: true},

		{name: "TZSP", port: 37008, data: join([]byte{1, 0, 0, 1, 1}, frame)},
		{name: "TZSP with fields", port: 37008, data: join([]byte{1, 1, 0, 1, 0, 0, 10, 1, 0xc8, 41, 2, 1, 2, 1}, frame)},
		{name: "TZSP keepalive", port: 37008, data: []byte{1, 4, 0, 1, 1}, class: ClassOther},
		{name: "TZSP without an end", port: 37008, data: []byte{1, 0, 0, 1, 10, 200, 1}, plain: true},
		{name: "RTP to the port of TZSP", port: 37008, data: rtp, plain: true},

		{name: "Teredo", port: 3544, data: v6},
		{name: "Teredo with an origin", port: 3544, data: join(be16(0, 1, 2, 3), v6)},
		{name: "Teredo with authentication", port: 3544, data: join([]byte{0, 1, 1, 2, 9, 8, 7}, noise(9), be16(0, 1, 2, 3), v6)},
		{name: "RTP to the port of Teredo", port: 3544, data: rtp, plain: true},
		{name: "GRE in UDP", port: 4754, data: join(greOf(0x2000, etherIPv4, 0, 9), v4)},
		{name: "GRE in UDP of a frame", port: 4754, data: join(greOf(0x8000, etherBridging, 7, 0), frame)},
		{name: "RTP to the port of GRE", port: 4754, data: rtp, plain: true},
		{name: "MPLS in UDP", port: 6635, data: join(label(16, false), label(17, true), v4)},
		{name: "pseudowire in UDP", port: 6635, data: join(label(16, true), be32(0), frame)},

		{name: "HEP", port: 9060, data: hepOf(hepChunk(1, 2), hepChunk(2, 17), hepChunk(3, s4...), hepChunk(4, t4...), ports, hepChunk(15, []byte(voice)...))},
		{name: "HEP IPv6", port: 5060, data: hepOf(hepChunk(15, []byte(voice)...), ports, hepChunk(5, s6...), hepChunk(6, t6...))},
		{name: "HEP of a vendor", port: 9, data: hepOf(hepChunk(3, s4...), hepChunk(4, t4...), ports, hepChunk(15, []byte(voice)...), join(be16(9, 15, 8), be16(7)))},
		{name: "HEP without a message", port: 9060, data: hepOf(hepChunk(3, s4...), hepChunk(4, t4...), ports), class: ClassOther},
		{name: "HEP of another length", port: 9060, data: append(hepOf(ports), 0), plain: true},
		{name: "HEP with a chunk beyond its end", port: 9060, data: hepOf(be16(0, 15, 99)), plain: true},
		{name: "HEP with a chunk of no length", port: 9060, data: hepOf(be16(0, 15, 0)), plain: true},
	}
}

func TestUDPTunnels(t *testing.T) {
	for _, r := range udpRules() {
		for _, link := range []struct {
			typ  pcapio.LinkType
			data []byte
		}{
			{linkEthernet, eth(etherIPv4, ip4(17, udpTo(r.port, r.data)))},
			{linkEthernet, eth(etherIPv6, ip6(17, udpTo(r.port, r.data)))},
			{linkRaw, ip4(17, udpTo(r.port, r.data))},
		} {
			got, class := decodeBoth(t, &pcapio.Frame{Link: link.typ, Orig: len(link.data), Data: link.data})
			if r.class != ClassUDP {
				if class != r.class || len(got) != 0 {
					t.Errorf("%s: class %d, %+v", r.name, class, got)
				}
				continue
			}
			want, port := []byte(voice), uint16(dstPort)
			if r.plain {
				want, port = r.data, uint16(r.port)
			}
			if class != ClassUDP || len(got) != 1 || !bytes.Equal(got[0].Payload, want) || got[0].Flow.Dst.Port() != port || got[0].Flow.Src.Port() != srcPort {
				t.Errorf("%s: class %d, %+v", r.name, class, got)
				continue
			}
			if r.plain {
				continue
			}
			inner := []netip.Addr{src4, dst4}
			if bytes.Contains(r.data, src6.AsSlice()) {
				inner = []netip.Addr{src6, dst6}
			}
			if f := got[0].Flow; !slices.Equal([]netip.Addr{f.Src.Addr(), f.Dst.Addr()}, inner) {
				t.Errorf("%s: from %v to %v", r.name, f.Src, f.Dst)
			}
		}
	}
}

// TestUDPTunnelsCut cuts the frames anywhere: there is the beginning of the
// voice with the right number of bytes missing, or where the tunnel cannot be
// told any more the datagram around it, or nothing.
func TestUDPTunnelsCut(t *testing.T) {
	for _, r := range udpRules() {
		data := ip4(17, udpTo(r.port, r.data))
		for n := range len(data) {
			f := &pcapio.Frame{Link: linkRaw, Orig: len(data), Data: data[:n:n]}
			got, class := decodeBoth(t, f)
			if class == ClassUDP != (len(got) == 1) || len(got) > 1 {
				t.Fatalf("%s: %d of %d bytes: class %d, %d datagrams", r.name, n, len(data), class, len(got))
			}
			if len(got) == 0 {
				continue
			}
			switch g := got[0]; g.Flow.Dst.Port() {
			case dstPort:
				if r.plain || r.class != ClassUDP || len(g.Payload)+g.Cut != len(voice) || !bytes.HasPrefix([]byte(voice), g.Payload) {
					t.Errorf("%s: %d of %d bytes: %+v", r.name, n, len(data), g)
				}
			case uint16(r.port):
				if len(g.Payload)+g.Cut != len(r.data) || !bytes.HasPrefix(r.data, g.Payload) {
					t.Errorf("%s: %d of %d bytes: %+v", r.name, n, len(data), g)
				}
			default:
				t.Errorf("%s: %d of %d bytes: to %v", r.name, n, len(data), g.Flow.Dst)
			}
		}
	}
}

// TestTunnelsInUDPAreBounded nests VXLAN deeper than anyone does.
func TestTunnelsInUDPAreBounded(t *testing.T) {
	b := eth(etherIPv4, ip4(17, udp([]byte(voice))))
	for range maxTunnels + 1 {
		b = eth(etherIPv4, ip4(17, udpTo(4789, join([]byte{8, 0, 0, 0, 0, 0, 1, 0}, b))))
	}
	if got, class := decodeBoth(t, &pcapio.Frame{Link: linkEthernet, Orig: len(b), Data: b}); class != ClassUndecodable || len(got) != 0 {
		t.Errorf("class %d, %+v", class, got)
	}
}
