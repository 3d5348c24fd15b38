package audio

import (
	"math"
	"sync"
)

// The prototype low-pass filter: a sinc under a Kaiser window. Its stop band
// begins at half the lower of the two rates, so that no image and no alias
// is left anywhere; what it takes from the pass band for that is above 0.425
// of the lower rate (3400 Hz at 8 kHz, the edge of the telephone band).
const (
	protoTaps   = 96     // for each phase, at the lower of the two rates
	protoCutoff = 0.4625 // -6 dB, as a fraction of the lower rate
	protoBeta   = 11.4   // Kaiser: side lobes below -112 dB
)

// Coefficients are whole numbers, 1<<coefBits times their value. A float64
// holds every sum of products with 16-bit samples exactly (they stay below
// 1<<48), so the result does not depend on the order of the additions, nor on
// whether the machine fuses them with the products; and scalar floating point
// is twice as fast as integers.
const coefBits = 30

// Limits of a bank, so that an odd pair of rates costs no more than a usual
// one: above maxCoefs phases are interpolated between linePhases of them at
// the lower rate. The error of that is (pi/linePhases)^2/8, or -118 dB.
const (
	maxCoefs   = 1280 * protoTaps
	linePhases = 1024
	maxBanks   = 32
)

// A bank is a filter cut into phases: the coefficients of phase p give the
// value p/phases of an input sample after an input sample.
type bank struct {
	taps   int // multiple of 8
	phases int
	line   bool      // phases are interpolated; there is one more than phases
	coefs  []float64 // phase by phase
}

func (b *bank) phase(p int) []float64 { return b.coefs[p*b.taps:][:b.taps:b.taps] }

// banks shares the banks between resamplers. It is emptied when full, so that
// a capture with thousands of made-up rates cannot fill the memory.
var banks = struct {
	sync.Mutex
	m map[[2]int]*bank
}{m: map[[2]int]*bank{}}

// bankFor returns the bank that makes up samples of down; the two have no
// common divisor.
func bankFor(up, down int) *bank {
	banks.Lock()
	defer banks.Unlock()
	key := [2]int{up, down}
	b := banks.m[key]
	if b == nil {
		if len(banks.m) == maxBanks {
			clear(banks.m)
		}
		b = newBank(up, down)
		banks.m[key] = b
	}
	return b
}

func newBank(up, down int) *bank {
	b := &bank{taps: protoTaps, phases: up}
	if down > up { // the filter is longer in input samples as its band is narrower
		b.taps = int((int64(protoTaps)*int64(down)/int64(up) + 7) / 8 * 8)
	}
	rows := up
	if int64(up)*int64(b.taps) > maxCoefs {
		b.line = true
		b.phases = max(linePhases*protoTaps/b.taps, 1)
		rows = b.phases + 1
	}
	scale := min(float64(up)/float64(down), 1) // lower rate over input rate
	b.coefs = make([]float64, rows*b.taps)
	h := make([]float64, b.taps)
	for p := range rows {
		b.fill(p, scale, h)
	}
	return b
}

// fill computes phase p. Tap k weighs the input sample that is k-taps/2+1
// after the one before the output sample. h is scratch.
//
// Every product is rounded by a conversion, here and below, because a fused
// multiply-add on some machines would change the last bits.
func (b *bank) fill(p int, scale float64, h []float64) {
	half := float64(b.taps / 2)
	frac := float64(p) / float64(b.phases)
	sum := 0.0
	for k := range h {
		d := float64(k+1) - half - frac // input samples
		w := 1 - float64((d/half)*(d/half))
		h[k] = 0
		if w >= 0 {
			h[k] = float64(sinc(float64(2*protoCutoff*scale*d)) * bessel0(float64(protoBeta*math.Sqrt(w))))
		}
		sum += h[k]
	}
	// Each phase adds up to one exactly, so that a constant stays constant.
	c := b.phase(p)
	left, peak := float64(1<<coefBits), 0
	for k, v := range h {
		c[k] = math.RoundToEven(v / sum * (1 << coefBits))
		left -= c[k]
		if c[k] > c[peak] {
			peak = k
		}
	}
	c[peak] += left
}

// sinc returns sin(pi x)/(pi x).
func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return sinPi(x) / float64(math.Pi*x)
}

// sinPi returns sin(pi x) from its Taylor series. The library's sine may
// differ in the last bit between machines.
func sinPi(x float64) float64 {
	n := math.RoundToEven(x)
	y := float64(math.Pi * (x - n)) // within pi/2 of zero
	yy := float64(y * y)
	term, sum := y, y
	for k := 2.0; k <= 26; k += 2 {
		term = -float64(term*yy) / float64(k*(k+1))
		sum += term
	}
	if math.Mod(n, 2) != 0 {
		return -sum
	}
	return sum
}

// bessel0 returns the modified Bessel function of the first kind, order 0.
func bessel0(x float64) float64 {
	q := float64(x * x / 4)
	term, sum := 1.0, 1.0
	for k := 1.0; term > float64(sum*1e-17); k++ {
		term = float64(term*q) / float64(k*k)
		sum += term
	}
	return sum
}
