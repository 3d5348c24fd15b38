package g729_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"callx/audio"
	"callx/audio/audiotest"
	"callx/audio/g729"
)

var spec = audio.Spec{Name: "G729", Clock: 8000, Channels: 1}

func reference(t testing.TB) string {
	return audiotest.Reference(t, "testdata/reference.c", "-lbcg729")
}

// speech returns what entered the encoders of two real callers, at 8000 Hz.
func speech(t testing.TB) []int16 {
	dir := os.Getenv("CALLX_CAPTURES")
	if dir == "" {
		t.Skip("CALLX_CAPTURES is not set")
	}
	var pcm []int16
	for _, name := range []string{"ours/l06_g729/legA_src.flac", "ours/l06_g729/legB_src.flac"} {
		pcm = append(pcm, audiotest.PCM(audiotest.Run(t, nil, "sox", "-V1", filepath.Join(dir, name), "-t", "raw", "-e", "signed", "-b", "16", "-L", "-r", "8000", "-c", "1", "-"))...)
	}
	return pcm
}

// snr returns the signal to noise ratio in dB of got against want.
func snr(got, want []int16) float64 {
	signal, noise := 0.0, 0.0
	for i, w := range want {
		d := float64(w) - float64(got[i])
		signal += float64(w) * float64(w)
		noise += d * d
	}
	return 10 * math.Log10(signal/noise)
}

func TestAgainstBcg729(t *testing.T) {
	program := reference(t)
	frames := audiotest.Run(t, audiotest.Bytes(speech(t)), program, "encode")
	var marked []byte
	for _, f := range audiotest.Packets(frames, 10) {
		marked = append(append(marked, 10), f...)
	}
	want := audiotest.PCM(audiotest.Run(t, marked, program, "decode"))
	got := audiotest.DecodeAll(t, g729.New, spec, audiotest.Packets(frames, 20))
	for i := range 10 {
		n := len(got) / 10
		t.Logf("%.1f dB", snr(got[i*n:][:n], want[i*n:][:n]))
	}
	t.Logf("%.1f dB of %d samples", snr(got, want), len(got))
}
