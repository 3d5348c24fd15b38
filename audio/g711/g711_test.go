package g711_test

import (
	"bytes"
	"encoding/binary"
	"os/exec"
	"slices"
	"testing"

	"callx/audio"
	"callx/audio/audiotest"
	"callx/audio/g711"
)

type encoder = func([]byte, []int16) []byte

var laws = []struct {
	name   string
	sox    string // name of the encoding
	ffmpeg string // name of the raw format
	decode audiotest.Constructor
	encode encoder
}{
	{"PCMA", "a-law", "alaw", g711.NewALaw, g711.EncodeALaw},
	{"PCMU", "u-law", "mulaw", g711.NewMuLaw, g711.EncodeMuLaw},
}

func codes() []byte {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func samples() []int16 {
	s := make([]int16, 65536)
	for i := range s {
		s[i] = int16(i - 32768)
	}
	return s
}

func decode(t testing.TB, construct audiotest.Constructor, payload []byte) []int16 {
	t.Helper()
	d, err := construct(audio.Spec{Clock: 8000, Channels: 1})
	if err != nil {
		t.Fatal(err)
	}
	pcm, err := d.Decode(nil, payload)
	if err != nil {
		t.Fatal(err)
	}
	return pcm
}

func TestDecoder(t *testing.T) {
	for _, l := range laws {
		for _, channels := range []int{1, 2, 3} {
			for _, clock := range []int{8000, 16000} {
				spec := audio.Spec{Name: l.name, Clock: clock, Channels: channels}
				t.Run(spec.String(), func(t *testing.T) {
					audiotest.TestDecoder(t, l.decode, spec, codes()[:252], make([]byte, 480), codes()[7:7+channels])
					d, _ := l.decode(spec)
					if d.Rate() != clock || d.Channels() != channels {
						t.Errorf("%d Hz, %d channels", d.Rate(), d.Channels())
					}
				})
			}
		}
	}
}

func TestPartial(t *testing.T) {
	d, _ := g711.NewALaw(audio.Spec{Clock: 8000, Channels: 2})
	if pcm, err := d.Decode(nil, codes()[:7]); len(pcm) != 6 || err != audio.ErrPartial {
		t.Errorf("%d values, error %v", len(pcm), err)
	}
}

// run pipes in through a tool and returns what comes out.
func run(t *testing.T, in []byte, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(name + " is not installed")
	}
	cmd := exec.Command(name, args...)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	return out
}

func values(b []byte) []int16 {
	s := make([]int16, len(b)/2)
	binary.Decode(b, binary.LittleEndian, s)
	return s
}

func TestDecodeAgainstSox(t *testing.T) {
	for _, l := range laws {
		want := values(run(t, codes(), "sox", "-t", "raw", "-e", l.sox, "-r", "8000", "-c", "1", "-", "-t", "raw", "-e", "signed", "-b", "16", "-L", "-"))
		if got := decode(t, l.decode, codes()); !slices.Equal(got, want) {
			t.Errorf("%s: %v, sox has %v", l.name, got, want)
		}
	}
}

func TestDecodeAgainstFFmpeg(t *testing.T) {
	for _, l := range laws {
		want := values(run(t, codes(), "ffmpeg", "-v", "error", "-f", l.ffmpeg, "-ar", "8000", "-i", "pipe:0", "-f", "s16le", "pipe:1"))
		if got := decode(t, l.decode, codes()); !slices.Equal(got, want) {
			t.Errorf("%s: %v, ffmpeg has %v", l.name, got, want)
		}
	}
}

// TestEncodeAgainstSox: sox rounds to 13 or 14 bits before it looks for the
// interval, so near a decision value it may take the neighbour; half a step
// of 13 bits away both must agree on the value (mu-law has two codes for 0).
func TestEncodeAgainstSox(t *testing.T) {
	pcm, _ := binary.Append(nil, binary.LittleEndian, samples())
	for _, l := range laws {
		codes := run(t, pcm, "sox", "-D", "-V1", "-t", "raw", "-e", "signed", "-b", "16", "-L", "-r", "8000", "-c", "1", "-", "-t", "raw", "-e", l.sox, "-")
		want, got := decode(t, l.decode, codes), decode(t, l.decode, l.encode(nil, samples()))
		if len(want) != len(got) {
			t.Fatalf("%s: sox gives %d codes", l.name, len(want))
		}
		for i, v := range got {
			if near := want[max(i-4, 0):min(i+5, len(want))]; !slices.Contains(near, v) {
				t.Errorf("%s: %d becomes %d, in sox %d", l.name, i-32768, v, want[i])
			}
		}
	}
}

