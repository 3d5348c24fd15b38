package g729

// What follows adds to package fixed: numbers of 16 bits as such, and sums in
// 64 bits, which no stream can make overflow. Qn says that a number has n bits
// behind the point.

func saturate(v int64) int16 { return int16(min(max(v, -32768), 32767)) }

// long limits v to 32 bits.
func long(v int64) int32 { return int32(min(max(v, -1<<31), 1<<31-1)) }

// mult multiplies two numbers of which one is in Q15, cutting off.
func mult(a, b int16) int16 { return saturate(int64(a) * int64(b) >> 15) }

// product multiplies a number by twice one of 16 bits and divides by 65536 as
// the standard does, which takes the number apart and cuts off twice.
func product(v int64, n int16) int64 {
	high := v >> 16
	low := v >> 1 & 0x7fff
	return 2*high*int64(n) + low*int64(n)>>15*2
}
