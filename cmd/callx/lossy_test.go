package main

import (
	"math"
	"testing"
)

// A fidelity is how near a right decoder comes to the encoder's input: the
// delay that encoder and decoder add, in milliseconds, the least ratio of
// signal to error in dB, and the least correlation. Codecs of speech that keep
// no waveform have only that.
type fidelity struct{ delay, snr, alike float64 }

// lossy holds the codecs whose samples are near the encoder's input and not
// equal to the value of a table. The ratios are a little below what the
// catalogue of the captures measured with the clients' own decoders.
var lossy = map[string]fidelity{
	"AMR":     {delay: 5, snr: math.Inf(-1), alike: 0.85},
	"AMR-WB":  {delay: 6, snr: math.Inf(-1), alike: 0.94},
	"G722":    {delay: 1.4, snr: 25},
	"G726-32": {snr: 20},
	"G726-40": {snr: 25},
	"G729":    {alike: 0.8}, // with the source
	"GSM":     {snr: 9},
	"opus":    {delay: 6.5, snr: 14},
}

// lossySNR is the least ratio, outside the gaps, where packets are missing: a
// decoder takes some time to recover.
const lossySNR = 4

// A heard is the sound of a leg after its offset: one channel, and where it is
// nothing that was decoded.
type heard struct {
	pcm  []int16
	rate int
	gap  []bool
}

// hear reads a leg's file. Of a stereo leg it takes the left channel.
func hear(t *testing.T, path string, l *jsonLeg, rate, channels int) heard {
	t.Helper()
	all := samples(t, path)
	h := heard{rate: rate, pcm: make([]int16, len(all)/channels)}
	for i := range h.pcm {
		h.pcm[i] = all[i*channels]
	}
	h.gap = make([]bool, len(h.pcm))
	for _, g := range l.Gaps {
		from := int(math.Round(g.OffsetS * float64(rate)))
		for i := range int(math.Round(g.DurationS * float64(rate))) {
			if from+i < len(h.gap) {
				h.gap[from+i] = true
			}
		}
	}
	offset := int(math.Round(l.OffsetS * float64(rate)))
	h.pcm, h.gap = h.pcm[offset:], h.gap[offset:]
	return h
}

// against returns what was heard lag samples behind the input, beside the
// input; silence in both where there is a gap.
func (h heard) against(input []int16, lag int) (pcm, in []int16) {
	n := min(len(h.pcm)-lag, len(input))
	pcm, in = make([]int16, n), make([]int16, n)
	for i := range n {
		if !h.gap[i+lag] {
			pcm[i], in[i] = h.pcm[i+lag], input[i]
		}
	}
	return pcm, in
}

// compareLossy holds what was heard against what the client's encoder was
// given: after the codec's delay it is the same sound, with the same delay
// from beginning to end.
func compareLossy(t *testing.T, party string, h heard, input []int16, want fidelity) {
	t.Helper()
	if len(h.pcm) > len(input) {
		t.Fatalf("%s: longer than the encoder's input (%d samples)", party, len(input))
	}
	most := h.rate / 50
	pcm, in := h.against(input, 0)
	lag := bestLag(pcm, in, most)
	if math.Abs(float64(lag)*1000/float64(h.rate)-want.delay) > 0.15 {
		t.Errorf("%s: %d samples behind the encoder's input, want %.1f ms", party, lag, want.delay)
	}
	pcm, in = h.against(input, lag)
	ratio, alike := snr(pcm, in), correlation(pcm, in)
	t.Logf("%s: %d samples behind, %.1f dB, correlation %.3f", party, lag, ratio, alike)
	if ratio < want.snr || alike < want.alike {
		t.Errorf("%s: %.1f dB of signal to error, want %.0f; correlation %.2f, want %.2f", party, ratio, want.snr, alike, want.alike)
	}
	windows, size := 0, 2*h.rate
	for from := 0; from+size <= len(h.pcm); from += size {
		if energy(input[from:from+size-most]) < 1e6*float64(h.rate) {
			continue // too quiet to tell
		}
		windows++
		w := heard{pcm: h.pcm[from : from+size], gap: h.gap[from : from+size]}
		pcm, in := w.against(input[from:from+size], 0)
		if got := bestLag(pcm, in, most); got < lag-1 || got > lag+1 {
			t.Errorf("%s: %d samples behind the input after %d s, %d over all", party, got, from/h.rate, lag)
		}
	}
	if windows < 3 {
		t.Errorf("%s: only %d windows are loud enough to be compared", party, windows)
	}
}

// compareSource holds what was heard against the file that a client played as
// its media began; the client may have changed it before the encoder.
func compareSource(t *testing.T, party string, h heard, source []int16, want fidelity) {
	t.Helper()
	lag := bestLag(h.pcm, source, h.rate/50)
	n := min(len(h.pcm)-lag, len(source))
	alike := correlation(h.pcm[lag:lag+n], source[:n])
	t.Logf("%s: %d samples behind, correlation %.3f", party, lag, alike)
	if alike < want.alike {
		t.Errorf("%s: correlation %.2f with the source, want %.2f", party, alike, want.alike)
	}
}

// bestLag returns by how many samples, 0 to most, pcm is behind input.
func bestLag(pcm, input []int16, most int) (lag int) {
	best := math.Inf(-1)
	n := min(len(pcm)-most, len(input))
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

func correlation(a, b []int16) float64 {
	sum := 0.0
	for i, v := range a {
		sum += float64(v) * float64(b[i])
	}
	return sum / math.Sqrt(energy(a)*energy(b))
}

// snr returns the ratio of input to its difference from pcm in dB.
func snr(pcm, input []int16) float64 {
	difference := 0.0
	for i, v := range pcm {
		d := float64(v) - float64(input[i])
		difference += d * d
	}
	return 10 * math.Log10(energy(input[:len(pcm)])/difference)
}
