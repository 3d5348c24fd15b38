package fixed

// Log2 returns the whole part of the logarithm to base 2 of a long and what
// is behind the point in Q15; 0 for what has none.
func Log2(v int32) (exponent, fraction int32) {
	n := Norm(v)
	return Log2Norm(LongShl(v, n), n)
}

// Log2Norm is Log2 of a long that has been shifted to the left by n = Norm.
func Log2Norm(v, n int32) (exponent, fraction int32) {
	if v <= 0 {
		return 0, 0
	}
	return 30 - n, interpolate(log2Table[:], v>>25-32, v>>10&0x7fff) >> 16
}

// Pow2 returns 2 to the power of exponent plus a fraction of Q15.
func Pow2(exponent, fraction int32) int32 {
	v := LongMult(fraction, 32)
	return LongShrRound(interpolate(pow2Table[:], v>>16, v>>1&0x7fff), Sub(30, exponent))
}

// InvSqrt returns the inverse of the square root of a long of Q0 in Q30, and
// about 1/2 for what has none.
func InvSqrt(v int32) int32 {
	if v <= 0 {
		return 0x3fffffff
	}
	n := Norm(v)
	v <<= n
	n = 30 - n
	if n&1 == 0 {
		v >>= 1
	}
	return interpolate(invSqrtTable[:], v>>25-16, v>>10&0x7fff) >> (n>>1 + 1)
}

// Sqrt returns the square root of a long of Q31 in Q31, to be shifted to the
// right by half of exponent; exponent is even.
func Sqrt(v int32) (root, exponent int32) {
	if v <= 0 {
		return 0, 0
	}
	n := Norm(v) &^ 1
	v <<= n
	return interpolate(sqrtTable[:], v>>25-16, v>>10&0x7fff), n
}

// interpolate returns entry i of a table as the upper word of a long, with
// the way to the next entry in Q15.
func interpolate(table []int16, i, way int32) int32 {
	from, to := int32(table[i]), int32(table[i+1])
	return Msu(from<<16, from-to, way)
}

// InvSqrtNorm is InvSqrt of a fraction of Q31 that has been shifted to the left
// by Norm, times 2 to the power of exponent; so is what it returns, about one
// for what has no inverse.
func InvSqrtNorm(fraction, exponent int32) (int32, int32) {
	if fraction <= 0 {
		return 0x7fffffff, 0
	}
	if exponent&1 != 0 {
		fraction >>= 1
	}
	return interpolate(invSqrtTable[:], fraction>>25-16, fraction>>10&0x7fff), -((exponent - 1) >> 1)
}

// Energy returns the sum of the squares of words, plus a trifle, as a fraction
// of Q31 that Norm cannot shift, times 2 to the power of exponent.
func Energy(v []int32) (fraction, exponent int32) {
	sum := int32(1)
	for _, x := range v {
		sum = Mac(sum, x, x)
	}
	n := Norm(sum)
	return sum << n, 30 - n
}
