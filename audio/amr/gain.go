package amr

import "callx/audio/fixed"

// gainState predicts the gain of the fixed codebook from the last four
// corrections, the latest first (TS 26.090 section 5.8.2).
type gainState struct {
	decibels [4]int32 // past_qua_en: 20*log10 in Q10
	binary   [4]int32 // past_qua_en_MR122: log2 in Q10
}

// Least corrections: -14 dB.
const minDecibels, minBinary = -14336, -2381

func (s *gainState) reset() {
	for i := range 4 {
		s.decibels[i], s.binary[i] = minDecibels, minBinary
	}
}

func (s *gainState) update(decibels, binary int32) {
	copy(s.decibels[1:], s.decibels[:3])
	copy(s.binary[1:], s.binary[:3])
	s.decibels[0], s.binary[0] = decibels, binary
}

// fade updates the prediction for a subframe whose gain is not known: with the
// mean of the last corrections, but not above their least values.
func (s *gainState) fade() {
	var decibels, binary int32
	for i := range 4 {
		decibels = fixed.Add(decibels, s.decibels[i])
		binary = fixed.Add(binary, s.binary[i])
	}
	s.update(max(fixed.Mult(decibels, 8192), minDecibels), max(fixed.Mult(binary, 8192), minBinary))
}

// meanEnergies holds the mean energy of the fixed excitation in dB, with what
// the length of a subframe and the scale of the pulses add, as factors of Q14:
// the product is in Q15 before the sum is shifted.
var meanEnergies = [8][2]int32{
	m475: {16678, 64}, m515: {16678, 64}, m59: {16678, 64},
	m67: {32268, 32}, m74: {32588, 32}, m795: {17062, 64}, m102: {16678, 64},
}

// predict returns the logarithm to base 2 of the gain that is expected for
// pulses: whole part and fraction in Q15.
func (s *gainState) predict(mode int, c *pulses) (exponent, fraction int32) {
	energy := int32(0)
	for _, v := range c {
		energy = fixed.Mac(energy, v, v)
	}
	if mode == m122 {
		energy = fixed.LongMult(fixed.Round(energy), 26214)
		exponent, fraction = fixed.Log2(energy)
		energy = (exponent-30)<<16 + fraction<<1
		sum := int32(783741)
		for i, v := range s.binary {
			sum = fixed.Mac(sum, v, int32(gainPrediction122[i]))
		}
		return fixed.Split(fixed.LongSub(sum, energy) >> 1)
	}
	exponent, fraction = fixed.Log2(energy)
	sum := fixed.MultSplit(exponent, fraction, -24660)
	sum = fixed.Mac(sum, meanEnergies[mode][0], meanEnergies[mode][1])
	sum = fixed.LongShl(sum, 10)
	for i, v := range s.decibels {
		sum = fixed.Mac(sum, v, int32(gainPrediction[i]))
	}
	toBinary := int32(5443) // log2(10)/20 in Q15
	if mode == m74 {
		toBinary = 5439
	}
	return fixed.Split(fixed.LongMult(sum>>16, toBinary) >> 8)
}

// both decodes the gains of the adaptive codebook in Q14 and of the fixed one
// in Q1, coded together. At 4.75 kbit/s one index serves two subframes; odd
// says that this is the second.
func (s *gainState) both(mode int, index int32, odd bool, c *pulses) (pitch, code int32) {
	var row [4]int16
	switch mode {
	case m67, m74, m102:
		row = gainsHigh[index]
	case m475:
		row = gains475[index]
		if odd {
			row[0], row[1] = row[2], row[3]
		}
	default:
		row = gainsLow[index]
	}
	correction, binary, decibels := int32(row[1]), int32(row[2]), int32(row[3])
	if mode == m475 {
		exponent, fraction := fixed.Log2(correction)
		exponent -= 12
		binary = fixed.Add(fixed.ShrRound(fraction, 5), fixed.Shl(exponent, 10))
		decibels = fixed.Round(fixed.LongShl(fixed.MultSplit(exponent, fraction, 24660), 13))
	}
	exponent, fraction := s.predict(mode, c)
	predicted := fixed.Pow2(14, fraction)
	code = fixed.LongShr(fixed.LongMult(correction, predicted), 10-exponent) >> 16
	s.update(decibels, binary)
	return int32(row[0]), code
}

// code decodes the gain of the fixed codebook that is coded alone, in Q1.
func (s *gainState) code(mode int, index int32, c *pulses) int32 {
	row := &codeGains[index]
	exponent, fraction := s.predict(mode, c)
	var gain int32
	if mode == m122 {
		predicted := fixed.Shl(int32(int16(fixed.Pow2(exponent, fraction))), 4)
		gain = fixed.Shl(fixed.Mult(predicted, int32(row[0])), 1)
	} else {
		predicted := fixed.Pow2(14, fraction)
		gain = fixed.LongShr(fixed.LongMult(int32(row[0]), predicted), 9-exponent) >> 16
	}
	s.update(int32(row[2]), int32(row[1]))
	return gain
}

// pitchGain decodes the gain of the adaptive codebook that is coded alone, in
// Q14.
func pitchGain(mode int, index int32) int32 {
	if mode == m122 {
		return int32(pitchGains[index]) &^ 3
	}
	return int32(pitchGains[index])
}
