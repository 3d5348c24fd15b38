package synth

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// A Truth is what a perfect reader finds in a capture. Its JSON stands beside
// the committed captures; names and counting rules are those of callx's own
// output where it has them.
type Truth struct {
	Capture string       `json:"capture"`
	About   string       `json:"about"`
	Frames  int          `json:"frames"`
	SIP     int          `json:"sip"`
	RTP     int          `json:"rtp"`
	Calls   []*CallTruth `json:"calls"`
}

// A CallTruth is one call. Start is the time of its first SIP message, Origin
// that of its first media packet, which is the Start where there is no SIP.
type CallTruth struct {
	CallID string      `json:"call_id,omitempty"`
	Caller string      `json:"caller,omitempty"`
	Callee string      `json:"callee,omitempty"`
	State  string      `json:"state"`
	Start  time.Time   `json:"start"`
	Origin *time.Time  `json:"origin"`
	Legs   []*LegTruth `json:"legs"`
}

// A LegTruth is one party's voice.
//
// PCM (signed 16-bit, channels interleaved) begins at the call's origin: zeros
// up to the leg's first packet, zeros where nothing was captured, and it ends
// with the leg's last captured packet. SHA256 is of PCM as little-endian bytes.
type LegTruth struct {
	Party      string         `json:"party"`
	Codecs     []string       `json:"codecs"`
	Rate       int            `json:"sample_rate_hz"`
	Channels   int            `json:"channels"`
	Offset     int            `json:"offset_samples"`
	Samples    int            `json:"samples"` // of each channel
	SHA256     string         `json:"sha256"`
	Packets    int            `json:"packets"` // every copy
	Lost       int            `json:"lost"`    // sequence holes between a stream's first and last packet
	Duplicates int            `json:"duplicates"`
	Reordered  int            `json:"reordered"` // arrived after a later one
	Streams    []*StreamTruth `json:"streams"`
	PCM        []int16        `json:"-"`
}

// A StreamTruth is one RTP stream of a leg.
type StreamTruth struct {
	SSRC        string `json:"ssrc"`
	Src         string `json:"src"`
	Dst         string `json:"dst"`
	Codec       string `json:"codec"`
	PayloadType int    `json:"payload_type"`
	Packets     int    `json:"packets"`
	Lost        int    `json:"lost"`
	Duplicates  int    `json:"duplicates"`
	Reordered   int    `json:"reordered"`
}

// Call returns the call with the given Call-ID, nil if there is none.
func (t *Truth) Call(id string) *CallTruth {
	for _, c := range t.Calls {
		if c.CallID == id {
			return c
		}
	}
	return nil
}

// Leg returns the leg of a party, nil if it has none.
func (c *CallTruth) Leg(party string) *LegTruth {
	for _, l := range c.Legs {
		if l.Party == party {
			return l
		}
	}
	return nil
}

// place puts pcm at a sample of the leg's timeline.
func (l *LegTruth) place(at int, pcm []int16) {
	at *= l.Channels
	if need := at + len(pcm); need > len(l.PCM) {
		l.PCM = append(l.PCM, make([]int16, need-len(l.PCM))...)
	}
	copy(l.PCM[at:], pcm)
}

// finish fills the fields that follow from the others.
func (l *LegTruth) finish() {
	l.Samples = len(l.PCM) / l.Channels
	sum := sha256.Sum256(Bytes(l.PCM))
	l.SHA256 = hex.EncodeToString(sum[:])
	for _, s := range l.Streams {
		l.Packets += s.Packets
		l.Lost += s.Lost
		l.Duplicates += s.Duplicates
		l.Reordered += s.Reordered
	}
}

// Bytes returns pcm as signed 16-bit little-endian, the form of raw L16 files.
func Bytes(pcm []int16) []byte {
	b := make([]byte, 0, len(pcm)*bytesPCM16)
	for _, s := range pcm {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}
