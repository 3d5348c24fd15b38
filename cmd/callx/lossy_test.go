package main

import (
	"math"
	"path/filepath"
	"testing"
)

// A fidelity is how near a right decoder comes to the encoder's input: the
// delay that encoder and decoder add, in milliseconds, and the least ratio of
// signal to error in dB.
type fidelity struct{ delay, snr float64 }

// lossy holds the codecs whose samples are near the encoder's input and not
// equal to the value of a table. The ratios are a little below what the
// catalogue of the captures measured with the clients' own decoders.
var lossy = map[string]fidelity{
	"G722": {1.4, 25},
	"GSM":  {0, 9},
}

// compareLossy holds a leg's samples against what the client's encoder was
// given: after the offset and the codec's delay they are the same sound, with
// the same delay from beginning to end.
func compareLossy(t *testing.T, path string, l *jsonLeg, rate int, flac string, want fidelity) {
	t.Helper()
	input := int16s(ffmpeg(t, nil, "-i", flac, "-f", "s16le", "-"))
	pcm := samples(t, path)
	pcm = pcm[int(math.Round(l.OffsetS*float64(rate))):]
	if len(pcm) > len(input) {
		t.Fatalf("%s: longer than the encoder's input (%d samples)", filepath.Base(path), len(input))
	}
	lag, most := 0, rate/50
	if lag = bestLag(pcm, input, most); math.Abs(float64(lag)*1000/float64(rate)-want.delay) > 0.15 {
		t.Errorf("%s: %d samples behind the encoder's input, want %.1f ms", l.Party, lag, want.delay)
	}
	if got := snr(pcm[lag:], input); got < want.snr {
		t.Errorf("%s: %.1f dB of signal to error, want %.0f", l.Party, got, want.snr)
	}
	windows := 0
	for from := 0; from+2*rate <= len(pcm); from += 2 * rate {
		if energy(input[from:from+2*rate-most]) < 1e6*float64(rate) {
			continue // too quiet to tell
		}
		windows++
		if got := bestLag(pcm[from:from+2*rate], input[from:from+2*rate], most); got < lag-1 || got > lag+1 {
			t.Errorf("%s: %d samples behind the input after %d s, %d over all", l.Party, got, from/rate, lag)
		}
	}
	if windows < 3 {
		t.Errorf("%s: only %d windows are loud enough to be compared", l.Party, windows)
	}
}

// bestLag returns by how many samples, 0 to most, pcm is behind input.
func bestLag(pcm, input []int16, most int) (lag int) {
	best := math.Inf(-1)
	n := min(len(pcm), len(input)) - most
	for k := range most + 1 {
		sum := 0.0
		for i, v := range input[:n] {
			sum += float64(v) * float64(pcm[i+k])
		}
		if sum > best {
			best, lag = sum, k
		}
	}
	return lag
}

func energy(pcm []int16) (sum float64) {
	for _, v := range pcm {
		sum += float64(v) * float64(v)
	}
	return sum
}

func snr(pcm, input []int16) float64 {
	difference := 0.0
	for i, v := range pcm {
		d := float64(v) - float64(input[i])
		difference += d * d
	}
	return 10 * math.Log10(energy(input[:len(pcm)])/difference)
}
