// Package gsm decodes GSM full rate speech (GSM 06.10, ETSI EN 300 961) as RTP
// carries it: frames of 33 octets, each of 20 ms or 160 samples at 8000 Hz
// (RFC 3551 section 4.5.8.1). A packet holds any number of frames.
//
// The arithmetic is that of the standard, 16 bits with saturation, so the
// samples equal those of every other right decoder.
package gsm

import (
	"errors"
	"fmt"
	"slices"

	"callx/audio"
)

const (
	frameSize    = 33  // octets of a frame
	frameSamples = 160 // samples that it decodes to
	signature    = 0xd // its first four bits
)

var (
	// ErrParameters says that the clock or the channels are none of GSM.
	ErrParameters = errors.New("GSM has one channel of 8000 Hz")
	// ErrSize says that a payload does not end where a frame ends.
	ErrSize = errors.New("payload is not a whole number of GSM frames of 33 octets")
	// ErrSignature says that a frame does not begin with the signature 1101.
	ErrSignature = errors.New("GSM frame without its signature")
)

// New returns a decoder for GSM. The error is ErrParameters.
func New(s audio.Spec) (audio.Decoder, error) {
	if s.Clock != 8000 || s.Channels != 1 {
		return nil, ErrParameters
	}
	return &decoder{lag: minLag}, nil
}

// A decoder is the state that one frame leaves to the next.
type decoder struct {
	// residual ends with the subframe that is being made; before it are the
	// 120 samples that the long-term predictor reaches back.
	residual [maxLag + subframeSamples]int16
	lag      int      // NRP: the last valid lag
	ratios   [8]int32 // LARpp of the last frame
	v        [8]int32 // of the lattice filter
	emphasis int32    // MSR: the last sample of the de-emphasis
}

func (d *decoder) Rate() int     { return 8000 }
func (d *decoder) Channels() int { return 1 }

// Decode appends 160 samples for every frame of payload. The error is ErrSize
// or ErrSignature, with the number of the frame; the frames before it are
// decoded.
func (d *decoder) Decode(dst []int16, payload []byte) ([]int16, error) {
	dst = slices.Grow(dst, len(payload)/frameSize*frameSamples)
	for n := 0; len(payload) > 0; n++ {
		if len(payload) < frameSize {
			return dst, fmt.Errorf("frame %d: %w", n, ErrSize)
		}
		if payload[0]>>4 != signature {
			return dst, fmt.Errorf("frame %d: %w", n, ErrSignature)
		}
		end := len(dst) + frameSamples
		dst = dst[:end]
		d.frame((*[frameSamples]int16)(dst[end-frameSamples:]), (*[frameSize]byte)(payload))
		payload = payload[frameSize:]
	}
	return dst, nil
}

// frame decodes one frame (EN 300 961 section 5.3).
func (d *decoder) frame(pcm *[frameSamples]int16, octets *[frameSize]byte) {
	b := bits{octets: octets, at: 4}
	var ratios [8]int32
	for i, q := range ratioCodes {
		ratios[i] = q.decode(b.next(q.bits))
	}
	for sub := range 4 {
		d.subframe(&b)
		copy(pcm[sub*subframeSamples:], d.residual[maxLag:])
	}
	d.synthesize(pcm, &ratios)
	d.ratios = ratios
	for i, v := range pcm {
		d.emphasis = saturate(int32(v) + product(d.emphasis, 28180))
		pcm[i] = int16(saturate(2*d.emphasis) &^ 7)
	}
}

// bits reads the fields of a frame, most significant bit first.
type bits struct {
	octets *[frameSize]byte
	at     uint // next bit
}

// next returns the next n bits, at most 8.
func (b *bits) next(n uint) int32 {
	i := b.at / 8
	two := uint32(b.octets[i]) << 8
	if i+1 < frameSize {
		two |= uint32(b.octets[i+1])
	}
	v := two << (b.at % 8) & 0xffff >> (16 - n)
	b.at += n
	return int32(v)
}

func saturate(v int32) int32 { return min(max(v, -32768), 32767) }

// product multiplies two fractions of 15 bits with rounding; -1 times -1 is
// saturated (mult_r).
func product(a, b int32) int32 { return min((a*b+1<<14)>>15, 32767) }
