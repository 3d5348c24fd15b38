package amrwb

import "callx/audio/fixed"

// A subframe is what the stages of its decoding hand on.
type subframe struct {
	number  int
	bad     bool
	missing bool // bad, and its bits did not come
	lag     lag
	pulses  pulses
	pitch   int32 // gain of the adaptive codebook, Q14
	code    int32 // gain of the fixed codebook, Q16
	scaled  int32 // the same, scaled as the excitation is
	voiced  int32 // 1 for a voiced sound to -1 for an unvoiced one, Q15
	scale   int32 // bits that the excitation is shifted to the left
	sounded [subframeSamples]int32
}

func (s *subframe) start() int { return pastSamples + s.number*subframeSamples }

// maxScale bounds the scale, so that the synthesis does not overflow.
const maxScale = 8

// rescale chooses the scale of the excitation by the headroom of the last four
// subframes and by the gain of this one, and brings the past to it.
func (c *channel) rescale(s *subframe) {
	most := int32(maxScale)
	for _, r := range c.room {
		most = min(most, r)
	}
	gain := s.code
	s.scale = 0
	for gain < 1<<27 && s.scale < most {
		gain <<= 1
		s.scale++
	}
	s.scaled = fixed.Round(gain)
	shift(c.excitation[s.start()-pastSamples:s.start()+subframeSamples], s.scale-c.scale)
	c.scale = s.scale
}

// shift shifts words to the left, or to the right with rounding if n is
// negative.
func shift(v []int32, n int32) {
	switch {
	case n > 0:
		for i, x := range v {
			v[i] = fixed.Round(fixed.LongShl(x<<16, n))
		}
	case n < 0:
		for i, x := range v {
			v[i] = fixed.Add(x, 1<<(-n-1)) >> -n
		}
	}
}

// voicing compares the energies of both codebooks' parts of the excitation.
// adaptive is in the scale of 3 bits less than the excitation.
func (s *subframe) voicing(adaptive *[subframeSamples]int32) int32 {
	fraction, e1 := fixed.Energy(adaptive[:])
	square := fixed.LongMult(s.pitch, s.pitch)
	n := fixed.Norm(square)
	pitch := fixed.Mult(fraction>>16, square<<n>>16)
	e1 += 6 - n - 10

	fraction, e2 := fixed.Energy(s.pulses[:])
	n = fixed.NormWord(s.scaled)
	gain := fixed.Shl(s.scaled, n)
	code := fixed.Mult(fraction>>16, fixed.Mult(gain, gain))
	e2 -= 2 * n

	if d := e1 - e2; d >= 0 {
		pitch, code = pitch>>1, fixed.Shr(code, d+1)
	} else {
		pitch, code = fixed.Shr(pitch, 1-d), code>>1
	}
	sum := pitch + code + 1
	if pitch < code {
		return -fixed.Div(code-pitch, sum)
	}
	return fixed.Div(pitch-code, sum)
}

// excite adds both codebooks up: once for the past of the adaptive one, and
// once, enhanced, for the sound, in s.sounded (TS 26.190 sections 6.1 and
// 6.2). steady is how little the spectrum moved.
func (c *channel) excite(s *subframe, steady int32) {
	e := (*[subframeSamples]int32)(c.excitation[s.start():])
	var adaptive, sharpened [subframeSamples]int32
	adaptive = *e
	shift(adaptive[:], -3)
	sharp := int32(0)
	if c.mode <= m885 {
		sharp = fixed.Shl(s.pitch, 1)
	}
	if sharp > 16384 {
		for i, v := range adaptive {
			sharpened[i] = fixed.Round(fixed.LongMult(fixed.Mult(v, sharp), s.pitch) >> 1)
		}
	}
	s.voiced = s.voicing(&adaptive)
	c.tilt = s.voiced>>2 + 8192
	adaptive = *e

	loudest := int32(1)
	s.add(&adaptive, &s.pulses, s.scaled, e)
	for _, v := range e {
		loudest = max(loudest, min(max(v, -v), 32767))
	}
	copy(c.room[1:], c.room[:3])
	c.room[0] = fixed.NormWord(loudest) + s.scale - 1

	c.disperser.disperse(c.mode, s)
	gain := c.steadyGain(s, steady)
	enhanced := s.pulses.highpass(s.voiced>>3 + 4096)
	s.add(&adaptive, &enhanced, fixed.Round(fixed.LongShl(gain, s.scale)), &s.sounded)
	if sharp > 16384 {
		for i, v := range s.sounded {
			sharpened[i] = fixed.Add(sharpened[i], v)
		}
		matchEnergy(&s.sounded, &sharpened)
		s.sounded = sharpened
	}
}

