package l16

import (
	"encoding/binary"
	"slices"

	"callx/audio"
)

// New8 returns a decoder for L8: octets of which 128 is silence. It never
// fails.
func New8(s audio.Spec) (audio.Decoder, error) {
	return &other{rate: s.Clock, channels: s.Channels, bits: 8, read: read8}, nil
}

// New20 returns a decoder for L20: samples of 20 bits one right after another,
// and 4 bits more where the last ends within an octet. It never fails.
func New20(s audio.Spec) (audio.Decoder, error) {
	return &other{rate: s.Clock, channels: s.Channels, bits: 20, read: read20}, nil
}

// New24 returns a decoder for L24, big-endian. It never fails.
func New24(s audio.Spec) (audio.Decoder, error) {
	return &other{rate: s.Clock, channels: s.Channels, bits: 24, read: read24}, nil
}

// An other decodes what has other than 16 bits. Of longer samples the upper 16
// bits are kept.
type other struct {
	rate, channels, bits int
	read                 func(pcm []int16, payload []byte)
}

func (d *other) Rate() int     { return d.rate }
func (d *other) Channels() int { return d.channels }

// Decode appends the whole samples of payload. The error is audio.ErrPartial
// if more is left over than fills up an octet.
func (d *other) Decode(dst []int16, payload []byte) ([]int16, error) {
	frame := d.bits * d.channels
	n := len(payload) * 8 / frame * d.channels
	start := len(dst)
	dst = slices.Grow(dst, n)[:start+n]
	d.read(dst[start:], payload)
	if len(payload)*8%frame >= 8 {
		return dst, audio.ErrPartial
	}
	return dst, nil
}

func read8(pcm []int16, payload []byte) {
	for i := range pcm {
		pcm[i] = int16(payload[i]^0x80) << 8
	}
}

func read20(pcm []int16, payload []byte) {
	for i := range pcm {
		at := i * 20 / 8
		pcm[i] = int16(binary.BigEndian.Uint16(payload[at:]))
		if i%2 != 0 { // begins in the middle of an octet
			pcm[i] = pcm[i]<<4 | int16(payload[at+2]>>4)
		}
	}
}

func read24(pcm []int16, payload []byte) {
	for i := range pcm {
		pcm[i] = int16(binary.BigEndian.Uint16(payload[3*i:]))
	}
}
