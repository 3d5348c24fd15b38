// Package calls finds the calls of a capture and says which RTP belongs to
// whom. Pass 1 feeds every datagram to an Indexer, whose Finish returns the
// Index; pass 2 asks the Index's Router for the owner of each packet.
package calls

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"callx/pcapio"
)

// An Index is what pass 1 learned: a plain value without handles or media.
// Its JSON form is the one that callx prints.
type Index struct {
	Calls   []*Call
	Packets Accounting
	Other   map[string]int // SIP messages outside calls, by method
	Notes   []Note         // about no call in particular
}

// Accounting counts every frame of the inputs once; the fields add up to
// Total. SIP, RTP and so on count frames by what they carried. A frame that
// holds several RTP packets (an A-MSDU of 802.11) counts as so many. Of a TCP
// stream that carries SIP, SIP counts the frames with payload and the last; its
// bare acknowledgements are in OtherTCP.
type Accounting struct {
	Total            uint64 `json:"total"`
	SIP              uint64 `json:"sip"`
	RTP              uint64 `json:"rtp"`           // of calls with signalling, first copies
	RTPDuplicate     uint64 `json:"rtp_duplicate"` // further copies of those
	RTPUnattributed  uint64 `json:"rtp_unattributed"`
	RTCP             uint64 `json:"rtcp"`
	DTLSSTUN         uint64 `json:"dtls_stun"`
	OtherUDP         uint64 `json:"other_udp"`
	OtherTCP         uint64 `json:"other_tcp"`
	Other            uint64 `json:"other"`
	Fragment         uint64 `json:"fragment"`
	Truncated        uint64 `json:"truncated"`
	UndecodableFrame uint64 `json:"undecodable_frame"`
}

// Sum adds up all counters but Total.
func (a *Accounting) Sum() uint64 {
	return a.SIP + a.RTP + a.RTPDuplicate + a.RTPUnattributed + a.RTCP + a.DTLSSTUN + a.OtherUDP +
		a.OtherTCP + a.Other + a.Fragment + a.Truncated + a.UndecodableFrame
}

func (a *Accounting) add(b *Accounting) {
	a.Total += b.Total
	a.SIP += b.SIP
	a.RTP += b.RTP
	a.RTPDuplicate += b.RTPDuplicate
	a.RTPUnattributed += b.RTPUnattributed
	a.RTCP += b.RTCP
	a.DTLSSTUN += b.DTLSSTUN
	a.OtherUDP += b.OtherUDP
	a.OtherTCP += b.OtherTCP
	a.Other += b.Other
	a.Fragment += b.Fragment
	a.Truncated += b.Truncated
	a.UndecodableFrame += b.UndecodableFrame
}

// A State says how a call went.
type State string

const (
	Completed    State = "completed"    // answered and ended
	Cancelled    State = "cancelled"    // given up by the caller
	Busy         State = "busy"         // 486, 600
	Declined     State = "declined"     // 603
	Failed       State = "failed"       // any other final status
	Unanswered   State = "unanswered"   // 408, 480, or no final status at all
	InProgress   State = "in_progress"  // still open where the capture ends
	Unattributed State = "unattributed" // media without signalling
)

// A Party is one end of a call as the signalling names it.
type Party struct {
	URI     string `json:"uri"`
	User    string `json:"user"`
	Display string `json:"display"`
}

// A Call is one call: its signalling, and a leg for each party that was heard.
type Call struct {
	Number      int      `json:"number"` // 1, 2, ... in order of start
	ID          string   `json:"id"`     // the same for the same capture, however it is cut into files
	CallIDs     []string `json:"call_ids"`
	State       State    `json:"state"`
	Caller      Party    `json:"caller"`
	Callee      Party    `json:"callee"`
	Start       Time     `json:"start"`
	Ringing     Time     `json:"ringing"`
	Answer      Time     `json:"answer"`
	End         Time     `json:"end"`
	Origin      Time     `json:"origin"` // the first media packet of any leg: sample 0 of every file
	Duration    Seconds  `json:"duration_s"`
	FinalStatus int      `json:"final_status,omitempty"`
	Legs        []*Leg   `json:"legs"`
	Events      []Event  `json:"events"`
	Notes       []Note   `json:"notes"`
	Group       *Group   `json:"group"` // null where no other call carries the same conversation
	Folder      string   `json:"folder,omitempty"`
}

// A Leg is one party's voice. Packet counts are of the capture: every copy
// counts in Packets, and Packets - Duplicates + Lost = Expected.
type Leg struct {
	Party       string  `json:"party"`    // caller, callee, callee-2, ..., a, b
	Identity    Party   `json:"identity"` // who that is, as the signalling says
	Codecs      []Codec `json:"codecs"`
	Encryption  string  `json:"encryption"` // none, sdes, dtls, zrtp; srtp where the keying was not seen
	Decrypted   bool    `json:"decrypted"`
	Rule        string  `json:"rule"` // how its first stream was attached: sdp, ice, symmetric, nat, hop, unattributed
	Start       Time    `json:"start"`
	End         Time    `json:"end"`
	Offset      Seconds `json:"offset_s"`
	Packets     uint64  `json:"packets"`
	Lost        uint64  `json:"lost"`
	Duplicates  uint64  `json:"duplicates"`
	Reordered   uint64  `json:"reordered"`
	Late        uint64  `json:"late"`
	Undecodable uint64  `json:"undecodable"`
	// Unauthenticated counts those of them that no SRTP key fitted; only pass 2 knows.
	Unauthenticated uint64    `json:"unauthenticated,omitempty"`
	Expected        uint64    `json:"expected"`
	LossPercent     Percent   `json:"loss_percent"`
	Loss            Loss      `json:"loss"`
	Jitter          *Jitter   `json:"jitter_ms"`
	DriftPPM        *Decimal  `json:"drift_ppm"`
	DTMF            []Digit   `json:"dtmf"`
	Gaps            []Gap     `json:"gaps"`
	Streams         []*Stream `json:"streams"`
	Files           []File    `json:"files,omitempty"`

	// Parts is the leg's timeline in order of start, for pass 2.
	Parts []*Part `json:"-"`
	// Last is where the capture holds the leg's last packet.
	Last pcapio.Pos `json:"-"`
}

