package audio

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// plain decodes each byte to a sample of that value.
type plain struct{ rate, channels int }

func (d plain) Decode(dst []int16, payload []byte) ([]int16, error) {
	for _, b := range payload {
		dst = append(dst, int16(b))
	}
	if len(payload) == 3 {
		return dst, errors.New("three bytes are one too many")
	}
	return dst, nil
}
func (d plain) Rate() int     { return d.rate }
func (d plain) Channels() int { return d.channels }

// tape keeps what a Track writes and checks that blocks follow each other.
type tape struct {
	t        testing.TB
	channels int
	pcm      []int16
	closed   int
}

func (r *tape) Write(b Block) error {
	if b.At != int64(len(r.pcm)/r.channels) || len(b.PCM) == 0 || len(b.PCM)%r.channels != 0 {
		r.t.Errorf("block of %d values at %d, %d are written", len(b.PCM), b.At, len(r.pcm))
	}
	for _, v := range b.PCM {
		if b.Kind == Silence && v != 0 {
			r.t.Errorf("silence of %d at %d", v, b.At)
		}
	}
	r.pcm = append(r.pcm, b.PCM...)
	return nil
}

func (r *tape) Close() error { r.closed++; return nil }

const ms = int64(1e6)

// second describes a leg of one second at 1000 Hz: one tick a millisecond.
func second(parts ...Part) Config {
	return Config{Rate: 1000, Channels: 1, Parts: parts, Decoder: func(_ int, pt uint8) Decoder {
		if pt == 101 {
			return nil
		}
		return plain{1000, 1}
	}}
}

