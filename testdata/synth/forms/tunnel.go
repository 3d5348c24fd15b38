package forms

import (
	"encoding/binary"
)

// carry puts every IP packet into a tunnel whose outer packets run over
// Ethernet. into gives the outer packet.
func carry(into func(n int, p packet) packet) step {
	return each(func(n int, frame []byte) []byte {
		outer := into(n, mustPeel(frame))
		return ethernet(outer.ether, outer.data)
	})
}

// bridge puts every Ethernet frame into such a tunnel.
func bridge(into func(n int, frame []byte) packet) step {
	return each(func(n int, frame []byte) []byte {
		outer := into(n, frame)
		return ethernet(outer.ether, outer.data)
	})
}

// tag adds VLAN tags, outermost first (IEEE 802.1Q clause 9.3).
func tag(types ...uint16) step {
	return each(func(_ int, frame []byte) []byte { return tagged(frame, types...) })
}

func tagged(frame []byte, types ...uint16) []byte {
	b := append([]byte{}, frame[:12]...)
	for i, t := range types {
		b = binary.BigEndian.AppendUint16(b, t)
		b = binary.BigEndian.AppendUint16(b, uint16(5<<13|100+i)) // priority 5: voice
	}
	return append(b, frame[12:]...)
}

// ipInIP is RFC 2003 and RFC 4213 over IPv4, RFC 2473 over IPv6.
func ipInIP(outer func(n int, proto byte, b []byte) packet) step {
	return carry(func(n int, p packet) packet {
		proto := byte(protoIPv4)
		if p.v6() {
			proto = protoIPv6
		}
		return outer(n, proto, p.data)
	})
}

// Flags of a GRE header (RFC 2784 section 2.1, RFC 2890 section 2).
const (
	greChecksum = 0x8000
	greKey      = 0x2000
	greSequence = 0x1000
)

func greHeader(n int, flags, ether uint16, b []byte) []byte {
	h := binary.BigEndian.AppendUint16(nil, flags)
	h = binary.BigEndian.AppendUint16(h, ether)
	if flags&greChecksum != 0 {
		h = append(h, 0, 0, 0, 0)
	}
	if flags&greKey != 0 {
		h = binary.BigEndian.AppendUint32(h, 0x45000004) // looks like the beginning of IPv4
	}
	if flags&greSequence != 0 {
		h = binary.BigEndian.AppendUint32(h, uint32(n))
	}
	h = append(h, b...)
	if flags&greChecksum != 0 {
		binary.BigEndian.PutUint16(h[4:], checksum(h))
	}
	return h
}

// gre carries IP in GRE.
func gre(outer func(n int, proto byte, b []byte) packet, flags uint16) step {
	return carry(func(n int, p packet) packet {
		return outer(n, protoGRE, greHeader(n, flags, p.ether, p.data))
	})
}

// greBridge carries Ethernet in GRE (NVGRE, RFC 7637, if it has a key).
func greBridge(flags uint16) step {
	return bridge(func(n int, frame []byte) packet {
		return ipv4(n, protoGRE, greHeader(n, flags, etherTEB, frame))
	})
}

// erspan mirrors frames as Cisco's switches do
// (draft-foschiano-erspan-03 section 4): type I is bare GRE, II has 8 bytes
// before the frame, III 12 and, with the O flag, 8 more.
func erspan(version int, subheader bool) step {
	return bridge(func(n int, frame []byte) packet {
		ether, flags := uint16(0x88be), uint16(greSequence)
		var h []byte
		switch version {
		case 1:
			flags = 0
		case 2:
			h = binary.BigEndian.AppendUint16(h, 1<<12|100)   // version, VLAN
			h = binary.BigEndian.AppendUint16(h, 5<<13|7)     // class of service, session
			h = binary.BigEndian.AppendUint32(h, 0x000_12345) // port index
		case 3:
			ether = 0x22eb
			h = binary.BigEndian.AppendUint16(h, 2<<12|100)
			h = binary.BigEndian.AppendUint16(h, 5<<13|7)
			h = binary.BigEndian.AppendUint32(h, uint32(n)) // timestamp
			h = append(h, 0, 0)                             // security group
			last := uint16(0)                               // frame type 0: Ethernet
			if subheader {
				last |= 1
			}
			h = binary.BigEndian.AppendUint16(h, last)
			if subheader {
				h = append(h, 3<<2, 0, 0, 0, 0, 0, 0, 0) // platform 3
			}
		}
		return ipv4(n, protoGRE, greHeader(n, flags, ether, append(h, frame...)))
	})
}

// vxlan is RFC 7348 section 5.
func vxlan(n int, frame []byte) packet {
	return ipv4(n, protoUDP, udp(n, 4789, append([]byte{0x08, 0, 0, 0, 0, 0x12, 0x34, 0}, frame...)))
}

