package amrwb

import "callx/audio/fixed"

// The states of synthesis (TS 26.193 section 6.1).
type state uint8

const (
	speaking state = iota // at the start too
	silent                // comfort noise
	muted                 // comfort noise that fades, for want of SID frames
)

// A reception is what became of a frame on its way (TS 26.193 table 1).
type reception uint8

const (
	speechGood reception = iota
	speechBad
	speechLost
	noData
	sidFirst // the first SID frame, without parameters
	sidUpdate
	sidBad
)

// comfort is what comfort noise is made of: the spectrum and the level of the
// last SID frame, or of the last frames of speech (TS 26.192).
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
	spectrum  vector
	last      vector
	level     int32 // log2 of the energy of a sample, and 2, in Q9
	lastLevel int32
	vary      bool // the noise is not steady
	noise     noise
	dither    noise

	// The last eight frames of speech.
	heard       [8]vector
	heardLevels [8]int32 // an eighth of the level, Q10
	at          int      // of the latest
}

const (
	hangoverFrames = 7
	elapsedFrames  = 24 + 7 - 1
	maxSince       = 50 // frames without a SID frame before the noise fades
)

func (s *comfort) reset() {
	*s = comfort{period: 1 << 13, hangover: hangoverFrames, elapsed: 32767, level: 3500, lastLevel: 3500, noise: 21845, dither: 21845}
	s.spectrum = widen(&startFrequencies)
	s.last = s.spectrum
	for i := range s.heard {
		s.heard[i], s.heardLevels[i] = s.spectrum, s.level
	}
}

// listen remembers a frame of speech, should it prove to be noise: its
// frequencies and its excitation.
func (s *comfort) listen(f *vector, e []int32) {
	s.at = (s.at + 1) % len(s.heard)
	s.heard[s.at] = *f
	energy := int32(0)
	for _, v := range e {
		energy = fixed.Mac(energy, v, v)
	}
	exponent, fraction := fixed.Log2(energy >> 1)
	s.heardLevels[s.at] = exponent<<7 + fraction>>8 - 8<<7 // 8 = log2 of the samples
}

// receive returns the state of synthesis for a frame (TS 26.193 section 6.1.3)
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
		if s.since > maxSince {
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
	switch {
	case !isSID && r != noData:
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

// make makes the excitation of one frame of comfort noise and returns its
// frequencies. p are the parameters of a SID frame that has them.
func (s *comfort) make(next state, p *params, e *[frameSamples]int32) vector {
	if s.sid {
		if s.added {
			s.takeHeard()
		}
		s.last, s.lastLevel = s.spectrum, s.level
		if s.valid {
			s.readSID(p)
		}
	}
	f, level := s.interpolate()
	if s.vary {
		s.ditherNoise(&f, &level)
	}
	s.excite(level>>9, e)
	s.finish(next)
	return f
}

// takeHeard takes spectrum and level from the last frames of speech, which
// held nothing but noise.
func (s *comfort) takeHeard() {
	next := (s.at + 1) % len(s.heard)
	s.heard[next], s.heardLevels[next] = s.heard[s.at], s.heardLevels[s.at]
	var mean vector
	level := int32(0)
	for i := range s.heard {
		level = fixed.Add(level, s.heardLevels[i])
		for k, f := range s.heard[i] {
			mean[k] += f
		}
	}
	s.level = max(level>>1+2<<9, 0)
	for k := range mean {
		s.spectrum[k] = mean[k] >> 3
	}
}

// readSID takes spectrum and level from the parameters of a SID frame.
func (s *comfort) readSID(p *params) {
	since := min(s.since, 32)
	s.since = 0
	s.period = 1 << 14
	if since >= 2 {
		s.period = fixed.Div(1<<10, fixed.Shl(since, 10))
	}
	var f vector
	add := func(from int, part []int16) {
		for i, v := range part {
			f[from+i] = fixed.Add(int32(v), int32(noiseMean[from+i]))
		}
	}
	add(0, noise0[p.next(6)][:])
	add(2, noise1[p.next(6)][:])
	add(5, noise2[p.next(6)][:])
	add(8, noise3[p.next(5)][:])
	add(12, noise4[p.next(5)][:])
	f.order()
	s.spectrum = f
	s.level = fixed.Mult(p.next(6)<<9, 12483)
	s.vary = p.next(1) != 0
	if !s.updated || s.state == speaking {
		s.last, s.lastLevel = s.spectrum, s.level
	}
}

// interpolate returns frequencies and level, Q24, on the way from the last SID
// frame but one to the last.
func (s *comfort) interpolate() (f vector, level int32) {
	way := min(fixed.Mult(fixed.Shl(s.since, 10), s.period), 1024) << 4
	rest := 16384 - way
	for i := range f {
		f[i] = fixed.Shl(fixed.Add(fixed.Mult(way, s.spectrum[i]), fixed.Mult(rest, s.last[i])), 1)
	}
	return f, fixed.Mac(fixed.LongMult(way, s.level), rest, s.lastLevel)
}

// ditherNoise varies frequencies and level a little, for noise that was not
// steady (TS 26.192 section 6.3).
func (s *comfort) ditherNoise(f *vector, level *int32) {
	const apart = 448
	*level = max(fixed.LongAdd(*level, fixed.LongMult(s.triangular(), 75)), 0)
	f[0] = max(fixed.Add(f[0], fixed.MultRound(s.triangular(), 256)), isfGap)
	for i := 1; i < order-1; i++ {
		v := fixed.Add(f[i], fixed.MultRound(s.triangular(), 256+2*int32(i)))
		if fixed.Sub(v, f[i-1]) < apart {
			v = f[i-1] + apart
		}
		f[i] = v
	}
	f[order-2] = min(f[order-2], 16384)
}

// triangular returns the sum of two random numbers.
func (s *comfort) triangular() int32 { return s.dither.next()>>1 + s.dither.next()>>1 }

// excite makes noise of a level, Q16.
func (s *comfort) excite(level int32, e *[frameSamples]int32) {
	amplitude := fixed.Pow2(level>>16+15, level&0xffff>>1)
	n := fixed.Norm(amplitude)
	amplitude = amplitude << n >> 16
	for i := range e {
		e[i] = s.noise.next() >> 4
	}
	root, exponent := fixed.InvSqrtNorm(fixed.Energy(e[:]))
	gain := fixed.Mult(amplitude, root>>16)
	exponent += 15 - n + 4 // 4: the root of the samples
	for i, v := range e {
		e[i] = fixed.Shl(fixed.Mult(v, gain), exponent)
	}
}

// finish prepares for the next frame of comfort noise.
func (s *comfort) finish(next state) {
	if next == muted {
		s.period = fixed.Div(1<<10, fixed.Shl(min(s.since, 32), 10))
		s.since = 0
		s.lastLevel = s.level
		s.level -= 64 // 3/8 dB
	}
	if s.sid && (s.valid || s.added) {
		s.since = 0
		s.updated = true
	}
}
