package g729

import "math/bits"

// The arithmetic of the standard: 16-bit numbers with a binary point that the
// name Qn places n bits from the right. Sums that cannot overflow on a stream
// that an encoder made are kept in 64 bits, so that no other can either.

func saturate(v int64) int16 { return int16(min(max(v, -32768), 32767)) }

// mult multiplies two numbers of which one is in Q15, cutting off.
func mult(a, b int16) int16 { return saturate(int64(a) * int64(b) >> 15) }

// norm returns by how many bits a positive 32-bit number can be shifted left.
func norm(v int64) int { return 31 - bits.Len32(uint32(v)) }

// highWord returns the upper half of v with v bounded to 32 bits, rounded.
func highWord(v int64) int16 { return saturate((min(v, 1<<31-1) + 1<<15) >> 16) }

// ratio returns a/b in Q15; 0 <= a <= b, 0 < b.
func ratio(a, b int16) int16 { return int16(min(int32(a)<<15/int32(b), 32767)) }

// product multiplies a 32-bit number by one of Q15 as two words would, losing
// what is below the lower of them.
func product(v int64, n int16) int64 {
	high := v >> 16
	low := v >> 1 & 0x7fff
	return 2*high*int64(n) + low*int64(n)>>15*2
}

// interpolate returns the value of a table at row i and fraction, Q15, of the
// way to the next, times 65536.
func interpolate(table []int16, i int64, fraction int64) int64 {
	return int64(table[i])<<16 - 2*(int64(table[i])-int64(table[i+1]))*fraction
}

// log2 returns the logarithm of v, 0 < v < 2^31, in Q15.
func log2(v int64) int64 {
	shift := norm(v)
	v <<= shift
	return int64(30-shift)<<15 + interpolate(logarithms[:], v>>25&31, v>>10&0x7fff)>>16
}

// power2 returns 2^(14+fraction) for a fraction in Q15.
func power2(fraction int64) int16 {
	v := interpolate(powers[:], fraction>>10, fraction<<5&0x7fff)
	return int16((v + 1<<15) >> 16)
}

// inverseRoot returns 2^30/sqrt(v) for 0 < v < 2^31.
func inverseRoot(v int64) int64 {
	shift := norm(v)
	v <<= shift
	exponent := 30 - shift
	if exponent%2 == 0 {
		v >>= 1
	}
	return interpolate(inverseRoots[:], v>>25-16, v>>10&0x7fff) >> (exponent/2 + 1)
}
