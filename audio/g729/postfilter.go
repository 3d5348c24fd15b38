package g729

import (
	"math"

	"callx/audio/fixed"
)

// A postFilter makes speech clearer: it deepens the valleys between the
// harmonics and between the formants, and keeps tilt and loudness (section
// A.4.2).
type postFilter struct {
	speech    memory // the last samples of what is filtered
	residual  [maxLag + subframeSamples]int16
	last      int16 // sample before the tilt compensation
	synthesis memory
	gain      int16 // Q12, moves slowly
}

const (
	numerator   = 18022 // 0.55 in Q15
	denominator = 22938 // 0.7
	tilt        = 26214 // 0.8
	slow, fast  = 29491, 3276
)

func (p *postFilter) reset() { *p = postFilter{gain: 4096} }

// filter filters one subframe in place. lag is its pitch delay in samples, or
// 0 if it has no pitch.
func (p *postFilter) filter(pcm *[subframeSamples]int16, a *coefficients, lag int) {
	wide, wider := a.expand(denominator), a.expand(numerator)
	p.analyze(pcm, &wider)

	now := [subframeSamples]int16(p.residual[maxLag:])
	if lag > 0 {
		p.harmonics(&now, lag)
	}
	p.flatten(&now, tiltOf(&wider, &wide))
	p.synthesis.synthesize(now[:], now[:], &wide)
	p.level(&now, pcm)
	copy(p.residual[:maxLag], p.residual[subframeSamples:])
	*pcm = now
}

// analyze takes the residual of pcm through A(z).
func (p *postFilter) analyze(pcm *[subframeSamples]int16, a *coefficients) {
	var line [order + subframeSamples]int16
	copy(line[:], p.speech[:])
	copy(line[order:], pcm[:])
	for n := range subframeSamples {
		v := int64(line[order+n]) << 12
		for k, c := range a {
			v += int64(c) * int64(line[order+n-1-k])
		}
		p.residual[maxLag+n] = saturate((v + 1<<11) >> 12)
	}
	copy(p.speech[:], line[subframeSamples:])
}

// harmonics adds to the residual what it was a pitch period before, if the
// two are alike (section A.4.2.1).
func (p *postFilter) harmonics(now *[subframeSamples]int16, lag int) {
	most := min(lag+3, maxLag)
	best, correlation := 0, int32(math.MinInt32)
	for k := most - 6; k <= most; k++ {
		if c := p.correlate(0, k); c > correlation {
			best, correlation = k, c
		}
	}
	correlation = max(correlation, 0)
	delayed := fixed.LongAdd(p.correlate(best, best), 1)
	energy := fixed.LongAdd(p.correlate(0, 0), 1)
	shift := fixed.Norm(max(correlation, delayed, energy))
	c := fixed.Round(fixed.LongShl(correlation, shift))
	d := fixed.Round(fixed.LongShl(delayed, shift))
	e := fixed.Round(fixed.LongShl(energy, shift))
	if 2*c*c < d*e {
		return // less than 3 dB are to be won
	}
	keep, add := int16(21845), int16(10923)
	if c <= d {
		add = int16(fixed.Div(c>>2, c>>2+d>>1))
		keep = 32767 - add
	}
	for i := range now {
		now[i] = mult(keep, now[i]) + mult(add, p.residual[maxLag+i-best])
	}
}

// correlate returns twice the correlation of this subframe of the residual a
// and b samples ago, both divided by four.
func (p *postFilter) correlate(a, b int) int32 {
	x, y := p.residual[maxLag-a:][:subframeSamples], p.residual[maxLag-b:][:subframeSamples]
	sum := int64(0)
	for i := range x {
		sum += int64(x[i]>>2) * int64(y[i]>>2)
	}
	return long(2 * sum)
}

// tiltOf returns the tilt of above(z)/below(z), Q15, if it falls, from the
// beginning of its impulse response (section A.4.2.3).
func tiltOf(above, below *coefficients) int16 {
	var h [22]int16
	h[0] = 4096
	for i, c := range above {
		h[i+1] = saturate(int64(c))
	}
	var m memory
	m.synthesize(h[:], h[:], below)
	zero, one := int64(0), int64(0)
	for i := range h {
		zero += int64(h[i]) * int64(h[i])
		if i > 0 {
			one += int64(h[i]) * int64(h[i-1])
		}
	}
	z, o := saturate(zero>>15), saturate(one>>15)
	if o <= 0 {
		return 0
	}
	return int16(fixed.Div(int32(mult(o, tilt)), int32(z)))
}

// flatten filters through 1 - factor z^-1.
func (p *postFilter) flatten(now *[subframeSamples]int16, factor int16) {
	for i, v := range now {
		now[i] = saturate(int64(v) - int64(mult(factor, p.last)))
		p.last = v
	}
}

// level gives what is filtered the loudness of what was not (section
// A.4.2.4).
func (p *postFilter) level(now, before *[subframeSamples]int16) {
	after := energy(now)
	if after == 0 {
		p.gain = 0
		return
	}
	target := int16(0)
	if e := energy(before); e > 0 {
		i, o := fixed.Norm(e), fixed.Norm(after)-1
		r := fixed.Div(fixed.Round(fixed.LongShl(after, o)), fixed.Round(fixed.LongShl(e, i)))
		r = fixed.LongShl(r, 7-(o-i))                                               // Q22
		target = mult(int16(fixed.Round(fixed.LongShl(fixed.InvSqrt(r), 9))), fast) // Q12
	}
	for i, v := range now {
		p.gain = mult(p.gain, slow) + target
		now[i] = saturate(int64(v) * int64(p.gain) >> 12)
	}
}

// energy returns twice the energy of pcm divided by four.
func energy(pcm *[subframeSamples]int16) int32 {
	sum := int64(0)
	for _, v := range pcm {
		sum += int64(v>>2) * int64(v>>2)
	}
	return long(2 * sum)
}
