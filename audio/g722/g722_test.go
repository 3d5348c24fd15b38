package g722_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"callx/audio"
	"callx/audio/audiotest"
	"callx/audio/g722"
)

var spec = audio.Spec{Name: "G722", Clock: 8000, Channels: 1}

// encode runs PCM of 16000 Hz through ffmpeg's encoder.
func encode(t testing.TB, pcm []int16) []byte {
	return audiotest.Run(t, audiotest.Bytes(pcm), "ffmpeg", "-v", "error", "-f", "s16le", "-ar", "16000", "-i", "pipe:0", "-f", "g722", "pipe:1")
}

func ffmpeg(t testing.TB, codes []byte) []int16 {
	return audiotest.PCM(audiotest.Run(t, codes, "ffmpeg", "-v", "error", "-f", "g722", "-i", "pipe:0", "-f", "s16le", "pipe:1"))
}

func decode(t testing.TB, codes []byte) []int16 {
	return audiotest.DecodeAll(t, g722.New, spec, audiotest.Packets(codes, 160))
}

func TestDecoder(t *testing.T) {
	audiotest.TestDecoder(t, g722.New, spec, audiotest.Packets(audiotest.Random(1000), 160)...)
	for _, clock := range []int{8000, 16000} {
		d, err := g722.New(audio.Spec{Clock: clock, Channels: 1})
		if err != nil || d.Rate() != 16000 || d.Channels() != 1 {
			t.Errorf("clock %d: %v", clock, err)
		}
	}
	if _, err := g722.New(audio.Spec{Clock: 8000, Channels: 2}); !errors.Is(err, g722.ErrChannels) {
		t.Errorf("two channels: %v", err)
	}
}

// streams are what an encoder makes of all sorts of sound, and what none does.
func streams(t *testing.T) map[string][]byte {
	return map[string][]byte{
		"signal": encode(t, audiotest.Signal(16000, 2)),
		"random": audiotest.Random(1 << 17),
		"one":    bytes.Repeat([]byte{0xff}, 20000),
		"zero":   make([]byte, 20000),
	}
}

func TestAgainstFFmpeg(t *testing.T) {
	for name, codes := range streams(t) {
		t.Run(name, func(t *testing.T) {
			audiotest.Same(t, decode(t, codes), ffmpeg(t, codes))
		})
	}
}

// TestAgainstSpandsp: the Recommendation saturates the output of the mirror
// filter, where spandsp 0.0.6 lets it wrap; samples at the limit are left to
// ffmpeg.
func TestAgainstSpandsp(t *testing.T) {
	program := audiotest.Reference(t, "testdata/decode.c", "-lspandsp", "-lm")
	for name, codes := range streams(t) {
		t.Run(name, func(t *testing.T) {
			got, want := decode(t, codes), audiotest.PCM(audiotest.Run(t, codes, program))
			limited := 0
			for i := range min(len(got), len(want)) {
				if got[i] == math.MaxInt16 || got[i] == math.MinInt16 {
					want[i] = got[i]
					limited++
				}
			}
			audiotest.Same(t, got, want)
			if limited > len(want)/2 {
				t.Errorf("%d of %d samples are at the limit", limited, len(want))
			}
		})
	}
}

// TestSpeech decodes what entered the encoders of two real callers.
func TestSpeech(t *testing.T) {
	captures := os.Getenv("CALLX_CAPTURES")
	if captures == "" {
		t.Skip("CALLX_CAPTURES is not set")
	}
	for _, leg := range []string{"legA_enc.flac", "legB_enc.flac"} {
		file := filepath.Join(captures, "ours", "c03_g722", leg)
		codes := audiotest.Run(t, nil, "ffmpeg", "-v", "error", "-i", file, "-f", "g722", "pipe:1")
		audiotest.Same(t, decode(t, codes), ffmpeg(t, codes))
	}
}

func FuzzDecode(f *testing.F) {
	audiotest.FuzzDecoder(f, g722.New, spec, audiotest.Random(160), make([]byte, 40))
}

// BenchmarkDecode tells how many times faster than real time one core
// decodes; BenchmarkFFmpeg tells it of ffmpeg, with its start included.
func BenchmarkDecode(b *testing.B) {
	d, _ := g722.New(spec)
	packet, dst := audiotest.Random(160), make([]int16, 0, 320)
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = d.Decode(dst[:0], packet)
	}
	b.ReportMetric(float64(b.N)*(20*time.Millisecond).Seconds()/b.Elapsed().Seconds(), "x-realtime")
}

func BenchmarkFFmpeg(b *testing.B) {
	const minutes = 20
	codes := audiotest.Random(minutes * 60 * 8000)
	for b.Loop() {
		ffmpeg(b, codes)
	}
	b.ReportMetric(float64(b.N)*minutes*60/b.Elapsed().Seconds(), "x-realtime")
}
