package wire

import "encoding/binary"

// EtherTypes that are looked into.
const (
	etherIPv4         = 0x0800
	etherIPv6         = 0x86dd
	etherVLAN         = 0x8100 // IEEE 802.1Q
	etherQinQ         = 0x88a8 // IEEE 802.1ad
	etherQ91          = 0x9100 // the same before it was a standard
	etherQ92          = 0x9200
	etherBackbone     = 0x88e7 // IEEE 802.1ah
	etherBridging     = 0x6558 // transparent Ethernet bridging (RFC 1701)
	etherPPPoE        = 0x8864 // a session (RFC 2516)
	etherMPLS         = 0x8847 // RFC 3032
	etherMPLSUpstream = 0x8848 // RFC 5332
)

// minEtherType is the lowest EtherType; lower numbers are the length of an
// 802.3 frame (IEEE 802.3 section 3.2.6).
const minEtherType = 0x0600

// etherType goes on by the EtherType of b, through any number of VLAN tags.
func (d *Decoder) etherType(etherType uint16, b []byte, cut int) Class {
	for {
		switch etherType {
		case etherIPv4:
			return d.ipv4(b, cut)
		case etherIPv6:
			return d.ipv6(b, cut)
		case etherVLAN, etherQinQ, etherQ91, etherQ92:
			if len(b) < 4 {
				return ClassTruncated
			}
			etherType, b = binary.BigEndian.Uint16(b[2:]), b[4:]
			if etherType < minEtherType {
				return d.llc(b, cut)
			}
		case etherMPLS, etherMPLSUpstream:
			return d.mpls(b, cut)
		case etherPPPoE:
			return d.pppoe(b, cut)
		case etherBridging:
			return d.tunnel((*Decoder).ethernet, b, cut)
		case etherBackbone: // four bytes of service, then the frame
			if len(b) < 4 {
				return ClassTruncated
			}
			return d.tunnel((*Decoder).ethernet, b[4:], cut)
		default:
			if noTelephony(etherType) {
				return ClassOther
			}
			d.missEtherType(etherType)
			return ClassUndecodable
		}
	}
}

// noTelephony reports whether an EtherType is known, and known not to carry
// IP (https://www.iana.org/assignments/ieee-802-numbers).
func noTelephony(etherType uint16) bool {
	switch etherType {
	case 0x0806, 0x8035, // ARP, RARP
		0x0842,                 // Wake-on-LAN
		0x22f0, 0x22ea, 0x22f3, // AVTP, SRP, TRILL IS-IS
		0x6000, 0x6001, 0x6002, 0x6003, 0x6004, // DEC
		0x809b, 0x80f3, // AppleTalk, its ARP
		0x8137, 0x8138, // IPX
		0x8808, 0x8809, // Ethernet flow control, slow protocols (LACP)
		0x8863,                         // PPPoE discovery
		0x8892, 0x88a4, 0x88ab, 0x88cd, // PROFINET, EtherCAT, Powerlink, SERCOS
		0x887b, 0x88e1, 0x8912, // HomePlug
		0x888e, 0x88c7, // EAP over LAN, pre-authentication
		0x8899,                         // Realtek loop detection
		0x88a2, 0x8906, 0x8914, 0x8915, // ATA, Fibre Channel, its set-up, RDMA
		0x88b8, 0x88b9, 0x88ba, // IEC 61850
		0x88ca,                 // TIPC
		0x88cc,                 // LLDP
		0x88e3, 0x88f5, 0x88f6, // media redundancy, MVRP, MMRP
		0x88f7,         // PTP
		0x8902,         // connectivity fault management
		0x892f, 0x88fb, // HSR supervision, PRP
		0x9000, 0x9003: // configuration test (loopback)
		return true
	}
	return false
}
