package amrwb

import "callx/audio/fixed"

// A disperser spreads the pulses of small codebooks, which sound rough where
// the adaptive codebook contributes little (TS 26.190 section 6.1).
type disperser struct {
	strength int      // last one: 0 strong, 1 medium, 2 none
	code     int32    // last gain of the fixed codebook, Q0
	pitch    [6]int32 // gains of the adaptive codebook, the latest first, Q14
}

// disperse convolves the pulses of a subframe, round its end, with an impulse
// response; only modes of 8.85 kbit/s and below need it.
func (d *disperser) disperse(mode int, s *subframe) {
	strength := d.choose(s.pitch, s.code>>16)
	switch {
	case mode > m885:
		return
	case mode == m885:
		strength++
	}
	if strength > 1 {
		return
	}
	var out [2 * subframeSamples]int32
	for at, v := range s.pulses {
		if v == 0 {
			continue
		}
		for i, r := range dispersion[strength] {
			out[at+i] = fixed.Add(out[at+i], fixed.MultRound(v, int32(r)))
		}
	}
	for i := range s.pulses {
		s.pulses[i] = fixed.Add(out[i], out[i+subframeSamples])
	}
}

// choose returns the strength for a subframe.
func (d *disperser) choose(pitch, code int32) int {
	const low, high = 9830, 14746 // 0.6 and 0.9 in Q14
	strength := 2
	switch {
	case pitch < low:
		strength = 0
	case pitch < high:
		strength = 1
	}
	copy(d.pitch[1:], d.pitch[:5])
	d.pitch[0] = pitch
	if fixed.Sub(code, d.code) > fixed.Shl(d.code, 1) { // an onset
		strength = min(strength+1, 2)
	} else {
		weak := 0
		for _, g := range d.pitch {
			if g < low {
				weak++
			}
		}
		if weak > 2 {
			strength = 0
		}
		strength = min(strength, d.strength+1)
	}
	d.strength, d.code = strength, code
	return strength
}
