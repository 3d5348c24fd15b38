// Package opus decodes Opus (RFC 6716) as RTP carries it: one Opus packet of
// 2.5 to 120 ms in each RTP packet (RFC 7587). It comes out at 48000 Hz,
// whatever bandwidth it was coded with.
//
// The rtpmap always has two channels and says nothing about the sound, and the
// packets may change between mono and stereo at any time. The format parameters
// decide: a leg is stereo where stereo or sprop-stereo is 1 (RFC 7587 section
// 6.1); in such a leg mono comes out as two equal channels. Else stereo is
// mixed to one channel, and Note says so.
package opus

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/thesyncim/gopus"

	"callx/audio"
)

const (
	hz      = 48000
	longest = hz * 120 / 1000 // samples of a packet (RFC 6716 section 3.2.5)
	step    = hz / 400        // samples of the shortest frame, and the unit of concealment
	usual   = hz / 50         // samples of a packet where nothing tells
)

var (
	// ErrParameters says that the clock or the channels are none of Opus.
	ErrParameters = errors.New("the clock of Opus is 48000 Hz, with at most two channels")
	// ErrPacket says that a payload is no Opus packet.
	ErrPacket = errors.New("not an Opus packet")
	// ErrNoRedundancy says that a packet holds nothing of the one before it.
	ErrNoRedundancy = errors.New("no redundancy for the packet before")
)

// New returns a decoder for Opus. The error is ErrParameters.
func New(s audio.Spec) (audio.Decoder, error) {
	if s.Clock != hz || s.Channels > 2 {
		return nil, ErrParameters
	}
	d := &Decoder{channels: 1, last: usual}
	if isStereo(s.Fmtp) {
		d.channels = 2
	}
	var err error
	if d.opus, err = gopus.NewDecoder(gopus.DefaultDecoderConfig(hz, d.channels)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrParameters, err)
	}
	return d, nil
}

// isStereo reports whether format parameters announce stereo.
func isStereo(fmtp string) bool {
	for p := range strings.SplitSeq(fmtp, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.TrimSpace(value) == "1" && (strings.EqualFold(name, "stereo") || strings.EqualFold(name, "sprop-stereo")) {
			return true
		}
	}
	return false
}

// A Decoder decodes one stream.
type Decoder struct {
	opus     *gopus.Decoder
	channels int
	last     int        // samples of the last packet
	mode     gopus.Mode // of the last packet
	mixed    bool       // stereo has come out as mono
	frame    []float32  // reused by Recover
}

// Rate is 48000 Hz.
func (d *Decoder) Rate() int { return hz }

// Channels is 2 where the format parameters announce stereo, else 1.
func (d *Decoder) Channels() int { return d.channels }

// Decode appends the samples of one Opus packet. The error is ErrPacket, with
// the decoder's reason; nothing is appended then.
func (d *Decoder) Decode(dst []int16, payload []byte) ([]int16, error) {
	if len(payload) == 0 {
		return dst, nil
	}
	start := len(dst)
	pcm := extend(dst, duration(payload)*d.channels)
	n, err := d.opus.DecodeInt16(payload, pcm[start:])
	if err != nil {
		return dst, fmt.Errorf("%w: %w", ErrPacket, err)
	}
	toc := gopus.ParseTOC(payload[0])
	d.last, d.mode = n, toc.Mode
	d.mixed = d.mixed || toc.Stereo && d.channels == 1
	return pcm[:start+n*d.channels], nil
}

// duration returns the samples that a packet says it has, at most as many as
// it may have (RFC 6716 section 3.2).
func duration(payload []byte) int {
	frames := 1
	switch code := payload[0] & 3; {
	case code == 3 && len(payload) > 1:
		frames = int(payload[1] & 63)
	case code != 0:
		frames = 2
	}
	return min(frames*gopus.ParseTOC(payload[0]).FrameSize, longest)
}

// extend returns pcm longer by n values.
func extend(pcm []int16, n int) []int16 {
	return slices.Grow(pcm, n)[:len(pcm)+n]
}

// Conceal appends samples for packets that did not arrive, samples in number:
// the sound goes on, ever softer. Before the first packet it is silence.
func (d *Decoder) Conceal(dst []int16, samples int) []int16 {
	end := len(dst) + max(samples, 0)*d.channels
	for len(dst) < end {
		// Packet by packet, for with each the sound becomes softer; in whole
		// steps, for the decoder makes no others.
		missing := (end - len(dst)) / d.channels
		n := min(d.last, (missing+step-1)/step*step) * d.channels
		dst = extend(dst, n)
		if _, err := d.opus.DecodeInt16(nil, dst[len(dst)-n:]); err != nil {
			clear(dst[len(dst)-n:])
		}
	}
	return dst[:end]
}

// Recover appends what next, the packet after a lost one, repeats of it (RFC
// 6716 section 2.1.7): the samples right before next, as many as one of its
// frames has. What is missing before these is concealed first; next itself is
// decoded after that. The error is ErrNoRedundancy, or ErrPacket if next is no
// Opus packet; nothing is appended then, and Conceal can do it.
func (d *Decoder) Recover(dst []int16, next []byte) ([]int16, error) {
	// From one mode to the other nothing can be recovered: the state of the
	// decoder for speech is not that of the lost packet.
	if d.mode == gopus.ModeCELT || !gopus.PacketHasLBRR(next) {
		return dst, ErrNoRedundancy
	}
	n := gopus.ParseTOC(next[0]).FrameSize * d.channels
	d.frame = slices.Grow(d.frame[:0], n)[:n]
	n, err := d.opus.DecodeWithFEC(next, d.frame, true)
	if err != nil {
		return dst, fmt.Errorf("%w: %w", ErrPacket, err)
	}
	for _, v := range d.frame[:n*d.channels] {
		dst = append(dst, toInt16(v))
	}
	return dst, nil
}

// toInt16 rounds a sample of -1 to 1, and limits what is beyond.
func toInt16(v float32) int16 {
	v *= 32768
	switch {
	case v >= 32767:
		return 32767
	case v <= -32768:
		return -32768
	case v < 0:
		return int16(v - 0.5)
	}
	return int16(v + 0.5)
}

// Note says so if stereo was mixed to one channel; else it is empty.
func (d *Decoder) Note() string {
	if !d.mixed {
		return ""
	}
	return "Opus packets are stereo and the session description does not say so: mixed to one channel"
}
