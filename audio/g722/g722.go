// Package g722 decodes ITU-T Rec. G.722 at 64 kbit/s (mode 1), as RTP carries
// it: one octet holds two samples at 16000 Hz, while the RTP clock is 8000 Hz
// by an old mistake that RFC 3551 section 4.5.2 keeps.
//
// Two bands of 8000 samples a second each are coded by ADPCM, the lower one
// with 6 bits and the higher one with 2, and joined by a quadrature mirror
// filter. All arithmetic is that of the Recommendation, so the samples equal
// those of every other right decoder.
package g722

import (
	"errors"
	"slices"

	"callx/audio"
)

// ErrChannels says that there is no packing of several channels for G.722.
var ErrChannels = errors.New("G.722 has one channel")

// New returns a decoder for G722. Its PCM has 16000 Hz whatever the clock is,
// for some senders announce the true one. The error is ErrChannels.
func New(s audio.Spec) (audio.Decoder, error) {
	if s.Channels != 1 {
		return nil, ErrChannels
	}
	return &decoder{
		low:  band{scale: 32},
		high: band{scale: 8},
	}, nil
}

type decoder struct {
	low, high band
	filter    synthesis
}

func (d *decoder) Rate() int     { return 16000 }
func (d *decoder) Channels() int { return 1 }

// Decode appends two samples for every octet of payload. It never fails.
func (d *decoder) Decode(dst []int16, payload []byte) ([]int16, error) {
	start, n := len(dst), 2*len(payload)
	dst = slices.Grow(dst, n)[:start+n]
	out := dst[start:]
	for _, code := range payload {
		low, high := d.lower(code&0x3f), d.higher(code>>6)
		out[0], out[1] = d.filter.join(low, high)
		out = out[2:]
	}
	return dst, nil
}

// lower decodes 6 bits of the lower band (blocks 2L to 6L). The predictor
// learns from the upper 4 of them only, so that an encoder may steal the rest.
func (d *decoder) lower(code byte) int32 {
	b := &d.low
	r := b.predicted + b.scale*int32(quantum6[code])>>15
	core := code >> 2
	difference := b.scale * int32(quantum4[core]) >> 15
	b.log = min(max(b.log*127>>7+int32(stepLow[core]), 0), 18432)
	b.scale = linear(b.log, 8)
	b.adapt(difference)
	return min(max(r, -16384), 16383)
}

// higher decodes 2 bits of the higher band (blocks 2H to 6H).
func (d *decoder) higher(code byte) int32 {
	b := &d.high
	difference := b.scale * int32(quantum2[code]) >> 15
	r := b.predicted + difference
	b.log = min(max(b.log*127>>7+int32(stepHigh[code]), 0), 22528)
	b.scale = linear(b.log, 10)
	b.adapt(difference)
	return min(max(r, -16384), 16383)
}

// linear is the scale factor of a logarithmic one (blocks SCALEL, SCALEH):
// 5 bits of fraction below an exponent.
func linear(log, exponent int32) int32 {
	return int32(mantissa[log>>6&31]) << (log >> 11) >> exponent << 2
}
