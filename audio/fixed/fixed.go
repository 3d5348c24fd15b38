// Package fixed is the arithmetic in which speech codecs are standardized: the
// basic operators of ITU-T G.191, which saturate instead of wrapping round,
// and the functions that the 3GPP codecs build on them.
//
// A word is a number of 16 bits, a long one of 32; both are held in an int32.
// Q15 says that a number has 15 bits behind the point.
package fixed

import (
	"math"
	"math/bits"
)

// Saturate limits v to a word.
func Saturate(v int32) int32 { return min(max(v, math.MinInt16), math.MaxInt16) }

func long(v int64) int32 {
	if int64(int32(v)) == v { // nearly always, and a branch costs less than two bounds
		return int32(v)
	}
	return int32(min(max(v, math.MinInt32), math.MaxInt32))
}

// Add and Sub work on words.
func Add(a, b int32) int32 { return Saturate(a + b) }
func Sub(a, b int32) int32 { return Saturate(a - b) }

// Mult multiplies words of Q15 and cuts off what is below Q15.
func Mult(a, b int32) int32 { return min(a*b>>15, math.MaxInt16) }

// MultRound multiplies words of Q15 and rounds to Q15.
func MultRound(a, b int32) int32 { return Saturate((a*b + 1<<14) >> 15) }

// LongMult multiplies words of Q15 to a long of Q31.
func LongMult(a, b int32) int32 { return long(2 * int64(a) * int64(b)) }

// LongAdd and LongSub work on longs.
func LongAdd(a, b int32) int32 { return long(int64(a) + int64(b)) }
func LongSub(a, b int32) int32 { return long(int64(a) - int64(b)) }

// Mac adds the product of two words of Q15 to a long of Q31, Msu subtracts it.
func Mac(acc, a, b int32) int32 { return LongAdd(acc, LongMult(a, b)) }
func Msu(acc, a, b int32) int32 { return LongSub(acc, LongMult(a, b)) }

// Shl shifts a word to the left, or to the right if n is negative.
func Shl(v, n int32) int32 {
	if n < 0 {
		return Shr(v, -n)
	}
	return int32(min(max(int64(v)<<min(n, 32), math.MinInt16), math.MaxInt16))
}

// Shr shifts a word to the right, or to the left if n is negative.
func Shr(v, n int32) int32 {
	if n < 0 {
		return Shl(v, -n)
	}
	return v >> min(n, 31)
}

// LongShl shifts a long to the left, or to the right if n is negative.
func LongShl(v, n int32) int32 {
	if n < 0 {
		return LongShr(v, -n)
	}
	return long(int64(v) << min(n, 32))
}

// LongShr shifts a long to the right, or to the left if n is negative.
func LongShr(v, n int32) int32 {
	if n < 0 {
		return LongShl(v, -n)
	}
	return v >> min(n, 31)
}

// LongShrRound is LongShr with rounding.
func LongShrRound(v, n int32) int32 {
	if n > 31 {
		return 0
	}
	r := LongShr(v, n)
	if n > 0 {
		r += v >> (n - 1) & 1
	}
	return r
}

// ShrRound is Shr with rounding.
func ShrRound(v, n int32) int32 {
	if n > 15 {
		return 0
	}
	r := Shr(v, n)
	if n > 0 {
		r += v >> (n - 1) & 1
	}
	return r
}

// Round returns the upper word of a long, rounded.
func Round(v int32) int32 { return LongAdd(v, 1<<15) >> 16 }

// Norm returns how far a long can be shifted to the left without overflow.
func Norm(v int32) int32 {
	if v == 0 {
		return 0
	}
	return int32(bits.LeadingZeros32(uint32(v^v>>31))) - 1
}

// NormWord returns how far a word can be shifted to the left without
// overflow.
func NormWord(v int32) int32 {
	if v == 0 {
		return 0
	}
	return int32(bits.LeadingZeros16(uint16(v^v>>31))) - 1
}

// Div divides words to a quotient of Q15, 0 <= a <= b. What is outside of that
// gives a bound of the range.
func Div(a, b int32) int32 {
	if a <= 0 {
		return 0
	}
	if a >= b {
		return math.MaxInt16
	}
	return a << 15 / b
}

// Split returns the upper word of a long and the 15 bits below it.
func Split(v int32) (hi, lo int32) {
	hi = v >> 16
	return hi, v>>1 - hi<<15
}

// MultSplit multiplies a long that Split has taken apart by a word of Q15.
func MultSplit(hi, lo, n int32) int32 { return Mac(LongMult(hi, n), Mult(lo, n), 1) }
