// Package l16 decodes uncompressed PCM, channels interleaved: L8 and L16 (RFC
// 3551 sections 4.5.10 and 4.5.11), L20 and L24 (RFC 3190), at any
// rate.
package l16

import (
	"encoding/binary"
	"slices"

	"callx/audio"
)

// New returns a decoder for L16 at the rate and channels of s. It never fails.
func New(s audio.Spec) (audio.Decoder, error) {
	return &decoder{rate: s.Clock, channels: s.Channels}, nil
}

type decoder struct{ rate, channels int }

func (d *decoder) Rate() int     { return d.rate }
func (d *decoder) Channels() int { return d.channels }

// Decode appends the whole samples of payload. The error is audio.ErrPartial
// if bytes are left over.
func (d *decoder) Decode(dst []int16, payload []byte) ([]int16, error) {
	var err error
	if rest := len(payload) % (2 * d.channels); rest != 0 {
		payload, err = payload[:len(payload)-rest], audio.ErrPartial
	}
	start, n := len(dst), len(payload)/2
	dst = slices.Grow(dst, n)[:start+n]
	swap(dst[start:], payload)
	return dst, err
}

// swap reads big-endian samples. p has two bytes for every sample of pcm.
func swap(pcm []int16, p []byte) {
	for len(p) >= 8 && len(pcm) >= 4 {
		in, out := binary.BigEndian.Uint64(p), (*[4]int16)(pcm)
		out[0], out[1], out[2], out[3] = int16(in>>48), int16(in>>32), int16(in>>16), int16(in)
		p, pcm = p[8:], pcm[4:]
	}
	for i := range pcm {
		pcm[i] = int16(binary.BigEndian.Uint16(p[2*i:]))
	}
}
