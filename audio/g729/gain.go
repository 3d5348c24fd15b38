package g729

import "callx/audio/fixed"

// gains scale the two codebooks of a subframe: pitch the adaptive one, in
// Q14, code the fixed one, in Q1.
type gains struct{ pitch, code int16 }

// A gainDecoder predicts the gain of the fixed codebook from those of the
// last subframes (section 3.9.1).
type gainDecoder struct {
	last   gains
	errors [4]int16 // of the last predictions in dB, Q10, newest first
}

const leastError = -14 << 10

// gainWeights are those of the last errors in the prediction, in Q13.
var gainWeights = [4]int32{5571, 4751, 2785, 1556}

func (d *gainDecoder) reset() {
	*d = gainDecoder{errors: [4]int16{leastError, leastError, leastError, leastError}}
}

// speech decodes the gains of a subframe, whose pulses are code.
func (d *gainDecoder) speech(s *subframe, code *[subframeSamples]int16) gains {
	first, second := gainFirst[s.first], gainSecond[s.second]
	factor := int32(first.code) + int32(second.code) // Q13
	predicted, exponent := d.predict(code)
	v := fixed.LongShl(fixed.LongMult(factor>>1, predicted), 4-exponent) // Q17
	d.last = gains{pitch: first.pitch + second.pitch, code: int16(v >> 16)}

	// Equation 72: 20 log10 of the factor.
	whole, fraction := fixed.Log2(factor)
	d.remember(mult(int16((whole-13)<<13+fraction>>2), 24660))
	return d.last
}

// predict returns the predicted gain of the fixed codebook, 16384 or more,
// and by which power of two it is to be divided.
func (d *gainDecoder) predict(code *[subframeSamples]int16) (gain, exponent int32) {
	energy := int64(0)
	for _, v := range code {
		energy += 2 * int64(v) * int64(v) // Q27
	}
	// The mean energy, 30 dB, less that of the code: 127.298 dB less 10 log10
	// of the sum, in Q14, then with the weighted errors in Q24.
	whole, fraction := fixed.Log2(long(energy))
	db := fixed.Mac(fixed.MultSplit(whole, fraction, -24660), 32588, 32)
	db = fixed.LongShl(db, 10)
	for i, e := range d.errors {
		db = fixed.Mac(db, gainWeights[i], int32(e))
	}
	power := fixed.LongMult(db>>16, 5439) >> 8 // to the base 2, Q16
	whole, fraction = fixed.Split(power)
	return fixed.Pow2(14, fraction), 14 - whole
}

// erased makes the gains of a subframe that is lost (sections 4.4.2 and
// 4.4.3).
func (d *gainDecoder) erased() gains {
	d.last.pitch = min(mult(d.last.pitch, 29491), 14746)
	d.last.code = mult(d.last.code, 32113)
	sum := int64(0)
	for _, e := range d.errors {
		sum += int64(e)
	}
	d.remember(max(int16(sum>>2)-4<<10, leastError))
	return d.last
}

func (d *gainDecoder) remember(e int16) {
	copy(d.errors[1:], d.errors[:3])
	d.errors[0] = e
}
