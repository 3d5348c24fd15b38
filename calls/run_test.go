package calls

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// A sender makes packets of 20 ms at 8000 Hz.
type sender struct{ seq, ts uint32 }

func (s sender) packet(i int) *sample {
	return &sample{
		nanos: int64(i) * 20e6, ord: uint64(i), seq: uint16(s.seq + uint32(i)), ts: s.ts + 160*uint32(i), pt: 8, size: 160,
	}
}

func feed(t *testing.T, s sender, order []int) *run {
	t.Helper()
	r := new(run)
	r.begin(0, s.packet(order[0]))
	for k, i := range order[1:] {
		p := s.packet(i)
		p.nanos = int64(k+1) * 20e6 // arrival is in order, whatever was sent
		if !r.add(p) {
			t.Fatalf("packet %d was refused", i)
		}
	}
	return r
}

func TestRunCounts(t *testing.T) {
	tests := []struct {
		name                              string
		order                             []int
		missing, duplicates, reordered, n uint64
		late                              int64 // ticks
	}{
		{"in order", []int{0, 1, 2, 3}, 0, 0, 0, 4, 0},
		{"one lost", []int{0, 1, 3, 4}, 1, 0, 0, 4, 0},
		{"swapped", []int{0, 2, 1, 3}, 0, 0, 1, 4, 160},
		{"first swapped", []int{1, 0, 2, 3}, 0, 0, 1, 4, 160},
		{"duplicate at once", []int{0, 1, 1, 2}, 0, 1, 0, 4, 0},
		{"duplicate late", []int{0, 1, 2, 3, 1}, 0, 1, 0, 5, 0},
		{"late twice", []int{0, 2, 3, 1, 1}, 0, 1, 1, 5, 320},
		{"two of three filled", []int{0, 4, 1, 3}, 1, 0, 2, 4, 480},
		{"hole in front", []int{5, 0, 2, 6}, 3, 0, 2, 4, 800},
		{"far back", append([]int{0, 2}, append(upTo(3, 600), 1)...), 0, 0, 1, 600, 160 * 598},
	}
	for _, tt := range tests {
		for _, s := range []sender{{100, 1000}, {65534, 0xffffff00}, {0, 0}} {
			r := feed(t, s, tt.order)
			if r.missing() != tt.missing || r.duplicates != tt.duplicates || r.reordered != tt.reordered || r.packets != tt.n {
				t.Errorf("%s from %v: missing %d duplicates %d reordered %d packets %d, want %d %d %d %d", tt.name, s,
					r.missing(), r.duplicates, r.reordered, r.packets, tt.missing, tt.duplicates, tt.reordered, tt.n)
			}
			if r.maxLate != tt.late {
				t.Errorf("%s: late %d ticks, want %d", tt.name, r.maxLate, tt.late)
			}
		}
	}
}

func upTo(from, to int) (list []int) {
	for i := from; i < to; i++ {
		list = append(list, i)
	}
	return list
}

// TestRunGapsAnyOrder shuffles a stream with holes and duplicates over a few
// packets and compares with what a plain set says.
func TestRunGapsAnyOrder(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var order []int
		for i := range 300 {
			switch rnd.IntN(10) {
			case 0: // lost
			case 1:
				order = append(order, i, i)
			default:
				order = append(order, i)
			}
		}
		for i := range order {
			j := min(i+rnd.IntN(8), len(order)-1)
			order[i], order[j] = order[j], order[i]
		}
		r := feed(t, sender{65500, 0xfffff000}, order)
		lo, hi := slices.Min(order), slices.Max(order)
		want := map[int64]bool{}
		for i := lo; i <= hi; i++ {
			if !slices.Contains(order, i) {
				want[65500+int64(i)] = true
			}
		}
		var ticks int64
		got := map[int64]bool{}
		for _, g := range r.gaps {
			for k := range g.n {
				got[g.seq+k] = true
			}
			ticks += g.to - g.from
		}
		// The first packet's number may have been below 65536 or, wrapped, above.
		if len(got) != len(want) || uint64(len(want)) != r.missing() || ticks != 160*int64(len(want)) {
			t.Fatalf("gaps hold %d packets and %d ticks, missing %d, want %d", len(got), ticks, r.missing(), len(want))
		}
	}
}

