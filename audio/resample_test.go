package audio_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"callx/audio"
)

// recorder keeps what a Sink is given and checks that blocks are contiguous.
type recorder struct {
	t        testing.TB
	channels int
	pcm      []int16
	kinds    []audio.Kind // of every sample
	closed   int
	err      error // returned by Write
}

func (r *recorder) Write(b audio.Block) error {
	if b.At != int64(len(r.kinds)) || len(b.PCM) == 0 || len(b.PCM)%r.channels != 0 {
		r.t.Fatalf("block of %d values at %d after %d samples", len(b.PCM), b.At, len(r.kinds))
	}
	r.pcm = append(r.pcm, b.PCM...)
	for range len(b.PCM) / r.channels {
		r.kinds = append(r.kinds, b.Kind)
	}
	return r.err
}

func (r *recorder) Close() error { r.closed++; return nil }

// resample runs pcm through a Resampler in blocks of random length.
func resample(t testing.TB, pcm []int16, from, to, channels int, cut func() int) *recorder {
	t.Helper()
	rec := &recorder{t: t, channels: channels}
	s := audio.NewResampler(rec, from, to, channels)
	var at int64
	for len(pcm) > 0 {
		n := min(cut(), len(pcm)/channels)
		if err := s.Write(audio.Block{At: at, PCM: pcm[:n*channels]}); err != nil {
			t.Fatal(err)
		}
		at, pcm = at+int64(n), pcm[n*channels:]
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return rec
}

func whole() int { return 1 << 30 }

// tone returns n samples of a sine; f is in cycles a sample.
func tone(n int, f, amp float64) []int16 {
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(math.RoundToEven(amp * math.Sin(2*math.Pi*f*float64(i))))
	}
	return pcm
}

// level measures the amplitude of the sine of f cycles a sample in pcm, with
// a window whose side lobes are below -150 dB.
func level(pcm []int16, f float64) float64 {
	var re, im, sum float64
	for i, v := range pcm {
		x := 2*math.Pi*float64(i)/float64(len(pcm)-1) - math.Pi
		// Seven-term Blackman-Harris.
		w := 0.0
		for k, a := range []float64{0.27105140069342, 0.43329793923448, 0.21812299954311, 0.06592544638803, 0.01081174209837, 0.00077658482522, 0.00001388721735} {
			w += a * math.Cos(float64(k)*x)
		}
		sum += w
		re += w * float64(v) * math.Cos(2*math.Pi*f*float64(i))
		im += w * float64(v) * math.Sin(2*math.Pi*f*float64(i))
	}
	return 2 * math.Hypot(re, im) / sum
}

func db(ratio float64) float64 { return 20 * math.Log10(ratio) }

var ratePairs = [][2]int{{8000, 16000}, {16000, 8000}, {8000, 48000}, {48000, 16000}, {48000, 8000}, {44100, 16000}, {44100, 48000}, {8000, 11025}, {16000, 7919}, {7919, 16000}}

// TestResamplePassBand: at most 0.1 dB up to 0.425 of the lower rate, by pure tones.
func TestResamplePassBand(t *testing.T) {
	for _, p := range ratePairs {
		from, to := p[0], p[1]
		low, worst := float64(min(from, to)), 0.0
		for _, q := range []float64{0.0101, 0.0507, 0.1503, 0.2501, 0.3507, 0.4003, 0.4249} {
			f := q * low
			y := resample(t, tone(from, f/float64(from), 20000), from, to, 1, whole).pcm
			worst = max(worst, math.Abs(db(level(y[to/4:to/2], f/float64(to))/20000)))
		}
		t.Logf("%d -> %d: ripple %.4f dB", from, to, worst)
		if worst > 0.1 {
			t.Errorf("%d -> %d: ripple %.4f dB", from, to, worst)
		}
	}
}

// TestResampleRejection: images of a tone after up-sampling, and aliases of a
// tone above the new band after down-sampling, are 100 dB down.
func TestResampleRejection(t *testing.T) {
	for _, p := range ratePairs {
		from, to := p[0], p[1]
		worst := 0.0
		for _, q := range []float64{0.0507, 0.2003, 0.3501, 0.4251, 0.4503, 0.4751, 0.4903} {
			if to > from {
				f := q * float64(from)
				y := resample(t, tone(from, f/float64(from), 30000), from, to, 1, whole).pcm
				for k := 1; k*from-int(f) < to/2; k++ {
					for _, image := range []float64{float64(k*from) - f, float64(k*from) + f} {
						if image < float64(to)/2 {
							worst = max(worst, level(y[to/4:to/2], image/float64(to))/30000)
						}
					}
				}
				continue
			}
			f := float64(to)/2 + q*2*float64(from-to)/2 // to/2 to from/2
			in := tone(from, f/float64(from), 25000)
			for i, v := range tone(from, 0.0713*float64(to)/float64(from), 5000) {
				in[i] += v // something to hear, or all would be rounded to zero
			}
			y := resample(t, in, from, to, 1, whole).pcm
			alias := math.Abs(f - float64(to)*math.Round(f/float64(to)))
			worst = max(worst, level(y[to/4:to/2], alias/float64(to))/25000)
		}
		t.Logf("%d -> %d: rejection %.1f dB", from, to, -db(worst))
		if worst == 0 || -db(worst) < 100 {
			t.Errorf("%d -> %d: rejection %.1f dB", from, to, -db(worst))
		}
	}
}

