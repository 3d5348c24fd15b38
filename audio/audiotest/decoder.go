// Package audiotest holds the suite that every audio.Decoder must pass.
package audiotest

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"callx/audio"
)

// A Constructor makes a decoder, as in an audio.Registry.
type Constructor = func(audio.Spec) (audio.Decoder, error)

// TestDecoder checks what the audio.Decoder interface promises, on payloads
// of a working stream in order. Each must decode without an error to at least
// one sample.
func TestDecoder(t *testing.T, construct Constructor, spec audio.Spec, payloads ...[]byte) {
	t.Helper()
	if len(payloads) == 0 {
		t.Fatal("no payloads to decode")
	}
	t.Run("stream", func(t *testing.T) { testStream(t, construct, spec, payloads) })
	t.Run("empty", func(t *testing.T) {
		d := fresh(t, construct, spec)
		if pcm, _ := check(t, d, nil); len(pcm) != 0 {
			t.Errorf("an empty payload gives %d values", len(pcm))
		}
	})
	t.Run("hostile", func(t *testing.T) { testHostile(t, construct, spec, payloads) })
	t.Run("allocations", func(t *testing.T) { testAllocations(t, construct, spec, payloads) })
}

// FuzzDecoder fuzzes with the properties that hold for any payload; seeds are
// payloads of a working stream.
func FuzzDecoder(f *testing.F, construct Constructor, spec audio.Spec, seeds ...[]byte) {
	f.Helper()
	if len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	for _, s := range seeds {
		f.Add(s, s[:len(s)/2])
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		a, b := fresh(t, construct, spec), fresh(t, construct, spec)
		for _, p := range [][]byte{first, second} {
			x, errX := check(t, a, p)
			y, errY := check(t, b, p)
			if !slices.Equal(x, y) || (errX == nil) != (errY == nil) {
				t.Fatal("two decoders disagree on one input")
			}
		}
	})
}

func fresh(t testing.TB, construct Constructor, spec audio.Spec) audio.Decoder {
	t.Helper()
	d, err := construct(spec)
	if err != nil {
		t.Fatalf("%v: %v", spec, err)
	}
	return d
}

// check decodes one payload and checks what must hold whatever it is.
func check(t testing.TB, d audio.Decoder, payload []byte) ([]int16, error) {
	t.Helper()
	rate, channels := d.Rate(), d.Channels()
	if rate <= 0 || channels <= 0 {
		t.Fatalf("%d Hz, %d channels", rate, channels)
	}
	before := []int16{11, -22, 33}
	kept := bytes.Clone(payload)
	dst := slices.Clone(before)
	dst, err := d.Decode(dst[:len(before):len(before)], payload)
	if len(dst) < len(before) || !slices.Equal(dst[:len(before)], before) {
		t.Fatal("what was in dst has changed")
	}
	if !bytes.Equal(payload, kept) {
		t.Fatal("the payload has changed")
	}
	pcm := dst[len(before):]
	if len(pcm)%channels != 0 {
		t.Fatalf("%d values of %d channels", len(pcm), channels)
	}
	// No codec packs more than 40 ms into an octet, nor an RTP packet of a
	// few octets more than the 120 ms of Opus.
	if limit := (len(payload)*rate/25 + rate/8) * channels; len(pcm) > limit {
		t.Fatalf("%d values from %d octets", len(pcm), len(payload))
	}
	if d.Rate() != rate || d.Channels() != channels {
		t.Fatal("rate or channels have changed")
	}
	return pcm, err
}

func testStream(t *testing.T, construct Constructor, spec audio.Spec, payloads [][]byte) {
	a, b := fresh(t, construct, spec), fresh(t, construct, spec)
	var joined []int16
	var pieces []int16
	for i, p := range payloads {
		pcm, err := check(t, a, p)
		if err != nil || len(pcm) == 0 {
			t.Errorf("payload %d: %d values, error %v", i, len(pcm), err)
		}
		pieces = append(pieces, pcm...)
		if joined, err = b.Decode(joined, p); err != nil {
			t.Errorf("payload %d, appended: %v", i, err)
		}
	}
	if !slices.Equal(joined, pieces) {
		t.Error("two decoders disagree on one stream")
	}
}

func testHostile(t *testing.T, construct Constructor, spec audio.Spec, payloads [][]byte) {
	rnd := rand.New(rand.NewPCG(1, 1))
	d := fresh(t, construct, spec)
	for range 2000 {
		p := make([]byte, rnd.IntN(400))
		for i := range p {
			p[i] = byte(rnd.Uint32())
		}
		check(t, d, p)
		// Cut and bent copies of what is good reach deeper.
		p = bytes.Clone(payloads[rnd.IntN(len(payloads))])
		if len(p) > 0 {
			p[rnd.IntN(len(p))] ^= byte(rnd.Uint32())
			check(t, d, p[:rnd.IntN(len(p)+1)])
		}
	}
	check(t, d, make([]byte, 0xffff))
}

func testAllocations(t *testing.T, construct Constructor, spec audio.Spec, payloads [][]byte) {
	d := fresh(t, construct, spec)
	var dst []int16
	stream := func() {
		for _, p := range payloads {
			dst, _ = d.Decode(dst[:0], p)
		}
	}
	stream()
	if n := testing.AllocsPerRun(100, stream); n != 0 {
		t.Errorf("%v allocations for %d payloads", n, len(payloads))
	}
}