func TestRunSilence(t *testing.T) {
	s := sender{1, 1}
	r := new(run)
	r.begin(0, s.packet(0))
	for i := 1; i < 10; i++ {
		p := s.packet(i)
		if i >= 5 { // 100 ms in which nothing is sent: the timestamp goes on, the sequence does not
			p.ts += 800
			p.nanos += 100e6
		}
		if !r.add(p) {
			t.Fatal(i)
		}
	}
	if len(r.gaps) != 1 || r.gaps[0].n != 0 || r.gaps[0].to-r.gaps[0].from != 800 || r.missing() != 0 {
		t.Errorf("gaps %+v missing %d", r.gaps, r.missing())
	}
}

// TestRunRefuses lists steps that arrival does not allow.
func TestRunRefuses(t *testing.T) {
	for _, tt := range []struct {
		name    string
		seq, ts uint32
		after   int64 // nanoseconds
		want    bool
	}{
		{"next", 1, 160, 20e6, true},
		{"hold of ten seconds", 1, 80000, 10e9, true},
		{"stall of four seconds", 1, 160, 4e9, true},
		{"outage of a minute", 3000, 480000, 60e9, true},
		{"timestamp stands still", 1, 0, 20e6, true},
		{"an hour ahead", 1, 28800000, 20e6, false},
		{"restart", 30000, 0x12345678, 20e6, false},
		{"restart of the sequence alone", 20000, 160, 20e6, false},
		{"back by an hour", 1, 0xffffffff - 28800000, 20e6, false},
	} {
		r := feed(t, sender{7, 7}, upTo(0, 40))
		p := sender{7, 7}.packet(39)
		p.seq += uint16(tt.seq)
		p.ts += tt.ts
		p.nanos = 39*20e6 + tt.after
		before := r.packets
		if got := r.add(p); got != tt.want {
			t.Errorf("%s: accepted %v, want %v", tt.name, got, tt.want)
		}
		if !tt.want && r.packets != before {
			t.Errorf("%s: a refused packet was counted", tt.name)
		}
	}
}

// TestRunGapsBounded sends every second packet of a long stretch backwards:
// each splits a gap in two.
func TestRunGapsBounded(t *testing.T) {
	r := new(run)
	r.begin(0, sender{}.packet(0))
	for n := 1; n <= maxGaps/1000+20; n++ { // stretches of 2000 packets
		for _, i := range append([]int{2000 * n}, backwards(2000*n-2, 2000*(n-1)+2)...) {
			p := sender{}.packet(i)
			p.nanos = int64(n) * 40e9
			r.add(p)
		}
	}
	if len(r.gaps) > maxGaps || !r.moreGaps {
		t.Errorf("%d gaps, more %v", len(r.gaps), r.moreGaps)
	}
	if total := r.packets - r.duplicates - r.wild + r.missing(); total != uint64(r.seqMax-r.seqMin+1) {
		t.Errorf("%d packets", total)
	}
}

func backwards(from, to int) (list []int) {
	for i := from; i >= to; i -= 2 {
		list = append(list, i)
	}
	return list
}

// TestRunFrames: with G.729 the last packet of a talkspurt is shorter than the
// others, and a SID of two octets may follow (RFC 3551 section 4.5.6): only
// what no packet covers is a pause.
func TestRunFrames(t *testing.T) {
	r := new(run)
	ts := uint32(0)
	for i, p := range []struct{ size, ticks int }{{20, 160}, {20, 160}, {10, 80}, {20, 160}, {12, 160 + 800}, {20, 160}, {2, 80 + 400}, {20, 160}} {
		s := &sample{seq: uint16(i), ts: ts, nanos: int64(ts) * 125000, pt: 18, size: int32(p.size)}
		if i == 0 {
			r.begin(0, s)
		} else if !r.add(s) {
			t.Fatalf("packet %d is refused", i)
		}
		ts += uint32(p.ticks)
	}
	var got []int64
	for _, g := range r.gaps {
		got = append(got, g.to-g.from)
	}
	if !slices.Equal(got, []int64{800, 400}) {
		t.Errorf("pauses of %v ticks, want 800 and 400", got)
	}
}
