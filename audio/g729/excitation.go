package g729

const (
	subframeSamples = 40
	minLag, maxLag  = 20, 143
	// past is how far the adaptive codebook reaches back: the longest delay,
	// and a half of its interpolation filter.
	past                  = maxLag + 11
	leastSharp, mostSharp = 3277, 13017 // 0.2 and 0.8 in Q14
)

// pulseHeights are -1 and 1 in Q13, as near as the standard comes.
var pulseHeights = [2]int16{-8192, 8191}

// An excitation is what drives the synthesis filter: past samples, then a
// frame (section 3.10).
type excitation struct {
	samples [past + frameSamples]int16
	lag     int   // of the last subframe, to be repeated; grows while it is
	sharp   int16 // Q14: gain of the pitch that is added to short subframes
	random  uint16
}

func (e *excitation) reset() {
	e.lag = 60
	e.sharp = leastSharp
	e.random = 21845
}

// shift makes room for the next frame.
func (e *excitation) shift() { copy(e.samples[:past], e.samples[frameSamples:]) }

// scaleDown is what the standard does if the synthesis filter overflows.
func (e *excitation) scaleDown() {
	for i := range e.samples {
		e.samples[i] >>= 2
	}
}

// firstLag decodes the pitch delay of the first subframe in whole samples and
// thirds, -1 to 1 (section 3.7.2).
func (e *excitation) firstLag(code int) (lag, third int) {
	if code < 197 {
		lag = (code+2)/3 + 19
		third = code - 3*lag + 58
	} else {
		lag = code - 112
	}
	e.lag = lag
	return lag, third
}

// secondLag decodes that of the second subframe, which is near the first.
func (e *excitation) secondLag(code, first int) (lag, third int) {
	low := min(max(first-5, minLag), maxLag-9)
	step := (code+2)/3 - 1
	e.lag = low + step
	return e.lag, code - 2 - 3*step
}

// repeatLag is the delay of a subframe whose code is lost (section 4.4.2).
func (e *excitation) repeatLag() int {
	lag := e.lag
	e.lag = min(lag+1, maxLag)
	return lag
}

// adaptive fills the subframe at from with the past, delayed (section 3.7.1).
func (e *excitation) adaptive(from, lag, third int) {
	at := past + from
	back := at - lag
	third = -third
	if third < 0 {
		third += 3
		back--
	}
	for n := range subframeSamples {
		v := int64(0)
		for i := range 10 {
			v += int64(e.samples[back+n-i]) * int64(interpolation[third+3*i])
			v += int64(e.samples[back+n+1+i]) * int64(interpolation[3-third+3*i])
		}
		e.samples[at+n] = saturate((v + 1<<14) >> 15)
	}
}

// fixed decodes the four pulses of a subframe in Q13, and repeats them at the
// pitch delay if that is shorter than the subframe (section 4.1.4).
func (e *excitation) fixed(pulses, signs, lag int) [subframeSamples]int16 {
	at := [4]int{
		pulses & 7 * 5,
		pulses>>3&7*5 + 1,
		pulses>>6&7*5 + 2,
		pulses>>10&7*5 + 3 + pulses>>9&1,
	}
	var code [subframeSamples]int16
	for i := range at {
		code[at[i]] = pulseHeights[signs>>i&1]
	}
	for i := lag; i < subframeSamples; i++ {
		code[i] += mult(code[i-lag], 2*e.sharp)
	}
	return code
}

// add completes the subframe at from: its adaptive part is in place and is
// scaled, and the fixed part is added (equation 75).
func (e *excitation) add(from int, code *[subframeSamples]int16, g gains) {
	now := e.samples[past+from:][:subframeSamples]
	for i, v := range now {
		sum := int64(v)*int64(g.pitch) + int64(code[i])*int64(g.code)
		now[i] = saturate((sum + 1<<13) >> 14)
	}
	e.sharp = min(max(g.pitch, leastSharp), mostSharp)
}

// next returns the next number of the generator of equation 96.
func next(random *uint16) int {
	*random = *random*31821 + 13849
	return int(*random)
}