// add writes the sum of both codebooks, each with its gain, to out.
func (s *subframe) add(adaptive *[subframeSamples]int32, p *pulses, gain int32, out *[subframeSamples]int32) {
	for i, v := range adaptive {
		t := fixed.LongShl(fixed.LongMult(p[i], gain), 5)
		out[i] = fixed.Round(fixed.LongShl(fixed.Mac(t, v, s.pitch), 1))
	}
}

// steadyGain moves the gain of the fixed codebook towards its mean, by 1.5 dB
// at most, where the sound is unvoiced and its spectrum steady: noise does not
// flutter then.
func (c *channel) steadyGain(s *subframe, steady int32) int32 {
	mean := s.code
	if mean < c.meanGain {
		mean = min(fixed.LongAdd(mean, multiply(s.code, 6226)), c.meanGain)
	} else {
		mean = max(multiply(s.code, 27536), c.meanGain)
	}
	c.meanGain = mean
	weight := fixed.Mult(steady, 16384-s.voiced>>1)
	return fixed.LongAdd(multiply(s.code, 32767-weight), multiply(mean, weight))
}

// highpass returns pulses with their low frequencies down, the more the more
// voiced the sound is.
func (c *pulses) highpass(factor int32) (out pulses) {
	for i, v := range c {
		t := v << 16
		if i+1 < len(c) {
			t = fixed.Msu(t, c[i+1], factor)
		}
		if i > 0 {
			t = fixed.Msu(t, c[i-1], factor)
		}
		out[i] = fixed.Round(t)
	}
	return out
}

// matchEnergy gives v the energy of model.
func matchEnergy(model, v *[subframeSamples]int32) {
	have, target := int32(0), int32(0)
	for i := range v {
		have = fixed.Mac(have, v[i]>>2, v[i]>>2)
		target = fixed.Mac(target, model[i]>>2, model[i]>>2)
	}
	if have == 0 {
		return
	}
	gain := int32(0)
	if target != 0 {
		n := fixed.Norm(have) - 1
		h := fixed.Round(fixed.LongShl(have, n))
		m := fixed.Norm(target)
		t := fixed.Round(target << m)
		ratio := fixed.LongShr(fixed.LongShl(fixed.Div(h, t), 7), n-m)
		k := fixed.Norm(ratio)
		root, exponent := fixed.InvSqrtNorm(ratio<<k, 31-k)
		gain = fixed.Round(fixed.LongShl(fixed.LongShl(root, exponent), 9))
	}
	for i, x := range v {
		v[i] = fixed.LongShl(x*gain, 3) >> 16
	}
}

// shape levels the tilt of pulses and adds them again one lag later.
func (c *pulses) shape(tilt int32, l lag) {
	for i := len(c) - 1; i > 0; i-- {
		c[i] = fixed.Round(fixed.Msu(c[i]<<16, c[i-1], tilt))
	}
	whole := int(l.whole)
	if l.quarters > 2 {
		whole++
	}
	for i := whole; i < len(c); i++ {
		c[i] = fixed.Round(fixed.Mac(c[i]<<16, c[i-whole], 27853))
	}
}
