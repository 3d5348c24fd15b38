// Package synth makes captures of calls whose audio is known, sample for
// sample. It shares no code with callx: it has its own G.711, SIP, RTP and
// container writers, so that tests can hold callx against it.
//
// A Script says what happened; Build turns it into the bytes of a capture file
// and the Truth about it. Everything is computed with integers from the
// script alone: the same script gives the same bytes on every machine.
package synth

import (
	"net/netip"
	"time"
)

// A Script describes one capture file.
type Script struct {
	Name   string // file name
	About  string // one sentence for people
	File   File
	Ifaces []Iface // what captured the frames; none means one plain Ethernet
	Calls  []Call
}

// A Party is one of the two ends of a call.
type Party int

const (
	Caller Party = iota
	Callee
)

func (p Party) other() Party { return 1 - p }

// An Endpoint is a party's name and addresses.
type Endpoint struct {
	User  string
	SIP   netip.AddrPort
	Media netip.AddrPort
	Iface int // index into Script.Ifaces: where this party's RTP is captured
}

// A Call is one SIP dialog with its media. Without Steps it is bare RTP.
type Call struct {
	ID       string // Call-ID
	State    string // how the call ends: completed, cancelled, busy, in_progress, unattributed
	Ends     [2]Endpoint
	Start    time.Time // Steps and Streams count from here
	Steps    []Step
	Streams  []Stream
	SIPIface int // index into Script.Ifaces
}

// A Step is one SIP message.
type Step struct {
	At   time.Duration
	By   Party
	Line string // a method ("INVITE") or a status ("200 OK")
	For  string // of responses and ACK: the method of the transaction, INVITE if empty
	CSeq int    // 1 if zero
	SDP  *SDP
}

// An SDP describes one audio stream.
type SDP struct {
	Addr   netip.AddrPort // where the sender of the SDP receives; the endpoint's Media if zero
	Codecs []Codec
	Dir    string // sendrecv if empty
}

// A Codec is an audio format of RTP.
type Codec struct {
	Name            string
	Clock, Channels int
	PT              uint8
}

// The formats that synth speaks. Payload types are those of RFC 3551 section
// 6 where it assigns one.
var (
	PCMU      = Codec{"PCMU", 8000, 1, 0}
	PCMA      = Codec{"PCMA", 8000, 1, 8}
	L16Stereo = Codec{"L16", 44100, 2, 10}
	L16Narrow = Codec{"L16", 8000, 1, 96}
	L16Wide   = Codec{"L16", 16000, 1, 97}
)

// A Stream is one RTP stream: Packets packets of Frame samples, sent in exact
// ticks of Frame/Clock seconds from At on.
type Stream struct {
	By       Party
	At       time.Duration // of the first packet
	Codec    Codec
	Frame    int // samples a packet; 20 ms if zero
	Packets  int
	SSRC     uint32
	Seq      uint16         // of the first packet
	TS       uint32         // of the first packet
	Src, Dst netip.AddrPort // the endpoints' Media if zero
	Events   []Event
}

// An Event makes a stream differ from perfect ticks. First and Last are
// packet indexes, counted from 0, both included.
type Event struct {
	Kind        EventKind
	First, Last int
	By          time.Duration
}

// An EventKind is one kind of Event.
type EventKind int

const (
	Lose      EventKind = iota // never captured
	Duplicate                  // captured again, By later
	Delay                      // captured By later: with more than a tick this reorders
	Jitter                     // captured up to By later, every fifth packet in time
	Pause                      // before First nothing is sent for By; the timestamp goes on, the sequence does not
)
