package amrwb

import (
	"slices"

	"callx/audio/fixed"
)

const (
	minLag       = 34
	maxLag       = 231
	taps         = 32          // of the interpolation
	pastSamples  = maxLag + 17 // of the excitation that are kept
	frameSamples = 4 * subframeSamples
)

// excitation is that of the past and of the frame that is being decoded, with
// one sample more, which low-passing the adaptive codebook looks at.
type excitation [pastSamples + frameSamples + 1]int32

// A lag is how far back the adaptive codebook reaches: samples, and quarters
// of one, 0 to 3.
type lag struct{ whole, quarters int32 }

// decodeLag reads a lag. from is where those that are coded relative to the
// subframe before begin; a lag that is not sets it (TS 26.190 section 5.6).
func decodeLag(mode int, first bool, p *params, from *int32) (l lag) {
	coarse := mode <= m885
	switch {
	case !first && coarse:
		i := p.next(5)
		return lag{*from + i>>1, i & 1 << 1}
	case !first:
		i := p.next(6)
		return lag{*from + i>>2, i & 3}
	case coarse:
		i := p.next(8)
		l = lag{i - 24, 0}
		if i < 116 {
			l = lag{minLag + i>>1, i & 1 << 1}
		}
	default:
		i := p.next(9)
		l = lag{i - 280, 0}
		if i < 376 {
			l = lag{minLag + i>>2, i & 3}
		} else if i < 440 {
			l = lag{128 + (i-376)>>1, i & 1 << 1}
		}
	}
	*from = min(max(l.whole-8, minLag), maxLag-15)
	return l
}

// adaptive writes the excitation of one lag before over the subframe that
// begins at excitation[start], and one sample more.
func (e *excitation) adaptive(start int, l lag) {
	at, filter := start-int(l.whole)-15, 3
	if l.quarters > 0 {
		at--
		filter = int(l.quarters) - 1
	}
	coefficients := &interpolation[filter]
	for n := range subframeSamples + 1 {
		past := (*[taps]int32)(e[at+n:])
		s := int64(1 << 13)
		for i, c := range coefficients {
			s += int64(past[i]) * int64(c)
		}
		e[start+n] = saturate(s >> 14)
	}
}

// smoothen low-passes the adaptive excitation of a subframe.
func (e *excitation) smoothen(start int) {
	var out [subframeSamples]int32
	for n := range out {
		at := start + n
		s := int64(e[at-1]+e[at+1])*5898 + int64(e[at])*20972
		out[n] = saturate((s + 1<<14) >> 15)
	}
	copy(e[start:], out[:])
}

// A lagHistory holds the lags of the last five subframes of good frames, the
// latest first.
type lagHistory [5]int32

func (h *lagHistory) add(whole int32) {
	copy(h[1:], h[:4])
	h[0] = whole
}

// conceal returns a lag for a bad frame, from the lags and the gains, the
// latest last, of the last subframes (TS 26.191 section 6.2.3.2). came is the
// lag that the frame holds, which may do if the frame was received at all.
// old is the last lag.
func (h *lagHistory) conceal(gains *[5]int32, came, old int32, received bool, seed *noise) int32 {
	const steady = 8192 // a gain of one half, Q14
	longest, shortest := slices.Max(h[:]), slices.Min(h[:])
	spread := longest - shortest
	least, last, before := slices.Min(gains[:]), gains[4], gains[3]
	voiced := last > steady && before > steady
	if received {
		mean := int32(0)
		for _, v := range h {
			mean += v
		}
		mean = fixed.Mult(mean, 6554)
		within := came > shortest && came < longest
		switch {
		case spread < 10 && came > shortest-5 && came-longest < 5,
			voiced && came-h[0] > -10 && came-h[0] < 10,
			least < 6554 && last == least && within,
			spread < 70 && within,
			came > mean && came < longest:
			return came
		}
		old = h[0]
	}
	whole := int32(0)
	switch {
	case least > steady && spread < 10:
		whole = old
	case voiced:
		whole = h[0]
	default:
		sorted := *h
		slices.Sort(sorted[:])
		vary := min(sorted[4]-sorted[2], 40) >> 1
		vary = fixed.Mult(vary, seed.next())
		whole = fixed.Add(fixed.Mult(sorted[2]+sorted[3]+sorted[4], 10923), vary)
	}
	return min(max(whole, shortest), longest)
}

// noise is the generator of random words.
type noise int16

func (n *noise) next() int32 {
	*n = noise(int32(*n)*31821 + 13849)
	return int32(*n)
}
