package g729

// A memory holds the last outputs of a synthesis filter, newest last.
type memory [order]int16

// synthesize filters in through 1/A(z) into out, and reports whether a sample
// had to be bounded (section 4.1.6). in and out may be the same.
func (m *memory) synthesize(out, in []int16, a *coefficients) (overflow bool) {
	var line [order + subframeSamples]int16
	copy(line[:], m[:])
	for n, x := range in {
		v := int64(x) << 12
		for k, c := range a {
			v -= int64(c) * int64(line[order+n-1-k])
		}
		v = (v + 1<<11) >> 12
		s := saturate(v)
		overflow = overflow || int64(s) != v
		line[order+n] = s
	}
	copy(out, line[order:order+len(in)])
	copy(m[:], line[len(in):])
	return overflow
}

// expand returns A(z/factor), which widens the peaks of a filter; factor is
// in Q15.
func (a *coefficients) expand(factor int16) coefficients {
	var wide coefficients
	power := factor
	for i, c := range a {
		wide[i] = int32((int64(c)*int64(power) + 1<<14) >> 15)
		power = int16((int32(power)*int32(factor) + 1<<14) >> 15)
	}
	return wide
}

// A highPass takes away what is below 100 Hz, and doubles (section 4.2.5).
type highPass struct {
	in  [2]int16
	out [2]int64 // Q16, in 32 bits
}

func (h *highPass) filter(pcm []int16) {
	for i, x := range pcm {
		v := product(h.out[0], 15836) + product(h.out[1], -7667)
		v += 2 * (7699*int64(x) - 15398*int64(h.in[0]) + 7699*int64(h.in[1]))
		v = min(max(v<<2, -1<<31), 1<<31-1)
		h.in = [2]int16{x, h.in[0]}
		h.out = [2]int64{v, h.out[0]}
		pcm[i] = saturate((v + 1<<14) >> 15)
	}
}