// TestDecisionValues checks all samples against the decision values x(n) of
// G.711 Tables 1a and 2a, which give the end of each segment and the number
// of intervals in it, scaled to 16 bits.
func TestDecisionValues(t *testing.T) {
	tables := []struct {
		encode       encoder
		scale        int
		ends         []int // the first is where segment 1 begins
		counts       []int
		plus, invert byte // sign bit of a positive sample, bits inverted on the line
	}{
		{g711.EncodeALaw, 8, []int{0, 64, 128, 256, 512, 1024, 2048, 4096}, []int{32, 16, 16, 16, 16, 16, 16}, 0x80, 0x55},
		{g711.EncodeMuLaw, 4, []int{0, 1, 31, 95, 223, 479, 991, 2015, 4063, 8159}, []int{1, 15, 16, 16, 16, 16, 16, 16, 16}, 0x80, 0x7f},
	}
	for _, table := range tables {
		var decisions []int // decisions[n] is where interval n begins
		for i, n := range table.counts {
			from, to := table.ends[i], table.ends[i+1]
			for k := range n {
				decisions = append(decisions, (from+(to-from)*k/n)*table.scale)
			}
		}
		if len(decisions) != 128 {
			t.Fatalf("%d intervals", len(decisions))
		}
		got := table.encode(nil, samples())
		for i, code := range got {
			x, sign := i-32768, table.plus
			if x < 0 {
				x, sign = -x-1, table.plus^0x80 // -1 is the mirror image of 0
			}
			n := 0
			for n < 127 && decisions[n+1] <= x {
				n++
			}
			if want := (byte(n) | sign) ^ table.invert; code != want {
				t.Fatalf("%d is %#02x, want %#02x", i-32768, code, want)
			}
		}
	}
}

// TestReferenceCodes: pairs from the output of the reference software of
// ITU-T G.191 (alaw_compress, ulaw_compress).
func TestReferenceCodes(t *testing.T) {
	for _, v := range []struct {
		pcm   int16
		a, mu byte
	}{
		{0, 0xd5, 0xff}, {128, 0xdd, 0xef}, {256, 0xc5, 0xe7}, {512, 0xf5, 0xdb}, {1024, 0xe5, 0xcd},
		{-128, 0x52, 0x6f}, {-256, 0x5a, 0x67}, {-512, 0x4a, 0x5b}, {-1024, 0x7a, 0x4d},
	} {
		in := []int16{v.pcm}
		if a, mu := g711.EncodeALaw(nil, in)[0], g711.EncodeMuLaw(nil, in)[0]; a != v.a || mu != v.mu {
			t.Errorf("%d: A-law %#02x, mu-law %#02x; want %#02x and %#02x", v.pcm, a, mu, v.a, v.mu)
		}
	}
}

// TestRoundTrip: every code is that of its own value, but for the negative
// zero of mu-law.
func TestRoundTrip(t *testing.T) {
	for _, l := range laws {
		got := l.encode([]byte("kept"), decode(t, l.decode, codes()))
		want := append([]byte("kept"), codes()...)
		if l.name == "PCMU" {
			want[4+0x7f] = 0xff
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: % x", l.name, got)
		}
	}
}

func TestEncodeAllocates(t *testing.T) {
	pcm, dst := samples()[:160], make([]byte, 0, 160)
	for _, l := range laws {
		if n := testing.AllocsPerRun(100, func() { dst = l.encode(dst[:0], pcm) }); n != 0 {
			t.Errorf("%s: %v allocations", l.name, n)
		}
	}
}

func FuzzDecodeALaw(f *testing.F) {
	audiotest.FuzzDecoder(f, g711.NewALaw, audio.Spec{Clock: 8000, Channels: 2}, codes(), []byte{1})
}

func FuzzDecodeMuLaw(f *testing.F) {
	audiotest.FuzzDecoder(f, g711.NewMuLaw, audio.Spec{Clock: 8000, Channels: 1}, codes(), []byte{1})
}

func BenchmarkDecode(b *testing.B) {
	d, _ := g711.NewALaw(audio.Spec{Clock: 8000, Channels: 1})
	payload, dst := bytes.Repeat(codes(), 16), make([]int16, 0, 4096)
	b.SetBytes(2 * int64(len(payload)))
	for b.Loop() {
		dst, _ = d.Decode(dst[:0], payload)
	}
}

func BenchmarkEncode(b *testing.B) {
	pcm, dst := samples(), make([]byte, 0, 65536)
	b.SetBytes(2 * int64(len(pcm)))
	for b.Loop() {
		dst = g711.EncodeALaw(dst[:0], pcm)
	}
}
