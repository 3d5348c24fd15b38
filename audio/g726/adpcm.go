package g726

import "math/bits"

// A float is a number in the Recommendation's format of 11 bits, unpacked:
// a sign, an exponent of 4 bits and a mantissa of 6 (blocks FLOATA, FLOATB).
type float struct {
	negative bool
	exponent int32
	mantissa int32
}

// zero is how the Recommendation floats 0.
var zero = float{mantissa: 32}

// toFloat floats a magnitude of at most 15 bits.
func toFloat(negative bool, magnitude int32) float {
	if magnitude == 0 {
		return float{negative: negative, mantissa: 32}
	}
	e := int32(bits.Len32(uint32(magnitude)))
	return float{negative, e, magnitude << 6 >> e}
}

// times multiplies by a predictor coefficient (block FMULT).
func (f float) times(coefficient int32) int32 {
	a := coefficient >> 2
	magnitude := a
	if a < 0 {
		magnitude = -a & 8191
	}
	c := toFloat(a < 0, magnitude)
	exponent := f.exponent + c.exponent
	product := (f.mantissa*c.mantissa + 48) >> 4 << 7
	if exponent <= 26 {
		product >>= 26 - exponent
	} else {
		product = product << (exponent - 26) & 32767
	}
	if f.negative != c.negative {
		return -product
	}
	return product
}

// A state is what one sample leaves to the next (G.726 table 11).
type state struct {
	fast, slow int32    // YU, YL: scale factor in its fast and its slow form
	short      int32    // DMS: mean size of the codes, over a short time
	long       int32    // DML: over a long one
	speed      int32    // AP: how much the fast factor weighs
	tone       bool     // TD: a partial band signal, as of a modem
	poles      [2]int32 // A
	zeros      [6]int32 // B
	sr         [2]float // reconstructed samples, newest first
	dq         [6]float // quantized differences, newest first
	negative   [2]bool  // PK: signs of the partially reconstructed samples
}

// reset gives the state the values that table 11 has for the start.
func (s *state) reset() {
	*s = state{fast: 544, slow: 34816, sr: [2]float{zero, zero}, dq: [6]float{zero, zero, zero, zero, zero, zero}}
}

// decode returns the sample of one code word, 14 bits (Annex A.2), and the
// magnitude of its quantized difference.
func (s *state) decode(r *rate, code int32) (sample, magnitude int32) {
	negative := code>>(r.bits-1) != 0
	size := code
	if negative {
		size = ^code & (1<<(r.bits-1) - 1)
	}
	byZeros, estimate := s.predict()
	y := s.scale()
	magnitude = antilog(r.levels[size] + y>>2)
	dq := magnitude
	if negative {
		dq = -magnitude
	}
	sr := int32(int16(estimate + dq))     // ADDB
	partial := int32(int16(byZeros + dq)) // ADDC
	transition := s.transition(magnitude) // TRANS
	s.adaptZeros(negative, magnitude, r.leak)
	s.adaptPoles(partial)
	if transition { // TRIGB
		s.poles, s.zeros, s.tone = [2]int32{}, [6]int32{}, false
	}
	s.sr = [2]float{toFloat(sr < 0, max(sr, -sr)&32767), s.sr[0]}
	s.dq = [6]float{toFloat(negative, magnitude), s.dq[0], s.dq[1], s.dq[2], s.dq[3], s.dq[4]}
	s.negative = [2]bool{partial < 0, s.negative[0]}
	s.adaptScale(y, r.weights[size])
	s.adaptSpeed(y, r.speeds[size], transition)
	return min(max(sr, -8192), 8191), magnitude
}

// antilog returns the magnitude of a logarithm to base 2 with 7 bits of
// fraction; 0 below 1 (block ANTILOG).
func antilog(log int32) int32 {
	if log < 0 {
		return 0
	}
	return (log&127 + 128) << 7 >> (14 - log>>7)
}
