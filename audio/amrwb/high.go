package amrwb

import (
	"slices"

	"callx/audio/fixed"
)

// highBand adds what lies between 6.4 and 7 kHz, which is not coded: noise,
// with the energy of the excitation, as strong as the tilt of the sound below
// lets expect, or as 23.85 kbit/s says (TS 26.190 section 6.3). low is the
// sound at 12.8 kHz; it is overwritten.
func (s *synthesis) highBand(b *band, e, low *[subframeSamples]int32, out *part) {
	var v part
	for i := range v {
		v[i] = s.noise.next() >> 3
	}
	gain := noiseGain(e, &v, b.scale)
	for i := range v {
		v[i] = v[i] * gain >> 15
	}
	s.tilt.cut400(low)
	if b.gain >= 0 {
		for i := range v {
			v[i] = fixed.Mult(v[i], int32(highGains[b.gain])) << 1
		}
	} else {
		weight := tiltGain(low, b.quiet)
		for i := range v {
			v[i] = fixed.Mult(v[i], weight)
		}
	}
	if b.frequencies != nil {
		var a, w [highOrder + 1]int32
		extrapolated := extrapolate(b.frequencies)
		pairs(extrapolated[:])
		predictor(extrapolated[:], a[:])
		weigh(a[:], w[:], 29491)
		synthesize(w[:], &v, s.shape[:])
	} else {
		var w [order + 1]int32
		weigh(b.filter[:], w[:], 19661)
		synthesize(w[:], &v, s.shape[highOrder-order:])
	}
	filter(&v, &s.band, &bandpass, 2)
	if b.mode == m2385 {
		filter(&v, &s.limit, &lowpass, 0)
	}
	for i, x := range v {
		out[i] = fixed.Add(out[i], x)
	}
}

// A band is what the upper band of a subframe depends on.
type band struct {
	mode        int
	scale       int32             // of the excitation
	gain        int               // index of its gain, -1 if the tilt decides
	quiet       bool              // there was no voice in the last frame
	filter      *[order + 1]int32 // of the lower band
	frequencies *vector           // to be extrapolated, nil to use filter instead
}

// noiseGain returns the gain, Q15, that brings noise to twice the amplitude of
// an excitation that is shifted to the left by scale bits.
func noiseGain(e *[subframeSamples]int32, v *part, scale int32) int32 {
	quieter := *e
	shift(quieter[:], -3)
	fraction, exponent := fixed.Energy(quieter[:])
	target := fraction >> 16
	exponent -= 2 * (scale - 3)
	fraction, n := fixed.Energy(v[:])
	have := fraction >> 16
	if have > target {
		have >>= 1
		n++
	}
	root, n := fixed.InvSqrtNorm(fixed.Div(have, target)<<16, n-exponent)
	return fixed.LongShl(root, n+1) >> 16
}

// tiltGain returns the gain of the upper band by the tilt of the sound below,
// in Q15: full for noise, a tenth for a voice.
func tiltGain(low *[subframeSamples]int32, quiet bool) int32 {
	r0, r1 := int32(1), int32(1)
	for i, v := range low {
		r0 = fixed.Mac(r0, v, v)
		if i > 0 {
			r1 = fixed.Mac(r1, v, low[i-1])
		}
	}
	n := fixed.Norm(r0)
	gain := int32(32767)
	if r := r1 << n >> 16; r > 0 {
		gain -= fixed.Div(r, r0<<n>>16)
	}
	if quiet {
		gain = fixed.Shl(fixed.Mult(gain, 20480), 1)
	}
	return max(gain, 3277)
}

// extrapolate continues immittance spectral frequencies to 8 kHz, by the step
// at which their differences repeat (TS 26.190 section 6.3.2.1).
func extrapolate(f *vector) (out [highOrder]int32) {
	copy(out[:order-1], f[:])
	out[highOrder-1] = f[order-1]
	back := period(f)
	for i := order - 1; i < highOrder-1; i++ {
		out[i] = fixed.Add(out[i-1], fixed.Sub(out[i-1-back], out[i-2-back]))
	}
	// The last frequency is estimated from the lowest ones, 7600 Hz at most.
	top := fixed.Mult(fixed.Sub(f[2], fixed.Add(f[4], f[3])), 5461) + 20390
	top = min(top, 19456)
	stretch(out[order-2:highOrder-1], top)
	for i := range out[:highOrder-1] {
		out[i] = fixed.Mult(out[i], 26214) // in units of 8000/16384 Hz
	}
	return out
}

// period returns after how many frequencies their differences resemble
// themselves most, 1 to 3, the nearest first.
func period(f *vector) int {
	var differences [order - 2]int32
	mean := int32(0)
	for i := range differences {
		differences[i] = fixed.Sub(f[i+1], f[i])
		if i >= 2 {
			mean = fixed.Mac(mean, differences[i], 2731)
		}
	}
	mean = fixed.Round(mean)
	n := fixed.NormWord(max(slices.Max(differences[:]), 0))
	mean = fixed.Shl(mean, n)
	for i, d := range differences {
		differences[i] = fixed.Shl(d, n)
	}
	var likeness [3]int32
	for k := range likeness {
		for i := 7; i < len(differences); i++ {
			hi, lo := fixed.Split(fixed.LongMult(fixed.Sub(differences[i], mean), fixed.Sub(differences[i-2-k], mean)))
			square := fixed.Mac(fixed.Mac(fixed.LongMult(hi, hi), fixed.Mult(hi, lo), 1), fixed.Mult(lo, hi), 1)
			likeness[k] = fixed.LongAdd(likeness[k], square)
		}
	}
	best := 1
	if likeness[0] > likeness[1] {
		best = 0
	}
	if likeness[2] > likeness[best] {
		best = 2
	}
	return best + 1
}

// stretch stretches the differences of frequencies so that the last one, from
// the first on, comes to lie at top; any two are 500 Hz apart at least.
func stretch(f []int32, top int32) {
	want, have := fixed.Sub(top, f[0]), fixed.Sub(f[len(f)-1], f[0])
	n, m := fixed.NormWord(want)-1, fixed.NormWord(have)
	factor := fixed.Div(fixed.Shl(want, n), fixed.Shl(have, m))
	var steps [highOrder - order]int32
	for i := range steps {
		steps[i] = fixed.Shl(fixed.Mult(fixed.Sub(f[i+1], f[i]), factor), m-n)
	}
	const apart = 1280
	for i := 1; i < len(steps); i++ {
		if steps[i]+steps[i-1] < apart {
			if steps[i] > steps[i-1] {
				steps[i-1] = apart - steps[i]
			} else {
				steps[i] = apart - steps[i-1]
			}
		}
	}
	for i, s := range steps {
		f[i+1] = fixed.Add(f[i], s)
	}
}
