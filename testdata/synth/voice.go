package synth

// A voice is a deterministic source of PCM: syllables of 200 ms, each a chirp,
// a burst of noise or a pause, chosen by the seed. Integer arithmetic only.
type voice struct {
	seed  uint32
	rate  int
	n     int
	phase uint32
	noise uint32
}

func newVoice(seed uint32, rate int) *voice {
	return &voice{seed: seed, rate: rate, noise: mix(seed) | 1}
}

// next returns the next sample.
func (v *voice) next() int16 {
	syllable := v.rate / 5
	k, p := v.n/syllable, v.n%syllable
	v.n++
	h := mix(v.seed ^ mix(uint32(k)))
	ramp := v.rate / 100
	level := 4000 + int(h>>24)*32
	level = level * min(p, syllable-1-p, ramp) / ramp
	switch h % 6 {
	case 0:
		return 0
	case 1:
		v.noise = v.noise*1664525 + 1013904223
		return int16(int(int16(v.noise>>16)) * level / 3 >> 15)
	}
	// Between 150 and 1,900 Hz: below the Nyquist frequency of every codec.
	hz := 150 + int(v.seed%7)*60 + int(h>>8&0xff)*2 + int(h>>16&0xff)*4*p/syllable
	v.phase += uint32(uint64(hz) << 32 / uint64(v.rate))
	return int16(sine(v.phase) * level >> 15)
}

// sine is a parabola through the zeros and extremes of a sine of the phase
// (a full turn is 2^32), between -32767 and 32767.
func sine(phase uint32) int {
	x := int(phase >> 16 & 0x7fff)
	y := min(4*x*(0x8000-x)>>15, 0x7fff)
	if phase>>31 != 0 {
		return -y
	}
	return y
}

// mix scrambles a number (the finalizer of MurmurHash3).
func mix(x uint32) uint32 {
	x += 0x9e3779b9
	x = (x ^ x>>16) * 0x85ebca6b
	x = (x ^ x>>13) * 0xc2b2ae35
	return x ^ x>>16
}

// source returns n samples (all channels interleaved) of a stream's voice.
func source(seed uint32, c Codec, n int) []int16 {
	voices := make([]*voice, c.Channels)
	for i := range voices {
		voices[i] = newVoice(seed+uint32(i)*0x1000193, c.Clock)
	}
	pcm := make([]int16, 0, n*c.Channels)
	for range n {
		for _, v := range voices {
			pcm = append(pcm, v.next())
		}
	}
	return pcm
}
