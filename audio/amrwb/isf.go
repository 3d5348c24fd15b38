package amrwb

import "callx/audio/fixed"

const order = 16 // of the linear prediction

// A vector holds one number for each coefficient of the linear prediction.
// Immittance spectral frequencies are in units of 6400/16384 Hz, immittance
// spectral pairs are their cosines in Q15. The last of either is the last
// reflection coefficient.
type vector [order]int32

const isfGap = 128 // least distance of two frequencies

// isfState is what the decoding of immittance spectral frequencies keeps.
type isfState struct {
	residual vector    // the last residual, to be predicted from
	last     vector    // frequencies of the last frame
	recent   [3]vector // of the last good frames, the latest first
}

func (s *isfState) reset() {
	s.last = widen(&startFrequencies)
	s.recent = [3]vector{s.last, s.last, s.last}
}

func widen(a *[order]int16) (v vector) {
	for i, x := range a {
		v[i] = int32(x)
	}
	return v
}

const predict = 10923 // a third, in Q15

// decode decodes the frequencies of a good frame (TS 26.190 section 5.2.5).
func (s *isfState) decode(mode int, p *params) vector {
	var residual vector
	add := func(from int, part []int16) {
		for i, v := range part {
			residual[from+i] = fixed.Add(residual[from+i], int32(v))
		}
	}
	add(0, isfLow[p.next(8)][:])
	add(9, isfHigh[p.next(8)][:])
	if mode == m660 {
		add(0, isfCoarse0[p.next(7)][:])
		add(5, isfCoarse1[p.next(7)][:])
		add(9, isfCoarse2[p.next(6)][:])
	} else {
		add(0, isfSecond0[p.next(6)][:])
		add(3, isfSecond1[p.next(7)][:])
		add(6, isfSecond2[p.next(7)][:])
		add(9, isfSecond3[p.next(5)][:])
		add(12, isfSecond4[p.next(5)][:])
	}
	var f vector
	for i, r := range residual {
		f[i] = fixed.Add(fixed.Add(r, int32(isfMean[i])), fixed.Mult(predict, s.residual[i]))
	}
	s.residual = residual
	s.recent[2], s.recent[1], s.recent[0] = s.recent[1], s.recent[0], f
	f.order()
	return f
}

// skipFrequencies passes over the parameters that decode reads.
func (p *params) skipFrequencies(mode int) {
	p.at += 46
	if mode == m660 {
		p.at -= 10
	}
}

// conceal returns the frequencies of a bad frame: the last ones, drawn
// somewhat to the mean of the last good ones (TS 26.191 section 6.2.3.3).
func (s *isfState) conceal() vector {
	var f vector
	for i := range f {
		sum := fixed.LongMult(int32(isfMean[i]), 8192)
		for k := range s.recent {
			sum = fixed.Mac(sum, s.recent[k][i], 8192)
		}
		mean := fixed.Round(sum)
		f[i] = fixed.Add(fixed.Mult(29491, s.last[i]), fixed.Mult(3277, mean))
		s.residual[i] = fixed.Sub(f[i], fixed.Add(mean, fixed.Mult(s.residual[i], predict))) >> 1
	}
	f.order()
	return f
}

// order brings frequencies into order, at least isfGap apart.
func (v *vector) order() {
	least := int32(isfGap)
	for i := range v[:order-1] {
		v[i] = max(v[i], least)
		least = fixed.Add(v[i], isfGap)
	}
}

// pairs writes the immittance spectral pairs of frequencies over them.
func pairs(v []int32) {
	v[len(v)-1] = fixed.Shl(v[len(v)-1], 1)
	for i, f := range v {
		f = min(max(f, 0), 128<<7)
		k := min(f>>7, 127)
		from, to := int32(cosine[k]), int32(cosine[k+1])
		v[i] = fixed.Add(from, fixed.LongMult(to-from, f-k<<7)>>8)
	}
}

// mix returns a vector on the way from a to b, in Q15.
func mix(a, b *vector, rest, way int32) (v vector) {
	for i := range v {
		v[i] = fixed.Round(fixed.Mac(fixed.LongMult(a[i], rest), b[i], way))
	}
	return v
}

// ways is how far the subframes are on their way from the last frame, Q15.
var ways = [4]int32{14746, 26214, 31457, 32767}

// stability returns how little frequencies moved since the last frame, in Q15:
// one for not at all.
func stability(last, now *vector) int32 {
	sum := int32(0)
	for i := range order - 1 {
		d := fixed.Sub(now[i], last[i])
		sum = fixed.Mac(sum, d, d)
	}
	moved := fixed.Mult(fixed.LongShl(sum, 8)>>16, 26214)
	return max(fixed.Shl(fixed.Sub(20480, moved), 1), 0)
}
