package wire

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"

	"callx/pcapio"
)

// A rule is a frame built by hand, and what is in it.
type rule struct {
	name    string
	link    pcapio.LinkType
	data    []byte
	class   Class
	payload string // of ClassUDP
	cut     int
	// If they are not those of ip4 or ip6.
	src, dst netip.Addr
	// Where another reader is known to be wrong, or to choose otherwise.
	notGopacket, notTshark string
}

const voice = "sixteen bytes ok"

// padded is what an Ethernet frame below the minimum length ends with.
var padded = bytes.Repeat([]byte{0}, 18)

func rules() []rule {
	u := udp([]byte(voice))
	v4, v6 := ip4(17, u), ip6(17, u)
	mapped := netip.MustParseAddr("::ffff:192.0.2.9")
	frag := func(next byte, field int, b []byte) []byte {
		return join([]byte{next, 0}, be16(field, 0, 1), b)
	}
	ah := join([]byte{17, 4, 0, 0}, make([]byte, 20), u)
	nest := func(tags int, b []byte, etherType int) []byte {
		for range tags {
			b, etherType = vlan(etherType, b), etherVLAN
		}
		return eth(etherType, b)
	}
	list := []rule{
		{name: "Ethernet IPv4", link: 1, data: eth(etherIPv4, v4), payload: voice},
		{name: "Ethernet IPv6", link: 1, data: eth(etherIPv6, v6), payload: voice},
		{name: "802.1Q", link: 1, data: eth(etherVLAN, vlan(etherIPv4, v4)), payload: voice},
		{name: "802.1ad", link: 1, data: eth(etherQinQ, vlan(etherVLAN, vlan(etherIPv6, v6))), payload: voice},
		{name: "0x9100", link: 1, data: eth(etherQ91, vlan(etherVLAN, vlan(etherIPv4, v4))), payload: voice, notGopacket: "not known"},
		{name: "0x9200", link: 1, data: eth(etherQ92, vlan(etherVLAN, vlan(etherIPv4, v4))), payload: voice, notGopacket: "not known", notTshark: "not known"},
		{name: "40 tags", link: 1, data: nest(40, v4, etherIPv4), payload: voice, notTshark: "stops at a depth"},
		{name: "802.3 SNAP", link: 1, data: eth(8+len(v4), snap(etherIPv4, v4)), payload: voice},
		{name: "802.1H SNAP", link: 1, data: eth(8+len(v4), join([]byte{0xaa, 0xaa, 3, 0, 0, 0xf8}, be16(etherIPv4), v4)), payload: voice},
		{name: "802.3 IP access point", link: 1, data: eth(3+len(v4), join([]byte{6, 6, 3}, v4)), payload: voice, notGopacket: "not known"},
		{name: "tagged SNAP", link: 1, data: eth(etherVLAN, vlan(8+len(v4), snap(etherIPv4, v4))), payload: voice, notGopacket: "takes the length for an EtherType"},
		{name: "SNAP of Cisco", link: 1, data: eth(8+len(v4), join([]byte{0xaa, 0xaa, 3, 0, 0, 0x0c}, be16(0x2000), v4)), class: ClassOther},
		{name: "SNAP of others", link: 1, data: eth(8+len(v4), join([]byte{0xaa, 0xaa, 3, 8, 0, 0}, be16(etherIPv4), v4)), class: ClassOther, notGopacket: "does not look"},
		{name: "STP", link: 1, data: eth(38, join([]byte{0x42, 0x42, 3}, make([]byte, 35))), class: ClassOther},
		{name: "ARP", link: 1, data: eth(0x0806, make([]byte, 28)), class: ClassOther},
		{name: "LLDP", link: 1, data: eth(0x88cc, make([]byte, 28)), class: ClassOther},
		{name: "tagged ARP", link: 1, data: eth(etherVLAN, vlan(0x0806, make([]byte, 28))), class: ClassOther},
		{name: "MACsec", link: 1, data: eth(0x88e5, join(make([]byte, 14), v4)), class: ClassUndecodable},

		{name: "SLL", link: 113, data: sllHeader(etherIPv4, v4), payload: voice},
		{name: "SLL IPv6", link: 113, data: sllHeader(etherIPv6, v6), payload: voice},
		{name: "SLL tagged", link: 113, data: sllHeader(etherVLAN, vlan(etherIPv4, v4)), payload: voice},
		{name: "SLL 802.2", link: 113, data: sllHeader(protocol802, snap(etherIPv4, v4)), payload: voice, notGopacket: "not known"},
		{name: "SLL CAN", link: 113, data: sllHeader(0x0c, make([]byte, 16)), class: ClassOther},
		{name: "SLL ARP", link: 113, data: sllHeader(0x0806, make([]byte, 28)), class: ClassOther},
		{name: "SLL2", link: 276, data: sll2Header(etherIPv4, v4), payload: voice, notGopacket: "not known"},
		{name: "SLL2 IPv6 tagged", link: 276, data: sll2Header(etherVLAN, vlan(etherIPv6, v6)), payload: voice, notGopacket: "not known"},

		{name: "raw 12", link: 12, data: v4, payload: voice},
		{name: "raw 14", link: 14, data: v6, payload: voice, notGopacket: "another link type"},
		{name: "raw IPv4", link: 101, data: v4, payload: voice},
		{name: "raw IPv6", link: 101, data: v6, payload: voice},
		{name: "raw 5", link: 101, data: join([]byte{0x55}, v4[1:]), class: ClassUndecodable, notGopacket: "does not look behind Ethernet"},
		{name: "IPV4", link: 228, data: v4, payload: voice},
		{name: "IPV6", link: 229, data: v6, payload: voice},
		{name: "unknown link", link: 147, data: eth(etherIPv4, v4), class: ClassUndecodable},
		{name: "no interface", link: pcapio.LinkUnknown, data: v4, class: ClassUndecodable, notTshark: "not a number for a file"},

		{name: "null IPv4 little", link: 0, data: join([]byte{2, 0, 0, 0}, v4), payload: voice},
		{name: "null IPv4 big", link: 0, data: join([]byte{0, 0, 0, 2}, v4), payload: voice},
		{name: "null IPv6 BSD", link: 0, data: join([]byte{24, 0, 0, 0}, v6), payload: voice},
		{name: "null IPv6 FreeBSD", link: 0, data: join([]byte{28, 0, 0, 0}, v6), payload: voice},
		{name: "null IPv6 macOS", link: 0, data: join([]byte{30, 0, 0, 0}, v6), payload: voice},
		{name: "null IPv6 macOS big", link: 0, data: join([]byte{0, 0, 0, 30}, v6), payload: voice},
		{name: "null IPv6 Linux", link: 0, data: join([]byte{10, 0, 0, 0}, v6), payload: voice, notTshark: "not known"},
		{name: "null IPv6 Windows", link: 0, data: join([]byte{23, 0, 0, 0}, v6), payload: voice, notGopacket: "not known", notTshark: "IPX"},
		{name: "null IPv6 Solaris", link: 0, data: join([]byte{0, 0, 0, 26}, v6), payload: voice, notGopacket: "not known", notTshark: "not known"},
		{name: "null IPX", link: 0, data: join([]byte{23, 0, 0, 0, 0xff, 0xff}, v6), class: ClassOther},
		{name: "null AppleTalk", link: 0, data: join([]byte{16, 0, 0, 0}, v4), class: ClassOther},
		{name: "loop IPv4", link: 108, data: join([]byte{0, 0, 0, 2}, v4), payload: voice},
		{name: "loop IPv6", link: 108, data: join([]byte{0, 0, 0, 24}, v6), payload: voice},
		{name: "loop is big-endian", link: 108, data: join([]byte{2, 0, 0, 0}, v4), class: ClassOther, notGopacket: "takes both"},

		{name: "options", link: 101, data: ip4With(44+len(voice)+8, 0, 17, make([]byte, 24), u), payload: voice},
		{name: "all options", link: 101, data: ip4With(60+len(voice)+8, 0, 17, bytes.Repeat([]byte{1}, 40), u), payload: voice},
		{name: "don't fragment", link: 101, data: ip4With(len(v4), 0x4000, 17, nil, u), payload: voice},
		{name: "evil bit", link: 101, data: ip4With(len(v4), 0x8000, 17, nil, u), payload: voice},
		{name: "padding", link: 1, data: eth(etherIPv4, join(ip4(17, udp([]byte("x"))), padded)), payload: "x"},
		{name: "padding IPv6", link: 1, data: eth(etherIPv6, join(ip6(17, udp([]byte("x"))), padded)), payload: "x"},
		{name: "total length 0", link: 1, data: eth(etherIPv4, ip4With(0, 0, 17, nil, u)), payload: voice},
		{name: "total length and UDP length 0", link: 1, data: eth(etherIPv4, ip4With(0, 0, 17, nil, udpLen(0, []byte(voice)))), payload: voice, notTshark: "takes 0 for a jumbogram in IPv6 alone"},
		{name: "payload length 0", link: 1, data: eth(etherIPv6, ip6With(0, 17, src6, dst6, u)), payload: voice, notGopacket: "takes it for a jumbogram without the option", notTshark: "an empty packet"},
		{name: "total length beyond the frame", link: 101, data: ip4With(len(v4)+5, 0, 17, nil, udpLen(8+len(voice)+5, []byte(voice))), payload: voice, cut: 5},
		{name: "payload length beyond the frame", link: 101, data: ip6With(len(u)+7, 17, src6, dst6, udpLen(len(u)+7, []byte(voice))), payload: voice, cut: 7},
		{name: "total length below the header", link: 101, data: ip4With(19, 0, 17, nil, u), class: ClassUndecodable},
		{name: "total length below the options", link: 101, data: ip4With(24, 0, 17, make([]byte, 8), u), class: ClassUndecodable},
		{name: "version 5 in an IPv4 frame", link: 1, data: eth(etherIPv4, join([]byte{0x55}, v4[1:])), class: ClassUndecodable, notGopacket: "does not look"},
		{name: "header length below 20", link: 101, data: join([]byte{0x44}, v4[1:]), class: ClassUndecodable},
		{name: "version 6 in an IPv4 frame", link: 1, data: eth(etherIPv4, v6), class: ClassUndecodable, notTshark: "goes by the version"},
		{name: "version 4 in an IPv6 frame", link: 1, data: eth(etherIPv6, join(v4, v4)), class: ClassUndecodable},
		{name: "version 5 in an IPv6 frame", link: 1, data: eth(etherIPv6, join([]byte{0x50}, v6[1:])), class: ClassUndecodable, notGopacket: "does not look"},
		{name: "total length cuts the UDP header", link: 101, data: ip4With(27, 0, 17, nil, u), class: ClassTruncated, notGopacket: "shows the layer that it could not decode", notTshark: "does not tell"},

		{name: "UDP length 0", link: 101, data: ip4(17, udpLen(0, []byte(voice))), payload: voice, notTshark: "takes 0 for a jumbogram in IPv6 alone"},
		{name: "UDP length 7", link: 101, data: ip4(17, udpLen(7, []byte(voice))), payload: voice, notGopacket: "gives up", notTshark: "gives up"},
		{name: "UDP length 8", link: 101, data: ip4(17, udpLen(8, []byte(voice))), payload: ""},
		{name: "UDP length below IP's", link: 101, data: ip4(17, udpLen(14, []byte(voice))), payload: voice[:6], notTshark: "counts what is behind the datagram as payload"},
		{name: "UDP length beyond IP's", link: 101, data: ip4(17, udpLen(900, []byte(voice))), payload: voice, notTshark: "gives up"},
		{name: "UDP length into the padding", link: 1, data: eth(etherIPv4, join(ip4(17, udpLen(12+len(voice), []byte(voice))), padded)), payload: voice, notTshark: "gives up"},
		{name: "UDP length into the padding IPv6", link: 1, data: eth(etherIPv6, join(ip6(17, udpLen(12+len(voice), []byte(voice))), padded)), payload: voice, notTshark: "gives up"},
		{name: "UDP without payload", link: 1, data: eth(etherIPv4, join(ip4(17, udp(nil)), padded)), payload: ""},

		{name: "first fragment", link: 101, data: ip4With(len(v4), 0x2000, 17, nil, u), class: ClassFragment},
		{name: "later fragment", link: 101, data: ip4With(len(v4), 0x2003, 17, nil, u), class: ClassFragment},
		{name: "last fragment", link: 101, data: ip4With(len(v4), 3, 17, nil, u), class: ClassFragment},
		{name: "IPv6 first fragment", link: 101, data: ip6(44, frag(17, 1, u)), class: ClassFragment},
		{name: "IPv6 last fragment", link: 101, data: ip6(44, frag(17, 3<<3, u)), class: ClassFragment},
		{name: "atomic fragment", link: 101, data: ip6(44, frag(17, 0, u)), payload: voice, notGopacket: "takes it for a fragment"},
		{name: "reserved bits of a fragment", link: 101, data: ip6(44, frag(17, 6, u)), payload: voice, notGopacket: "takes it for a fragment"},
		{name: "fragment of an extended packet", link: 101, data: ip6(0, ext(44, 0, frag(17, 1, u))), class: ClassFragment},

		{name: "hop-by-hop", link: 101, data: ip6(0, ext(17, 0, u)), payload: voice},
		{name: "hop-by-hop of 24", link: 101, data: ip6(0, ext(17, 2, u)), payload: voice},
		{name: "routing", link: 101, data: ip6(43, ext(17, 2, u)), payload: voice},
		{name: "destination", link: 101, data: ip6(60, ext(17, 0, u)), payload: voice},
		{name: "AH", link: 101, data: ip6(51, ah), payload: voice},
		{name: "mobility", link: 101, data: ip6(135, ext(17, 0, u)), payload: voice, notGopacket: "not known", notTshark: "stops there"},
		{name: "HIP", link: 101, data: ip6(139, ext(17, 4, u)), payload: voice, notGopacket: "not known", notTshark: "stops there"},
		{name: "shim6", link: 101, data: ip6(140, ext(17, 0, u)), payload: voice, notGopacket: "not known"},
		{name: "all extensions", link: 101, data: ip6(0, ext(60, 0, ext(43, 0, ext(44, 0, ext(60, 1, ext(17, 0, u)))))), payload: voice, notGopacket: "takes it for a fragment"},
		{name: "16 extensions", link: 101, data: ip6(60, chain(16, u)), payload: voice},
		{name: "17 extensions", link: 101, data: ip6(60, chain(17, u)), class: ClassUndecodable, notGopacket: "goes on", notTshark: "goes on"},
		{name: "extension beyond the packet", link: 101, data: ip6(0, join([]byte{17, 200}, make([]byte, 22))), class: ClassTruncated},
		{name: "mapped addresses", link: 101, data: ip6With(len(u), 17, mapped, mapped, u), payload: voice, src: mapped.Unmap(), dst: mapped.Unmap()},

		{name: "TCP", link: 1, data: eth(etherIPv4, ip4(6, make([]byte, 20))), class: ClassTCP},
		{name: "TCP IPv6", link: 1, data: eth(etherIPv6, ip6(60, ext(6, 0, make([]byte, 20)))), class: ClassTCP},
		{name: "TCP that reads like UDP", link: 101, data: ip4(6, u), class: ClassTCP},
		{name: "TCP IPv6 that reads like UDP", link: 101, data: ip6(6, u), class: ClassTCP},
		{name: "ICMP", link: 1, data: eth(etherIPv4, ip4(1, join([]byte{3, 3, 0, 0, 0, 0, 0, 0}, v4))), class: ClassOther},
		{name: "ICMPv6", link: 1, data: eth(etherIPv6, ip6(58, make([]byte, 24))), class: ClassOther},
		{name: "no next header", link: 1, data: eth(etherIPv6, ip6(59, nil)), class: ClassOther},
		{name: "empty frame", link: 1, class: ClassTruncated},
	}
	list = slices.Concat(list, tunnelRules(), linkRules(), wifiRules())
	// What holds for bare IP holds behind a tag.
	for _, r := range list {
		etherType := etherIPv4
		if r.link != linkRaw {
			continue
		} else if r.data[0]>>4 == 6 {
			etherType = etherIPv6
		}
		r.name, r.link = r.name+", tagged", linkEthernet
		r.data = eth(etherVLAN, vlan(etherType, r.data))
		list = append(list, r)
	}
	for i := range list {
		r := &list[i]
		switch r.data = slices.Clip(r.data); {
		case r.src.IsValid() || r.class != ClassUDP:
		case bytes.Contains(r.data, src4.AsSlice()):
			r.src, r.dst = src4, dst4
		default:
			r.src, r.dst = src6, dst6
		}
	}
	return list
}

