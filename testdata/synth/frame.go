package synth

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// A Link is a link-layer type as capture files number them
// (https://www.tcpdump.org/linktypes.html).
type Link uint16

const (
	Null     Link = 0
	Ethernet Link = 1
	Raw      Link = 101
	Loop     Link = 108
	SLL      Link = 113
	SLL2     Link = 276
)

// An Iface is one capturing interface.
type Iface struct {
	Link  Link     // Null is the zero value: say Ethernet
	VLANs []uint16 // 802.1Q tags of Ethernet frames, outermost first
	// Of pcapng only:
	TSResol  byte  // if_tsresol as the file holds it: 6, 9, 0x80|10 ...; 6 if zero
	TSOffset int64 // if_tsoffset, seconds
}

// datagram wraps an UDP payload in IP and in the interface's link layer.
func (i Iface) datagram(src, dst netip.AddrPort, id uint16, payload []byte) ([]byte, error) {
	udp := &layers.UDP{SrcPort: layers.UDPPort(src.Port()), DstPort: layers.UDPPort(dst.Port())}
	stack := i.ethernet(src.Addr(), dst.Addr())
	if src.Addr().Is4() {
		ip := &layers.IPv4{Version: 4, TTL: 64, Id: id, Protocol: layers.IPProtocolUDP, SrcIP: src.Addr().AsSlice(), DstIP: dst.Addr().AsSlice()}
		udp.SetNetworkLayerForChecksum(ip)
		stack = append(stack, ip)
	} else {
		ip := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolUDP, SrcIP: src.Addr().AsSlice(), DstIP: dst.Addr().AsSlice()}
		udp.SetNetworkLayerForChecksum(ip)
		stack = append(stack, ip)
	}
	stack = append(stack, udp, gopacket.Payload(payload))
	buf := gopacket.NewSerializeBuffer()
	opts := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buf, opts, stack...); err != nil {
		return nil, fmt.Errorf("%s -> %s: %w", src, dst, err)
	}
	return append(i.header(src.Addr()), buf.Bytes()...), nil
}

// ethernet returns the layers of an Ethernet header, none for other links.
func (i Iface) ethernet(src, dst netip.Addr) []gopacket.SerializableLayer {
	if i.Link != Ethernet {
		return nil
	}
	next := etherType(src)
	first := next
	if len(i.VLANs) > 0 {
		first = layers.EthernetTypeDot1Q
	}
	stack := []gopacket.SerializableLayer{&layers.Ethernet{SrcMAC: mac(src), DstMAC: mac(dst), EthernetType: first}}
	for n, id := range i.VLANs {
		inner := next
		if n+1 < len(i.VLANs) {
			inner = layers.EthernetTypeDot1Q
		}
		stack = append(stack, &layers.Dot1Q{VLANIdentifier: id, Type: inner})
	}
	return stack
}

// header returns the link header of the links that gopacket cannot write.
func (i Iface) header(src netip.Addr) []byte {
	proto := uint16(etherType(src))
	hw := append([]byte(mac(src)), 0, 0)
	switch i.Link {
	case Null: // 4 bytes of address family, in the capturing host's order
		return binary.LittleEndian.AppendUint32(nil, family(src))
	case Loop: // the same in network order
		return binary.BigEndian.AppendUint32(nil, family(src))
	case SLL: // packet type "to us", ARPHRD_ETHER, address length, address, protocol
		b := append([]byte{0, 0, 0, 1, 0, 6}, hw...)
		return binary.BigEndian.AppendUint16(b, proto)
	case SLL2: // protocol, reserved, interface 2, ARPHRD_ETHER, packet type, address length, address
		b := binary.BigEndian.AppendUint16(nil, proto)
		return append(append(b, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6), hw...)
	}
	return nil
}

func etherType(a netip.Addr) layers.EthernetType {
	if a.Is4() {
		return layers.EthernetTypeIPv4
	}
	return layers.EthernetTypeIPv6
}

// family is AF_INET or macOS's AF_INET6.
func family(a netip.Addr) uint32 {
	if a.Is4() {
		return 2
	}
	return 30
}

// mac derives a locally administered hardware address from an IP address.
func mac(a netip.Addr) []byte {
	b := a.AsSlice()
	return append([]byte{2, 0}, b[len(b)-4:]...)
}
