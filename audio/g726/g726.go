// Package g726 decodes ITU-T Rec. G.726 ADPCM at 16, 24, 32 and 40 kbit/s: a
// code word of 2 to 5 bits for each sample of 8000 Hz.
//
// Two ways to pack code words into octets are in use, and the names that tell
// them apart are not to be trusted: RFC 3551 section 4.5.4 lets G726-32 begin
// with the least significant bits and AAL2-G726-32 with the most significant
// ones (ITU-T I.366.2), while widespread phones and libraries do it the other
// way round. So both are decoded until the sound has told which one it is;
// see judge.
package g726

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"callx/audio"
)

var (
	// ErrParameters says that the clock or the channels are none of G.726.
	ErrParameters = errors.New("G.726 has one channel of 8000 Hz")
	// ErrRate says that a name ends in none of the four bit rates.
	ErrRate = errors.New("G.726 has 16, 24, 32 or 40 kbit/s")
)

// rates holds the encoding names without AAL2-. G721 is what RFC 1890 called
// the bit rate of 32 kbit/s.
var rates = map[string]*rate{
	"g726-16": &rate16,
	"g726-24": &rate24,
	"g726-32": &rate32,
	"g726-40": &rate40,
	"g721":    &rate32,
}

// New returns a decoder for G726-16, -24, -32 and -40, for the same with AAL2-
// before it, and for G721. The error is ErrParameters or ErrRate.
func New(s audio.Spec) (audio.Decoder, error) {
	if s.Clock != 8000 || s.Channels != 1 {
		return nil, ErrParameters
	}
	name, aal2 := strings.CutPrefix(strings.ToLower(s.Name), "aal2-")
	r, ok := rates[name]
	if !ok {
		return nil, ErrRate
	}
	d := &decoder{rate: r}
	if aal2 {
		d.named = highFirst
	}
	d.judge.chosen = d.named
	for i := range d.states {
		d.states[i].reset()
	}
	return d, nil
}

// A packing says which bits of an octet hold its first code word.
type packing uint8

const (
	lowFirst  packing = iota // RFC 3551
	highFirst                // AAL2, ITU-T I.366.2 Annex E
)

type decoder struct {
	rate   *rate
	named  packing  // as the name has it
	states [2]state // of the decoder for each packing
	judge  judge
	other  []int16 // what the packing that is not chosen makes of a packet
}

func (d *decoder) Rate() int     { return 8000 }
func (d *decoder) Channels() int { return 1 }

// Decode appends a sample for every code word of payload. The error is
// audio.ErrPartial if bits are left over that are no code word: packets of 24
// and 40 kbit/s hold a multiple of 8 code words.
func (d *decoder) Decode(dst []int16, payload []byte) ([]int16, error) {
	start, n := len(dst), len(payload)*8/int(d.rate.bits)
	dst = slices.Grow(dst, n)[:start+n]
	chosen := d.judge.chosen
	size := d.decode(dst[start:], payload, chosen)
	if !d.judge.sure {
		d.other = slices.Grow(d.other[:0], n)[:n]
		size = max(size, d.decode(d.other, payload, 1-chosen))
		if d.judge.hear(dst[start:], d.other, size) {
			copy(dst[start:], d.other)
		}
	}
	if len(payload)*8%int(d.rate.bits) != 0 {
		return dst, audio.ErrPartial
	}
	return dst, nil
}

// decode fills pcm with the code words of payload in one packing, and returns
// the sum of the magnitudes of their quantized differences.
func (d *decoder) decode(pcm []int16, payload []byte, p packing) (size int64) {
	r, s := d.rate, &d.states[p]
	word, have, mask := uint32(0), uint(0), uint32(1)<<r.bits-1
	for i := range pcm {
		var code uint32
		if have < r.bits {
			if p == lowFirst {
				word |= uint32(payload[0]) << have
			} else {
				word = word<<8 | uint32(payload[0])
			}
			payload, have = payload[1:], have+8
		}
		have -= r.bits
		if p == lowFirst {
			code, word = word&mask, word>>r.bits
		} else {
			code = word >> have & mask
		}
		sample, magnitude := s.decode(r, int32(code))
		pcm[i] = int16(sample << 2)
		size += int64(magnitude)
	}
	return size
}

// Note says so if the packing in use is not the one that the name stands for;
// else it is empty.
func (d *decoder) Note() string {
	if d.judge.chosen == d.named {
		return ""
	}
	first := "least"
	if d.judge.chosen == highFirst {
		first = "most"
	}
	return fmt.Sprintf("G.726 code words begin with the %s significant bits of an octet, against what the codec's name says", first)
}
