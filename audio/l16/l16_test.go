package l16_test

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"callx/audio"
	"callx/audio/audiotest"
	"callx/audio/l16"
)

func payload(values ...int16) []byte {
	b, _ := binary.Append(nil, binary.BigEndian, values)
	return b
}

func noise(n int) []int16 {
	rnd := rand.New(rand.NewPCG(5, 6))
	s := make([]int16, n)
	for i := range s {
		s[i] = int16(rnd.Uint32())
	}
	return s
}

func TestDecoder(t *testing.T) {
	for _, spec := range []audio.Spec{
		{Name: "L16", Clock: 44100, Channels: 2},
		{Name: "L16", Clock: 16000, Channels: 1},
		{Name: "L16", Clock: 48000, Channels: 6},
	} {
		t.Run(spec.String(), func(t *testing.T) {
			audiotest.TestDecoder(t, l16.New, spec, payload(noise(1920)...), payload(noise(spec.Channels)...))
			d, _ := l16.New(spec)
			if d.Rate() != spec.Clock || d.Channels() != spec.Channels {
				t.Errorf("%d Hz, %d channels", d.Rate(), d.Channels())
			}
		})
	}
}

func TestDecode(t *testing.T) {
	// By hand: network byte order, two's complement (RFC 3551 section 4.5.11).
	in := []byte{0x00, 0x01, 0x01, 0x00, 0x7f, 0xff, 0x80, 0x00, 0xff, 0xff, 0xff}
	want := []int16{1, 256, 32767, -32768, -1}
	d, _ := l16.New(audio.Spec{Clock: 8000, Channels: 1})
	if got, err := d.Decode(nil, in[:10]); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := d.Decode(nil, in); !errors.Is(err, audio.ErrPartial) || !slices.Equal(got, want) {
		t.Errorf("odd byte at the end: %v, %v", got, err)
	}
	d, _ = l16.New(audio.Spec{Clock: 8000, Channels: 2})
	if got, err := d.Decode(nil, in[:10]); !errors.Is(err, audio.ErrPartial) || !slices.Equal(got, want[:4]) {
		t.Errorf("half a sample at the end: %v, %v", got, err)
	}
	for n := range 70 {
		want := noise(2 * n)
		if got, err := d.Decode(nil, payload(want...)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%d samples: %v", n, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	audiotest.FuzzDecoder(f, l16.New, audio.Spec{Clock: 44100, Channels: 2}, payload(noise(40)...), payload(1))
}

func BenchmarkDecode(b *testing.B) {
	d, _ := l16.New(audio.Spec{Clock: 16000, Channels: 1})
	p, dst := payload(noise(4096)...), make([]int16, 0, 4096)
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		dst, _ = d.Decode(dst[:0], p)
	}
}
