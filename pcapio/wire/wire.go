// Package wire peels link layers and IP off captured frames and yields the
// transport payloads inside them.
package wire

import (
	"net/netip"

	"callx/pcapio"
)

// Proto is an IP protocol number.
type Proto uint8

const (
	TCP Proto = 6
	UDP Proto = 17
)

// A Flow is one direction of a transport conversation. It is comparable and
// serves as a map key. Addresses are unmapped (a v4-in-v6 address is v4) and
// carry no zone.
type Flow struct {
	Src, Dst netip.AddrPort
	Proto    Proto
}

// Reverse returns the flow of the other direction.
func (f Flow) Reverse() Flow { return Flow{Src: f.Dst, Dst: f.Src, Proto: f.Proto} }

// A Datagram is one transport payload with its place and time in the capture.
//
// Payload is borrowed from the frame (or from the Decoder) and valid until
// the next Decode. Pos and Nanos are those of the frame that it came in, which
// for TCP may be an earlier one than that in hand.
type Datagram struct {
	pcapio.Pos
	Nanos   int64 // capture time, nanoseconds since 1970-01-01 UTC
	Flow    Flow
	Payload []byte
	Cut     int // bytes of the payload that the capture did not keep

	// Duplicate says that the same datagram, flow and payload, was captured
	// within the last 100 ms, as a mirror of both directions does it. RTP is
	// never marked: its sequence numbers tell.
	Duplicate bool

	// Of a stretch of a TCP stream; see Decoder.Streams.
	Hole bool // bytes of the stream before Payload are missing
	End  bool // the stream ends behind Payload
}

// A Class says what a frame was, for the accounting: every frame has one.
type Class uint8

const (
	ClassUDP         Class = iota // datagrams were appended
	ClassTCP                      // a TCP segment (its stream may have yielded datagrams)
	ClassOther                    // understood, but neither UDP nor TCP: ARP, ICMP, ...
	ClassFragment                 // part of an IP datagram
	ClassTruncated                // cut by snaplen or damage before the transport header
	ClassUndecodable              // link or network layer not understood
)
