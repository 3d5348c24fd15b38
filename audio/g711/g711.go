// Package g711 decodes and encodes A-law and mu-law PCM (ITU-T Rec. G.711)
// as RTP carries them: PCMA and PCMU of RFC 3551 section 4.5.14, one octet a
// sample, channels interleaved.
package g711

import (
	"slices"

	"callx/audio"
)

// NewALaw returns a decoder for PCMA. It never fails.
func NewALaw(s audio.Spec) (audio.Decoder, error) {
	return &decoder{table: &aLaw, rate: s.Clock, channels: s.Channels}, nil
}

// NewMuLaw returns a decoder for PCMU. It never fails.
func NewMuLaw(s audio.Spec) (audio.Decoder, error) {
	return &decoder{table: &muLaw, rate: s.Clock, channels: s.Channels}, nil
}

// A decoder has no state: every octet stands for itself.
type decoder struct {
	table          *[256]int16
	rate, channels int
}

func (d *decoder) Rate() int     { return d.rate }
func (d *decoder) Channels() int { return d.channels }

// Decode appends one value for every octet of payload. The error is
// audio.ErrPartial if octets are left over that are no sample of all channels.
func (d *decoder) Decode(dst []int16, payload []byte) ([]int16, error) {
	var err error
	if rest := len(payload) % d.channels; rest != 0 {
		payload, err = payload[:len(payload)-rest], audio.ErrPartial
	}
	start, n := len(dst), len(payload)
	dst = slices.Grow(dst, n)[:start+n]
	expand(dst[start:], payload, d.table)
	return dst, err
}

// expand looks up every octet of p. pcm has the length of p.
func expand(pcm []int16, p []byte, table *[256]int16) {
	for len(p) >= 8 && len(pcm) >= 8 {
		in, out := (*[8]byte)(p), (*[8]int16)(pcm)
		out[0], out[1] = table[in[0]], table[in[1]]
		out[2], out[3] = table[in[2]], table[in[3]]
		out[4], out[5] = table[in[4]], table[in[5]]
		out[6], out[7] = table[in[6]], table[in[7]]
		p, pcm = p[8:], pcm[8:]
	}
	for i, b := range p {
		pcm[i] = table[b]
	}
}
