package amr

import "callx/audio/fixed"

const frameSamples = 160

// sharpest limits the gain with which pulses are repeated at the lag, Q14.
const sharpest = 13017

// A channel is the state that one frame leaves to the next.
type channel struct {
	mode       int // of the last frame
	excitation excitation
	memory     vector // of the synthesis filter
	pairs      vector // line spectral pairs at the end of the last frame
	lsf        lsfState
	gain       gainState
	sharpness  int32 // gain of the adaptive codebook in the subframe before
	lag        int32 // of the subframe before
	smoother   smoother
	disperser  disperser

	// What bad frames need.
	bad        int // state of the concealment: 0, or 1 to 6 the longer it lasts
	lastBad    bool
	pitches    gainHistory
	codes      gainHistory
	pitchGains [9]int32 // of the last subframes of good frames
	levels     energyHistory
	background background
	seed       int32

	comfort comfort
	post    postfilter
}

func newChannel() *channel {
	c := new(channel)
	c.comfort.reset()
	c.post.reset()
	c.pairs = startPairs
	c.smoother.spectrum = widen(&lsfMean5)
	c.gain.reset()
	c.restart()
	return c
}

// startPairs are the line spectral pairs before the first frame: evenly spread.
var startPairs = vector{30000, 26000, 21000, 15000, 8000, 0, -8000, -15000, -21000, -26000}

// restart forgets what speech after comfort noise must not build on.
func (c *channel) restart() {
	c.excitation = excitation{}
	c.sharpness = 0
	c.lag = 40
	c.bad, c.lastBad = 0, false
	c.pitches, c.codes = newPitchHistory(), newCodeHistory()
	c.pitchGains = [9]int32{}
	c.background = background{}
	c.seed = 21845
	c.lsf.reset()
	c.smoother.reset()
	c.disperser = disperser{}
}

// badness steps the state of the concealment (TS 26.091 section 6.1). Speech
// after comfort noise begins in state 5: should it be a SID frame that was
// taken for speech, its sound is held down.
func (c *channel) badness(bad bool) {
	switch {
	case bad:
		c.bad = min(c.bad+1, 6)
	case c.bad == 6:
		c.bad = 5
	default:
		c.bad = 0
	}
	if c.comfort.state != speaking {
		c.bad = 5
		c.lastBad = c.comfort.state == muted
	}
}

// speech decodes one frame of speech from its parameters, good or bad, and
// leaves the filters of its subframes.
func (c *channel) speech(p *params, bad bool, out *[frameSamples]int32, filters *[4]filter) {
	c.badness(bad)
	before := c.lsf.last
	c.spectra(p, bad, filters)
	var s subframe
	for n := range 4 {
		s.begin(n, bad)
		c.decodePitch(&s, p)
		c.decodeGains(&s, p)
		now := mix(&before, &c.lsf.last, n+1)
		c.excite(&s, &now)
		c.synthesize(&s, &filters[n], out[n*subframeSamples:][:subframeSamples])
		c.excitation.shift()
		c.lag = s.lag
	}
	c.background.update(out, c.pitchGains)
	c.comfort.listen(&c.lsf.last, out)
	c.lastBad = bad
	c.smoother.average(&c.lsf.last)
}

// spectra decodes the line spectral pairs and interpolates the filters.
func (c *channel) spectra(p *params, bad bool, filters *[4]filter) {
	var mid, end vector
	switch {
	case bad:
		end = c.lsf.conceal(c.mode, p)
		mid = end
	case c.mode == m122:
		mid, end = c.lsf.split5(p)
	default:
		end = c.lsf.split3(c.mode, p)
	}
	for i := range filters {
		v := mix(&c.pairs, &end, i+1)
		if c.mode == m122 {
			switch i {
			case 0:
				v = mix(&mid, &c.pairs, 2)
			case 1:
				v = mid
			case 2:
				v = mix(&mid, &end, 2)
			}
		}
		filters[i] = v.filter()
	}
	c.pairs = end
}

