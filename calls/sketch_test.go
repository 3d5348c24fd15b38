package calls

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"testing"
)

// speech returns n G.711 payloads of 160 octets: a tone of wandering pitch and
// loudness, as A-law's logarithm of it, with noise below.
func speech(seed uint64, n int) [][]byte {
	rnd := rand.New(rand.NewPCG(seed, 1))
	phase, pitch, loud := 0.0, 0.1, 1000.0
	out := make([][]byte, n)
	for i := range out {
		pitch = min(max(pitch+0.02*rnd.NormFloat64(), 0.03), 0.8)
		loud = min(max(loud*math.Exp(0.3*rnd.NormFloat64()), 200), 20000)
		b := make([]byte, 160)
		for k := range b {
			phase += pitch
			v := loud*math.Sin(phase) + 100*rnd.NormFloat64()
			b[k] = byte(15*math.Log2(1+math.Abs(v)/8)) & 0x7f
			if v > 0 {
				b[k] |= 0x80
			}
			b[k] ^= 0x55
		}
		out[i] = b
	}
	return out
}

// A transit is how a hop shows a voice.
type transit struct {
	from, to int // the packets [from, to) come through
	drop     int // one in so many is lost; 0 none
	seq      uint16
	ts       uint32
	lag      int64 // nanoseconds
	seed     uint64
}

// through feeds a run with what a hop lets through of a voice.
func (h transit) through(t *testing.T, voice [][]byte) *run {
	t.Helper()
	rnd := rand.New(rand.NewPCG(h.seed, 7))
	var r *run
	for i := h.from; i < h.to; i++ {
		if h.drop > 0 && rnd.IntN(h.drop) == 0 {
			continue
		}
		s := &sample{
			nanos: 1700000000e9 + int64(i)*20e6 + h.lag + int64(rnd.IntN(3e6)), seq: h.seq + uint16(i), ts: h.ts + 160*uint32(i),
			pt: 8, size: int32(len(voice[i])), digest: digest(voice[i]),
		}
		if r == nil {
			r = new(run)
			r.begin(0, s)
		} else if !r.add(s) {
			t.Fatalf("packet %d was refused", i)
		}
	}
	r.clock.settle(8000)
	r.settle()
	return r
}

func TestSameVoice(t *testing.T) {
	voice := speech(1, 12000)
	first := transit{from: 1000, to: 4000, seq: 100, ts: 1000}
	for _, tt := range []struct {
		name string
		hop  transit
		want bool
	}{
		{"the same packets", transit{from: 1000, to: 4000, seq: 100, ts: 1000}, true},
		{"headers rewritten", transit{from: 1000, to: 4000, seq: 40000, ts: 0xf0000000}, true},
		{"rewritten, 100 ms later", transit{from: 1000, to: 4000, seq: 9, ts: 9, lag: 1e8}, true},
		{"rewritten, a fifth lost", transit{from: 1000, to: 4000, drop: 5, seq: 9, ts: 9}, true},
		{"rewritten, first half only", transit{from: 1000, to: 2500, seq: 9, ts: 9}, true},
		{"rewritten, second half and as much again", transit{from: 2500, to: 5500, seq: 9, ts: 9}, true},
		{"rewritten, twice as long, a tenth lost", transit{from: 0, to: 6000, drop: 10, seq: 9, ts: 9}, true},
		{"played again a second later", transit{from: 1000, to: 4000, seq: 100, ts: 1000, lag: 1e9}, false},
		{"the next words of the same voice", transit{from: 4000, to: 7000, seq: 9, ts: 9}, false},
	} {
		a, b := first.through(t, voice), tt.hop.through(t, voice)
		if sameVoice(a, b) != tt.want || sameVoice(b, a) != tt.want {
			t.Errorf("%s: same voice %v and %v, want %v; %d digests in common", tt.name, sameVoice(a, b), sameVoice(b, a), tt.want, a.sketch.common(b.sketch))
		}
		if !tt.want {
			continue
		}
		seqAdd, tsAdd, ok := mapping(a, b)
		for _, i := range []int{tt.hop.from, tt.hop.to - 1} { // wherever extended numbers begin
			seq := int64(first.seq) + int64(i) - (b.seqMin + int64(uint16(tt.hop.seq+uint16(i)-uint16(b.seqMin))))
			ts := int64(first.ts) + 160*int64(i) - (b.tsMin + int64(tt.hop.ts+160*uint32(i)-uint32(b.tsMin)))
			if !ok || seqAdd != seq || tsAdd != ts {
				t.Errorf("%s: maps by %d and %d (%v), want %d and %d", tt.name, seqAdd, tsAdd, ok, seq, ts)
			}
		}
	}
}

