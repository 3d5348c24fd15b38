package gsm

const (
	subframeSamples = 40
	minLag, maxLag  = 40, 120 // of the long-term predictor
)

// gains holds the gain of the long-term predictor by its code (QLB, table
// 5.3b).
var gains = [4]int32{3277, 11469, 21299, 32767}

// mantissas holds the mantissa of a block's maximum by its code (FAC, table
// 5.6).
var mantissas = [8]int32{18431, 20479, 22527, 24575, 26623, 28671, 30719, 32767}

// subframe reads the fields of one subframe and reconstructs its residual, at
// the end of d.residual: 13 pulses on one of four grids, added to what the
// long-term predictor expects (sections 5.3.1 and 5.3.2).
func (d *decoder) subframe(b *bits) {
	if lag := int(b.next(7)); lag >= minLag && lag <= maxLag {
		d.lag = lag
	}
	gain := gains[b.next(2)]
	grid := b.next(2)
	exponent, mantissa := blockMaximum(b.next(6))
	shift := 6 - exponent
	rounding := int32(1) << shift >> 1

	var pulses [subframeSamples]int32
	for i := grid; i < grid+39; i += 3 {
		v := product(mantissas[mantissa], (2*b.next(3)-7)<<12)
		pulses[i] = saturate(v+rounding) >> shift
	}
	copy(d.residual[:maxLag], d.residual[subframeSamples:])
	now, past := d.residual[maxLag:], d.residual[maxLag-d.lag:]
	for i, v := range pulses {
		now[i] = int16(saturate(v + product(gain, int32(past[i]))))
	}
}

// blockMaximum splits the code of a block's maximum into exponent, -4 to 6,
// and mantissa, 0 to 7 (section 5.2.15).
func blockMaximum(code int32) (exponent, mantissa int32) {
	if code > 15 {
		exponent = code>>3 - 1
	}
	mantissa = code - exponent<<3
	if mantissa == 0 {
		return -4, 7
	}
	for mantissa <= 7 {
		mantissa = mantissa<<1 | 1
		exponent--
	}
	return exponent, mantissa - 8
}