// A subframe is what the stages of its decoding hand on.
type subframe struct {
	number  int
	bad     bool
	lag     int32
	pulses  pulses
	index   int32 // of the gains; at 4.75 kbit/s it serves two subframes
	pitch   int32 // gain of the adaptive codebook, Q14
	code    int32 // gain of the fixed codebook, Q1
	sharp   int32 // pitch gain with which the sound is sharpened, Q15, at most
	sounded [subframeSamples]int32

	sharpened [subframeSamples]int32 // sounded, sharpened at the lag
	sharpen   bool                   // sharpened is to be heard
}

func (s *subframe) begin(n int, bad bool) { s.number, s.bad = n, bad }

// decodePitch decodes the lag and writes the adaptive excitation.
func (c *channel) decodePitch(s *subframe, p *params) {
	index := p.next()
	if c.mode == m122 {
		first := s.number%2 == 0
		lag, sixth := lag6(index, first, c.lag)
		if s.bad || !first && index >= 61 {
			lag, sixth = c.lag, 0
		}
		s.lag = lag
		c.excitation.adaptive(lag, sixth)
		return
	}
	first := s.number == 0 || s.number == 2 && c.mode > m515
	lag, third := lag3(c.mode, index, first, c.lag)
	if s.bad {
		third = 0
		c.lag = min(c.lag+1, max(c.lag, maxLag))
		if !(c.background.noise && c.background.unvoiced > 4 && c.mode <= m59) {
			lag = c.lag
		}
	}
	s.lag = lag
	c.excitation.adaptive(lag, 2*third)
}

// decodeGains decodes the pulses and both gains.
func (c *channel) decodeGains(s *subframe, p *params) {
	sharp := c.sharpness
	if c.mode == m122 {
		c.decodePitchGain(s, p.next())
		sharp = s.pitch
	}
	s.pulses = fixedCodebook(c.mode, s.number, p)
	s.pulses.repeat(s.lag, fixed.Shl(sharp, 1))
	switch c.mode {
	case m122:
		c.decodeCodeGain(s, p.next())
	case m795:
		c.decodePitchGain(s, p.next())
		c.decodeCodeGain(s, p.next())
	default:
		odd := c.mode == m475 && s.number%2 != 0
		if !odd {
			s.index = p.next()
		}
		if s.bad {
			s.pitch = c.pitches.estimate(pitchFactors[c.bad])
			s.code = c.codes.estimate(codeFactors[c.bad])
			c.gain.fade()
		} else {
			s.pitch, s.code = c.gain.both(c.mode, s.index, odd, &s.pulses)
		}
		s.pitch = c.pitches.update(s.pitch, s.bad, c.lastBad)
		s.code = c.codes.update(s.code, s.bad, c.lastBad)
	}
	if c.mode != m475 || s.number%2 != 0 {
		c.sharpness = min(s.pitch, sharpest)
	}
	s.sharp = s.pitch
	if c.mode != m122 {
		s.sharp = min(s.sharp, sharpest)
	}
	if c.mode == m102 && c.lag > subframeSamples+5 {
		s.sharp >>= 2
	}
	s.sharp = fixed.Shl(s.sharp, 1)
	if !s.bad {
		copy(c.pitchGains[:], c.pitchGains[1:])
		c.pitchGains[8] = s.pitch
	}
}

func (c *channel) decodePitchGain(s *subframe, index int32) {
	if s.bad {
		s.pitch = c.pitches.estimate(pitchFactors[c.bad])
	} else {
		s.pitch = pitchGain(c.mode, index)
	}
	s.pitch = c.pitches.update(s.pitch, s.bad, c.lastBad)
}

func (c *channel) decodeCodeGain(s *subframe, index int32) {
	if s.bad {
		s.code = c.codes.estimate(codeFactors[c.bad])
		c.gain.fade()
	} else {
		s.code = c.gain.code(c.mode, index, &s.pulses)
	}
	s.code = c.codes.update(s.code, s.bad, c.lastBad)
}

// repeat adds the pulses again one lag later, with a gain in Q15.
func (c *pulses) repeat(lag, gain int32) {
	for i := int(lag); i < subframeSamples; i++ {
		c[i] = fixed.Add(c[i], fixed.Mult(c[i-int(lag)], gain))
	}
}
