package ws

import (
	"math/bits"
	"time"
)

// A Lateness says how much later than due frames were sent: a histogram of
// constant size, exact to one part in eight. The zero value is empty.
type Lateness struct {
	counts [latenessBuckets]uint32
	n      int64
	max    time.Duration
}

const (
	octave          = 8           // buckets from a power of two to the next
	latenessBuckets = 38 * octave // the last is 12 days and more
)

// add counts one frame. What is sent before it is due is not late.
func (l *Lateness) add(d time.Duration) {
	d = max(d, 0)
	l.counts[bucket(d)]++
	l.n++
	l.max = max(l.max, d)
}

// bucket is the microseconds of d up to 15, from there the leading one and the
// three bits after it.
func bucket(d time.Duration) int {
	us := uint64(d / time.Microsecond)
	if us < 2*octave {
		return int(us)
	}
	shift := bits.Len64(us) - 4
	return min(shift*octave+int(us>>shift), latenessBuckets-1)
}

// upper is the least duration beyond bucket i.
func upper(i int) time.Duration {
	us, shift := uint64(i), 0
	if i >= 2*octave {
		shift = i/octave - 1
		us = uint64(i%octave + octave)
	}
	return time.Duration((us+1)<<shift) * time.Microsecond
}

// Merge adds what o has counted.
func (l *Lateness) Merge(o *Lateness) {
	for i, n := range o.counts {
		l.counts[i] += n
	}
	l.n += o.n
	l.max = max(l.max, o.max)
}

// Count is the number of frames that were sent at a time of their own; 0
// without pacing.
func (l *Lateness) Count() int64 { return l.n }

// Max is the lateness of the latest frame.
func (l *Lateness) Max() time.Duration { return l.max }

// Percentile returns a duration that p percent of the frames did not exceed,
// rounded up by an eighth at most.
func (l *Lateness) Percentile(p float64) time.Duration {
	rank := p / 100 * float64(l.n)
	var seen int64
	for i, n := range l.counts {
		if seen += int64(n); n > 0 && float64(seen) >= rank && i < latenessBuckets-1 {
			return min(upper(i), l.max)
		}
	}
	return l.max
}
