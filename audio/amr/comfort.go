package amr

import "callx/audio/fixed"

// The states of synthesis (TS 26.093 section 6.1).
type state uint8

const (
	silent state = iota // comfort noise; at the start too
	muted               // comfort noise that fades, for want of SID frames
	speaking
)

// A reception is what became of a frame on its way (TS 26.093 table 1).
type reception uint8

const (
	speechGood reception = iota
	speechBad
	noData
	sidFirst // the first SID frame, without parameters
	sidUpdate
	sidBad
)

// comfort is what comfort noise is made of: the spectrum and the level of the
// last SID frame, or of the last frames of speech (TS 26.092).
type comfort struct {
	state     state
	since     int32 // frames since the last SID frame
	period    int32 // inverse of the frames between the last two, Q15
	hangover  int32 // frames for which speech goes on after the voice ended
	elapsed   int32 // frames since the noise of such a stretch was last taken
	added     bool  // such a stretch lies just before this SID frame
	sid       bool  // this is a SID frame,
	valid     bool  // and it has parameters
	updated   bool  // parameters have come at all
	pairs     vector
	lastPairs vector
	level     int32 // log2 of the energy of a sample, Q11
	lastLevel int32
	adjust    int32 // what the modes differ in level, Q11
	gain      int32 // mean prediction gain of the spectrum, Q12
	noise     noise

	// The last eight frames of speech.
	heard       [8]vector // frequencies
	heardLevels [8]int32
	at          int // of the latest
	deviation   [8]vector
}

const (
	hangoverFrames = 7
	elapsedFrames  = 24 + 7 - 1
	maxSince       = 50 // frames without a SID frame before the noise fades
)

// levelAdjustment holds what is added to the level by mode, Q11.
var levelAdjustment = [8]int32{-1023, -878, -732, -586, -440, -294, -148, 0}

// deviationScale draws the deviations of the frequencies in, Q15.
var deviationScale = vector{20000, 20000, 20000, 20000, 20000, 18000, 16384, 8192}

func (s *comfort) reset() {
	*s = comfort{period: 1 << 13, hangover: hangoverFrames, elapsed: 32767, level: 3500, lastLevel: 3500, noise: 0x70816958}
	s.pairs, s.lastPairs = startPairs, startPairs
	for i := range s.heard {
		s.heard[i] = widen(&lsfMean5)
		s.heardLevels[i] = s.level
	}
}

// listen remembers a frame of speech, should it prove to be noise.
func (s *comfort) listen(f *vector, speech *[frameSamples]int32) {
	s.at = (s.at + 1) % len(s.heard)
	s.heard[s.at] = *f
	energy := int32(0)
	for _, v := range speech {
		energy = fixed.Mac(energy, v, v)
	}
	exponent, fraction := fixed.Log2(energy)
	const samples = 7497 + 1024 // log2 of the samples of a frame, and a half
	s.heardLevels[s.at] = fixed.Sub(fixed.Add(fixed.Shl(exponent, 10), fraction>>5), samples)
}

// receive returns the state of synthesis for a frame (TS 26.093 section 6.1.3)
// and notes what it brings for comfort noise.
func (s *comfort) receive(r reception) state {
	isSID := r == sidFirst || r == sidUpdate || r == sidBad
	next := speaking
	if isSID || s.state != speaking && r != speechGood {
		next = silent
		if s.state == muted && r != sidUpdate && r != speechBad {
			next = muted
		}
		s.since = fixed.Add(s.since, 1)
		if r != sidUpdate && s.since > maxSince {
			next = muted
		}
	} else {
		s.since = 0
	}
	if !s.updated && r == sidUpdate {
		s.elapsed = 0
	}
	s.elapsed = fixed.Add(s.elapsed, 1)
	s.added = false
	// What the sender does: a frame of speech that got lost is still one.
	sends := r == speechGood || r == speechBad || r == noData && next == speaking
	switch {
	case sends:
		s.hangover = hangoverFrames
	case s.elapsed > elapsedFrames:
		s.added, s.elapsed, s.hangover = true, 0, 0
	case s.hangover == 0:
		s.elapsed = 0
	default:
		s.hangover--
	}
	if next != speaking {
		s.sid, s.valid = isSID, r == sidUpdate
		s.added = s.added && r != sidBad
	}
	return next
}

// comfortNoise makes one frame of comfort noise and leaves its filters. p are
// the parameters of a SID frame that has them.
func (c *channel) comfortNoise(next state, p *params, out *[frameSamples]int32, filters *[4]filter) {
	s := &c.comfort
	if s.sid {
		if s.added {
			s.takeHeard(c.mode)
		}
		s.lastPairs, s.lastLevel = s.pairs, s.level
		if s.valid {
			c.readSID(p)
		}
		c.gain.follow(s.level)
	}
	adjust := fixed.Mult(fixed.Shl(levelAdjustment[c.mode], 5), 3277) >> 5
	s.adjust = fixed.Add(fixed.Mult(s.adjust, 29491), adjust)

	pairs, level := s.interpolate()
	frequencies := pairs.frequencies()
	varied := s.vary(frequencies)
	frequencies.order()
	varied.order()
	c.lsf.last = frequencies
	pairs = frequencies.pairs()
	a := pairs.filter()
	*filters = [4]filter{a, a, a, a}
	variedPairs := varied.pairs()
	b := variedPairs.filter()

	amplitude := s.amplitude(&a, level)
	for n := range 4 {
		e := s.noise.pulses()
		for i, v := range e {
			e[i] = fixed.Mult(amplitude, v)
		}
		part := out[n*subframeSamples:][:subframeSamples]
		b.synthesize(e[:], part, &c.memory)
		copy(c.memory[:], part[subframeSamples-order:])
	}
	c.smoother.moved, c.smoother.still = 20, 0
	s.finish(next)
	c.pairs = c.lsf.last.pairs()
	c.smoother.average(&c.lsf.last)
}

// takeHeard takes spectrum and level from the last frames of speech, which
// held nothing but noise.
func (s *comfort) takeHeard(mode int) {
	s.adjust = levelAdjustment[mode]
	next := (s.at + 1) % len(s.heard)
	s.heard[next], s.heardLevels[next] = s.heard[s.at], s.heardLevels[s.at]
	s.level = 0
	var mean vector
	for i := range s.heard {
		s.level = fixed.Add(s.level, s.heardLevels[i]>>3)
		for k, f := range s.heard[i] {
			mean[k] += f
		}
	}
	for k := range mean {
		mean[k] >>= 3
	}
	s.pairs = mean.pairs()
	s.level = fixed.Sub(s.level, s.adjust)
	for i := range s.heard {
		for k, f := range s.heard[i] {
			s.deviation[i][k] = limitDeviation(fixed.Mult(fixed.Sub(f, mean[k]), deviationScale[k]))
		}
	}
}

// limitDeviation keeps a deviation small, softly first.
func limitDeviation(v int32) int32 {
	if v < 0 {
		return -limitDeviation(-v)
	}
	if v > 655 {
		v = min(655+(v-655)>>2, 1310)
	}
	return v
}
