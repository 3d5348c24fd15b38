package forms

import (
	"encoding/binary"

	"callx/testdata/synth"
)

// Link types beside those of synth (https://www.tcpdump.org/linktypes.html).
const (
	linkPPP      synth.Link = 9
	linkPPPHDLC  synth.Link = 50
	linkPPPEther synth.Link = 51
	linkCHDLC    synth.Link = 104
	link80211    synth.Link = 105
	linkRadiotap synth.Link = 127
	linkMPLS     synth.Link = 219
	linkIPv4     synth.Link = 228
	linkIPv6     synth.Link = 229
	linkNFLOG    synth.Link = 239
)

// relink puts every IP packet on another link.
func relink(link synth.Link, header func(p packet) []byte) step {
	return func(c Capture) Capture {
		c.Ifaces = []synth.Iface{{Link: link}}
		return each(func(_ int, frame []byte) []byte {
			p := mustPeel(frame)
			return append(header(p), p.data...)
		})(c)
	}
}

func bare(packet) []byte { return nil }

// byVersion captures IPv4 on one interface and IPv6 on another, each with the
// link type that is for it alone.
func byVersion(c Capture) Capture {
	c.Ifaces = []synth.Iface{{Link: linkIPv4}, {Link: linkIPv6}}
	for i := range c.Frames {
		p := mustPeel(c.Frames[i].Data)
		c.Frames[i].Data = p.data
		if p.v6() {
			c.Frames[i].Iface = 1
		}
	}
	return c
}

// sll is Linux cooked mode: a packet from us, over a device with an Ethernet
// address (https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html).
func sll(p packet) []byte {
	b := append([]byte{0, 4, 0, 1, 0, 6}, 2, 0, 198, 18, 0, 1, 0, 0)
	return binary.BigEndian.AppendUint16(b, p.ether)
}

func sll2(p packet) []byte {
	b := binary.BigEndian.AppendUint16(nil, p.ether)
	return append(b, 0, 0, 0, 0, 0, 3, 0, 1, 4, 6, 2, 0, 198, 18, 0, 1, 0, 0)
}

// null begins with an address family in the byte order of the machine: that
// of FreeBSD's AF_INET6.
func null(order binary.AppendByteOrder) func(p packet) []byte {
	return func(p packet) []byte {
		if p.v6() {
			return order.AppendUint32(nil, 28)
		}
		return order.AppendUint32(nil, 2)
	}
}

// pppHeader is address, control and protocol (RFC 1662 section 3.1).
func pppHeader(p packet) []byte { return append([]byte{0xff, 0x03}, pppProtocol(p)...) }

func pppProtocol(p packet) []byte {
	if p.v6() {
		return []byte{0x00, 0x57}
	}
	return []byte{0x00, 0x21}
}

// pppoeSession is version, type, code and session (RFC 2516 section 4), then
// PPP without address and control.
func pppoeSession(p packet) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0x11, 0, 0x12, 0x34}, uint16(2+len(p.data)))
	return append(b, pppProtocol(p)...)
}

func pppoe(_ int, frame []byte) []byte {
	p := mustPeel(frame)
	return ethernet(0x8864, append(pppoeSession(p), p.data...))
}

// ciscoHDLC is unicast, control 0, EtherType.
func ciscoHDLC(p packet) []byte { return binary.BigEndian.AppendUint16([]byte{0x0f, 0}, p.ether) }

// Two labels (RFC 3032 section 2.1); the second is the bottom of the stack.
var labels = []byte{0x00, 0x06, 0x50, 64, 0x00, 0x0c, 0x81, 64}

func mplsStack(packet) []byte { return labels }

// mpls carries what begins with head over Ethernet.
func mpls(head ...byte) step {
	return each(func(_ int, frame []byte) []byte {
		return ethernet(0x8847, append(append(append([]byte{}, labels...), head...), frame...))
	})
}

// mplsIP carries the IP packet.
func mplsIP(_ int, frame []byte) []byte {
	return ethernet(0x8847, append(append([]byte{}, labels...), mustPeel(frame).data...))
}

// nflog is a packet of Linux's NFLOG target
// (https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html): lengths and types
// are in the order of the machine, values in network order.
func nflog(p packet) []byte {
	family := byte(2)
	if p.v6() {
		family = 10
	}
	b := []byte{family, 0, 0, 30} // version 0, group 30
	attr := func(kind uint16, value ...byte) {
		b = binary.LittleEndian.AppendUint16(b, uint16(4+len(value)))
		b = binary.LittleEndian.AppendUint16(b, kind)
		b = append(b, value...)
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
	}
	attr(1, byte(p.ether>>8), byte(p.ether), 1, 0) // protocol, hook
	attr(10, []byte("callx\x00")...)               // prefix
	attr(5, 0, 0, 0, 3)                            // device
	b = binary.LittleEndian.AppendUint16(b, uint16(4+len(p.data)))
	return binary.LittleEndian.AppendUint16(b, 9) // payload
}

// A wifi says how a data frame of IEEE 802.11 looks (clause 9.2.3).
type wifi struct {
	qos      bool // with QoS control
	bridged  bool // between access points: four addresses
	padded   bool // the radio aligns the payload
	checked  bool // the FCS is there
	radiotap bool
}

// header is what comes before the IP packet.
func (w wifi) header(p packet) []byte {
	control, direction := byte(0x08), byte(0x02) // data, from the access point
	if w.qos {
		control = 0x88
	}
	if w.bridged {
		direction = 0x03
	}
	b := append([]byte{control, direction, 0, 0}, outerMAC...)
	b = append(append(b, outerMAC[6:]...), 0x10, 0x00)
	if w.bridged {
		b = append(b, outerMAC[:6]...)
	}
	if w.qos {
		b = append(b, 6, 0) // traffic class 6: voice
	}
	for w.padded && len(b)%4 != 0 {
		b = append(b, 0)
	}
	return binary.BigEndian.AppendUint16(append(b, 0xaa, 0xaa, 3, 0, 0, 0), p.ether)
}

// radioHeader is https://www.radiotap.org: a clock and flags.
func (w wifi) radioHeader() []byte {
	flags := byte(0)
	if w.checked {
		flags |= 0x10
	}
	if w.padded {
		flags |= 0x20
	}
	return []byte{0, 0, 17, 0, 0x03, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, flags}
}

func (w wifi) step(c Capture) Capture {
	c.Ifaces = []synth.Iface{{Link: link80211}}
	if w.radiotap {
		c.Ifaces[0].Link = linkRadiotap
	}
	return each(func(_ int, frame []byte) []byte {
		p := mustPeel(frame)
		b := append(w.header(p), p.data...)
		if w.checked {
			b = append(b, frameCheck(b)...)
		}
		if w.radiotap {
			b = append(w.radioHeader(), b...)
		}
		return b
	})(c)
}
