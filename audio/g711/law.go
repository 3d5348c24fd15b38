package g711

import (
	"math/bits"
	"slices"
)

var (
	aLaw  = aLawTable()
	muLaw = muLawTable()
)

// aLawTable returns the value of every A-law code (G.711 Table 1), scaled
// from 13 to 16 bits. A code is a sign (1 for positive), a segment of three
// bits and a step of four, with the even bits inverted on the line.
func aLawTable() (t [256]int16) {
	for i := range t {
		code := i ^ 0x55
		segment, step := code>>4&7, code&15
		v := step<<4 + 8 // the middle of the step
		if segment > 0 {
			v = (v + 256) << (segment - 1)
		}
		if code&0x80 == 0 {
			v = -v
		}
		t[i] = int16(v)
	}
	return t
}

// muLawTable returns the value of every mu-law code (G.711 Table 2), scaled
// from 14 to 16 bits. Codes are inverted on the line.
func muLawTable() (t [256]int16) {
	for i := range t {
		code := ^i
		segment, step := code>>4&7, code&15
		v := (step<<3+muBias)<<segment - muBias
		if code&0x80 != 0 {
			v = -v
		}
		t[i] = int16(v)
	}
	return t
}

// muBias makes the first segment begin where the others do, at a power of 2.
const muBias = 33 << 2

// EncodeALaw appends the A-law code of every sample of pcm to dst. Each code
// is that of the interval between two decision values of G.711 Table 1; a
// sample on a decision value goes up, as in the reference software of G.191.
func EncodeALaw(dst []byte, pcm []int16) []byte {
	start := len(dst)
	dst = slices.Grow(dst, len(pcm))[:start+len(pcm)]
	out := dst[start:]
	for i, s := range pcm {
		sign := s >> 15                  // 0 or -1
		v := uint32(uint16(s^sign)) >> 4 // 0 to 2047
		// Segments 0 and 1 have the same step: 16 values each.
		segment := uint32(bits.Len32(v>>4|1)) - 1
		if v >= 16 {
			segment++
		}
		shift := segment - min(segment, 1)
		code := segment<<4 | v>>shift&15
		out[i] = byte(code|0x80&^uint32(uint16(sign))) ^ 0x55
	}
	return dst
}

// EncodeMuLaw appends the mu-law code of every sample of pcm to dst, by the
// decision values of G.711 Table 2; a sample on one goes up, as in G.191.
func EncodeMuLaw(dst []byte, pcm []int16) []byte {
	start := len(dst)
	dst = slices.Grow(dst, len(pcm))[:start+len(pcm)]
	out := dst[start:]
	for i, s := range pcm {
		sign := s >> 15 // 0 or -1
		v := min(uint32(uint16(s^sign))>>2+muBias>>2, 0x1fff)
		segment := uint32(bits.Len32(v)) - 6
		code := segment<<4 | v>>(segment+1)&15
		out[i] = ^byte(code | 0x80&uint32(uint16(sign)))
	}
	return dst
}
