package amrwb

import (
	"slices"

	"callx/audio/fixed"
)

// gainState decodes the gains of both codebooks (TS 26.190 section 5.9) and
// replaces them in bad frames (TS 26.191 section 6.2.3.1).
type gainState struct {
	corrections [4]int32 // the last ones in dB, Q10, the latest first
	good        int32    // gain of the fixed codebook in the last good subframe, Q3
	// The last five of each, the latest last: of the adaptive codebook in Q14,
	// and those of good frames alone, and of the fixed codebook in Q3.
	pitches, goodPitches, codes [5]int32
}

func (s *gainState) reset() { *s = gainState{corrections: [4]int32{-14336, -14336, -14336, -14336}} }

func push(h *[5]int32, v int32) {
	copy(h[:], h[1:])
	h[4] = v
}

func median(h [5]int32) int32 {
	slices.Sort(h[:])
	return h[2]
}

// fade holds the factors, in Q15, by which gains are drawn down the longer bad
// frames last; the first are for frames whose bits came, the second for
// missing ones.
var (
	fadePitch = [2][7]int32{{32767, 32113, 31457, 24576, 7537, 1638, 328}, {32767, 31130, 29491, 24576, 7537, 1638, 328}}
	fadeCode  = [2][7]int32{{32767, 32113, 32113, 32113, 32113, 32113, 22938}, {32767, 16384, 8192, 8192, 8192, 4915, 3277}}
)

// level returns the gain that brings pulses to an energy of one a sample, Q12.
func (c *pulses) level() int32 {
	fraction, exponent := fixed.Energy(c[:])
	fraction, exponent = fixed.InvSqrtNorm(fraction, exponent-24)
	return fixed.LongShl(fraction, exponent-3) >> 16
}

// decode decodes the gains of a good subframe: of the adaptive codebook in
// Q14, of the fixed one in Q16. afterBad says that the frame before was bad.
func (s *gainState) decode(mode int, index int32, c *pulses, afterBad bool) (pitch, code int32) {
	level := c.level()
	prediction := int32(30 << 24) // mean energy in dB, Q24
	for i, weight := range [4]int32{4096, 3277, 2458, 1638} {
		prediction = fixed.Mac(prediction, weight, s.corrections[i])
	}
	exponent, fraction := fixed.Split(prediction >> 16 * 5443 >> 7) // log2(10)/20
	predicted := fixed.Pow2(14, fraction)
	row := &gains7[index]
	if mode <= m885 {
		row = &gains6[index]
	}
	pitch = int32(row[0])
	correction := int32(row[1])
	code = fixed.LongShl(fixed.LongMult(correction, predicted), exponent-14+4)
	if afterBad {
		if most := fixed.LongMult(s.good, 5120); code > most && code > 100<<16 {
			code = most
		}
	}
	s.good = fixed.Round(fixed.LongShl(code, 3))
	push(&s.codes, s.good)
	push(&s.pitches, pitch)
	push(&s.goodPitches, pitch)
	code = fixed.LongShl(multiply(code, level), 3)

	exponent, fraction = fixed.Log2(correction)
	s.correct(fixed.MultSplit(exponent-11, fraction, 24660) >> 3)
	return pitch, code
}

func (s *gainState) correct(v int32) {
	copy(s.corrections[1:], s.corrections[:3])
	s.corrections[0] = int32(int16(v))
}

// conceal returns gains for a bad subframe. bad counts how long that lasts,
// and quiet how many frames before had no voice.
func (s *gainState) conceal(c *pulses, bad int, missing bool, quiet int32) (pitch, code int32) {
	kind := 0
	if missing {
		kind = 1
	}
	last := min(median(s.pitches), 15565)
	pitch = fixed.Mult(fadePitch[kind][bad], last)
	lastCode := median(s.codes)
	if quiet <= 2 {
		lastCode = fixed.Mult(fadeCode[kind][bad], lastCode)
	}
	sum := int32(0)
	for _, v := range s.corrections {
		sum += v
	}
	s.correct(max(sum>>2-3072, -14336)) // their mean, 3 dB down
	push(&s.codes, lastCode)
	push(&s.pitches, last)
	return pitch, fixed.LongMult(lastCode, c.level())
}