// chain is n destination headers, the last before UDP.
func chain(n int, b []byte) []byte {
	b = ext(17, 0, b)
	for range n - 1 {
		b = ext(60, 0, b)
	}
	return b
}

func (r *rule) frame() *pcapio.Frame {
	return &pcapio.Frame{Pos: pcapio.Pos{File: 2, Frame: 3, Off: 4}, Nanos: 5, Link: r.link, Orig: len(r.data), Data: r.data}
}

func TestDecode(t *testing.T) {
	for _, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			f := r.frame()
			before := Datagram{Nanos: -1}
			var d Decoder
			got, class := d.Decode(slices.Grow([]Datagram{before}, 1), f)
			decodeBoth(t, f)
			if class != r.class {
				t.Fatalf("class %d, want %d", class, r.class)
			}
			want := []Datagram{before}
			if class == ClassUDP {
				want = append(want, Datagram{
					Pos: f.Pos, Nanos: f.Nanos, Cut: r.cut, Payload: []byte(r.payload),
					Flow: Flow{Src: netip.AddrPortFrom(r.src, srcPort), Dst: netip.AddrPortFrom(r.dst, dstPort), Proto: UDP},
				})
			}
			if !slices.EqualFunc(got, want, equal) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// TestCutAnywhere cuts every frame at every offset: before the payload too
// little is left, and behind its beginning there is as much of it as was kept,
// with the number of bytes that were not. A capture may have cut the frame, or a
// file that does not admit to that.
func TestCutAnywhere(t *testing.T) {
	for _, r := range rules() {
		whole, class := decodeBoth(t, r.frame())
		for n := range len(r.data) {
			for _, admitted := range []bool{true, false} {
				f := r.frame()
				f.Data = f.Data[:n:n]
				if !admitted {
					f.Orig = n
				}
				got, c := decodeBoth(t, f)
				if class != ClassUDP {
					if c != class && c != ClassTruncated || len(got) != 0 {
						t.Errorf("%s: %d of %d bytes: class %d, %d datagrams", r.name, n, len(r.data), c, len(got))
					}
					continue
				}
				w := whole[0]
				start := cap(r.data) - cap(w.Payload)
				if n < start {
					if c != ClassTruncated || len(got) != 0 {
						t.Errorf("%s: %d of %d bytes: class %d, %d datagrams", r.name, n, len(r.data), c, len(got))
					}
					continue
				}
				if c != ClassUDP || len(got) != 1 {
					t.Fatalf("%s: %d of %d bytes: class %d, %d datagrams", r.name, n, len(r.data), c, len(got))
				}
				g, keep := got[0], min(n-start, len(w.Payload))
				if !bytes.Equal(g.Payload, w.Payload[:keep]) || g.Flow != w.Flow {
					t.Errorf("%s: %d of %d bytes: %v %q, want %v %q", r.name, n, len(r.data), g.Flow, g.Payload, w.Flow, w.Payload[:keep])
				}
				if want := len(w.Payload) - keep + w.Cut; g.Cut != want && (admitted || !endsWithFrame(r.name)) {
					t.Errorf("%s: %d of %d bytes: cut %d, want %d", r.name, n, len(r.data), g.Cut, want)
				}
			}
		}
	}
}

// endsWithFrame are the rules where nothing but the frame's length tells where
// the packet ends.
func endsWithFrame(rule string) bool {
	return slices.Contains([]string{"total length 0", "total length and UDP length 0", "payload length 0", "exported SIP", "exported from UDP"}, rule)
}

// TestOffloadedFrameCut: the length on the wire says what an absent total
// length cannot.
func TestOffloadedFrameCut(t *testing.T) {
	data := ip4With(0, 0, 17, nil, udpLen(0, []byte(voice)))
	got, class := decodeBoth(t, &pcapio.Frame{Link: linkRaw, Orig: len(data) + 1000, Data: data})
	if class != ClassUDP || len(got) != 1 || got[0].Cut != 1000 || string(got[0].Payload) != voice {
		t.Errorf("class %d, %+v", class, got)
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	var d Decoder
	list := rules()
	dst := make([]Datagram, 0, len(list))
	var f pcapio.Frame
	n := testing.AllocsPerRun(100, func() { // runs once before it counts: each kind is noted then
		dst = dst[:0]
		for i := range list {
			if list[i].class == ClassFragment { // is kept
				continue
			}
			f.Link, f.Data = list[i].link, list[i].data
			dst, _ = d.Decode(dst, &f)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations for %d frames", n, len(list))
	}
	if len(dst) < len(list)/2 {
		t.Errorf("only %d datagrams", len(dst))
	}
}

// TestAddressesHaveNoZone holds every rule's addresses to the form that Flow
// promises: comparable, so that one party is one key.
func TestAddressesHaveNoZone(t *testing.T) {
	for _, r := range rules() {
		got, _ := decodeBoth(t, r.frame())
		for _, g := range got {
			for _, a := range []netip.Addr{g.Flow.Src.Addr(), g.Flow.Dst.Addr()} {
				if !a.IsValid() || a.Is4In6() || a.Zone() != "" {
					t.Errorf("%s: address %v", r.name, a)
				}
			}
		}
	}
}

func TestUnknown(t *testing.T) {
	var d Decoder
	if d.Unknown() != nil || d.UnknownEtherTypes() != nil {
		t.Error("the zero Decoder knows of unknown frames")
	}
	sealed, arp := eth(0x88e5, make([]byte, 40)), eth(0x0806, make([]byte, 40))
	pos := func(n int) pcapio.Pos { return pcapio.Pos{Frame: uint64(n), Off: int64(100 * n)} }
	for i, f := range []pcapio.Frame{
		{Link: 200, Data: sealed}, {Link: 147, Data: sealed}, {Link: 200, Data: sealed}, {Link: pcapio.LinkUnknown},
		{Link: 1, Data: eth(0x9999, nil)}, {Link: 113, Data: sllHeader(0x88e5, nil)}, {Link: 1, Data: sealed}, {Link: 1, Data: arp},
		{Link: 1, Data: eth(etherVLAN, vlan(0x88e5, nil))}, {Link: 113, Data: sllHeader(0x0c, nil)},
	} {
		f.Pos = pos(i + 1)
		d.Decode(nil, &f)
	}
	wantLinks := []Unknown{{Link: 147, Frames: 1, First: pos(2)}, {Link: 200, Frames: 2, First: pos(1)}, {Link: pcapio.LinkUnknown, Frames: 1, First: pos(4)}}
	if got := d.Unknown(); !slices.Equal(got, wantLinks) {
		t.Errorf("link types %+v, want %+v", got, wantLinks)
	}
	wantTypes := []Unknown{{Link: 113, EtherType: 0x88e5, Frames: 3, First: pos(6)}, {Link: 1, EtherType: 0x9999, Frames: 1, First: pos(5)}}
	if got := d.UnknownEtherTypes(); !slices.Equal(got, wantTypes) {
		t.Errorf("EtherTypes %+v, want %+v", got, wantTypes)
	}
}