// vxlan6 is the same over IPv6, which wants a checksum.
func vxlan6(n int, frame []byte) packet {
	p := ipv6(n, protoUDP, udp(n, 4789, append([]byte{0x08, 0, 0, 0, 0, 0x12, 0x34, 0}, frame...)))
	sumTransport(p, 6)
	return p
}

// geneveHeader is RFC 8926 section 3.4, with two options.
func geneveHeader(ether uint16) []byte {
	h := binary.BigEndian.AppendUint16([]byte{5, 0}, ether) // 5 words of options
	h = append(h, 0, 0x56, 0x78, 0)
	h = append(h, 0x01, 0x02, 0x01, 2, 1, 2, 3, 4, 5, 6, 7, 8)
	return append(h, 0x01, 0x02, 0x02, 1, 0x45, 0, 0, 0x54)
}

func geneve(n int, frame []byte) packet {
	return ipv4(n, protoUDP, udp(n, 6081, append(geneveHeader(etherTEB), frame...)))
}

func geneveIP(n int, p packet) packet {
	return ipv4(n, protoUDP, udp(n, 6081, append(geneveHeader(p.ether), p.data...)))
}

// gtp is a G-PDU of GTP-U (3GPP TS 29.281 section 5.1): plain, or with a
// sequence number and the PDU session container of 5G (TS 38.415).
func gtp(extended bool) func(n int, p packet) packet {
	return func(n int, p packet) packet {
		flags, more := byte(0x30), []byte(nil)
		if extended {
			flags |= 0x06                                        // extension header, sequence number
			more = binary.BigEndian.AppendUint16(nil, uint16(n)) // sequence number
			more = append(more, 0, 0x85)                         // N-PDU number, next is the container
			more = append(more, 1, 0x00, 0x09, 0)                // one word: downlink, QoS flow 9; nothing next
		}
		h := binary.BigEndian.AppendUint16([]byte{flags, 0xff}, uint16(len(more)+len(p.data)))
		h = append(binary.BigEndian.AppendUint32(h, 0xcafe), more...)
		return ipv4(n, protoUDP, udp(n, 2152, append(h, p.data...)))
	}
}

// l2tp is a data message of L2TP version 2 (RFC 2661 section 3.1) with PPP in
// it: the short header, or one with all optional fields.
func l2tp(full bool) func(n int, p packet) packet {
	return func(n int, p packet) packet {
		ppp := append(pppHeader(p), p.data...)
		h := []byte{0x00, 0x02, 0, 17, 0, 5}
		if full { // length, sequence, offset
			h = binary.BigEndian.AppendUint16([]byte{0x4a, 0x02}, uint16(16+len(ppp)))
			h = append(h, 0, 17, 0, 5)
			h = binary.BigEndian.AppendUint16(h, uint16(n))
			h = append(h, 0, 0, 0, 2, 0xde, 0xad)
		}
		return ipv4(n, protoUDP, udp(n, 1701, append(h, ppp...)))
	}
}

// tzsp is what a sniffing access point or router sends
// (https://en.wikipedia.org/wiki/TZSP): version 1, a received packet, Ethernet,
// then fields up to the end tag.
func tzsp(n int, frame []byte) packet {
	h := []byte{1, 0, 0, 1, 0x00, 0x0a, 1, 0xc8, 0x29, 2, 0x01, 0x02, 0x01}
	return ipv4(n, protoUDP, udp(n, 37008, append(h, frame...)))
}

// authenticate adds an Authentication Header (RFC 4302 section 2) with 96 bits
// of nothing to check.
func authenticate(n int, frame []byte) []byte {
	p := mustPeel(frame)
	ah := []byte{p.proto(), 4, 0, 0}
	ah = binary.BigEndian.AppendUint32(ah, 0x100)
	ah = binary.BigEndian.AppendUint32(ah, uint32(n+1))
	ah = append(ah, make([]byte, 12)...)
	return replace(frame, p.with(protoAH, append(ah, p.data[p.header():]...)))
}

// extend adds hop-by-hop, routing and destination options to IPv6 (RFC 8200
// section 4) and a NOP option of four bytes to IPv4 (RFC 791 section 3.1).
func extend(_ int, frame []byte) []byte {
	p := mustPeel(frame)
	body := p.data[p.header():]
	if p.v6() {
		options := []byte{43, 0, 1, 4, 0, 0, 0, 0}                    // hop-by-hop: PadN
		options = append(options, 60, 0, 253, 0, 0, 0, 0, 0)          // routing: an experiment, nothing left
		options = append(options, p.proto(), 1, 1, 12)                // destination, 16 bytes
		options = append(options, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) // PadN
		return replace(frame, p.with(0, append(options, body...)))
	}
	long := append(append([]byte{}, p.data[:20]...), 1, 1, 1, 0)
	long[0] = 0x46
	return replace(frame, packet{p.ether, long}.with(p.proto(), body))
}
