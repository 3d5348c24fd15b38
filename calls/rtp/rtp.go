// Package rtp reads RTP headers (RFC 3550 section 5.1) and keeps track of
// sequence numbers. It holds no state of any call.
package rtp

import (
	"encoding/binary"
	"errors"
)

// A Packet is a parsed RTP packet. Payload points into the datagram: header
// extension, CSRC list and padding are stripped.
type Packet struct {
	SSRC        uint32
	Timestamp   uint32
	Seq         uint16
	PayloadType uint8
	Marker      bool
	Payload     []byte
}

// HeaderLen is the length of the fixed header in bytes.
const HeaderLen = 12

// ErrNotRTP is wrapped by every error of Parse.
var ErrNotRTP = errors.New("not RTP")

var (
	errShort   = wrap("shorter than its header")
	errVersion = wrap("version is not 2")
)

type parseError struct{ text string }

func wrap(text string) error        { return &parseError{text} }
func (e *parseError) Error() string { return "rtp: " + e.text }
func (e *parseError) Unwrap() error { return ErrNotRTP }

// Parse reads one packet into p.
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|V=2|P|X|  CC   |M|     PT      |       sequence number         |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                           timestamp                           |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|           synchronization source (SSRC) identifier            |
//	+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
//
// Padding that claims more than there is (a packet cut by the snaplen, or
// damage) is left in the payload rather than refused: cut says that the
// datagram's end is missing, so that its last byte is no padding count.
func Parse(p *Packet, b []byte, cut bool) error {
	if len(b) < HeaderLen {
		return errShort
	}
	if b[0]>>6 != 2 {
		return errVersion
	}
	p.PayloadType = b[1] & 0x7f
	p.Marker = b[1]&0x80 != 0
	p.Seq = binary.BigEndian.Uint16(b[2:])
	p.Timestamp = binary.BigEndian.Uint32(b[4:])
	p.SSRC = binary.BigEndian.Uint32(b[8:])
	start, end := HeaderLen, len(b)
	if b[0]&0x3f != 0 {
		start += int(b[0]&0x0f) * 4
		if b[0]&0x10 != 0 {
			if start+4 > len(b) {
				return errShort
			}
			start += 4 + int(binary.BigEndian.Uint16(b[start+2:]))*4
		}
		if start > len(b) {
			return errShort
		}
		if b[0]&0x20 != 0 && !cut && end > start {
			if n := int(b[end-1]); n > 0 && n <= end-start {
				end -= n
			}
		}
	}
	p.Payload = b[start:end]
	return nil
}

// IsRTCP reports whether b looks like RTCP where it shares a port with RTP
// (RFC 5761 section 4): version 2 and a packet type of 192 to 223.
func IsRTCP(b []byte) bool {
	return len(b) >= 8 && b[0]>>6 == 2 && b[1] >= 192 && b[1] <= 223
}
