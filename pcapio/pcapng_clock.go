package pcapio

import (
	"math"
	"math/bits"
)

// A clock turns an interface's time stamps into nanoseconds since 1970:
// ts * mul / div >> shift + offset, by way of 128 bits. Times beyond what 64
// bits of nanoseconds hold (the years 1677 to 2262) stay at the limit.
type clock struct {
	mul    uint64
	div    uint64
	shift  uint
	offset int64 // nanoseconds
}

// microseconds is the clock of interfaces that do not say another.
var microseconds = newClock(6, 0)

// newClock reads the values of the options if_tsresol (a negative power of 10,
// or of 2 if the highest bit is set) and if_tsoffset (seconds).
func newClock(resolution byte, offset int64) clock {
	c := clock{mul: 1, div: 1, offset: saturate(offset, 1e9)}
	exp := uint(resolution & 0x7f)
	switch {
	case resolution&0x80 != 0:
		c.mul, c.shift = 1e9, exp
	case exp <= 9:
		c.mul = pow10(9 - exp)
	case exp <= 9+19:
		c.div = pow10(exp - 9)
	default: // no time stamp of 64 bits reaches a nanosecond
		c.mul = 0
	}
	return c
}

func pow10(n uint) uint64 {
	v := uint64(1)
	for range n {
		v *= 10
	}
	return v
}

func (c *clock) nanos(ts uint64) int64 {
	hi, lo := bits.Mul64(ts, c.mul)
	if c.shift != 0 {
		// Go's shifts by 64 and more give 0, as they should here.
		lo = lo>>c.shift | hi<<(64-c.shift) | hi>>(c.shift-64)
		hi >>= c.shift
	}
	if c.div != 1 {
		lo /= c.div // mul is 1, so hi is 0
	}
	if hi != 0 || lo > math.MaxInt64 {
		lo = math.MaxInt64
	}
	sum := int64(lo) + c.offset
	if c.offset > 0 && sum < 0 {
		return math.MaxInt64
	}
	return sum
}

// saturate returns v*unit, or the limit that it is beyond.
func saturate(v, unit int64) int64 {
	switch {
	case v > math.MaxInt64/unit:
		return math.MaxInt64
	case v < math.MinInt64/unit:
		return math.MinInt64
	}
	return v * unit
}
