package g729_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"callx/audio"
	"callx/audio/audiotest"
	"callx/audio/g729"
)

var spec = audio.Spec{Name: "G729", Clock: 8000, Channels: 1}

// random returns packets of two frames, every fourth of which ends with a SID
// frame, as no encoder would write them.
func random(packets int) [][]byte {
	ps := audiotest.Packets(audiotest.Random(20*packets), 20)
	for i := range ps {
		if i%4 == 3 {
			ps[i] = ps[i][:12]
		}
	}
	return ps
}

func TestDecoder(t *testing.T) {
	audiotest.TestDecoder(t, g729.New, spec, random(40)...)
	for _, s := range []audio.Spec{{Clock: 8000, Channels: 2}, {Clock: 16000, Channels: 1}} {
		if _, err := g729.New(s); !errors.Is(err, g729.ErrParameters) {
			t.Errorf("%d Hz, %d channels: %v", s.Clock, s.Channels, err)
		}
	}
}

func TestSizes(t *testing.T) {
	frames := audiotest.Random(40)
	for _, c := range []struct {
		octets, samples int
		err             error
	}{
		{octets: 0},
		{octets: 2, samples: 80},
		{octets: 10, samples: 80},
		{octets: 12, samples: 160},
		{octets: 40, samples: 320},
		{octets: 1, err: g729.ErrSize},
		{octets: 4, err: g729.ErrSize}, // two SID frames
		{octets: 8, err: g729.ErrSize}, // G.729 Annex D
		{octets: 15, samples: 80, err: g729.ErrSize},
		{octets: 31, samples: 240, err: g729.ErrSize},
	} {
		d, err := g729.New(spec)
		if err != nil {
			t.Fatal(err)
		}
		if pcm, err := d.Decode(nil, frames[:c.octets]); len(pcm) != c.samples || !errors.Is(err, c.err) {
			t.Errorf("%d octets: %d samples, error %v", c.octets, len(pcm), err)
		}
	}
}

// TestFramesPerPacket: how frames are cut into packets changes nothing.
func TestFramesPerPacket(t *testing.T) {
	frames := audiotest.Random(600)
	want := audiotest.DecodeAll(t, g729.New, spec, audiotest.Packets(frames, 10))
	for _, n := range []int{2, 3, 60} {
		audiotest.Same(t, audiotest.DecodeAll(t, g729.New, spec, audiotest.Packets(frames, 10*n)), want)
	}
}

// TestConcealSize: as many samples come as were asked for.
func TestConcealSize(t *testing.T) {
	d, _ := g729.New(spec)
	conceal := d.(*g729.Decoder).Conceal
	pcm := []int16{1, 2, 3}
	for _, n := range []int{0, 80, 1, 79, 160, 333, -5} {
		before := len(pcm)
		if pcm = conceal(pcm, n); len(pcm) != before+max(n, 0) || pcm[0] != 1 || pcm[2] != 3 {
			t.Fatalf("%d samples are concealed by %d", n, len(pcm)-before)
		}
	}
	if n := testing.AllocsPerRun(100, func() { pcm = conceal(pcm[:0], 160) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzDecoder(f *testing.F) {
	audiotest.FuzzDecoder(f, g729.New, spec, random(4)...)
}

// FuzzConceal: whatever was decoded before a loss, silence follows in the end.
func FuzzConceal(f *testing.F) {
	f.Add(audiotest.Random(100), uint8(3))
	f.Add(audiotest.Random(20), uint8(0))
	f.Fuzz(func(t *testing.T, frames []byte, lost uint8) {
		frames = frames[:min(len(frames)/10, 20)*10]
		made, _ := g729.New(spec)
		d := made.(*g729.Decoder)
		var pcm []int16
		for _, p := range audiotest.Packets(frames, 10) {
			pcm, _ = d.Decode(pcm[:0], p)
			pcm = d.Conceal(pcm, 80*int(lost%4))
		}
		pcm = d.Conceal(pcm[:0], 8000*3)
		for _, v := range pcm[len(pcm)-800:] {
			if v > 64 || v < -64 {
				t.Fatalf("three seconds after the last frame there is a sample of %d", v)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name   string
		octets int
	}{{"speech", 20}, {"noise", 2}} {
		b.Run(c.name, func(b *testing.B) {
			d, _ := g729.New(spec)
			payload := make([]byte, c.octets)
			var pcm []int16
			samples := 0
			began := time.Now()
			for b.Loop() {
				for i := range payload {
					payload[i] = byte(rnd.Uint32())
				}
				pcm, _ = d.Decode(pcm[:0], payload)
				samples += len(pcm)
			}
			b.ReportMetric(float64(samples)/8000/time.Since(began).Seconds(), "x-realtime")
			b.ReportAllocs()
		})
	}
}
