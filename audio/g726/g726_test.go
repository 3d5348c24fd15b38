package g726_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"callx/audio"
	"callx/audio/audiotest"
	"callx/audio/g726"
)

var kbits = []int{16, 24, 32, 40}

// packings are the two orders of code words, by the prefix of the name, with
// the numbers that spandsp has for them.
var packings = []struct{ prefix, spandsp string }{{"", "2"}, {"AAL2-", "1"}}

func spec(prefix string, kbit int) audio.Spec {
	return audio.Spec{Name: fmt.Sprint(prefix, "G726-", kbit), Clock: 8000, Channels: 1}
}

// packets cuts a stream into packets of 20 ms.
func packets(codes []byte, kbit int) [][]byte { return audiotest.Packets(codes, kbit/8*20) }

// spandsp returns a function that encodes or decodes.
func spandsp(t testing.TB) func(t testing.TB, what string, in []byte, kbit int, packing string) []byte {
	program := audiotest.Reference(t, "testdata/codec.c", "-lspandsp", "-lm")
	return func(t testing.TB, what string, in []byte, kbit int, packing string) []byte {
		return audiotest.Run(t, in, program, what, fmt.Sprint(kbit*1000), packing)
	}
}

func TestDecoder(t *testing.T) {
	for _, p := range packings {
		for _, kbit := range kbits {
			t.Run(spec(p.prefix, kbit).Name, func(t *testing.T) {
				audiotest.TestDecoder(t, g726.New, spec(p.prefix, kbit), packets(audiotest.Random(kbit/8*200), kbit)...)
			})
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		spec audio.Spec
		want error
	}{
		{audio.Spec{Name: "g726-32", Clock: 8000, Channels: 1}, nil},
		{audio.Spec{Name: "aal2-g726-40", Clock: 8000, Channels: 1}, nil},
		{audio.Spec{Name: "G721", Clock: 8000, Channels: 1}, nil},
		{audio.Spec{Name: "G726-48", Clock: 8000, Channels: 1}, g726.ErrRate},
		{audio.Spec{Name: "G726-32", Clock: 16000, Channels: 1}, g726.ErrParameters},
		{audio.Spec{Name: "G726-32", Clock: 8000, Channels: 2}, g726.ErrParameters},
	} {
		if _, err := g726.New(c.spec); !errors.Is(err, c.want) {
			t.Errorf("%v: %v", c.spec, err)
		}
	}
	d, _ := g726.New(spec("", 24))
	if pcm, err := d.Decode(nil, make([]byte, 4)); len(pcm) != 10 || err != audio.ErrPartial {
		t.Errorf("4 octets of 3 bits: %d samples, %v", len(pcm), err)
	}
}

// unwrapped undoes that spandsp lets samples wrap where Annex A of the
// Recommendation limits them: what is at the limit in got is left out.
func unwrapped(t *testing.T, want, got []int16) []int16 {
	t.Helper()
	want, limited := slices.Clone(want), 0
	for i := range min(len(got), len(want)) {
		if got[i] == math.MaxInt16&^3 || got[i] == math.MinInt16 {
			want[i] = got[i]
			limited++
		}
	}
	if limited > len(want)/2 {
		t.Errorf("%d of %d samples are at the limit", limited, len(want))
	}
	return want
}

// TestAgainstSpandsp: on what an encoder makes of all sorts of sound, and on
// what none does.
func TestAgainstSpandsp(t *testing.T) {
	reference := spandsp(t)
	for _, p := range packings {
		for _, kbit := range kbits {
			for name, codes := range map[string][]byte{
				"signal": reference(t, "encode", audiotest.Bytes(audiotest.Signal(8000, 1)), kbit, p.spandsp),
				"random": audiotest.Random(24000),
			} {
				t.Run(fmt.Sprint(p.prefix, kbit, " ", name), func(t *testing.T) {
					want := audiotest.PCM(reference(t, "decode", codes, kbit, p.spandsp))
					got := audiotest.DecodeAll(t, g726.NewFixed, spec(p.prefix, kbit), packets(codes, kbit))
					audiotest.Same(t, got, unwrapped(t, want, got))
				})
			}
		}
	}
}

// speech returns what two real callers said, by the file it is in.
func speech(t *testing.T) map[string][]int16 {
	captures := os.Getenv("CALLX_CAPTURES")
	if captures == "" {
		t.Skip("CALLX_CAPTURES is not set")
	}
	voices := map[string][]int16{}
	for _, leg := range []string{"legA_enc.flac", "legB_enc.flac"} {
		file := filepath.Join(captures, "ours", "c06_g726_32", leg)
		voices[leg] = audiotest.PCM(audiotest.Run(t, nil, "ffmpeg", "-v", "error", "-t", "8", "-i", file, "-f", "s16le", "pipe:1"))
	}
	return voices
}

// TestPacking: whatever the name says, the packing is found. One packet that
// holds sound may be decoded the other way before, and three at 16 kbit/s,
// where the two packings sound most alike.
func TestPacking(t *testing.T) {
	reference := spandsp(t)
	for leg, pcm := range speech(t) {
		for _, p := range packings {
			for _, kbit := range kbits {
				codes := reference(t, "encode", audiotest.Bytes(pcm), kbit, p.spandsp)
				want := audiotest.PCM(reference(t, "decode", codes, kbit, p.spandsp))
				for _, named := range packings {
					t.Run(fmt.Sprintf("%s %s as %s", leg, spec(p.prefix, kbit).Name, spec(named.prefix, kbit).Name), func(t *testing.T) {
						d, err := g726.New(spec(named.prefix, kbit))
						if err != nil {
							t.Fatal(err)
						}
						var got []int16
						for _, packet := range packets(codes, kbit) {
							got, _ = d.Decode(got, packet)
						}
						want := unwrapped(t, want, got)
						loud, other, most := 0, 0, 1
						if kbit == 16 {
							most = 3
						}
						for from := 0; from+160 <= len(want); from += 160 {
							if size(want[from:from+160]) < 300 {
								continue // in either packing next to silence
							}
							loud++
							if !slices.Equal(got[from:from+160], want[from:from+160]) {
								other++
							}
						}
						if loud < 100 || other > most || named == p && other > 0 {
							t.Errorf("of %d loud packets %d are not as in spandsp", loud, other)
						}
						if note := d.(interface{ Note() string }).Note(); (note != "") != (named != p) {
							t.Errorf("note %q", note)
						}
					})
				}
			}
		}
	}
}

// size returns the mean magnitude of pcm.
func size(pcm []int16) float64 {
	sum := 0.0
	for _, v := range pcm {
		sum += math.Abs(float64(v))
	}
	return sum / float64(len(pcm))
}

func FuzzDecode24(f *testing.F) {
	audiotest.FuzzDecoder(f, g726.New, spec("AAL2-", 24), audiotest.Random(60), make([]byte, 40))
}

func FuzzDecode32(f *testing.F) {
	audiotest.FuzzDecoder(f, g726.New, spec("", 32), audiotest.Random(80), make([]byte, 40))
}

// BenchmarkDecode tells how many times faster than real time one core
// decodes: once the packing is known, and while it is looked for.
// BenchmarkSpandsp tells it of spandsp, with the start of its process.
func BenchmarkDecode(b *testing.B) {
	for name, construct := range map[string]audiotest.Constructor{"known": g726.NewFixed, "search": g726.New} {
		for _, kbit := range kbits {
			b.Run(fmt.Sprint(name, "/", kbit), func(b *testing.B) {
				d, _ := construct(spec("", kbit))
				packet, dst := audiotest.Random(kbit/8*20), make([]int16, 0, 160)
				b.ReportAllocs()
				for b.Loop() {
					dst, _ = d.Decode(dst[:0], packet)
				}
				b.ReportMetric(float64(b.N)*(20*time.Millisecond).Seconds()/b.Elapsed().Seconds(), "x-realtime")
			})
		}
	}
}

func BenchmarkSpandsp(b *testing.B) {
	const seconds = 1200
	reference, codes := spandsp(b), audiotest.Random(seconds*4000)
	for b.Loop() {
		reference(b, "decode", codes, 32, "2")
	}
	b.ReportMetric(float64(b.N)*seconds/b.Elapsed().Seconds(), "x-realtime")
}
