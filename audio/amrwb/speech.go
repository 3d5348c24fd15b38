package amrwb

// A channel is the state that one frame leaves to the next.
type channel struct {
	mode int // of the last frame of speech
	isf  isfState
	gain gainState

	// What comfort noise resets.
	excitation excitation
	lag        int32 // of the last subframe of a good frame
	first      bool  // no pairs to interpolate from
	pairs      vector
	meanGain   int32 // of the fixed codebook, where it is evened out, Q16
	tilt       int32 // of the pulses, Q15
	disperser  disperser
	scale      int32    // bits that the excitation is shifted to the left
	room       [4]int32 // those that the last subframes had room for

	// What bad frames need.
	bad     int // state of the concealment: 0, or 1 to 6 the longer it lasts
	lastBad bool
	quiet   int32 // frames without a voice so far
	lags    lagHistory
	pulses  noise
	jitter  noise

	synthesis synthesis
	comfort   comfort
}

func newChannel() *channel {
	c := new(channel)
	c.isf.reset()
	c.gain.reset()
	c.comfort.reset()
	c.lags = lagHistory{64, 64, 64, 64, 64}
	c.pulses, c.jitter, c.synthesis.noise = 21845, 21845, 21845
	c.restart()
	return c
}

// restart forgets what speech after comfort noise must not build on.
func (c *channel) restart() {
	c.excitation = excitation{}
	c.isf.residual = vector{}
	c.lag, c.first = 64, true
	c.meanGain, c.tilt = 0, 0
	c.disperser = disperser{}
	c.scale = maxScale
	c.room = [4]int32{maxScale, maxScale, maxScale, maxScale}
}

// badness steps the state of the concealment (TS 26.191 section 6.1). Speech
// after comfort noise begins in state 5: should it be a SID frame that was
// taken for speech, its sound is held down.
func (c *channel) badness(bad bool) {
	if bad {
		c.bad = min(c.bad+1, 6)
	} else {
		c.bad >>= 1
	}
	if c.comfort.state != speaking {
		c.bad = 5
		c.lastBad = c.comfort.state == muted
	}
}

// speech decodes one frame of speech from its parameters. missing says that a
// bad frame has none.
func (c *channel) speech(p *params, bad, missing bool, out *[4]part) {
	voice := p.next(1)
	if !bad {
		c.quiet = min(c.quiet+1, 32767)
		if voice != 0 {
			c.quiet = 0
		}
	}
	last := c.isf.last
	now, filters := c.spectra(p, bad)
	steady := stability(&last, &now)
	c.isf.last = now

	var from int32
	for n := range 4 {
		s := subframe{number: n, bad: bad, missing: missing}
		c.decodePitch(&s, p, &from)
		c.decodePulses(&s, p)
		c.decodeGains(&s, p)
		c.rescale(&s)
		if !bad {
			c.lags.add(s.lag.whole)
			c.lag = s.lag.whole
		}
		c.excite(&s, steady)
		b := band{mode: c.mode, scale: s.scale, gain: -1, quiet: c.quiet > 0, filter: &filters[n]}
		if c.mode == m2385 {
			if gain := p.next(4); !bad {
				b.gain = int(gain)
			}
		}
		if c.mode == m660 {
			frequencies := mix(&last, &now, 32767-ways[n], ways[n])
			b.frequencies = &frequencies
		} else {
			clear(c.synthesis.shape[:highOrder-order])
		}
		c.synthesis.sound(&b, &s.sounded, &out[n])
	}
	copy(c.excitation[:pastSamples], c.excitation[frameSamples:])
	frame := c.excitation[pastSamples:][:frameSamples]
	shift(frame, -c.scale)
	c.comfort.listen(&now, frame)
	c.lastBad = bad
}

// sound makes the sound of a subframe of its excitation.
func (s *synthesis) sound(b *band, e *[subframeSamples]int32, out *part) {
	low := s.lowBand(b.filter, e, b.scale)
	s.upsample(&low, out)
	s.highBand(b, e, &low, out)
}

// spectra decodes the frequencies of a frame and interpolates the filters of
// its subframes.
func (c *channel) spectra(p *params, bad bool) (f vector, filters [4][order + 1]int32) {
	if bad {
		p.skipFrequencies(c.mode)
		f = c.isf.conceal()
	} else {
		f = c.isf.decode(c.mode, p)
	}
	now := f
	pairs(now[:])
	if c.first {
		c.first = false
		c.pairs = now
	}
	for i := range 3 {
		v := mix(&c.pairs, &now, 32768-ways[i], ways[i])
		predictor(v[:], filters[i][:])
	}
	predictor(now[:], filters[3][:])
	c.pairs = now
	return f, filters
}

// decodePitch decodes the lag and writes the adaptive excitation.
func (c *channel) decodePitch(s *subframe, p *params, from *int32) {
	first := s.number == 0 || s.number == 2 && c.mode != m660
	s.lag = decodeLag(c.mode, first, p, from)
	if s.bad {
		s.lag = lag{whole: c.lags.conceal(&c.gain.goodPitches, s.lag.whole, c.lag, !s.missing, &c.jitter)}
	}
	c.excitation.adaptive(s.start(), s.lag)
	plain := false
	if c.mode > m885 {
		plain = p.next(1) != 0
	}
	if !plain && !s.missing {
		c.excitation.smoothen(s.start())
	}
}

// decodePulses decodes the fixed codebook, or invents its pulses.
func (c *channel) decodePulses(s *subframe, p *params) {
	s.pulses = fixedCodebook(c.mode, p)
	if s.missing {
		for i := range s.pulses {
			s.pulses[i] = c.pulses.next() >> 3
		}
	}
	s.pulses.shape(c.tilt, s.lag)
}

// decodeGains decodes both gains.
func (c *channel) decodeGains(s *subframe, p *params) {
	width := 7
	if c.mode <= m885 {
		width = 6
	}
	index := p.next(width)
	if s.bad {
		s.pitch, s.code = c.gain.conceal(&s.pulses, c.bad, s.missing, c.quiet)
	} else {
		s.pitch, s.code = c.gain.decode(c.mode, index, &s.pulses, c.lastBad)
	}
}

// comfortNoise makes one frame of comfort noise.
func (c *channel) comfortNoise(next state, p *params, bad bool, out *[4]part) {
	var e [frameSamples]int32
	f := c.comfort.make(next, p, &e)
	now := f
	pairs(now[:])
	var a [order + 1]int32
	predictor(now[:], a[:])
	b := band{mode: c.mode, gain: -1, quiet: c.quiet > 0, filter: &a}
	if c.mode == m2385 && !bad {
		b.gain = 1
	}
	for n := range out {
		c.synthesis.sound(&b, (*[subframeSamples]int32)(e[n*subframeSamples:]), &out[n])
	}
	c.restart()
	c.isf.last = f
	c.lastBad = bad
}
