package amr

import "callx/audio/fixed"

// A smoother evens out the gain of the fixed codebook where the spectrum
// stands still, as in noise (TS 26.090 section 6.1, codebook gain smoothing).
type smoother struct {
	gains    [7]int32 // of the last subframes
	moved    int32    // subframes so far in which the spectrum moved
	still    int32    // subframes since the last stretch in which it moved
	spectrum vector   // lsp_meanSave: mean of the line spectral frequencies
}

func (s *smoother) reset() { s.gains, s.moved, s.still = [7]int32{}, 0, 0 }

// average lets the mean spectrum follow the frequencies of a frame.
func (s *smoother) average(f *vector) {
	const weight = 5243 // 0.16 in Q15
	for i, m := range s.spectrum {
		s.spectrum[i] = fixed.Round(fixed.Mac(fixed.Msu(m<<16, weight, m), weight, f[i]))
	}
}

// distance returns how far frequencies are from their mean, the sum of what
// each differs in relation to its mean, in Q13.
func (s *smoother) distance(f *vector) int32 {
	sum := int32(0)
	for i, mean := range s.spectrum {
		differ := fixed.Sub(mean, f[i])
		differ = min(max(differ, -differ), 32767)
		up := fixed.NormWord(differ) - 1
		norm := fixed.NormWord(mean)
		ratio := fixed.Div(fixed.Shl(differ, up), fixed.Shl(mean, norm))
		sum = fixed.Add(sum, fixed.Shr(ratio, 2+up-norm))
	}
	return sum
}

// smooth takes the gain of a subframe and returns the one to be used for its
// sound. inNoise says that a bad frame is, or follows, within noise.
func (s *smoother) smooth(mode int, gain int32, f *vector, inNoise bool, unvoiced int32) int32 {
	const far, one = 5325, 8192 // 0.65 and 1 in Q13
	copy(s.gains[:], s.gains[1:])
	s.gains[6] = gain
	distance := s.distance(f)
	if distance > far {
		s.moved++
	} else {
		s.moved = 0
	}
	if s.moved > 10 {
		s.still = 0
	}
	still := s.still
	s.still = fixed.Add(still, 1)
	if mode == m74 || mode == m795 || mode == m122 {
		return gain
	}
	inNoise = inNoise && mode <= m59
	near := int32(3277) // 0.4 in Q13
	if inNoise && unvoiced > 1 {
		near = 4506
	}
	own := min(max(fixed.Sub(distance, near), 0), 2048) << 2
	if still < 40 || distance > far {
		own = one
	}
	last, weight := s.gains[2:], int32(6554)
	if inNoise {
		last, weight = s.gains[:], 4681
	}
	sum := int32(0)
	for _, g := range last {
		sum = fixed.Mac(sum, weight, g)
	}
	mean := fixed.Round(sum)
	sum = fixed.Mac(fixed.LongMult(own, gain), one, mean)
	return fixed.Round(fixed.LongShl(fixed.Msu(sum, own, mean), 2))
}

// A disperser spreads the pulses of small codebooks, which sound rough where
// the adaptive codebook contributes little (TS 26.090 section 6.2).
type disperser struct {
	pitch [5]int32 // gains of the adaptive codebook, the latest first
	level int      // last strength: 0 strong, 1 medium, 2 none
	code  int32    // last gain of the fixed codebook
	onset int      // subframes for which an onset lasts
}

// choose returns the strength for a subframe. always asks for the strongest.
func (d *disperser) choose(pitch, code int32, always bool) int {
	const low, high = 9830, 14746 // 0.6 and 0.9 in Q14
	copy(d.pitch[1:], d.pitch[:4])
	d.pitch[0] = pitch
	level := 2
	if pitch < high {
		level = 1
		if pitch <= low {
			level = 0
		}
	}
	if code > fixed.Round(fixed.LongShl(fixed.LongMult(d.code, 16384), 2)) {
		d.onset = 2
	} else if d.onset > 0 {
		d.onset--
	}
	if d.onset == 0 {
		weak := 0
		for _, g := range d.pitch {
			if g < low {
				weak++
			}
		}
		if weak > 2 {
			level = 0
		}
		if level > d.level+1 {
			level--
		}
	} else if level < 2 {
		level++
	}
	if code < 10 {
		level = 2
	}
	if always {
		level = 0
	}
	d.level, d.code = level, code
	return level
}

// disperse convolves pulses, round the end of the subframe, with the impulse
// response of a strength.
func (c *pulses) disperse(mode, level int) {
	if level == 2 || mode == m122 || mode == m102 || mode == m74 {
		return
	}
	response := &dispersion[level]
	if mode == m795 {
		response = &dispersion795[level]
	}
	source := *c
	*c = pulses{}
	for at, v := range source {
		if v == 0 {
			continue
		}
		for i, r := range response {
			to := (at + i) % subframeSamples
			c[to] = fixed.Add(c[to], fixed.Mult(v, int32(r)))
		}
	}
}
