package g726

import "math"

// A judge finds out in which of two packings a stream is, by what each makes
// of it. Speech can be predicted from its past; code words in the wrong order
// add noise to it, which cannot. At 24 and 40 kbit/s that is plain from the
// first loud packet. At 16 and 32 kbit/s, where whole code words only change
// places within an octet, it takes some packets.
type judge struct {
	chosen packing
	sure   bool
	doubt  float64 // by how much the balance must exceed firstDoubt
	// balance is how much more noise the chosen packing has had so far, in
	// factors of 2 of each packet's energy; negative where it has less.
	balance float64
}

// The first loud packet is believed soonest, for what is decoded the wrong way
// is loud noise. Later it takes more, lest mere noise wanders so far.
const (
	firstDoubt = .5  // balance at which the other packing is chosen, at first,
	moreDoubt  = .25 // how much it grows with each packet,
	mostDoubt  = 6   // and the most it grows to
)

const (
	trust = 50 // balance, below 0, at which the chosen one is final
	most  = 4  // what one packet can add
	decay = .1 // what one takes of the trust, so that mere noise never suffices
	order = 10 // of the prediction
	faint = 25 // mean difference, of 14 bits, below which a packet tells nothing
)

// hear takes one packet as the chosen packing and as the other one makes it,
// and the greater sum of differences. It reports whether the other packing
// has become the chosen one.
func (j *judge) hear(chosen, other []int16, size int64) bool {
	if len(chosen) <= order || size < faint*int64(len(chosen)) {
		return false
	}
	weight := math.Log2(noise(chosen) / noise(other))
	j.balance -= min(max(j.balance, -decay), decay)
	j.balance += min(max(weight, -most), most)
	doubt := firstDoubt + j.doubt
	j.doubt = min(j.doubt+moreDoubt, mostDoubt-firstDoubt)
	if j.balance > doubt {
		j.chosen, j.balance = 1-j.chosen, -j.balance
		return true
	}
	j.sure = j.balance < -trust
	return false
}

// noise returns the energy of pcm that linear prediction does not explain:
// the recursion of Levinson and Durbin over the autocorrelation, under a
// window that falls off towards both ends, for what the cut does to
// strong harmonics would hide the noise.
//
// The explicit conversions keep products from being fused with sums, which
// some processors would do: the same capture is the same sound on all.
func noise(pcm []int16) float64 {
	var sums [order + 1]int64
	var past [order + 1]int64 // newest first
	for i, v := range pcm {
		at := (float64(i) + 0.5) / float64(len(pcm))
		window := 4 * at * (1 - at)
		copy(past[1:], past[:])
		past[0] = int64(window * window * float64(v))
		for k, p := range past {
			sums[k] += past[0] * p
		}
	}
	var a, last [order + 1]float64
	// A little white noise keeps what is left above 0.
	left := float64(sums[0]) + float64(float64(sums[0])*1e-4) + 1600
	for i := 1; i <= order; i++ {
		rest := float64(sums[i])
		for k := 1; k < i; k++ {
			rest -= float64(a[k] * float64(sums[i-k]))
		}
		reflection := rest / left
		last = a
		a[i] = reflection
		for k := 1; k < i; k++ {
			a[k] -= float64(reflection * last[i-k])
		}
		left -= float64(left * float64(reflection*reflection))
	}
	return max(left, 1)
}
