package amr

import "callx/audio/fixed"

// A gainHistory replaces one gain in bad frames: by the median of the last
// five, drawn down the more the longer they last, and at most the last one
// (TS 26.091 section 6.2.3.1).
type gainHistory struct {
	recent [5]int32
	last   int32 // of any frame
	good   int32 // of the last good frame
	cap    int32 // of last, 0 for none
}

// pitchFactors and codeFactors draw a gain down by the state of the
// concealment, in Q15.
var (
	pitchFactors = [7]int32{32767, 32112, 32112, 26214, 9830, 6553, 6553}
	codeFactors  = [7]int32{32767, 32112, 32112, 32112, 32112, 32112, 22937}
)

func newPitchHistory() gainHistory {
	h := gainHistory{good: 16384, cap: 16384}
	for i := range h.recent {
		h.recent[i] = 1640
	}
	return h
}

func newCodeHistory() gainHistory {
	h := gainHistory{good: 1}
	for i := range h.recent {
		h.recent[i] = 1
	}
	return h
}

// estimate returns a gain for a bad frame.
func (h *gainHistory) estimate(factor int32) int32 {
	recent := h.recent
	return fixed.Mult(min(median(recent[:]), h.last), factor)
}

// update takes the gain of a subframe and returns it; in the first good frame
// after a bad one it is not let grow.
func (h *gainHistory) update(gain int32, bad, lastBad bool) int32 {
	if !bad {
		if lastBad {
			gain = min(gain, h.good)
		}
		h.good = gain
	}
	h.last = gain
	if h.cap != 0 {
		h.last = min(gain, h.cap)
	}
	copy(h.recent[:], h.recent[1:])
	h.recent[4] = h.last
	return gain
}

// median sorts v, of odd length, and returns its middle.
func median(v []int32) int32 {
	for i := 1; i < len(v); i++ {
		for k := i; k > 0 && v[k] < v[k-1]; k-- {
			v[k], v[k-1] = v[k-1], v[k]
		}
	}
	return v[len(v)/2]
}

// A background says whether a stream is in noise without a voice, where bad
// frames are concealed by more of the same noise (TS 26.091 section 6.2.3.2,
// source characteristic detector).
type background struct {
	energies [60]int32 // of the last frames
	hangover int32     // frames in noise so far, at most 30
	unvoiced int32     // frames since a voiced one, at most 10
	noise    bool      // this frame counts as noise
}

// Energies of a frame between which it can be noise.
const (
	quiet       = 20
	moderate    = 1953
	loud        = 17578
	noiseMargin = 4 // bits above the faintest of the last frames
)

// update takes a frame that has been decoded and the gains of the adaptive
// codebook of its last nine subframes.
func (b *background) update(speech *[frameSamples]int32, gains [9]int32) {
	sum := int64(0)
	for _, v := range speech {
		sum += 2 * int64(v) * int64(v)
	}
	energy := int32(min(sum>>14, 32767))
	faintest, loudest, loudestLate := int32(32767), int32(0), int32(0)
	for i, e := range b.energies {
		faintest = min(faintest, e)
		if i < len(b.energies)-4 {
			loudest = max(loudest, e)
		}
		if i >= len(b.energies)*2/3 {
			loudestLate = max(loudestLate, e)
		}
	}
	if loudest > quiet && energy < loud && energy > quiet &&
		(energy < fixed.Shl(faintest, noiseMargin) || loudestLate < moderate) {
		b.hangover = min(b.hangover+1, 30)
	} else {
		b.hangover = 0
	}
	b.noise = b.hangover > 1
	copy(b.energies[:], b.energies[1:])
	b.energies[len(b.energies)-1] = energy
	if b.voiced(gains) {
		b.unvoiced = 0
	} else {
		b.unvoiced = min(b.unvoiced+1, 10)
	}
}

// voiced judges by the gains of the adaptive codebook, the more strictly the
// longer the noise lasts.
func (b *background) voiced(gains [9]int32) bool {
	limit := int32(13926)
	if b.hangover > 15 {
		limit = 16383
	} else if b.hangover > 8 {
		limit = 15565
	}
	if b.hangover > 20 {
		return median(gains[:]) > limit
	}
	return median(gains[4:]) > limit
}

// An energyHistory holds the level of the excitation of the last nine
// subframes.
type energyHistory [9]int32

func (h *energyHistory) add(level int32) {
	copy(h[:], h[1:])
	h[8] = level
}

// level returns the root of the energy of an excitation, as energyHistory
// keeps it.
func level(e *[subframeSamples]int32) int32 {
	sum := int32(0)
	for _, v := range e {
		sum = fixed.Mac(sum, v, v)
	}
	root, exponent := fixed.Sqrt(sum >> 1)
	return root >> (exponent>>1 + 15) >> 2
}

// hold raises an excitation of the given level to that of the last subframes:
// noise must not break off where a frame is bad.
func (h *energyHistory) hold(e *[subframeSamples]int32, level, unvoiced int32, lastBad bool) {
	recent := *h
	target := median(recent[:])
	before := min(fixed.Add(h[7], h[8])>>1, h[8])
	if level >= target || level <= 5 {
		return
	}
	most := fixed.Shl(before, 2)
	if unvoiced < 7 || lastBad {
		most = fixed.Sub(most, before)
	}
	target = min(target, most)
	n := fixed.NormWord(level)
	inverse := fixed.Div(16383, level<<n)
	factor := min(fixed.LongShr(fixed.LongMult(target, inverse), 20-n), 32767)
	for i, v := range e {
		e[i] = int32(int16(fixed.LongMult(factor, v) >> 11))
	}
}
