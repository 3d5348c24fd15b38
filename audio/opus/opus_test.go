package opus_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"callx/audio"
	"callx/audio/audiotest"
	"callx/audio/opus"
)

var (
	mono   = audio.Spec{Name: "opus", Clock: 48000, Channels: 2, Fmtp: "useinbandfec=1; stereo=0"}
	stereo = audio.Spec{Name: "opus", Clock: 48000, Channels: 2, Fmtp: "minptime=10; sprop-stereo=1"}
)

func specOf(channels int) audio.Spec { return []audio.Spec{1: mono, 2: stereo}[channels] }

func decoder(t testing.TB, s audio.Spec) *opus.Decoder {
	t.Helper()
	d, err := opus.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return d.(*opus.Decoder)
}

func TestNew(t *testing.T) {
	for _, c := range []struct {
		spec     audio.Spec
		channels int
	}{
		{audio.Spec{Clock: 48000, Channels: 2}, 1},
		{audio.Spec{Clock: 48000, Channels: 1}, 1},
		{mono, 1},
		{stereo, 2},
		{audio.Spec{Clock: 48000, Channels: 2, Fmtp: "stereo=1;sprop-stereo=0"}, 2},
		{audio.Spec{Clock: 48000, Channels: 2, Fmtp: "x-stereo=1; sprop-stereo=10"}, 1},
		{audio.Spec{Clock: 16000, Channels: 1}, 0},
		{audio.Spec{Clock: 48000, Channels: 3}, 0},
	} {
		d, err := opus.New(c.spec)
		if c.channels == 0 {
			if !errors.Is(err, opus.ErrParameters) {
				t.Errorf("%v: %v", c.spec, err)
			}
		} else if err != nil || d.Channels() != c.channels || d.Rate() != 48000 {
			t.Errorf("%v %q: %v, want %d channels", c.spec, c.spec.Fmtp, err, c.channels)
		}
	}
}

func TestDecoder(t *testing.T) {
	for _, s := range streams {
		t.Run(s.String(), func(t *testing.T) {
			packets := s.encode(t, program(t), 1)
			audiotest.TestDecoder(t, opus.New, specOf(s.channels), packets[:min(len(packets), 50)]...)
		})
	}
}

// TestDuration: durations are those of RFC 6716 section 3.1 and 3.2.
func TestDuration(t *testing.T) {
	for _, c := range []struct {
		packet  string
		samples int // 0: no Opus packet
	}{
		{"\x08", 960},           // config 1: SILK, 20 ms; nothing in it, as in DTX
		{"\x18", 2880},          // config 3: 60 ms
		{"\xe0", 120},           // config 28: CELT, 2.5 ms
		{"\xe3\x30", 48 * 120},  // 48 frames of it
		{"\x1b\x02", 2 * 2880},  // 2 frames of 60 ms, empty
		{"\x1b\x03", 0},         // 180 ms
		{"\x0b\x00", 0},         // no frame at all
		{"\x0b", 0},             // without its frame count
		{"\x09\x00", 0},         // two frames of equal length in an odd number of octets
		{"\x0a\xff\xff\x00", 0}, // the first longer than the packet
		{"\x0b\x41\xff\xff", 0}, // padding without end
	} {
		pcm, err := decoder(t, mono).Decode(nil, []byte(c.packet))
		if len(pcm) != c.samples || errors.Is(err, opus.ErrPacket) != (c.samples == 0) {
			t.Errorf("%x: %d samples, %v; want %d", c.packet, len(pcm), err, c.samples)
		}
	}
}

// TestNote: stereo packets where the session description has mono.
func TestNote(t *testing.T) {
	for _, s := range streams {
		for _, channels := range []int{1, 2} {
			d := decoder(t, specOf(channels))
			if _, err := d.Decode(nil, s.encode(t, program(t), 1)[0]); err != nil {
				t.Fatal(err)
			}
			if note := d.Note(); strings.Contains(note, "stereo") != (s.channels > channels) {
				t.Errorf("%v in %d channels: note %q", s, channels, note)
			}
		}
	}
}

