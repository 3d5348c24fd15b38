package wire

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"callx/pcapio"
)

// gopacketLinks are the link types that gopacket decodes.
var gopacketLinks = map[pcapio.LinkType]gopacket.Decoder{
	linkNull:     layers.LinkTypeNull,
	linkEthernet: layers.LinkTypeEthernet,
	linkRaw12:    layers.LinkTypeRaw,
	linkRaw:      layers.LinkTypeRaw,
	linkLoop:     layers.LinkTypeLoop,
	linkPPP:      layers.LinkTypePPP,
	linkWiFi:     layers.LinkTypeIEEE802_11,
	linkRadiotap: layers.LinkTypeIEEE80211Radio,
	linkSLL:      layers.LinkTypeLinuxSLL,
	linkIPv4:     layers.LayerTypeIPv4,
	linkIPv6:     layers.LayerTypeIPv6,
}

// gopacketUDP finds what the innermost IP packet of a frame holds. sure is
// false where gopacket meets what it cannot decode.
func gopacketUDP(f *pcapio.Frame) (flow Flow, payload []byte, isUDP, sure bool) {
	dec := gopacketLinks[f.Link]
	if dec == nil {
		return flow, nil, false, false
	}
	var src, dst netip.Addr
	tunnel := false
	addr := func(b []byte) netip.Addr {
		a, _ := netip.AddrFromSlice(b)
		return a.Unmap()
	}
	p := gopacket.NewPacket(f.Data, dec, gopacket.DecodeOptions{NoCopy: true, Lazy: true})
	all := p.Layers()
	for i, l := range all {
		switch l := l.(type) {
		case *layers.IPv4:
			src, dst = addr(l.SrcIP), addr(l.DstIP)
		case *layers.IPv6:
			src, dst = addr(l.SrcIP), addr(l.DstIP)
		case *layers.UDP:
			flow = Flow{
				Src: netip.AddrPortFrom(src, uint16(l.SrcPort)), Dst: netip.AddrPortFrom(dst, uint16(l.DstPort)), Proto: UDP,
			}
			if i+1 < len(all) {
				switch all[i+1].(type) {
				case *layers.VXLAN, *layers.Geneve, *layers.GTPv1U:
					tunnel = true
					continue
				}
			}
			// There are tunnels that gopacket does not know.
			known := tunnelAt(uint16(l.DstPort)) == nil && tunnelAt(uint16(l.SrcPort)) == nil
			return flow, l.Payload, src.IsValid(), src.IsValid() && known
		case *layers.Ethernet, *layers.Dot1Q, *layers.LLC, *layers.SNAP, *layers.LinuxSLL, *layers.Loopback,
			*layers.IPv6HopByHop, *layers.IPv6Routing, *layers.IPv6Destination, *layers.IPSecAH,
			*layers.PPPoE, *layers.PPP, *layers.MPLS, *layers.EtherIP, *layers.RadioTap, *layers.Dot11, *layers.Dot11Data, *layers.Dot11DataQOSData:
		case *layers.GRE, *layers.VXLAN, *layers.Geneve, *layers.GTPv1U:
			tunnel = true
		case *gopacket.DecodeFailure:
			return flow, nil, false, false
		default:
			return flow, nil, false, src.IsValid() && !tunnel // TCP, ICMP, a fragment
		}
	}
	return flow, nil, false, false
}

// againstGopacket reports whether gopacket is sure of a frame, and where the
// two differ.
func againstGopacket(t *testing.T, f *pcapio.Frame) (sure bool, err error) {
	t.Helper()
	flow, payload, isUDP, sure := gopacketUDP(f)
	if !sure {
		return false, nil
	}
	got, class := decodeBoth(t, f)
	switch {
	case isUDP != (class == ClassUDP):
		return true, fmt.Errorf("class %d, but UDP is %v to gopacket", class, isUDP)
	case isUDP && (got[0].Flow != flow || !bytes.Equal(got[0].Payload, payload)):
		return true, fmt.Errorf("%v %x, gopacket %v %x", got[0].Flow, got[0].Payload, flow, payload)
	}
	return true, nil
}

// TestAgainstGopacket compares flow and payload of every frame of every real
// capture.
func TestAgainstGopacket(t *testing.T) {
	compared := 0
	for _, path := range captures(t) {
		frames, err := readCapture(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range frames {
			sure, err := againstGopacket(t, &frames[i])
			if err != nil {
				t.Errorf("%s: frame %d: %v", path, i+1, err)
			}
			if sure {
				compared++
			}
		}
	}
	t.Logf("%d frames compared", compared)
	if compared < 100_000 {
		t.Errorf("only %d frames compared", compared)
	}
}

func TestRulesAgainstGopacket(t *testing.T) {
	compared := 0
	for _, r := range rules() {
		if r.notGopacket != "" {
			continue
		}
		sure, err := againstGopacket(t, r.frame())
		if err != nil {
			t.Errorf("%s: %v", r.name, err)
		}
		if sure {
			compared++
		} else if r.class == ClassUDP {
			t.Errorf("%s: gopacket cannot decode it", r.name)
		}
	}
	t.Logf("%d of %d rules compared", compared, len(rules()))
	if compared < 130 {
		t.Errorf("only %d rules compared", compared)
	}
}