func play(t *testing.T, cfg Config, packets ...Packet) ([]int16, Stats) {
	t.Helper()
	r := &tape{t: t, channels: cfg.Channels}
	tr := NewTrack(cfg, r)
	for i := range packets {
		if err := tr.Add(&packets[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
	if s := tr.Stats(); r.closed != 1 || s.Samples != int64(len(r.pcm)/cfg.Channels) {
		t.Errorf("closed %d times, %d samples counted, %d written", r.closed, s.Samples, len(r.pcm))
	}
	return r.pcm, tr.Stats()
}

func TestTrack(t *testing.T) {
	one := Part{Start: 2 * ms, End: 12 * ms, Clock: 1000}
	late := one
	late.Late = 4 * ms
	p := func(part int, seq, ticks int64, values ...byte) Packet {
		return Packet{Part: part, Seq: seq, Ticks: ticks, Payload: values}
	}
	event := p(0, 3, 4, 9, 9)
	event.PayloadType = 101
	for _, tt := range []struct {
		name    string
		cfg     Config
		packets []Packet
		want    []int16
		stats   Stats
	}{
		{"in order", second(one), []Packet{p(0, 1, 0, 1, 1), p(0, 2, 2, 2, 2), p(0, 3, 4, 3, 3), p(0, 4, 8, 4, 4)},
			[]int16{0, 0, 1, 1, 2, 2, 3, 3, 0, 0, 4, 4}, Stats{Decoded: 4}},
		{"reordered", second(late), []Packet{p(0, 3, 4, 3, 3), p(0, 1, 0, 1, 1), p(0, 2, 2, 2, 2), p(0, 4, 8, 4, 4)},
			[]int16{0, 0, 1, 1, 2, 2, 3, 3, 0, 0, 4, 4}, Stats{Decoded: 4}},
		{"duplicates", second(late), []Packet{p(0, 1, 0, 1, 1), p(0, 1, 0, 1, 1), p(0, 2, 2, 2, 2), p(0, 1, 0, 1, 1), p(0, 4, 8, 4, 4), p(0, 4, 8, 4, 4)},
			[]int16{0, 0, 1, 1, 2, 2, 0, 0, 0, 0, 4, 4}, Stats{Decoded: 3, Duplicates: 3}},
		{"longer than it says", second(one), []Packet{p(0, 1, 0, 1, 1, 1, 1), p(0, 2, 2, 2, 2), p(0, 3, 4, 3, 3)},
			[]int16{0, 0, 1, 1, 1, 1, 3, 3, 0, 0, 0, 0}, Stats{Decoded: 3, Overlapped: 1}},
		{"an event is silence", second(one), []Packet{p(0, 1, 0, 1, 1), p(0, 2, 2, 2, 2), event, p(0, 4, 8, 4, 4)},
			[]int16{0, 0, 1, 1, 2, 2, 0, 0, 0, 0, 4, 4}, Stats{Decoded: 3, NotAudio: 1}},
		{"half a payload", second(one), []Packet{p(0, 1, 0, 1, 1, 1), p(0, 2, 4, 2, 2)},
			[]int16{0, 0, 1, 1, 1, 0, 2, 2, 0, 0, 0, 0}, Stats{Decoded: 2, Undecodable: 1}},
		{"the later stream is heard", second(one, Part{Start: 5 * ms, End: 9 * ms, Clock: 1000}),
			[]Packet{p(0, 1, 0, 1, 1), p(0, 2, 2, 2, 2), p(1, 1, 0, 7, 7), p(0, 3, 4, 3, 3), p(1, 2, 2, 8, 8), p(0, 4, 8, 4, 4)},
			[]int16{0, 0, 1, 1, 2, 7, 7, 8, 8, 0, 4, 4}, Stats{Decoded: 6, Overlapped: 2}},
		{"one stream behind another that held packets back", second(late, Part{Start: 20 * ms, End: 22 * ms, Clock: 1000}),
			[]Packet{p(0, 1, 0, 1, 1), p(0, 2, 8, 2, 2), p(1, 900, 0, 7, 7)},
			[]int16{0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 7, 7}, Stats{Decoded: 3}},
	} {
		got, stats := play(t, tt.cfg, tt.packets...)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
		tt.stats.Samples = int64(len(tt.want))
		if stats != tt.stats {
			t.Errorf("%s: %+v, want %+v", tt.name, stats, tt.stats)
		}
	}
}

// TestTrackAnyOrder shuffles packets within what pass 1 would have measured.
func TestTrackAnyOrder(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 100 {
		var sent []Packet
		want := make([]int16, 400)
		for i := range 100 {
			if rnd.IntN(5) == 0 {
				continue
			}
			v := byte(1 + rnd.IntN(100))
			sent = append(sent, Packet{Seq: int64(i), Ticks: int64(4 * i), Payload: []byte{v, v, v, v}})
			for k := range 4 {
				want[4*i+k] = int16(v)
			}
		}
		late := int64(0)
		for i := range sent {
			j := min(i+rnd.IntN(7), len(sent)-1)
			sent[i], sent[j] = sent[j], sent[i]
		}
		top := int64(0)
		for _, p := range sent {
			late = max(late, top-p.Ticks)
			top = max(top, p.Ticks)
		}
		got, stats := play(t, second(Part{End: 400 * ms, Clock: 1000, Late: late * ms}), sent...)
		if !slices.Equal(got, want) || stats.Decoded != uint64(len(sent)) {
			t.Fatalf("%d of %d packets decoded, or in the wrong places", stats.Decoded, len(sent))
		}
	}
}

// TestTrackRates goes from 8 to 16 kHz and back in one leg, and from mono to
// stereo: every stretch begins where it should, none has a hole.
func TestTrackRates(t *testing.T) {
	cfg := Config{Rate: 16000, Channels: 2, Parts: []Part{
		{Start: 10 * ms, End: 110 * ms, Clock: 8000},
		{Start: 150 * ms, End: 250 * ms, Clock: 16000},
		{Start: 250 * ms, End: 350 * ms, Clock: 8000},
	}, Decoder: func(part int, _ uint8) Decoder {
		return [...]Decoder{plain{8000, 1}, plain{16000, 2}, plain{8000, 1}}[part]
	}}
	var packets []Packet
	for part := range cfg.Parts {
		n, width := 160, 1
		if part == 1 {
			n, width = 320, 2
		}
		for i := range 5 {
			payload := make([]byte, n*width)
			for k := range payload {
				payload[k] = 100
			}
			packets = append(packets, Packet{Part: part, Seq: int64(i), Ticks: int64(i * n), Payload: payload})
		}
	}
	got, _ := play(t, cfg, packets...)
	if len(got) != 2*16000*35/100 {
		t.Fatalf("%d values, want %d", len(got), 2*16000*35/100)
	}
	// Away from the edges, where a band-limited step rings, the level is 100.
	for _, tt := range []struct {
		from, to int64 // ms
		want     int16
	}{{0, 7, 0}, {14, 106, 100}, {114, 149, 0}, {151, 249, 100}, {254, 346, 100}} {
		for i := tt.from * 16; i < tt.to*16; i++ {
			for c := range int64(2) {
				if v := got[2*i+c]; v < tt.want-1 || v > tt.want+1 {
					t.Fatalf("%.2f ms, channel %d: %d, want %d", float64(i)/16, c, v, tt.want)
				}
			}
		}
	}
}

func TestTrackAllocations(t *testing.T) {
	for _, late := range []int64{0, 60 * ms} {
		tr := NewTrack(second(Part{End: 1 << 40, Clock: 1000, Late: late}), discard{})
		p := Packet{Payload: make([]byte, 160)}
		step := func() {
			p.Seq++
			p.Ticks += 160
			if err := tr.Add(&p); err != nil {
				t.Fatal(err)
			}
		}
		for range 100 {
			step()
		}
		if n := testing.AllocsPerRun(1000, step); n != 0 {
			t.Errorf("late %d: %v allocations a packet", late, n)
		}
	}
}

type discard struct{}

func (discard) Write(Block) error { return nil }
func (discard) Close() error      { return nil }

func BenchmarkTrack(b *testing.B) {
	tr := NewTrack(second(Part{End: 1 << 50, Clock: 1000}), discard{})
	p := Packet{Payload: make([]byte, 160)}
	b.ReportAllocs()
	b.SetBytes(160)
	for b.Loop() {
		p.Seq++
		p.Ticks += 160
		tr.Add(&p)
	}
}