// TestSameVoiceLong has a hop end more than half a cycle of sequence numbers
// before the other: what is to be added to them is the same all along.
func TestSameVoiceLong(t *testing.T) {
	voice := speech(2, 90000)
	a := transit{from: 0, to: 90000, seq: 65000, ts: 0xffffff00}.through(t, voice)
	b := transit{from: 0, to: 40000, seq: 3, ts: 5}.through(t, voice)
	if !sameVoice(a, b) {
		t.Fatal("not the same voice")
	}
	seqAdd, tsAdd, ok := mapping(a, b)
	if want := int64(65000 - 3); !ok || seqAdd != want || tsAdd != 0xffffff00-5 {
		t.Errorf("maps by %d and %d (%v), want %d and %d", seqAdd, tsAdd, ok, want, 0xffffff00-5)
	}
}

// TestOtherVoices compares each of many voices with each at the same time.
func TestOtherVoices(t *testing.T) {
	var runs []*run
	for i := range 150 {
		runs = append(runs, transit{from: 0, to: 200 + 10*i, seq: 5, ts: 5}.through(t, speech(uint64(100+i), 200+10*i)))
	}
	for i, a := range runs {
		for _, b := range runs[:i] {
			if n := a.sketch.common(b.sketch); n > 0 || sameVoice(a, b) {
				t.Fatalf("%d digests in common", n)
			}
		}
	}
}

// TestMappingMoves has a relay leave out the numbers of what it lost: the same
// voice, but no constant maps it.
func TestMappingMoves(t *testing.T) {
	voice := speech(3, 3000)
	a := transit{from: 0, to: 3000, seq: 1, ts: 1}.through(t, voice)
	b := new(run)
	seq := uint16(7)
	for i := range voice {
		if i%300 == 299 {
			continue
		}
		s := &sample{nanos: 1700000000e9 + int64(i)*20e6, seq: seq, ts: 160 * uint32(i), pt: 8, size: 160, digest: digest(voice[i])}
		if seq++; i == 0 {
			b.begin(0, s)
		} else if !b.add(s) {
			t.Fatal(i)
		}
	}
	b.clock.settle(8000)
	b.settle()
	if !sameVoice(a, b) {
		t.Error("not the same voice")
	}
	if _, _, ok := mapping(a, b); ok {
		t.Error("a constant maps it")
	}
}

func TestDigestSkips(t *testing.T) {
	alike, alternate, flips := make([]byte, 160), make([]byte, 160), make([]byte, 160)
	for i := range alike {
		alike[i], alternate[i], flips[i] = 0xd5, 0xd5, 0xd5
		if i%2 == 1 {
			alternate[i] = 0x55
		}
		if i%7 == 3 {
			flips[i] = 0x55
		}
	}
	tone := make([]byte, 160) // 1000 Hz at 8 kHz: RFC 3551's milliwatt repeats after 8 samples
	for i := range tone {
		tone[i] = [8]byte{0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4}[i%8]
	}
	for name, b := range map[string][]byte{"alike": alike, "alternate": alternate, "flips": flips, "tone": tone, "short": speech(1, 1)[0][:15], "none": nil} {
		if digest(b) != noDigest {
			t.Errorf("%s: has a digest", name)
		}
	}
	told := 0
	for _, b := range speech(9, 1000) {
		if digest(b) != noDigest {
			told++
		}
	}
	if told < 600 {
		t.Errorf("%d of 1000 packets of speech have a digest", told)
	}
}

// TestMutedCodecs encodes silence: two muted parties have nothing in common.
func TestMutedCodecs(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("needs ffmpeg")
	}
	for _, c := range []struct {
		args []string
		size int
	}{
		{[]string{"-ar", "16000", "-c:a", "g722", "-f", "g722"}, 160},
		{[]string{"-ar", "8000", "-c:a", "libgsm", "-f", "gsm"}, 33},
		{[]string{"-ar", "8000", "-c:a", "g726", "-b:a", "32k", "-f", "g726"}, 80},
		{[]string{"-ar", "8000", "-c:a", "pcm_alaw", "-f", "alaw"}, 160},
	} {
		args := append([]string{"-v", "error", "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "20"}, c.args...)
		out, err := exec.Command("ffmpeg", append(args, "-")...).Output()
		if err != nil || len(out) < 100*c.size {
			t.Errorf("ffmpeg %v: %d octets, %v", c.args, len(out), err)
			continue
		}
		different := map[uint32]bool{}
		for ; len(out) >= c.size; out = out[c.size:] {
			if d := digest(out[:c.size]); d != noDigest {
				different[d] = true
			}
		}
		if len(different) >= sketchLeast {
			t.Errorf("%v: silence has %d digests", c.args, len(different))
		}
	}
}

func BenchmarkSameVoice(b *testing.B) {
	t := new(testing.T)
	voice := speech(1, 3000)
	x := transit{to: 3000, seq: 1, ts: 1}.through(t, voice)
	for _, y := range []*run{transit{to: 3000, seq: 9, ts: 9}.through(t, voice), transit{to: 3000}.through(t, speech(2, 3000))} {
		b.Run(fmt.Sprint(sameVoice(x, y)), func(b *testing.B) {
			for b.Loop() {
				sameVoice(x, y)
			}
		})
	}
}
