package amr

import "callx/audio/fixed"

// excite adds both codebooks up: once for the past of the adaptive one, and
// once, with gain and pulses smoothed, for the sound, in s.sounded. now are
// the line spectral frequencies of the subframe.
func (c *channel) excite(s *subframe, now *vector) {
	disturbed := c.lastBad || s.bad // nothing but bad frames disturbs in RTP
	noise := c.background.noise
	unvoiced := c.background.unvoiced
	low := c.mode <= m59

	e := (*[subframeSamples]int32)(c.excitation[pastSamples:])
	s.sharpen = s.sharp > 16384
	if s.sharpen {
		for i, v := range e {
			t := fixed.LongMult(fixed.Mult(v, s.sharp), s.pitch)
			if c.mode == m122 {
				t >>= 1
			}
			s.sharpened[i] = fixed.Round(t)
		}
	}
	if disturbed && noise && low {
		if s.pitch > 12288 {
			s.pitch = (s.pitch-12288)>>1 + 12288
		}
		s.pitch = min(s.pitch, 14745)
	}
	code := c.smoother.smooth(c.mode, s.code, now, disturbed && noise, unvoiced)
	always := low && unvoiced > 3 && noise && s.bad
	adaptive := *e
	c.add(&adaptive, s.pitch, &s.pulses, s.code, e)
	s.pulses.disperse(c.mode, c.disperser.choose(s.pitch, code, always))
	c.add(&adaptive, s.pitch, &s.pulses, code, &s.sounded)

	loud := level(&s.sounded)
	if low && unvoiced > 5 && noise && c.bad < 4 && disturbed {
		c.levels.hold(&s.sounded, loud, unvoiced, c.lastBad)
	}
	if !(noise && disturbed && c.bad < 4) {
		c.levels.add(loud)
	}
	if s.sharpen {
		for i, v := range s.sounded {
			s.sharpened[i] = fixed.Add(s.sharpened[i], v)
		}
		matchEnergy(&s.sounded, &s.sharpened)
	}
}

// add writes the sum of both codebooks, each with its gain, to out.
func (c *channel) add(adaptive *[subframeSamples]int32, pitch int32, p *pulses, code int32, out *[subframeSamples]int32) {
	shift := int32(1)
	if c.mode == m122 {
		pitch, shift = pitch>>1, 2
	}
	for i, v := range adaptive {
		t := fixed.Mac(fixed.LongMult(v, pitch), p[i], code)
		out[i] = fixed.Round(fixed.LongShl(t, shift))
	}
}

// synthesize filters the sound of a subframe. Should it overflow, the past is
// drawn down and the plain excitation taken instead.
func (c *channel) synthesize(s *subframe, a *filter, out []int32) {
	e := &s.sounded
	if s.sharpen {
		e = &s.sharpened
	}
	if a.synthesize(e[:], out, &c.memory) {
		for i := range c.excitation {
			c.excitation[i] >>= 2
		}
		for i := range s.sounded {
			s.sounded[i] >>= 2
		}
		a.synthesize(s.sounded[:], out, &c.memory)
	}
	copy(c.memory[:], out[subframeSamples-order:])
}

// energy returns the energy of a subframe, an eighth of it in Q0.
func energy(v *[subframeSamples]int32) int32 {
	sum := int64(0)
	for _, x := range v {
		sum += 2 * int64(x) * int64(x)
	}
	if sum < 0x7fffffff {
		return int32(sum) >> 4
	}
	s := int32(0)
	for _, x := range v {
		s = fixed.Mac(s, x>>2, x>>2)
	}
	return s
}

// gainTo returns the gain that brings a subframe from one energy to another,
// in Q12; neither is 0.
func gainTo(target, have int32) int32 {
	n := fixed.Norm(have) - 1
	h := fixed.Round(fixed.LongShl(have, n))
	m := fixed.Norm(target)
	t := fixed.Round(fixed.LongShl(target, m))
	ratio := fixed.LongShr(fixed.LongShl(fixed.Div(h, t), 7), n-m)
	return fixed.Round(fixed.LongShl(fixed.InvSqrt(ratio), 9))
}

// matchEnergy gives v the energy of model.
func matchEnergy(model, v *[subframeSamples]int32) {
	have := energy(v)
	if have == 0 {
		return
	}
	gain := int32(0)
	if target := energy(model); target != 0 {
		gain = gainTo(target, have)
	}
	for i, x := range v {
		v[i] = fixed.LongShl(fixed.LongMult(x, gain), 3) >> 16
	}
}
