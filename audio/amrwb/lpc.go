package amrwb

import "callx/audio/fixed"

const (
	highOrder        = 20 // of the linear prediction at 16 kHz
	subframeSamples  = 64 // at 12.8 kHz
	highSamples      = 80 // at 16 kHz
	synthesisHeadway = 9  // bits that the synthesis is ahead of the excitation
)

// predictor writes the coefficients of the linear predictor of immittance
// spectral pairs, in Q12, the first being 1 (TS 26.190 section 5.2.4). a is
// longer than pairs by one; the order is 16, or 20 where the arithmetic has two
// bits less. A coefficient may need more than a word, which is why the
// reference code scales the filters of comfort noise.
func predictor(pairs []int32, a []int32) {
	m := len(pairs)
	n := m / 2
	var f1, f2 [highOrder/2 + 1]int32
	scale := int32(0)
	if m > order {
		scale = 2
	}
	polynomial(pairs, f1[:n+1], scale)
	polynomial(pairs[1:], f2[:n], scale)
	for i := n - 1; i > 1; i-- {
		f2[i] = fixed.LongSub(f2[i], f2[i-2])
	}
	last := pairs[m-1]
	for i := range n {
		f1[i] = fixed.LongAdd(f1[i], multiply(f1[i], last))
		f2[i] = fixed.LongSub(f2[i], multiply(f2[i], last))
	}
	a[0] = 1 << 12
	for i := 1; i < n; i++ {
		a[i] = fixed.LongShrRound(fixed.LongAdd(f1[i], f2[i]), 12)
		a[m-i] = fixed.LongShrRound(fixed.LongSub(f1[i], f2[i]), 12)
	}
	a[n] = fixed.LongShrRound(fixed.LongAdd(f1[n], multiply(f1[n], last)), 12)
	a[m] = fixed.ShrRound(last, 3)
}

// multiply multiplies a long by a word of Q15.
func multiply(v, q int32) int32 {
	hi, lo := fixed.Split(v)
	return fixed.MultSplit(hi, lo, q)
}

// polynomial multiplies out the polynomial of every other pair, in Q23, so
// many bits lower on the way.
func polynomial(pairs []int32, f []int32, scale int32) {
	f[0] = 1 << (23 - scale)
	f[1] = -pairs[0] << (9 - scale)
	for i := 2; i < len(f); i++ {
		p := pairs[2*i-2]
		f[i] = f[i-2]
		for j := i; j > 1; j-- {
			t := fixed.LongShl(multiply(f[j-1], p), 1)
			f[j] = fixed.LongAdd(fixed.LongSub(f[j], t), f[j-2])
		}
		f[1] -= p << (9 - scale)
	}
	for i := range f {
		f[i] = fixed.LongShl(f[i], scale)
	}
}

// weigh draws the poles of a predictor inwards: each coefficient is multiplied
// by one more power of factor, in Q15.
func weigh(a, out []int32, factor int32) {
	out[0] = a[0]
	f := factor
	for i := 1; i < len(a); i++ {
		out[i] = fixed.MultRound(a[i], f)
		f = fixed.MultRound(f, factor)
	}
}

// synthesize filters half of x with 1/a in place. memory are the last samples
// before, as many as the order of a.
func synthesize(a []int32, x *[highSamples]int32, memory []int32) {
	var y [highOrder + highSamples]int32
	m := len(a) - 1
	copy(y[:m], memory)
	for i, v := range x {
		past := y[i : i+m]
		s := int64(v) << 11
		for j, p := range past {
			s -= int64(a[m-j]) * int64(p)
		}
		v = saturate((s + 1<<11) >> 12)
		y[m+i], x[i] = v, v
	}
	copy(memory, x[highSamples-m:])
}

func saturate(v int64) int32 { return int32(min(max(v, -32768), 32767)) }