// TestResampleDelay: the output is the same sine at the same instants, up to
// the end of the pass band.
func TestResampleDelay(t *testing.T) {
	for _, p := range ratePairs {
		from, to := p[0], p[1]
		for _, f := range []float64{300, 0.4249 * float64(min(from, to))} {
			y := resample(t, tone(from/2, f/float64(from), 32000), from, to, 1, whole).pcm
			worst := 0.0
			for i := to / 10; i < to*4/10; i++ {
				worst = max(worst, math.Abs(float64(y[i])-32000*math.Sin(2*math.Pi*f*float64(i)/float64(to))))
			}
			t.Logf("%d -> %d: %.0f Hz is off by %.2f", from, to, f, worst)
			if worst > 1.8 { // rounding in, rounding out, and next to nothing between
				t.Errorf("%d -> %d: %.0f Hz is off by %.2f steps of 16 bits", from, to, f, worst)
			}
		}
	}
}

func TestResampleLength(t *testing.T) {
	for _, p := range ratePairs {
		for _, n := range []int{0, 1, 2, 3, 47, 95, 96, 97, 1023, 1024, 1025, 5000} {
			rec := resample(t, make([]int16, n), p[0], p[1], 1, whole)
			if want := (n*p[1] + p[0] - 1) / p[0]; len(rec.pcm) != want {
				t.Errorf("%d -> %d: %d samples of %d, want %d", p[0], p[1], len(rec.pcm), n, want)
			}
			if rec.closed != 1 {
				t.Errorf("sink closed %d times", rec.closed)
			}
		}
	}
}

func TestResampleConstant(t *testing.T) {
	for _, p := range ratePairs {
		for _, v := range []int16{1, -1, 12345, 32767, -32768} {
			y := resample(t, slices.Repeat([]int16{v}, p[0]/2), p[0], p[1], 1, whole).pcm
			for i, got := range y[p[1]/8 : p[1]*3/8] {
				if got != v {
					t.Fatalf("%d -> %d: constant %d became %d at %d", p[0], p[1], v, got, i)
				}
			}
		}
	}
}

// TestResampleSaturates: what a full-scale square wave overshoots must not wrap.
func TestResampleSaturates(t *testing.T) {
	in := make([]int16, 8000)
	for i := range in {
		in[i] = 32767
		if i/40%2 == 1 {
			in[i] = -32768
		}
	}
	y := resample(t, in, 8000, 48000, 1, whole).pcm
	clipped := 0
	for i, v := range y[480 : len(y)-480] {
		i += 480
		if k := i % 240; k < 12 || k > 228 {
			continue // near an edge
		}
		if want := in[i/6]; v < 0 != (want < 0) || max(v, -v-1) < 25000 {
			t.Fatalf("sample %d is %d where the wave is %d", i, v, want)
		}
		if v == 32767 || v == -32768 {
			clipped++
		}
	}
	if clipped == 0 {
		t.Error("nothing clipped: the wave does not test what it should")
	}
}

// TestResampleCuts: blocks do not matter, and channels do not touch each other.
func TestResampleCuts(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, p := range append(slices.Clone(ratePairs), [2]int{384000, 1000}, [2]int{1000, 384000}) {
		n := 4001
		if p[1] > 10*p[0] {
			n = 401
		}
		left, right := make([]int16, n), make([]int16, n)
		both := make([]int16, 0, 2*n)
		for i := range left {
			if i < n/3 || i > n*2/3 { // with a pause
				left[i], right[i] = int16(rnd.Uint32()), int16(rnd.Uint32())
			}
			both = append(both, left[i], right[i])
		}
		l := resample(t, left, p[0], p[1], 1, whole)
		r := resample(t, right, p[0], p[1], 1, func() int { return 160 })
		b := resample(t, both, p[0], p[1], 2, func() int { return 1 + rnd.IntN(1+rnd.IntN(3000)) })
		for i := range l.pcm {
			if b.pcm[2*i] != l.pcm[i] || b.pcm[2*i+1] != r.pcm[i] {
				t.Fatalf("%d -> %d: sample %d differs with the cuts", p[0], p[1], i)
			}
		}
		if len(b.pcm) != 2*len(l.pcm) || len(l.pcm) != len(r.pcm) {
			t.Errorf("%d -> %d: %d, %d and %d values", p[0], p[1], len(l.pcm), len(r.pcm), len(b.pcm))
		}
	}
}

