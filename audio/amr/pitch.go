package amr

import "callx/audio/fixed"

const (
	minLag    = 20
	minLag122 = 18
	maxLag    = 143
	taps      = 10 // of the interpolation, to each side
)

// lag3 decodes the lag of the adaptive codebook in whole samples and thirds,
// -1 to 1 (TS 26.090 sections 5.6.1 and 6.1). last is that of the subframe
// before, which the lag is coded relative to, except if first.
func lag3(mode int, index int32, first bool, last int32) (lag, third int32) {
	if first {
		if index >= 197 {
			return index - 112, 0
		}
		lag = (index+2)/3 + 19
		return lag, index - 3*lag + 58
	}
	down, span := int32(5), int32(9)
	if mode == m795 {
		down, span = 10, 19
	}
	from := max(last-down, minLag)
	to := from + span
	if to > maxLag {
		from, to = maxLag-span, maxLag
	}
	if mode == m74 || mode == m795 || mode == m102 {
		k := (index+2)/3 - 1
		return k + from, index - 2 - 3*k
	}
	middle := min(last, from+5)
	middle = max(middle, to-4)
	switch {
	case index < 4:
		return middle - 5 + index, 0
	case index < 12:
		k := (index-2)/3 - 2
		return middle + k, index - 9 - 3*k
	}
	return middle + index - 11, 0
}

// lag6 decodes the lag of 12.2 kbit/s in whole samples and sixths, -2 to 3.
func lag6(index int32, first bool, last int32) (lag, sixth int32) {
	if first {
		if index >= 463 {
			return index - 368, 0
		}
		lag = (index+5)/6 + 17
		return lag, index - 6*lag + 105
	}
	from := max(last-5, minLag122)
	from = min(from, maxLag-9)
	k := (index+5)/6 - 1
	return k + from, index - 3 - 6*k
}

// adaptive writes the excitation of one lag before over the subframe that
// begins at excitation[pastSamples], interpolated at sixths of a sample.
func (e *excitation) adaptive(lag, sixth int32) {
	at, sixth := pastSamples-int(lag), -sixth
	if sixth < 0 {
		sixth += 6
		at--
	}
	for n := range subframeSamples {
		s := int32(0)
		for i := range taps {
			s = fixed.Mac(s, e[at+n-i], int32(interpolation[int(sixth)+6*i]))
			s = fixed.Mac(s, e[at+n+1+i], int32(interpolation[6-int(sixth)+6*i]))
		}
		e[pastSamples+n] = fixed.Round(s)
	}
}

// pastSamples of excitation are kept: the longest lag and what the
// interpolation reaches before it.
const pastSamples = maxLag + taps + 1

// excitation is that of the past and of the subframe that is being decoded.
type excitation [pastSamples + subframeSamples]int32

// shift makes the present subframe past.
func (e *excitation) shift() { copy(e[:], e[subframeSamples:]) }
