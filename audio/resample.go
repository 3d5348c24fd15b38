package audio

import "errors"

// ErrClosed is returned by Write after Close.
var ErrClosed = errors.New("write after close")

const (
	resampleIn  = 1024 // samples that a Resampler takes in at once
	resampleOut = 2048 // samples of the largest block that it writes
)

// A Resampler is a Sink that writes what it is given to another Sink at
// another rate, through a band-limited polyphase filter.
//
// Output sample m is at the instant m/to of the input's sample n at n/from:
// the filter has no delay. n input samples give ceil(n*to/from), the last
// ones at Close. The values depend on the input alone, not on how it is cut
// into blocks nor on the machine; they are rounded to nearest and saturated.
// A block's Kind is that of the input sample at or before its instant. Where
// the input has been zero for the length of the filter so is the output, and
// costs next to nothing.
type Resampler struct {
	dst  Sink
	bank *bank
	up   int // output samples for every down input samples
	down int

	hist   [][]float64 // for each channel: the input that is still needed
	first  int64       // index of the first sample in hist
	filled int         // samples in hist
	quiet  int64       // all samples in hist from this index on are zero
	total  int64       // samples written to the Resampler
	runs   []run       // kinds of the samples in hist

	out   []int16
	at    int64 // index of the next output sample
	base  int64 // index of the input sample at or before it
	phase int   // the instant after base, as phase/up of an input sample

	closed bool
	err    error // of dst
}

// A run says that the input up to an index is of one kind.
type run struct {
	end  int64
	kind Kind
}

// NewResampler returns a Sink that takes PCM at from Hz and writes it to dst
// at to Hz; it is dst itself if the rates are equal. Rates and channels must
// be positive. Closing it closes dst.
func NewResampler(dst Sink, from, to, channels int) Sink {
	if from == to {
		return dst
	}
	g := gcd(from, to)
	r := &Resampler{dst: dst, up: to / g, down: from / g}
	r.bank = bankFor(r.up, r.down)
	// The first output sample looks back half a filter: that is silence.
	before := r.bank.taps/2 - 1
	r.first, r.filled, r.quiet = -int64(before), before, -int64(before)
	r.hist = make([][]float64, channels)
	for c := range r.hist {
		r.hist[c] = make([]float64, r.bank.taps+resampleIn)
	}
	r.out = make([]int16, resampleOut*channels)
	return r
}

// Write takes the next block. PCM is borrowed until it returns. Errors are
// those of the Sink behind, and stay.
func (r *Resampler) Write(b Block) error {
	if r.closed {
		return ErrClosed
	}
	channels := len(r.hist)
	r.total += int64(len(b.PCM) / channels)
	for pcm := b.PCM; len(pcm) >= channels && r.err == nil; {
		n := min(len(pcm)/channels, len(r.hist[0])-r.filled)
		r.take(pcm[:n*channels], n, b.Kind)
		pcm = pcm[n*channels:]
		r.err = r.drain(r.first + int64(r.filled) - int64(r.bank.taps/2))
	}
	return r.err
}

// Close writes what the filter still holds and closes the Sink behind.
func (r *Resampler) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	for r.err == nil && r.base < r.total {
		n := len(r.hist[0]) - r.filled
		for c := range r.hist {
			clear(r.hist[c][r.filled:])
		}
		r.filled += n
		r.err = r.drain(min(r.total, r.first+int64(r.filled)-int64(r.bank.taps/2)))
	}
	if err := r.dst.Close(); r.err == nil {
		return err
	}
	return r.err
}

// take appends n samples to hist.
func (r *Resampler) take(pcm []int16, n int, kind Kind) {
	for c, h := range r.hist {
		h = h[r.filled:][:n]
		for i := range h {
			h[i] = float64(pcm[i*len(r.hist)+c])
		}
	}
	r.filled += n
	end := r.first + int64(r.filled)
	if z := trailingZeros(pcm) / len(r.hist); z < n {
		r.quiet = end - int64(z)
	}
	if k := len(r.runs); k > 0 && r.runs[k-1].kind == kind {
		r.runs[k-1].end = end
	} else {
		r.runs = append(r.runs, run{end, kind})
	}
}

// drain writes all output samples whose base is before end, and forgets the
// input that no later one needs.
func (r *Resampler) drain(end int64) error {
	for r.base < end {
		if err := r.emit(end); err != nil {
			return err
		}
	}
	drop := int(r.base - int64(r.bank.taps/2-1) - r.first)
	drop = min(drop, r.filled) // more when many samples go in for one
	for _, h := range r.hist {
		copy(h, h[drop:r.filled])
	}
	r.filled -= drop
	r.first += int64(drop)
	return nil
}

// emit writes one block: samples of one kind whose base is before end.
func (r *Resampler) emit(end int64) error {
	for r.runs[0].end <= r.base && len(r.runs) > 1 {
		r.runs = r.runs[:copy(r.runs, r.runs[1:])]
	}
	if len(r.runs) > 1 {
		end = min(end, r.runs[0].end)
	}
	channels := len(r.hist)
	n, before := 0, int64(r.bank.taps/2-1)
	for r.base < end && n < resampleOut {
		out := r.out[n*channels:][:channels]
		if r.base-before >= r.quiet {
			clear(out)
		} else {
			r.sample(out, int(r.base-before-r.first))
		}
		n++
		r.phase += r.down % r.up
		r.base += int64(r.down / r.up)
		if r.phase >= r.up {
			r.phase -= r.up
			r.base++
		}
	}
	b := Block{At: r.at, Kind: r.runs[0].kind, PCM: r.out[:n*channels]}
	r.at += int64(n)
	return r.dst.Write(b)
}

// sample computes one output sample of all channels; the filter's first tap
// is on input sample i of hist.
func (r *Resampler) sample(out []int16, i int) {
	b := r.bank
	if !b.line {
		coefs := b.phase(r.phase)
		for c := range out {
			out[c] = round(dot(coefs, r.hist[c][i:]))
		}
		return
	}
	const bits = 15 // of the weight between two phases
	at := int64(r.phase) * int64(b.phases)
	p, weight := int(at/int64(r.up)), at%int64(r.up)<<bits/int64(r.up)
	for c := range out {
		x := r.hist[c][i:]
		lo, hi := dot(b.phase(p), x), dot(b.phase(p+1), x)
		out[c] = round(lo + (hi-lo)>>bits*weight)
	}
}

// dot returns the sum of products, a whole number. The length of coefs is a
// multiple of 8 and x is at least as long.
func dot(coefs, x []float64) int64 {
	var s0, s1, s2, s3 float64
	x = x[:len(coefs)]
	for len(coefs) >= 8 && len(x) >= 8 {
		c, v := (*[8]float64)(coefs), (*[8]float64)(x)
		s0 += c[0] * v[0]
		s1 += c[1] * v[1]
		s2 += c[2] * v[2]
		s3 += c[3] * v[3]
		s0 += c[4] * v[4]
		s1 += c[5] * v[5]
		s2 += c[6] * v[6]
		s3 += c[7] * v[7]
		coefs, x = coefs[8:], x[8:]
	}
	return int64(s0 + s1 + s2 + s3)
}

// round takes the point off a sum, half away from zero, and saturates.
func round(s int64) int16 {
	const half = 1 << (coefBits - 1)
	return int16(max(min((s+half+s>>63)>>coefBits, 32767), -32768))
}

// trailingZeros returns how many values at the end of pcm are zero.
func trailingZeros(pcm []int16) int {
	for i := len(pcm); i > 0; i-- {
		if pcm[i-1] != 0 {
			return len(pcm) - i
		}
	}
	return len(pcm)
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