// A Codec is an RTP payload format in use (RFC 8866 section 6.6).
type Codec struct {
	Name        string `json:"name"`
	ClockRate   int    `json:"clock_rate_hz"`
	Channels    int    `json:"channels"`
	PayloadType uint8  `json:"payload_type"`
	Fmtp        string `json:"fmtp"`
}

// A Stream is what one flow carried of one SSRC for a leg.
type Stream struct {
	SSRC         SSRC           `json:"ssrc"`
	Src          netip.AddrPort `json:"src"`
	Dst          netip.AddrPort `json:"dst"`
	PayloadTypes []int          `json:"payload_types"`
	First        Time           `json:"first"`
	Last         Time           `json:"last"`
	Packets      uint64         `json:"packets"`
	Lost         uint64         `json:"lost"`
	Duplicates   uint64         `json:"duplicates"`
	Reordered    uint64         `json:"reordered"`
	Jitter       *Jitter        `json:"jitter_ms"`
	DriftPPM     *Decimal       `json:"drift_ppm"`
	Hops         int            `json:"hops"` // flows on which the same packets were seen
	RTCP         *RTCP          `json:"rtcp"` // null where there was none about it, or none that can be read
}

// Jitter is the interarrival jitter of RFC 3550 section 6.4.1 in milliseconds:
// the mean and the maximum of the running estimate.
type Jitter struct {
	Mean Decimal `json:"mean"`
	Max  Decimal `json:"max"`
}

// A Gap is a stretch of the leg's timeline in which the capture holds no
// audio. Packets counts the packets that are missing in it.
type Gap struct {
	Offset   Seconds `json:"offset_s"`
	Duration Seconds `json:"duration_s"`
	Kind     string  `json:"kind"` // lost, dtx, hold, capture_drop, undecodable, dtmf, no_media
	Packets  uint64  `json:"packets"`
}

// A Digit is a DTMF digit sent as an RFC 4733 event.
type Digit struct {
	Digit    string  `json:"digit"`
	Offset   Seconds `json:"offset_s"`
	Duration int     `json:"duration_ms"`
}

// An Event is something that the signalling or the media did during a call.
type Event struct {
	At     Time    `json:"at"`
	Offset Seconds `json:"offset_s"`
	Kind   string  `json:"kind"` // answer, hold, resume, reinvite, codec, ssrc, fax, video, ...
	Party  string  `json:"party"`
	Text   string  `json:"text"`
}

// A File is one file written for a leg or call.
type File struct {
	Path     string `json:"path"` // relative to the output folder, slashes
	Format   string `json:"format"`
	Rate     int    `json:"sample_rate_hz,omitempty"`
	Channels int    `json:"channels,omitempty"`
	Samples  int64  `json:"samples,omitempty"`
	SHA256   string `json:"sha256"`
}

// A Note is a pcapio.Note with the path of its file.
type Note struct {
	File   string `json:"file"`
	Frame  uint64 `json:"frame"`
	Offset int64  `json:"offset"`
	Kind   string `json:"kind"`
	Text   string `json:"text"`
}

func (n Note) String() string {
	if n.File == "" {
		return n.Kind + ": " + n.Text
	}
	return fmt.Sprintf("%s: frame %d (offset %d): %s: %s", n.File, n.Frame, n.Offset, n.Kind, n.Text)
}

// Time is an instant; the zero value means unknown and is null in JSON.
type Time struct{ time.Time }

func timeOf(nanos int64) Time { return Time{time.Unix(0, nanos).UTC()} }

// MarshalJSON writes RFC 3339 in UTC with as many decimals as needed.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(t.UTC().Format(time.RFC3339Nano))
}

// SSRC prints as 0x and eight hex digits.
type SSRC uint32

func (s SSRC) String() string               { return fmt.Sprintf("0x%08x", uint32(s)) }
func (s SSRC) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// Seconds is a length or offset in nanoseconds that prints as decimal seconds.
type Seconds time.Duration

func (s Seconds) String() string { return trimDecimal(int64(s), 9) }

// MarshalJSON writes an exact decimal number of seconds.
func (s Seconds) MarshalJSON() ([]byte, error) { return []byte(s.String()), nil }

// Decimal is a measured figure that is printed with three decimals.
type Decimal float64

func (d Decimal) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "%.3f", float64(d)), nil }

// Percent is a share of 100, printed with two decimals.
type Percent float64

func (p Percent) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "%.2f", float64(p)), nil }

// trimDecimal prints v / 10^places without trailing zeros.
func trimDecimal(v int64, places int) string {
	neg := v < 0
	if neg {
		v = -v
	}
	s := fmt.Sprintf("%0*d", places+1, v)
	whole, frac := s[:len(s)-places], s[len(s)-places:]
	for len(frac) > 0 && frac[len(frac)-1] == '0' {
		frac = frac[:len(frac)-1]
	}
	if frac != "" {
		whole += "." + frac
	}
	if neg {
		return "-" + whole
	}
	return whole
}