// TestConceal: as many samples as asked for, silence before the first packet,
// and silence again after a long loss.
func TestConceal(t *testing.T) {
	program := program(t)
	for _, s := range streams {
		d := decoder(t, specOf(s.channels))
		if pcm := d.Conceal(nil, 1001); len(pcm) != 1001*s.channels || slices.ContainsFunc(pcm, func(v int16) bool { return v != 0 }) {
			t.Errorf("%v: %d values before the first packet", s, len(pcm))
		}
		for _, p := range s.encode(t, program, 1)[:100*960/s.samples/2] {
			if _, err := d.Decode(nil, p); err != nil {
				t.Fatal(err)
			}
		}
		pcm := d.Conceal([]int16{5}, 5*48000)
		if len(pcm) != 1+5*48000*s.channels || pcm[0] != 5 {
			t.Errorf("%v: %d values", s, len(pcm))
		}
		if last := pcm[len(pcm)-4800:]; slices.Max(last) > 100 || slices.Min(last) < -100 {
			t.Errorf("%v: after 5 seconds still %d", s, slices.Max(last))
		}
		if pcm := d.Conceal(pcm[:0], -3); len(pcm) != 0 {
			t.Errorf("%d values for -3 samples", len(pcm))
		}
		if pcm, err := d.Recover(pcm[:0], nil); len(pcm) != 0 || !errors.Is(err, opus.ErrNoRedundancy) {
			t.Errorf("%d values recovered from nothing, %v", len(pcm), err)
		}
	}
}

// FuzzLosses: whatever comes, what is concealed is as long as asked for, what
// is recovered is one frame or nothing, and two decoders agree.
func FuzzLosses(f *testing.F) {
	program := program(f)
	for _, s := range streams {
		p := s.encode(f, program, 1)
		f.Add(p[0], p[1], p[2], uint16(2000), s.channels)
	}
	f.Fuzz(func(t *testing.T, first, second, third []byte, samples uint16, channels int) {
		spec := specOf(1 + channels&1)
		var made [2][]int16
		for i := range made {
			d := decoder(t, spec)
			pcm, _ := d.Decode(nil, first)
			n := len(pcm)
			pcm = d.Conceal(pcm, int(samples))
			if len(pcm) != n+int(samples)*d.Channels() {
				t.Fatalf("%d values for %d samples", len(pcm)-n, samples)
			}
			pcm, _ = d.Decode(pcm, second)
			n = len(pcm)
			pcm, err := d.Recover(pcm, third)
			if got := len(pcm) - n; (got == 0) != (err != nil) || got > 2880*d.Channels() {
				t.Fatalf("%d values recovered, %v", got, err)
			}
			made[i], _ = d.Decode(pcm, third)
		}
		if !slices.Equal(made[0], made[1]) {
			t.Fatal("two decoders disagree on one input")
		}
	})
}

func FuzzDecode(f *testing.F) {
	audiotest.FuzzDecoder(f, opus.New, stereo, []byte("\x08"), []byte("\xe3\x30"), audiotest.Random(100))
}

// BenchmarkDecode tells how many times faster than real time one core decodes;
// BenchmarkLibopus tells it of libopus, with the start of its process.
func BenchmarkDecode(b *testing.B) {
	program := program(b)
	for _, s := range streams {
		b.Run(s.name, func(b *testing.B) {
			packets := s.encode(b, program, 1)
			d, dst, i := decoder(b, specOf(s.channels)), make([]int16, 0, 5760), 0
			b.ReportAllocs()
			for b.Loop() {
				dst, _ = d.Decode(dst[:0], packets[i%len(packets)])
				i++
			}
			b.ReportMetric(float64(b.N*s.samples)/48000/b.Elapsed().Seconds(), "x-realtime")
		})
	}
}

func BenchmarkLibopus(b *testing.B) {
	program := program(b)
	for _, s := range streams {
		b.Run(s.name, func(b *testing.B) {
			packets := s.encode(b, program, 20)
			for b.Loop() {
				reference(b, program, s.channels, packets, false)
			}
			b.ReportMetric(float64(b.N*s.samples*len(packets))/48000/b.Elapsed().Seconds(), "x-realtime")
		})
	}
}
