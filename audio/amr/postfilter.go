package amr

import "callx/audio/fixed"

// A postfilter makes coding noise less audible: it raises the formants,
// levels the tilt that this brings, keeps the energy, and takes out what lies
// below 60 Hz (TS 26.090 section 6.2).
type postfilter struct {
	past   vector // last samples of the frame before, unfiltered
	memory vector // of the filter with poles
	tilt   int32  // last sample of the tilt filter's input
	gain   int32  // of the level control, Q12
	high   highpass
}

func (f *postfilter) reset() { *f = postfilter{gain: 4096} }

// zeros and poles draw the filter in, by coefficient, in Q15: the powers of
// 0.55 and 0.7; for 10.2 and 12.2 kbit/s of 0.7 and 0.75.
var (
	zeros     = vector{18022, 9912, 5451, 2998, 1649, 907, 499, 274, 151, 83}
	poles     = vector{22938, 16057, 11240, 7868, 5508, 3856, 2699, 1889, 1322, 925}
	polesHigh = vector{24576, 18432, 13824, 10368, 7776, 5832, 4374, 3281, 2461, 1846}
)

// filter filters one frame in place.
func (f *postfilter) filter(mode int, speech *[frameSamples]int32, filters *[4]filter) {
	z, p := &zeros, &poles
	if mode == m102 || mode == m122 {
		z, p = &poles, &polesHigh
	}
	var in [order + frameSamples]int32
	copy(in[:], f.past[:])
	copy(in[order:], speech[:])
	for n := range 4 {
		numerator, denominator := filters[n].weigh(z), filters[n].weigh(p)
		var residual [subframeSamples]int32
		numerator.residual(in[n*subframeSamples:], &residual)
		f.level(&residual, tilt(&numerator, &denominator))
		part := (*[subframeSamples]int32)(speech[n*subframeSamples:])
		denominator.synthesize(residual[:], part[:], &f.memory)
		copy(f.memory[:], part[subframeSamples-order:])
		f.control((*[subframeSamples]int32)(in[order+n*subframeSamples:]), part)
	}
	copy(f.past[:], in[frameSamples:])
	f.high.filter(speech)
}

// tilt returns how strongly neighbouring samples of the impulse response of
// numerator/denominator belong together, times 0.8, in Q15.
func tilt(numerator, denominator *filter) int32 {
	const length = 22
	var h [length]int32
	copy(h[:], numerator[:])
	var none vector
	denominator.synthesize(h[:], h[:], &none)
	var r0, r1 int32
	for i, v := range h {
		r0 = fixed.Mac(r0, v, v)
		if i > 0 {
			r1 = fixed.Mac(r1, v, h[i-1])
		}
	}
	if r1>>16 <= 0 {
		return 0
	}
	return fixed.Div(fixed.Mult(r1>>16, 26214), r0>>16)
}

// level filters the residual with 1 - tilt/z.
func (f *postfilter) level(v *[subframeSamples]int32, tilt int32) {
	last := f.tilt
	for i, x := range v {
		v[i] = fixed.Sub(x, fixed.Mult(tilt, last))
		last = x
	}
	f.tilt = last
}

// control brings the energy of out to that of in, without jumps.
func (f *postfilter) control(in, out *[subframeSamples]int32) {
	const keep = 29491 // 0.9 in Q15
	have := energy(out)
	if have == 0 {
		f.gain = 0
		return
	}
	goal := int32(0)
	if target := energy(in); target != 0 {
		goal = fixed.Mult(gainTo(target, have), 32767-keep)
	}
	for i, v := range out {
		f.gain = fixed.Add(fixed.Mult(f.gain, keep), goal)
		out[i] = fixed.LongShl(fixed.LongMult(v, f.gain), 3) >> 16
	}
}

// A highpass of second order cuts off below 60 Hz and doubles the amplitude.
type highpass struct {
	in     [2]int32 // last samples, the latest first
	hi, lo [2]int32 // last output, in Q12 of double length
}

func (h *highpass) filter(v *[frameSamples]int32) {
	for i, x := range v {
		s := fixed.MultSplit(h.hi[0], h.lo[0], 15836)
		s = fixed.LongAdd(s, fixed.MultSplit(h.hi[1], h.lo[1], -7667))
		s = fixed.Mac(s, x, 7699)
		s = fixed.Mac(s, h.in[0], -15398)
		s = fixed.Mac(s, h.in[1], 7699)
		s = fixed.LongShl(s, 2)
		v[i] = fixed.Round(fixed.LongShl(s, 1))
		h.in[1], h.in[0] = h.in[0], x
		h.hi[1], h.lo[1] = h.hi[0], h.lo[0]
		h.hi[0], h.lo[0] = fixed.Split(s)
	}
}
