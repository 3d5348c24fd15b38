package audio_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestResampleNoise compares noise that the filter passes, a sum of sines of
// random phase, with the same sum at the output's instants and with sox.
func TestResampleNoise(t *testing.T) {
	for _, p := range ratePairs {
		from, to := p[0], p[1]
		noise := func(rate int) []int16 {
			rnd := rand.New(rand.NewPCG(3, 4))
			sum := make([]float64, rate)
			for range 150 {
				f, phase := rnd.Float64()*0.41*float64(min(from, to))/float64(rate), rnd.Float64()*2*math.Pi
				for i := range sum {
					sum[i] += 500 * math.Sin(2*math.Pi*f*float64(i)+phase)
				}
			}
			pcm := make([]int16, rate)
			for i, v := range sum {
				pcm[i] = int16(math.RoundToEven(v)) // this rounding, twice, bounds the SNR at 79 dB
			}
			return pcm
		}
		in, truth := noise(from), noise(to)
		got := resample(t, in, from, to, 1, whole).pcm
		if db := snr(got, truth); !(db > 77) {
			t.Errorf("%d -> %d: SNR %.1f dB", from, to, db)
		} else {
			t.Logf("%d -> %d: SNR %.1f dB", from, to, db)
		}
		want := soxRate(t, in, from, to)
		if d := len(got) - len(want); d < -1 || d > 1 {
			t.Errorf("%d -> %d: %d samples, sox has %d", from, to, len(got), len(want))
		}
		if db := snr(got, want); !(db > 77) {
			t.Errorf("%d -> %d: SNR against sox %.1f dB", from, to, db)
		} else {
			t.Logf("%d -> %d: SNR against sox %.1f dB, of sox %.1f dB", from, to, db, snr(want, truth))
		}
	}
}

// snr compares got with want, in dB, leaving out an eighth at each end.
func snr(got, want []int16) float64 {
	var signal, diff float64
	for i := len(want) / 8; i < len(want)*7/8; i++ {
		d := float64(got[i]) - float64(want[i])
		signal += float64(want[i]) * float64(want[i])
		diff += d * d
	}
	return 10 * math.Log10(signal/diff)
}

// soxRate resamples with sox, without dither.
func soxRate(t *testing.T, in []int16, from, to int) []int16 {
	t.Helper()
	sox, err := exec.LookPath("sox")
	if err != nil {
		t.Skip("sox is not installed")
	}
	raw := filepath.Join(t.TempDir(), "in.s16")
	b, _ := binary.Append(nil, binary.LittleEndian, in)
	if err := os.WriteFile(raw, b, 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-D", "-t", "raw", "-e", "signed", "-b", "16", "-c", "1", "-r", fmt.Sprint(from), raw,
		"-t", "raw", raw + ".out", "rate", "-v", fmt.Sprint(to)}
	if msg, err := exec.Command(sox, args...).CombinedOutput(); err != nil {
		t.Fatalf("sox: %v\n%s", err, msg)
	}
	if b, err = os.ReadFile(raw + ".out"); err != nil {
		t.Fatal(err)
	}
	out := make([]int16, len(b)/2)
	binary.Decode(b, binary.LittleEndian, out)
	return out
}
