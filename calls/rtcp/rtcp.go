// Package rtcp reads RTCP packets (RFC 3550 section 6) out of captured
// datagrams. It holds no state of any call.
package rtcp

import (
	"encoding/binary"
	"errors"
)

// Packet types (RFC 3550 section 12.1, RFC 3611 section 2).
const (
	TypeSR  = 200
	TypeRR  = 201
	TypeBYE = 203
	TypeXR  = 207
)

// ErrNotRTCP: the datagram is no RTCP in the clear. So is SRTCP, of which only
// the first eight octets are (RFC 3711 section 3.4).
var ErrNotRTCP = errors.New("not RTCP, or encrypted")

// A Packet is one packet of a compound. Its slices are reused by the next Parse.
type Packet struct {
	Type    uint8
	SSRC    uint32   // who sent it
	Sender  Sender   // of an SR
	Reports []Report // of an SR or RR
	Byes    []uint32 // of a BYE: who leaves
	VoIP    []VoIP   // of an XR
}

// A Sender is the sender information of an SR (section 6.4.1).
type Sender struct {
	NTP     uint64 // 32.32 seconds since 1900
	RTP     uint32 // the timestamp of the same instant
	Packets uint32 // since the sender began
	Octets  uint32 // of payload
}

// A Report is a report block (section 6.4.1): how SSRC is received.
type Report struct {
	SSRC     uint32
	Fraction uint8  // lost since the report before, in 1/256
	Lost     int32  // since reception began; negative if there were duplicates
	Highest  uint32 // sequence number, with the count of its cycles
	Jitter   uint32 // in ticks
	LSR      uint32 // the middle 32 bits of the NTP time of the last SR; 0 for none
	DLSR     uint32 // delay since it, in 1/65536 s
}

// A VoIP is a VoIP metrics report block (RFC 3611 section 4.7). 127 means that
// a factor or score is not known.
type VoIP struct {
	SSRC      uint32
	LossRate  uint8 // in 1/256
	Discards  uint8 // in 1/256
	RoundTrip uint16
	RFactor   uint8
	MOSLQ     uint8 // times 10
	MOSCQ     uint8 // times 10
}

// Parse reads a datagram, a compound of packets or one of reduced size (RFC
// 5506), and calls each for every packet of it. Nothing is called unless the
// whole is sound: versions, types and lengths must add up (RFC 3550 appendix
// A.2), which is what tells RTCP from SRTCP and from chance.
//
// p is what each is given; it is reused.
func Parse(b []byte, p *Packet, each func(*Packet)) error {
	if err := check(b); err != nil {
		return err
	}
	for len(b) > 0 {
		n := length(b)
		p.parse(b[:n])
		each(p)
		b = b[n:]
	}
	return nil
}

func length(b []byte) int { return 4 * (int(binary.BigEndian.Uint16(b[2:])) + 1) }

// check tells whether b is a sound compound.
func check(b []byte) error {
	if len(b) < 8 {
		return ErrNotRTCP
	}
	for rest := b; len(rest) > 0; {
		if len(rest) < 4 || rest[0]>>6 != 2 || rest[1] < 192 || rest[1] > 223 {
			return ErrNotRTCP
		}
		n := length(rest)
		if n > len(rest) || n < least(rest) {
			return ErrNotRTCP
		}
		padded := rest[0]&0x20 != 0
		if padded && (n < len(rest) || int(rest[n-1]) > n-4 || rest[n-1] == 0 || rest[n-1]%4 != 0) {
			return ErrNotRTCP // only the last packet may be padded
		}
		rest = rest[n:]
	}
	return nil
}

// least returns how long a packet of that type and count is at least.
func least(b []byte) int {
	count := int(b[0] & 0x1f)
	switch b[1] {
	case TypeSR:
		return 28 + 24*count
	case TypeRR:
		return 8 + 24*count
	case TypeBYE:
		return 4 + 4*count
	case TypeXR:
		return 8
	}
	return 4
}

func (p *Packet) parse(b []byte) {
	be := binary.BigEndian
	*p = Packet{Type: b[1], Reports: p.Reports[:0], Byes: p.Byes[:0], VoIP: p.VoIP[:0]}
	if len(b) >= 8 {
		p.SSRC = be.Uint32(b[4:])
	}
	count := int(b[0] & 0x1f)
	switch p.Type {
	case TypeSR:
		p.Sender = Sender{NTP: be.Uint64(b[8:]), RTP: be.Uint32(b[16:]), Packets: be.Uint32(b[20:]), Octets: be.Uint32(b[24:])}
		p.reports(b[28:], count)
	case TypeRR:
		p.reports(b[8:], count)
	case TypeBYE:
		for i := range count {
			p.Byes = append(p.Byes, be.Uint32(b[4+4*i:]))
		}
	case TypeXR:
		p.blocks(b[8:])
	}
}

func (p *Packet) reports(b []byte, count int) {
	be := binary.BigEndian
	for ; count > 0; count, b = count-1, b[24:] {
		p.Reports = append(p.Reports, Report{
			SSRC: be.Uint32(b), Fraction: b[4], Lost: int32(be.Uint32(b[4:])<<8) >> 8, Highest: be.Uint32(b[8:]),
			Jitter: be.Uint32(b[12:]), LSR: be.Uint32(b[16:]), DLSR: be.Uint32(b[20:]),
		})
	}
}

// blocks reads the report blocks of an XR (RFC 3611 section 3).
func (p *Packet) blocks(b []byte) {
	be := binary.BigEndian
	for len(b) >= 4 {
		n := 4 * (int(be.Uint16(b[2:])) + 1)
		if n > len(b) {
			return
		}
		if b[0] == 7 && n >= 36 {
			p.VoIP = append(p.VoIP, VoIP{
				SSRC: be.Uint32(b[4:]), LossRate: b[8], Discards: b[9], RoundTrip: be.Uint16(b[16:]),
				RFactor: b[24], MOSLQ: b[26], MOSCQ: b[27],
			})
		}
		b = b[n:]
	}
}
