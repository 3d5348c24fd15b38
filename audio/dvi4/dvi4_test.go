package dvi4_test

import (
	"errors"
	"testing"
	"time"

	"callx/audio"
	"callx/audio/audiotest"
	"callx/audio/dvi4"
)

var spec = audio.Spec{Name: "DVI4", Clock: 8000, Channels: 1}

const block = 84 // octets that spandsp's blocks have in testdata/codec.c

func program(t testing.TB) string {
	return audiotest.Reference(t, "testdata/codec.c", "-lspandsp", "-lm")
}

// valid makes random blocks ones that an encoder can have made: the index of
// the step is in range.
func valid(blocks []byte) []byte {
	for i := 2; i < len(blocks); i += block {
		blocks[i] %= 89
	}
	return blocks
}

func TestDecoder(t *testing.T) {
	for _, hz := range []int{8000, 11025, 16000, 22050} {
		spec := spec
		spec.Clock = hz
		audiotest.TestDecoder(t, dvi4.New, spec, audiotest.Packets(valid(audiotest.Random(10*block)), block)...)
		if d, err := dvi4.New(spec); err != nil || d.Rate() != hz || d.Channels() != 1 {
			t.Errorf("%v: %v", spec, err)
		}
	}
}

func TestErrors(t *testing.T) {
	if _, err := dvi4.New(audio.Spec{Clock: 8000, Channels: 2}); !errors.Is(err, dvi4.ErrParameters) {
		t.Errorf("two channels: %v", err)
	}
	d, _ := dvi4.New(spec)
	for n, want := range []error{nil, dvi4.ErrHeader, dvi4.ErrHeader, dvi4.ErrHeader, nil} {
		if pcm, err := d.Decode(nil, make([]byte, n)); err != want || len(pcm) != 0 {
			t.Errorf("%d octets: %d samples, %v", n, len(pcm), err)
		}
	}
	// An index beyond the table is its end: a step of 32767, and code 0 is an
	// eighth of it.
	if pcm, err := d.Decode(nil, []byte{0, 0, 255, 0, 0}); err != nil || pcm[0] != 4095 {
		t.Errorf("index 255: %v, %v", pcm, err)
	}
}

// TestAgainstSpandsp: on what an encoder makes of all sorts of sound, and on
// what none does.
func TestAgainstSpandsp(t *testing.T) {
	program := program(t)
	for name, blocks := range map[string][]byte{
		"signal": audiotest.Run(t, audiotest.Bytes(audiotest.Signal(8000, 2)), program, "encode"),
		"random": valid(audiotest.Random(1000 * block)),
	} {
		t.Run(name, func(t *testing.T) {
			want := audiotest.PCM(audiotest.Run(t, blocks, program, "decode"))
			audiotest.Same(t, audiotest.DecodeAll(t, dvi4.New, spec, audiotest.Packets(blocks, block)), want)
		})
	}
}

func FuzzDecode(f *testing.F) {
	audiotest.FuzzDecoder(f, dvi4.New, spec, valid(audiotest.Random(block)), []byte{0x7f, 0xff, 88, 0, 0x77})
}

// BenchmarkDecode tells how many times faster than real time one core decodes.
func BenchmarkDecode(b *testing.B) {
	d, _ := dvi4.New(spec)
	packet, dst := valid(audiotest.Random(block)), make([]int16, 0, 160)
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = d.Decode(dst[:0], packet)
	}
	b.ReportMetric(float64(b.N)*(20*time.Millisecond).Seconds()/b.Elapsed().Seconds(), "x-realtime")
}

// BenchmarkSpandsp tells it of spandsp, with the start of its process.
func BenchmarkSpandsp(b *testing.B) {
	const seconds = 1200
	program, blocks := program(b), valid(audiotest.Random(seconds*50*block))
	for b.Loop() {
		audiotest.Run(b, blocks, program, "decode")
	}
	b.ReportMetric(float64(b.N)*seconds/b.Elapsed().Seconds(), "x-realtime")
}
