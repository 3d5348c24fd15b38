package amr

import "callx/audio/fixed"

// readSID takes spectrum and level from the parameters of a SID frame (TS
// 26.092 section 6.1).
func (c *channel) readSID(p *params) {
	s := &c.comfort
	since := min(s.since, 32)
	s.since = 0
	s.period = 1 << 14
	if since >= 2 {
		s.period = fixed.Div(1<<10, fixed.Shl(since, 10))
	}
	c.lsf.residual = widen(&sidPrediction[p.next()])
	s.pairs = c.lsf.split3(mSID, p)
	c.lsf.residual = vector{}
	index := p.next()
	s.level = index<<9 - 5120
	if index == 0 {
		s.level = -32768 // silence
	}
	if !s.updated || s.state == speaking {
		s.lastPairs, s.lastLevel = s.pairs, s.level
	}
}

// follow sets the predicted gain of the fixed codebook to the level of the
// noise, for the speech after it.
func (s *gainState) follow(level int32) {
	decibels := min(max(fixed.Sub(level>>1, 9000), -14436), 0)
	for i := range 4 {
		s.decibels[i] = decibels
		s.binary[i] = fixed.Mult(5443, decibels)
	}
}

// interpolate returns pairs and level, Q26, on the way from the last SID frame
// but one to the last.
func (s *comfort) interpolate() (pairs vector, level int32) {
	way := fixed.Mult(fixed.Shl(fixed.Add(1, s.since), 10), s.period)
	way = min(way, 1024) << 4
	rest := 16384 - way
	for i := range pairs {
		pairs[i] = fixed.Shl(fixed.Add(fixed.Mult(way, s.pairs[i]), fixed.Mult(rest, s.lastPairs[i])), 1)
	}
	return pairs, fixed.Mac(fixed.LongMult(way, s.level), rest, s.lastLevel)
}

// vary moves frequencies as those of the last frames of speech moved, the more
// the flatter the spectrum.
func (s *comfort) vary(f vector) vector {
	factor := fixed.Sub(4096, fixed.Mult(fixed.Sub(s.gain, 2457), 9830))
	factor = fixed.Shl(min(max(factor, 0), 4096), 3)
	deviation := &s.deviation[s.noise.bits(3)]
	for i := range f {
		f[i] = fixed.Add(f[i], fixed.Mult(factor, deviation[i]))
	}
	return f
}

// amplitude returns the amplitude of the pulses, Q4, that the filter a brings
// to a level of Q26.
func (s *comfort) amplitude(a *filter, level int32) int32 {
	left := int32(32767)
	for _, k := range a.reflection() {
		left = fixed.Mult(left, fixed.Sub(32767, fixed.Mult(k, k)))
	}
	exponent, fraction := fixed.Log2(left)
	gain := fixed.Sub(0, fixed.Add(fixed.Shl(exponent-15, 12), fraction>>3)) >> 1
	s.gain = fixed.Add(fixed.Mult(29491, s.gain), fixed.Mult(3277, gain))
	level = fixed.LongAdd(level>>10, 4<<16)
	level = fixed.LongSub(level, gain<<4)
	level = fixed.LongAdd(level, s.adjust<<5)
	return int32(int16(fixed.Pow2(level>>16, level&0xffff>>1)))
}

// finish prepares for the next frame of comfort noise.
func (s *comfort) finish(next state) {
	if next == muted {
		since := min(s.since, 32)
		if since <= 0 {
			since = 8
		}
		s.period = fixed.Div(1<<10, fixed.Shl(since, 10))
		s.since = 0
		s.lastPairs, s.lastLevel = s.pairs, s.level
		s.level = fixed.Sub(s.level, 256) // 3/4 dB
	}
	if s.sid && (s.valid || s.added) {
		s.since = 0
		s.updated = true
	}
}

// noise is the shift register of comfort noise: x^31 + x^3 + 1.
type noise uint32

func (n *noise) bits(count int) int32 {
	v := int32(0)
	for range count {
		feedback := (*n ^ *n>>28) & 1
		v = v<<1 | int32(*n&1)
		*n = *n>>1 | feedback<<30
	}
	return v
}

// pulses returns ten pulses of one subframe at random, one to a track.
func (n *noise) pulses() (c pulses) {
	for track := range int32(10) {
		at := n.bits(2)*10 + track
		c[at] = -4096
		if n.bits(1) != 0 {
			c[at] = 4096
		}
	}
	return c
}
