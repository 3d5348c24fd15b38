package amr

import "callx/audio/fixed"

const order = 10 // of the linear prediction

// A vector holds one number for each coefficient of the linear prediction.
// Line spectral frequencies are in units of 4000/16384 Hz, line spectral pairs
// are their cosines in Q15.
type vector [order]int32

const lsfGap = 205 // least distance of two frequencies

// lsfState is what the decoding of line spectral frequencies keeps.
type lsfState struct {
	residual vector // past_r_q: the last residual, to be predicted from
	last     vector // past_lsf_q: the last frequencies
}

func (s *lsfState) reset() {
	s.residual = vector{}
	s.last = widen(&lsfMean5)
}

func widen(a *[order]int16) (v vector) {
	for i, x := range a {
		v[i] = int32(x)
	}
	return v
}

// split3 decodes the frequencies of modes 4.75 to 10.2 kbit/s and of SID
// frames: a residual of three parts over a prediction (TS 26.090 section
// 5.2.5). It returns the pairs.
func (s *lsfState) split3(mode int, p *params) vector {
	low, high := lsfLow[:], lsfHigh[:]
	step := int32(1)
	switch mode {
	case m475, m515:
		high, step = lsfHigh515[:], 2
	case m795:
		low = lsfLow795[:]
	}
	a, b, c := low[p.next()], lsfMiddle[p.next()*step], high[p.next()]
	residual := vector{int32(a[0]), int32(a[1]), int32(a[2]), int32(b[0]), int32(b[1]), int32(b[2]),
		int32(c[0]), int32(c[1]), int32(c[2]), int32(c[3])}
	for i, r := range residual {
		s.last[i] = fixed.Add(r, s.predict(mode, i))
	}
	s.residual = residual
	s.last.order()
	return s.last.pairs()
}

// predict returns the frequency i that is predicted from the last residual.
func (s *lsfState) predict(mode, i int) int32 {
	switch mode {
	case m122:
		return fixed.Add(int32(lsfMean5[i]), fixed.Mult(s.residual[i], 21299))
	case mSID:
		return fixed.Add(int32(lsfMean3[i]), s.residual[i])
	}
	return fixed.Add(int32(lsfMean3[i]), fixed.Mult(s.residual[i], int32(lsfPrediction[i])))
}

// split5 decodes the two sets of frequencies of 12.2 kbit/s: five matrices of
// two neighbours in both sets. It returns the pairs.
func (s *lsfState) split5(p *params) (mid, end vector) {
	var first, second vector
	for i := range order / 2 {
		index := p.next()
		sign := int32(1)
		var e [4]int16
		switch i {
		case 0:
			e = lsfPair0[index]
		case 1:
			e = lsfPair1[index]
		case 2:
			e, sign = lsfPair2[index>>1], 1-2*(index&1)
		case 3:
			e = lsfPair3[index]
		case 4:
			e = lsfPair4[index]
		}
		first[2*i], first[2*i+1] = sign*int32(e[0]), sign*int32(e[1])
		second[2*i], second[2*i+1] = sign*int32(e[2]), sign*int32(e[3])
	}
	residual := second
	for i := range order {
		predicted := s.predict(m122, i)
		first[i] = fixed.Add(first[i], predicted)
		second[i] = fixed.Add(second[i], predicted)
	}
	s.residual = residual
	first.order()
	second.order()
	s.last = second
	return first.pairs(), second.pairs()
}

// conceal returns the pairs for a bad frame: the last frequencies, drawn
// somewhat to their mean (TS 26.091 section 6.2.3.3).
func (s *lsfState) conceal(mode int, p *params) vector {
	mean, keep, draw := &lsfMean3, int32(29491), int32(3277)
	p.at += 3
	if mode == m122 {
		mean, keep, draw = &lsfMean5, 31128, 1639
		p.at += 2
	}
	for i, m := range mean {
		f := fixed.Add(fixed.Mult(s.last[i], keep), fixed.Mult(int32(m), draw))
		s.residual[i] = fixed.Sub(f, s.predict(mode, i))
		s.last[i] = f
	}
	s.last.order()
	return s.last.pairs()
}

// order brings frequencies into order, at least lsfGap apart.
func (v *vector) order() {
	least := int32(lsfGap)
	for i := range v {
		v[i] = max(v[i], least)
		least = fixed.Add(v[i], lsfGap)
	}
}

// pairs returns the line spectral pairs of frequencies.
func (v *vector) pairs() (p vector) {
	for i, f := range v {
		k := min(f>>8, 63)
		from, to := int32(cosine[k]), int32(cosine[k+1])
		p[i] = fixed.Add(from, (to-from)*(f&0xff)>>8)
	}
	return p
}

// frequencies is the inverse of pairs.
func (v *vector) frequencies() (f vector) {
	k := 63
	for i := order - 1; i >= 0; i-- {
		for k > 0 && int32(cosine[k]) < v[i] {
			k--
		}
		f[i] = ((v[i]-int32(cosine[k]))*int32(cosineSlope[k])+1<<11)>>12 + int32(k)<<8
	}
	return f
}

// mix returns a vector on the way from a to b, after so many quarters of it.
// Each part is cut off on its own, as the standard has it.
func mix(a, b *vector, quarters int) (v vector) {
	for i := range v {
		switch quarters {
		case 1:
			v[i] = a[i] - a[i]>>2 + b[i]>>2
		case 2:
			v[i] = a[i]>>1 + b[i]>>1
		case 3:
			v[i] = a[i]>>2 + b[i] - b[i]>>2
		case 4:
			v[i] = b[i]
		}
		v[i] = fixed.Saturate(v[i])
	}
	return v
}