// TestResampleKinds: a sample's kind is that of the input at its instant, and
// silence stays silent where the filter does not reach sound.
func TestResampleKinds(t *testing.T) {
	blocks := []audio.Block{
		{Kind: audio.Decoded, PCM: tone(1000, 0.05, 20000)},
		{Kind: audio.Silence, PCM: make([]int16, 3000)},
		{Kind: audio.Concealed, PCM: tone(7, 0.05, 20000)},
		{Kind: audio.Comfort, PCM: tone(1, 0.05, 20000)},
		{Kind: audio.Decoded, PCM: tone(500, 0.05, 20000)},
	}
	for _, p := range ratePairs {
		rec := &recorder{t: t, channels: 1}
		s := audio.NewResampler(rec, p[0], p[1], 1)
		var kinds []audio.Kind
		for _, b := range blocks {
			b.At = int64(len(kinds))
			if err := s.Write(b); err != nil {
				t.Fatal(err)
			}
			kinds = append(kinds, slices.Repeat([]audio.Kind{b.Kind}, len(b.PCM))...)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		reach := max(48, 48*p[0]/p[1]+8)
		for m, k := range rec.kinds {
			n := m * p[0] / p[1]
			if k != kinds[n] {
				t.Fatalf("%d -> %d: sample %d is of kind %d, want %d", p[0], p[1], m, k, kinds[n])
			}
			if n > 1000+reach && n < 4000-reach && rec.pcm[m] != 0 {
				t.Fatalf("%d -> %d: sample %d of the silence is %d", p[0], p[1], m, rec.pcm[m])
			}
		}
	}
}

func TestResampleErrors(t *testing.T) {
	rec := &recorder{t: t, channels: 1, err: os.ErrPermission}
	s := audio.NewResampler(rec, 8000, 16000, 1)
	if err := s.Write(audio.Block{PCM: make([]int16, 500)}); !errors.Is(err, os.ErrPermission) {
		t.Errorf("Write: %v", err)
	}
	if err := s.Close(); !errors.Is(err, os.ErrPermission) {
		t.Errorf("Close: %v", err)
	}
	if err := s.Close(); err != nil || rec.closed != 1 {
		t.Errorf("second Close: %v, sink closed %d times", err, rec.closed)
	}
	if err := s.Write(audio.Block{PCM: make([]int16, 5)}); !errors.Is(err, audio.ErrClosed) {
		t.Errorf("Write after Close: %v", err)
	}
	if same := audio.Sink(rec); audio.NewResampler(same, 8000, 8000, 1) != same {
		t.Error("equal rates are resampled")
	}
}

type discard struct{}

func (discard) Write(audio.Block) error { return nil }
func (discard) Close() error            { return nil }

func TestResampleAllocates(t *testing.T) {
	for _, p := range ratePairs {
		s := audio.NewResampler(discard{}, p[0], p[1], 2)
		voice, silence := tone(640, 0.03, 9000), make([]int16, 640)
		s.Write(audio.Block{Kind: audio.Silence, PCM: silence})
		s.Write(audio.Block{PCM: voice})
		if n := testing.AllocsPerRun(200, func() {
			s.Write(audio.Block{PCM: voice})
			s.Write(audio.Block{Kind: audio.Silence, PCM: silence})
		}); n != 0 {
			t.Errorf("%d -> %d: %v allocations a block", p[0], p[1], n)
		}
	}
}

func FuzzResample(f *testing.F) {
	f.Add(uint16(8000), uint16(16000), []byte("some samples of two bytes each"), uint8(3))
	f.Add(uint16(44100), uint16(48000), make([]byte, 4000), uint8(200))
	f.Add(uint16(60000), uint16(1009), []byte{1, 2, 3, 4}, uint8(1))
	f.Fuzz(func(t *testing.T, from, to uint16, raw []byte, cut uint8) {
		if from < 1000 || to < 1000 || len(raw) > 1<<14 {
			return
		}
		pcm := make([]int16, len(raw)/2)
		binary.Decode(raw, binary.LittleEndian, pcm)
		a := resample(t, pcm, int(from), int(to), 1, whole).pcm
		b := resample(t, pcm, int(from), int(to), 1, func() int { return 1 + int(cut) }).pcm
		if want := (len(pcm)*int(to) + int(from) - 1) / int(from); len(a) != want || !slices.Equal(a, b) {
			t.Errorf("%d and %d samples, want %d the same", len(a), len(b), want)
		}
	})
}

func BenchmarkResample(b *testing.B) {
	for _, p := range ratePairs {
		b.Run(fmt.Sprintf("%d-%d", p[0], p[1]), func(b *testing.B) {
			s := audio.NewResampler(discard{}, p[0], p[1], 1)
			pcm := tone(p[0]/50, 0.03, 9000)
			n := 0
			for b.Loop() {
				s.Write(audio.Block{PCM: pcm})
				n++
			}
			b.ReportMetric(float64(n)/50/b.Elapsed().Seconds(), "x-real-time")
		})
	}
	b.Run("silence", func(b *testing.B) {
		s := audio.NewResampler(discard{}, 8000, 16000, 1)
		pcm, n := make([]int16, 8000), 0
		for b.Loop() {
			s.Write(audio.Block{Kind: audio.Silence, PCM: pcm})
			n++
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "x-real-time")
	})
}
