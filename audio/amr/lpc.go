package amr

import "callx/audio/fixed"

const subframeSamples = 40

// A filter holds the coefficients of a linear predictor in Q12, the first
// being 1.
type filter [order + 1]int32

// filter returns the predictor of line spectral pairs (TS 26.090 section
// 5.2.4).
func (v *vector) filter() (a filter) {
	f1, f2 := v.polynomial(0), v.polynomial(1)
	for i := order / 2; i > 0; i-- {
		f1[i] = fixed.LongAdd(f1[i], f1[i-1])
		f2[i] = fixed.LongSub(f2[i], f2[i-1])
	}
	a[0] = 1 << 12
	for i := 1; i <= order/2; i++ {
		a[i] = int32(int16(fixed.LongShrRound(fixed.LongAdd(f1[i], f2[i]), 13)))
		a[order+1-i] = int32(int16(fixed.LongShrRound(fixed.LongSub(f1[i], f2[i]), 13)))
	}
	return a
}

// polynomial multiplies out the polynomial of every other pair from the given
// one on, in Q24.
func (v *vector) polynomial(from int) (f [order/2 + 1]int32) {
	f[0] = 1 << 24
	f[1] = fixed.Msu(0, v[from], 512)
	for i := 2; i <= order/2; i++ {
		p := v[from+2*i-2]
		f[i] = f[i-2]
		for j := i; j > 1; j-- {
			hi, lo := fixed.Split(f[j-1])
			t := fixed.LongShl(fixed.MultSplit(hi, lo, p), 1)
			if j < i {
				f[j] = fixed.LongAdd(f[j], f[j-2])
			} else {
				f[j] = fixed.LongAdd(f[j-2], f[j-2])
			}
			f[j] = fixed.LongSub(f[j], t)
		}
		f[1] = fixed.Msu(f[1], p, 512)
	}
	return f
}

// synthesize filters excitation with 1/a into out. memory are the last samples
// of out before. It reports whether a sample had to be limited.
func (a *filter) synthesize(excitation, out []int32, memory *vector) (limited bool) {
	var y [order + subframeSamples]int32
	copy(y[:order], memory[:])
	for i, x := range excitation {
		past := (*[order]int32)(y[i:])
		s := int64(x) * int64(a[0])
		for j := range order {
			s -= int64(a[order-j]) * int64(past[j])
		}
		v := (s + 1<<11) >> 12
		w := fixed.Saturate(int32(min(max(v, -1<<20), 1<<20)))
		limited = limited || int64(w) != v
		y[order+i] = w
		out[i] = w
	}
	return limited
}

// residual filters the samples of in from the order-th on with a.
func (a *filter) residual(in []int32, out *[subframeSamples]int32) {
	for i := range out {
		past := (*[order + 1]int32)(in[i:])
		s := int64(0)
		for j := range order + 1 {
			s += int64(a[order-j]) * int64(past[j])
		}
		out[i] = fixed.Saturate(int32(min(max((s+1<<11)>>12, -1<<20), 1<<20)))
	}
}

// weigh returns a with its poles drawn inwards: coefficient i is multiplied by
// factor i.
func (a *filter) weigh(factors *vector) (w filter) {
	w[0] = a[0]
	for i, f := range factors {
		w[i+1] = fixed.Round(fixed.LongMult(a[i+1], f))
	}
	return w
}

// reflection returns the reflection coefficients of a in Q15, all zero if the
// filter is not stable.
func (a *filter) reflection() (k vector) {
	var state vector
	copy(state[:], a[1:])
	for i := order - 1; i >= 0; i-- {
		if state[i] >= 4096 || state[i] <= -4096 {
			return vector{}
		}
		k[i] = state[i] << 3
		left := fixed.LongSub(0x7fffffff, fixed.LongMult(k[i], k[i]))
		n := fixed.Norm(left)
		inverse := fixed.Div(16384, fixed.Round(left<<n))
		next := state
		for j := range i {
			v := fixed.Round(fixed.Msu(state[j]<<16, k[i], state[i-1-j]))
			v = fixed.LongShrRound(fixed.LongMult(inverse, v), 15-n)
			if v > 32767 || v < -32767 {
				return vector{}
			}
			next[j] = v
		}
		state = next
	}
	return k
}
