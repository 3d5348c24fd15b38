package g729

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
var gainWeights = [4]int64{5571, 4751, 2785, 1556}

func (d *gainDecoder) reset() {
	*d = gainDecoder{errors: [4]int16{leastError, leastError, leastError, leastError}}
}

// speech decodes the gains of a subframe, whose pulses are code.
func (d *gainDecoder) speech(s *subframe, code *[subframeSamples]int16) gains {
	first, second := gainFirst[s.first], gainSecond[s.second]
	factor := int64(first.code) + int64(second.code) // Q13
	mantissa, exponent := d.predict(code)
	v := factor >> 1 * int64(mantissa) << 5 // Q17, times 2^-exponent
	d.last = gains{pitch: first.pitch + second.pitch, code: scaled(v, exponent)}

	// Equation 72: 20 log10 of the factor.
	db := saturate((log2(factor) - 13<<15) >> 2) // Q13
	d.remember(mult(db, 24660))
	return d.last
}

// predict returns the predicted gain of the fixed codebook as a mantissa of
// 16384 or more and the exponent of two that it is to be divided by.
func (d *gainDecoder) predict(code *[subframeSamples]int16) (mantissa int16, exponent int) {
	energy := int64(0)
	for _, v := range code {
		energy += 2 * int64(v) * int64(v) // Q27
	}
	l := log2(energy)
	// 127.298 dB less 10 log10 of the energy, and the weighted errors: Q14,
	// then Q24.
	db := 2*(l>>15)*-24660 + 2*(l&0x7fff*-24660>>15) + 2*32588*32
	db <<= 10
	for i, e := range d.errors {
		db += 2 * gainWeights[i] * int64(e)
	}
	power := 2 * int64(saturate(db>>16)) * 5439 >> 8 // log2, Q16
	return power2(power >> 1 & 0x7fff), 14 - int(power>>16)
}

// scaled returns v, Q17, divided by 2^exponent, in Q1.
func scaled(v int64, exponent int) int16 {
	return saturate(v >> 16 >> exponent)
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
