package gsm_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"callx/audio"
	"callx/audio/audiotest"
	"callx/audio/gsm"
)

var spec = audio.Spec{Name: "GSM", Clock: 8000, Channels: 1}

// encode runs PCM through sox, which uses libgsm.
func encode(t testing.TB, pcm []int16) []byte {
	return audiotest.Run(t, audiotest.Bytes(pcm), "sox", "-V1", "-t", "raw", "-e", "signed", "-b", "16", "-L", "-r", "8000", "-c", "1", "-", "-t", "gsm", "-")
}

func sox(t testing.TB, frames []byte) []int16 {
	return audiotest.PCM(audiotest.Run(t, frames, "sox", "-V1", "-t", "gsm", "-", "-t", "raw", "-e", "signed", "-b", "16", "-L", "-"))
}

// random returns frames whose parameters no encoder would write.
func random(frames int) []byte {
	b := audiotest.Random(33 * frames)
	for i := 0; i < len(b); i += 33 {
		b[i] = 0xd0 | b[i]&15
	}
	return b
}

func decode(t testing.TB, frames []byte) []int16 {
	return audiotest.DecodeAll(t, gsm.New, spec, audiotest.Packets(frames, 33))
}

func TestDecoder(t *testing.T) {
	audiotest.TestDecoder(t, gsm.New, spec, audiotest.Packets(random(20), 2*33)...)
	for _, s := range []audio.Spec{{Clock: 8000, Channels: 2}, {Clock: 16000, Channels: 1}} {
		if _, err := gsm.New(s); !errors.Is(err, gsm.ErrParameters) {
			t.Errorf("%d Hz, %d channels: %v", s.Clock, s.Channels, err)
		}
	}
}

func TestErrors(t *testing.T) {
	good := random(2)
	bad := append([]byte(nil), good...)
	bad[33] ^= 0x10
	for _, c := range []struct {
		name    string
		payload []byte
		samples int
		err     error
	}{
		{"two frames", good, 320, nil},
		{"cut in the second", good[:65], 160, gsm.ErrSize},
		{"cut in the first", good[:32], 0, gsm.ErrSize},
		{"signature of the second", bad, 160, gsm.ErrSignature},
		{"signature of the first", bad[33:], 0, gsm.ErrSignature},
	} {
		d, _ := gsm.New(spec)
		if pcm, err := d.Decode(nil, c.payload); len(pcm) != c.samples || !errors.Is(err, c.err) {
			t.Errorf("%s: %d samples, error %v", c.name, len(pcm), err)
		}
	}
}

// TestAgainstLibgsm: on the sound of all kinds, and on parameters that no
// sound has.
func TestAgainstLibgsm(t *testing.T) {
	program := audiotest.Reference(t, "testdata/decode.c", "-lgsm")
	for name, frames := range map[string][]byte{
		"signal": encode(t, audiotest.Signal(8000, 2)),
		"random": random(3000),
	} {
		t.Run(name, func(t *testing.T) {
			got := decode(t, frames)
			audiotest.Same(t, got, audiotest.PCM(audiotest.Run(t, frames, program)))
			audiotest.Same(t, got, sox(t, frames))
		})
	}
}

// TestFramesPerPacket: how frames are cut into packets changes nothing.
func TestFramesPerPacket(t *testing.T) {
	frames := random(60)
	want := sox(t, frames)
	for _, n := range []int{1, 2, 3, 60} {
		audiotest.Same(t, audiotest.DecodeAll(t, gsm.New, spec, audiotest.Packets(frames, 33*n)), want)
	}
}

// TestSpeech decodes what entered the encoders of two real callers.
func TestSpeech(t *testing.T) {
	captures := os.Getenv("CALLX_CAPTURES")
	if captures == "" {
		t.Skip("CALLX_CAPTURES is not set")
	}
	for _, leg := range []string{"legA_enc.flac", "legB_enc.flac"} {
		pcm := audiotest.Run(t, nil, "ffmpeg", "-v", "error", "-i", filepath.Join(captures, "ours", "c06_gsm", leg), "-f", "s16le", "pipe:1")
		frames := encode(t, audiotest.PCM(pcm))
		audiotest.Same(t, decode(t, frames), sox(t, frames))
	}
}

func FuzzDecode(f *testing.F) {
	audiotest.FuzzDecoder(f, gsm.New, spec, random(2), random(1)[:20])
}

// BenchmarkDecode tells how many times faster than real time one core
// decodes; BenchmarkSox tells it of libgsm in sox, with its start included.
func BenchmarkDecode(b *testing.B) {
	d, _ := gsm.New(spec)
	packet, dst := random(1), make([]int16, 0, 160)
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = d.Decode(dst[:0], packet)
	}
	b.ReportMetric(float64(b.N)*(20*time.Millisecond).Seconds()/b.Elapsed().Seconds(), "x-realtime")
}

func BenchmarkSox(b *testing.B) {
	const seconds = 1200
	frames := random(50 * seconds)
	for b.Loop() {
		sox(b, frames)
	}
	b.ReportMetric(float64(b.N)*seconds/b.Elapsed().Seconds(), "x-realtime")
}
