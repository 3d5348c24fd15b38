package g729

import (
	"math"

	"callx/audio/fixed"
)

// A noise is what a SID frame said of the background (section B.4).
type noise struct {
	lsp    [order]int16 // Q15
	gain   int16        // Q3: of the last SID frame
	smooth int16        // Q3: of the last frame of noise
	random uint16
}

const (
	noiseSeed     = 11111
	greatestPulse = 5000
)

func (n *noise) reset() {
	n.lsp = [order]int16{31441, 27566, 21458, 13612, 4663, -4663, -13612, -21458, -27566, -31441}
	n.gain = noiseGains[0]
	n.random = noiseSeed
}

// receive takes over what a SID frame says.
func (n *noise) receive(s *sid, d *lspDecoder) {
	n.gain = noiseGains[s.gain]
	n.lsp = d.noise(s)
}

// follow moves the gain towards that of the last SID frame; at the beginning
// of a pause it takes it at once (equation B.19).
func (n *noise) follow(first bool) {
	if first {
		n.smooth = n.gain
		return
	}
	n.smooth = int16(fixed.MultRound(int32(n.smooth), 28672) + fixed.MultRound(int32(n.gain), 4096))
}

// excite fills a subframe of the excitation with noise whose samples have the
// smoothed gain: Gaussian noise of half of it, a random piece of the past,
// and four random pulses that bring it to the energy (section B.4.4).
func (n *noise) excite(e *excitation, from int) {
	first := next(&n.random)
	third := first&3 - 1
	if third == 2 {
		third = 0
	}
	lag := first>>2&63 + 40
	second := next(&n.random)
	at := [4]int{
		first >> 8 & 7 * 5,
		first>>12&7*5 + 1,
		second&7*5 + 2,
		second>>5&7*5 + second>>4&1 + 3,
	}
	signs := [4]int32{sign(first >> 11), sign(first >> 15), sign(second >> 3), sign(second >> 8)}
	pitch := int64(next(&n.random)&0x1fff) << 1 // Q15, below a half

	gaussian := n.gaussian()
	e.adaptive(from, lag, third)
	now := e.samples[past+from:][:subframeSamples]
	for i, v := range now {
		now[i] = saturate((int64(v)*pitch+1<<14)>>15 + int64(gaussian[i]))
	}
	// The height g of the pulses solves 4g^2 + 2bg + energy - wanted = 0,
	// where b is the sum of what they are added to.
	wanted := int64(subframeSamples) * int64(n.smooth) * int64(n.smooth) >> 6
	b, power := int64(0), int64(0)
	for _, v := range now {
		power += int64(v) * int64(v)
	}
	for i := range at {
		b += int64(signs[i]) * int64(now[at[i]])
	}
	root := b*b + 4*(wanted-power)
	if root < 0 {
		// The past is too loud: only the Gaussian noise is left, which has a
		// quarter of the energy.
		copy(now, gaussian[:])
		b = 0
		for i := range at {
			b += int64(signs[i]) * int64(now[at[i]])
		}
		root = b*b + 3*wanted
	}
	r := squareRoot(root)
	g := r - b
	if abs(-r-b) < abs(g) {
		g = -r - b
	}
	g = min(max((g+2)>>2, -greatestPulse), greatestPulse)
	for i := range at {
		now[at[i]] = saturate(int64(now[at[i]]) + int64(signs[i])*g)
	}
}

// gaussian returns noise whose samples have half of the smoothed gain.
func (n *noise) gaussian() [subframeSamples]int16 {
	var pcm [subframeSamples]int16
	power := int64(0)
	for i := range pcm {
		sum := int64(0)
		for range 12 {
			sum += int64(int16(next(&n.random)))
		}
		pcm[i] = int16(sum >> 7)
		power += int64(pcm[i]) * int64(pcm[i])
	}
	if power == 0 {
		return pcm
	}
	// sqrt(40)/2 in Q13, by Q3, by 1/sqrt in Q30.
	scale := int64(25905) * int64(n.smooth) * int64(fixed.InvSqrt(long(power)))
	for i, v := range pcm {
		pcm[i] = saturate((int64(v)*(scale>>24) + 1<<21) >> 22)
	}
	return pcm
}

func sign(bit int) int32 { return int32(bit&1)*2 - 1 }

func abs(v int64) int64 { return max(v, -v) }

// squareRoot returns the whole part of the root of v, 0 <= v < 2^52.
func squareRoot(v int64) int64 { return int64(math.Sqrt(float64(v))) }
