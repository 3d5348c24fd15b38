package l16_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"callx/audio"
	"callx/audio/audiotest"
	"callx/audio/l16"
)

var others = []struct {
	name      string
	construct audiotest.Constructor
	bits      int
	ffmpeg    string // its format of the same bits
}{
	{"L8", l16.New8, 8, "u8"},
	{"L20", l16.New20, 20, ""},
	{"L24", l16.New24, 24, "s24be"},
}

func TestOthers(t *testing.T) {
	for _, c := range others {
		for _, channels := range []int{1, 2, 6} {
			spec := audio.Spec{Name: c.name, Clock: 48000, Channels: channels}
			t.Run(spec.String(), func(t *testing.T) {
				audiotest.TestDecoder(t, c.construct, spec, audiotest.Random(c.bits*channels*10), audiotest.Random(c.bits*channels*2))
				if d, err := c.construct(spec); err != nil || d.Rate() != 48000 || d.Channels() != channels {
					t.Errorf("%v", err)
				}
			})
		}
	}
}

// TestOthersAgainstFfmpeg: ffmpeg keeps the upper 16 bits too. It has no
// samples of 20 bits.
func TestOthersAgainstFfmpeg(t *testing.T) {
	for _, c := range others {
		if c.ffmpeg == "" {
			continue
		}
		payload := audiotest.Random(2400)
		want := audiotest.PCM(audiotest.Run(t, payload, "ffmpeg", "-v", "error", "-f", c.ffmpeg, "-ar", "48000", "-ac", "2", "-i", "-", "-f", "s16le", "-"))
		spec := audio.Spec{Name: c.name, Clock: 48000, Channels: 2}
		audiotest.Same(t, audiotest.DecodeAll(t, c.construct, spec, [][]byte{payload}), want)
	}
}

// TestOthersByHand: RFC 3551 section 4.5.10, RFC 3190.
func TestOthersByHand(t *testing.T) {
	for _, c := range []struct {
		construct audiotest.Constructor
		channels  int
		payload   string
		want      []int16
		partial   bool
	}{
		{l16.New8, 1, "\x80\x81\x7f\xff\x00", []int16{0, 256, -256, 32512, -32768}, false},
		{l16.New8, 2, "\x80\x81\x7f", []int16{0, 256}, true},
		{l16.New20, 1, "\x12\x34\x56\x78\x9a", []int16{0x1234, 0x6789}, false},
		{l16.New20, 1, "\x12\x34\x50", []int16{0x1234}, false}, // filled up
		{l16.New20, 1, "\x12\x34", nil, true},
		{l16.New20, 1, "\xff\xff\xf8\x00\x00\x7f\xff\xff", []int16{-1, -32768, 0x7fff}, false},
		{l16.New20, 2, "\x12\x34\x56\x78\x9a\xbc\xde\xf0", []int16{0x1234, 0x6789}, true},
		{l16.New24, 1, "\x12\x34\x56\xff\xff\xff\x80\x00\x00\x01", []int16{0x1234, -1, -32768}, true},
	} {
		d, _ := c.construct(audio.Spec{Clock: 8000, Channels: c.channels})
		got, err := d.Decode(nil, []byte(c.payload))
		if !slices.Equal(got, c.want) || errors.Is(err, audio.ErrPartial) != c.partial {
			t.Errorf("%x in %d channels: %x, %v; want %x", c.payload, c.channels, got, err, c.want)
		}
	}
}

func FuzzOthers(f *testing.F) {
	f.Add(audiotest.Random(60), 1, 0)
	f.Add(audiotest.Random(35), 2, 1)
	f.Add(audiotest.Random(33), 3, 2)
	f.Fuzz(func(t *testing.T, payload []byte, channels, which int) {
		c := others[uint(which)%uint(len(others))]
		channels = 1 + int(uint(channels)%audio.MaxChannels)
		d, _ := c.construct(audio.Spec{Clock: 8000, Channels: channels})
		pcm, err := d.Decode(nil, payload)
		// Octets that are not decoded are less than a sample of all channels.
		rest := len(payload)*8 - len(pcm)*c.bits
		if len(pcm)%channels != 0 || rest < 0 || rest >= c.bits*channels || (rest >= 8) != (err != nil) {
			t.Fatalf("%d values of %d octets, %d channels: %v", len(pcm), len(payload), channels, err)
		}
		for i, v := range pcm {
			sample := int16(0)
			for bit := range min(c.bits, 16) {
				at := i*c.bits + bit
				sample |= int16(payload[at/8]>>(7-at%8)&1) << (15 - bit)
			}
			if c.bits == 8 {
				sample ^= -0x8000
			}
			if v != sample {
				t.Fatalf("value %d is %d, its bits say %d", i, v, sample)
			}
		}
	})
}

func BenchmarkOthers(b *testing.B) {
	for _, c := range others {
		b.Run(fmt.Sprint(c.name), func(b *testing.B) {
			d, _ := c.construct(audio.Spec{Clock: 48000, Channels: 2})
			p, dst := audiotest.Random(1920*c.bits/8), make([]int16, 0, 1920)
			b.SetBytes(int64(len(p)))
			for b.Loop() {
				dst, _ = d.Decode(dst[:0], p)
			}
		})
	}
}
