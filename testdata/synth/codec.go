package synth

import (
	"encoding/binary"
	"math/bits"
)

const bytesPCM16 = 2

// encode returns the RTP payload of interleaved pcm.
func (c Codec) encode(pcm []int16) []byte {
	b := make([]byte, 0, len(pcm)*bytesPCM16)
	for _, s := range pcm {
		switch c.Name {
		case "PCMA":
			b = append(b, alawEncode(s))
		case "PCMU":
			b = append(b, ulawEncode(s))
		default: // L16, RFC 3551 section 4.5.11: network byte order
			b = binary.BigEndian.AppendUint16(b, uint16(s))
		}
	}
	return b
}

// decode is what a receiver makes of encode's bytes.
func (c Codec) decode(b []byte) []int16 {
	var pcm []int16
	switch c.Name {
	case "PCMA":
		for _, x := range b {
			pcm = append(pcm, alawDecode(x))
		}
	case "PCMU":
		for _, x := range b {
			pcm = append(pcm, ulawDecode(x))
		}
	default:
		for i := 0; i+1 < len(b); i += bytesPCM16 {
			pcm = append(pcm, int16(binary.BigEndian.Uint16(b[i:])))
		}
	}
	return pcm
}

// ITU-T G.711: 8 segments a sign, each of 16 steps; a segment's step is twice
// that of the one below (A-law: the lowest two are equal). The decoder's value
// lies amid the step. Scaled to 16 bits; sign bit 1 is positive.

// alawEncode works on the 11-bit magnitude of table 1; even bits are inverted
// on the line.
func alawEncode(s int16) byte {
	mag, sign := int(s)>>4, byte(0x80)
	if mag < 0 {
		mag, sign = -mag-1, 0
	}
	seg := max(bits.Len(uint(mag))-4, 0)
	step := mag
	if seg > 0 {
		step = mag>>(seg-1) - 16
	}
	return (sign | byte(seg<<4) | byte(step)) ^ 0x55
}

func alawDecode(b byte) int16 {
	b ^= 0x55
	seg, step := int(b>>4&7), int(b&15)
	mag := step<<4 + 8
	if seg > 0 {
		mag = (step<<4 + 0x108) << (seg - 1)
	}
	if b&0x80 == 0 {
		mag = -mag
	}
	return int16(mag)
}

// ulawEncode works on the 14-bit magnitude of table 2, biased by 33; all bits
// are inverted on the line.
func ulawEncode(s int16) byte {
	mag, sign := int(s)>>2, byte(0)
	if mag < 0 {
		mag, sign = -mag-1, 0x80
	}
	mag = min(mag+33, 0x1fff)
	seg := bits.Len(uint(mag)) - 6
	step := mag>>(seg+1) - 16
	return ^(sign | byte(seg<<4) | byte(step))
}

func ulawDecode(b byte) int16 {
	b = ^b
	seg, step := int(b>>4&7), int(b&15)
	mag := (2*step+33)<<seg - 33
	if b&0x80 != 0 {
		mag = -mag
	}
	return int16(mag * 4)
}
