// Package g729 decodes G.729 speech (ITU-T G.729 with Annexes A and B) as RTP
// carries it: frames of 10 octets, each of 10 ms or 80 samples at 8000 Hz. A
// packet holds any number of them, of which the last can be a SID frame of 2
// octets, that describes the noise of a pause (RFC 3551 section 4.5.6).
//
// The arithmetic is that of the standard, in fixed point, and the post-filter
// that of Annex A: integers give the same samples on every machine.
package g729

import (
	"errors"
	"fmt"
	"slices"

	"callx/audio"
)

const (
	frameSize    = 10 // octets of a frame
	sidSize      = 2  // octets of a SID frame
	frameSamples = 80 // samples that either decodes to
)

var (
	// ErrParameters says that the clock or the channels are none of G.729.
	ErrParameters = errors.New("G.729 has one channel of 8000 Hz")
	// ErrSize says that a payload does not end where a frame ends.
	ErrSize = errors.New("payload is not a whole number of G.729 frames of 10 octets, the last of 10 or 2")
)

// New returns a decoder for G.729, with or without Annex B: whatever the
// format parameters say, a SID frame is decoded. The error is ErrParameters.
func New(s audio.Spec) (audio.Decoder, error) {
	if s.Clock != 8000 || s.Channels != 1 {
		return nil, ErrParameters
	}
	d := new(Decoder)
	d.lsp.reset()
	d.gain.reset()
	d.excitation.reset()
	d.post.reset()
	d.noise.reset()
	return d, nil
}

// A Decoder is the state that one frame leaves to the next.
type Decoder struct {
	lsp        lspDecoder
	gain       gainDecoder
	excitation excitation
	synthesis  memory
	post       postFilter
	highPass   highPass
	noise      noise
	pause      bool // the last frame was one of comfort noise
}

// Rate is 8000 Hz.
func (d *Decoder) Rate() int { return 8000 }

// Channels is 1.
func (d *Decoder) Channels() int { return 1 }

// Decode appends 80 samples for every frame of payload. The error is ErrSize;
// the frames before the odd octets are decoded.
func (d *Decoder) Decode(dst []int16, payload []byte) ([]int16, error) {
	dst = slices.Grow(dst, (len(payload)+frameSize-1)/frameSize*frameSamples)
	for ; len(payload) >= frameSize; payload = payload[frameSize:] {
		f := parse((*[frameSize]byte)(payload))
		dst = d.speech(dst, &f)
	}
	switch len(payload) {
	case 0:
		return dst, nil
	case sidSize:
		s := parseSID((*[sidSize]byte)(payload))
		d.noise.receive(&s, &d.lsp)
		return d.comfort(dst), nil
	}
	return dst, fmt.Errorf("%w: %d octets left", ErrSize, len(payload))
}

// Conceal appends samples for frames that did not arrive, samples in number:
// after speech it goes on with what was heard, ever softer, and after a SID
// frame with the noise that it described (sections 4.4 and B.4.5).
func (d *Decoder) Conceal(dst []int16, samples int) []int16 {
	end := len(dst) + max(samples, 0)
	dst = slices.Grow(dst, max(samples, 0)+frameSamples)
	for len(dst) < end {
		if d.pause {
			dst = d.comfort(dst)
		} else {
			dst = d.speech(dst, nil)
		}
	}
	return dst[:end]
}

// speech decodes a frame of speech, or makes up for one that is erased if f is
// nil.
func (d *Decoder) speech(dst []int16, f *frame) []int16 {
	d.pause = false
	d.noise.random = noiseSeed
	var filters [2]coefficients
	if f != nil {
		filters = d.lsp.speech(f)
	} else {
		filters = d.lsp.repeat()
	}
	e := &d.excitation
	lag, third := 0, 0
	for i := range filters {
		from := i * subframeSamples
		switch {
		case f == nil || i == 0 && f.badPitch:
			lag, third = e.repeatLag(), 0
		case i == 0:
			lag, third = e.firstLag(f.subframes[0].pitch)
		default:
			lag, third = e.secondLag(f.subframes[1].pitch, lag)
		}
		e.adaptive(from, lag, third)
		var code [subframeSamples]int16
		var g gains
		if f != nil {
			s := &f.subframes[i]
			code = e.fixed(s.pulses, s.signs, lag)
			g = d.gain.speech(s, &code)
		} else {
			pulses := next(&e.random) & 0x1fff
			code = e.fixed(pulses, next(&e.random)&15, lag)
			g = d.gain.erased()
		}
		e.add(from, &code, g)
		dst = d.output(dst, from, &filters[i], lag)
	}
	e.shift()
	return dst
}

// comfort makes a frame of noise as the last SID frame described it.
func (d *Decoder) comfort(dst []int16) []int16 {
	d.noise.follow(!d.pause)
	d.pause = true
	filters := d.lsp.filters(d.noise.lsp)
	e := &d.excitation
	for i := range filters {
		d.noise.excite(e, i*subframeSamples)
	}
	for i := range filters {
		dst = d.output(dst, i*subframeSamples, &filters[i], 0)
	}
	e.sharp = leastSharp
	e.shift()
	return dst
}

// output appends the speech of the subframe of the excitation at from.
func (d *Decoder) output(dst []int16, from int, a *coefficients, lag int) []int16 {
	var pcm [subframeSamples]int16
	kept := d.synthesis
	in := d.excitation.samples[past+from:][:subframeSamples]
	if d.synthesis.synthesize(pcm[:], in, a) {
		d.excitation.scaleDown()
		d.synthesis = kept
		d.synthesis.synthesize(pcm[:], in, a)
	}
	d.post.filter(&pcm, a, lag)
	d.highPass.filter(pcm[:])
	return append(dst, pcm[:]...)
}
