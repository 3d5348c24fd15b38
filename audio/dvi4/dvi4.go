// Package dvi4 decodes DVI4, the IMA's ADPCM of 4 bits a sample, as RTP
// carries it: one block in each packet, at any rate (RFC 3551 section 4.5.1).
// Every block begins with the state of the decoder, so a lost packet leaves no
// trace in the next.
package dvi4

import (
	"encoding/binary"
	"errors"
	"slices"

	"callx/audio"
)

var (
	// ErrParameters says that the channels are none of DVI4.
	ErrParameters = errors.New("DVI4 has one channel")
	// ErrHeader says that a payload ends within the header of the block.
	ErrHeader = errors.New("payload is shorter than the header of DVI4")
)

// New returns a decoder for DVI4 at the rate of s. The error is ErrParameters.
func New(s audio.Spec) (audio.Decoder, error) {
	if s.Channels != 1 {
		return nil, ErrParameters
	}
	return decoder{rate: s.Clock}, nil
}

type decoder struct{ rate int }

func (d decoder) Rate() int     { return d.rate }
func (d decoder) Channels() int { return 1 }

// headerSize is that of the state before the codes of a block:
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-------------------------------+---------------+---------------+
//	|      predicted sample         |  step index   |   reserved    |
//	+-------------------------------+---------------+---------------+
const headerSize = 4

// Decode appends two samples for every octet after the header, the one in the
// higher bits first. The error is ErrHeader.
func (d decoder) Decode(dst []int16, payload []byte) ([]int16, error) {
	if len(payload) == 0 {
		return dst, nil
	}
	if len(payload) < headerSize {
		return dst, ErrHeader
	}
	s := state{
		sample: int32(int16(binary.BigEndian.Uint16(payload))),
		index:  min(int32(payload[2]), int32(len(steps)-1)),
	}
	dst = slices.Grow(dst, 2*(len(payload)-headerSize))
	for _, codes := range payload[headerSize:] {
		dst = append(dst, s.decode(codes>>4), s.decode(codes&15))
	}
	return dst, nil
}

// A state is what one sample leaves to the next.
type state struct {
	sample int32
	index  int32 // of the step
}

// decode returns the sample of a code: a sign, and a size in quarters of the
// step that a half is added to, each part rounded down by itself.
func (s *state) decode(code byte) int16 {
	step := steps[s.index]
	difference := step >> 3
	for bit := range 3 {
		if code>>bit&1 != 0 {
			difference += step >> (2 - bit)
		}
	}
	if code&8 != 0 {
		difference = -difference
	}
	s.sample = min(max(s.sample+difference, -32768), 32767)
	s.index = min(max(s.index+changes[code&7], 0), int32(len(steps)-1))
	return int16(s.sample)
}

// changes holds by how much the size of a code moves the step's index.
var changes = [8]int32{-1, -1, -1, -1, 2, 4, 6, 8}

// steps holds the step sizes, each about a tenth greater than the one before.
var steps = [89]int32{
	7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45,
	50, 55, 60, 66, 73, 80, 88, 97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307,
	337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066,
	2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899,
	15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
}
