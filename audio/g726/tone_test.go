package g726_test

import (
	"fmt"
	"testing"

	"callx/audio"
	"callx/audio/audiotest"
	"callx/audio/g726"
)

// TestPackingOfTones: signals that are no speech do not mislead. sox makes
// tones of telephony and noise; the name says how they are packed.
func TestPackingOfTones(t *testing.T) {
	reference := spandsp(t)
	for name, synth := range map[string][]string{
		"dial tone":   {"sine", "425", "gain", "-12"},
		"two tones":   {"sine", "350", "sine", "440", "remix", "-", "gain", "-12"},
		"digit 5":     {"sine", "770", "sine", "1336", "remix", "-", "gain", "-9"},
		"fax":         {"sine", "2100", "gain", "-12"},
		"white noise": {"whitenoise", "gain", "-20"},
		"pink noise":  {"pinknoise", "gain", "-12"},
	} {
		for _, p := range packings {
			for _, kbit := range kbits {
				t.Run(fmt.Sprint(name, " ", spec(p.prefix, kbit).Name), func(t *testing.T) {
					pcm := audiotest.Run(t, nil, "sox", append([]string{"-R", "-n", "-r", "8000", "-e", "signed", "-b", "16", "-t", "raw", "-", "synth", "10"}, synth...)...)
					codes := reference(t, "encode", pcm, kbit, p.spandsp)
					var d audio.Decoder
					d, err := g726.New(spec(p.prefix, kbit))
					if err != nil {
						t.Fatal(err)
					}
					var got []int16
					for _, packet := range packets(codes, kbit) {
						got, _ = d.Decode(got, packet)
					}
					audiotest.Same(t, got, audiotest.PCM(reference(t, "decode", codes, kbit, p.spandsp)))
				})
			}
		}
	}
}
