package pcapio

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const sec0 = 1_700_000_000

func TestPcapVariants(t *testing.T) {
	kuznetzov := func(o order, rec []byte) []byte { // ifindex u32, protocol u16, type u8, pad u8
		return slices.Insert(rec, 16, 1, 0, 0, 0, 8, 0, 0, 0)
	}
	plain := func(o order, rec []byte) []byte { return rec }
	for _, v := range []struct {
		name    string
		magic   uint32
		unit    int64
		rewrite func(order, []byte) []byte
		size    int64
	}{
		{"microseconds", 0xa1b2c3d4, 1000, plain, 16},
		{"nanoseconds", 0xa1b23c4d, 1, plain, 16},
		{"Kuznetzov", 0xa1b2cd34, 1000, kuznetzov, 24},
	} {
		for _, o := range []order{le, be} {
			for _, network := range []uint32{1, 0xf4000001} { // with a length of check sequences
				t.Run(fmt.Sprintf("%s/%v/%#x", v.name, o, network), func(t *testing.T) {
					a, b := payload(60, 1), payload(33, 2)
					file := pcapFile(o, v.magic, 65535, network,
						v.rewrite(o, pcapRec(o, sec0, 7, 60, a)),
						v.rewrite(o, pcapRec(o, sec0+1, 999_999, 1500, b)))
					frames, w := walkBytes(t, file, 64)
					if len(frames) != 2 || len(w.notes) != 0 || w.err != nil {
						t.Fatalf("%d frames, notes %v, error %v", len(frames), w.notes, w.err)
					}
					want := []Frame{
						{Pos{0, 1, 24}, sec0*1e9 + 7*v.unit, 1, 60, nil},
						{Pos{0, 2, 24 + v.size + 60}, (sec0+1)*1e9 + 999_999*v.unit, 1, 1500, nil},
					}
					for i, f := range frames {
						if fmt.Sprint(f.Frame) != fmt.Sprint(want[i]) {
							t.Errorf("frame %+v, want %+v", f.Frame, want[i])
						}
					}
					if frames[0].data != string(a) || frames[1].data != string(b) {
						t.Error("wrong data")
					}
					if !slices.Equal(w.links, []LinkType{1}) {
						t.Errorf("links %v", w.links)
					}
				})
			}
		}
	}
}

// TestPcapTolerance reads records that honest files have, odd as they are.
func TestPcapTolerance(t *testing.T) {
	good := func(i uint32) []byte { return pcapRec(le, sec0+i, 0, 40, payload(40, byte(i))) }
	for _, tt := range []struct {
		name   string
		snap   uint32
		record []byte
		nanos  int64
		note   string
	}{
		{"snaplen 0", 0, good(1), (sec0 + 1) * 1e9, ""},
		{"captured more than snaplen", 8, good(1), (sec0 + 1) * 1e9, ""},
		{"captured more than the length", 0, pcapRec(le, sec0, 0, 5, payload(40, 0)), sec0 * 1e9, ""},
		{"time steps back by years", 0, pcapRec(le, 86400*365, 0, 40, payload(40, 0)), 86400 * 365 * 1e9, ""},
		{"time beyond 2038", 0, pcapRec(le, 0xfffffffe, 0, 40, payload(40, 0)), 0xfffffffe * 1e9, ""},
		{"empty frame", 0, pcapRec(le, sec0, 0, 40, nil), sec0 * 1e9, ""},
		{"negative microseconds", 0, pcapRec(le, sec0, 0xffffffff, 40, payload(40, 0)), sec0*1e9 - 1000, "time"},
		{"2 s of microseconds", 0, pcapRec(le, sec0, 2_000_000, 40, payload(40, 0)), (sec0 + 2) * 1e9, "time"},
		{"900 kB", 0, pcapRec(le, sec0, 0, 900_000, payload(900_000, 0)), sec0 * 1e9, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := pcapFile(le, pcapMicros, tt.snap, 1, good(0), tt.record, good(2), tt.record, good(3))
			frames, w := walkBytes(t, file, 64)
			if len(frames) != 5 {
				t.Fatalf("%d frames, notes %v", len(frames), w.notes)
			}
			if frames[1].Nanos != tt.nanos || frames[3].Nanos != tt.nanos {
				t.Errorf("time %d, want %d", frames[1].Nanos, tt.nanos)
			}
			var in Input
			w.report(&in)
			switch {
			case tt.note == "" && len(in.Notes) != 0:
				t.Errorf("notes %v", in.Notes)
			case tt.note != "" && (len(in.Notes) != 1 || in.Notes[0].Kind != tt.note || in.Notes[0].Frame != 2 ||
				!strings.Contains(in.Notes[0].Text, "(2 frames)")):
				t.Errorf("notes %v", in.Notes)
			}
		})
	}
}

// TestPcapDamage puts damage between good records: all that is good is found
// again, and the note tells how much is not.
func TestPcapDamage(t *testing.T) {
	var before, after [][]byte
	for i := range uint32(5) {
		before = append(before, pcapRec(le, sec0+i, 10, 70, payload(70, byte(i))))
		after = append(after, pcapRec(le, sec0+100+i, 10, 200, payload(200, byte(i))))
	}
	header := pcapFile(le, pcapMicros, 65535, 1)
	long := pcapRec(le, sec0+50, 0, 100, payload(100, 0))
	le.PutUint32(long[8:], 0x7fffffff)
	wild := pcapRec(le, 3, 0, 100, payload(100, 0))
	le.PutUint32(wild[8:], 5000)

	for _, tt := range []struct {
		name   string
		junk   []byte
		kind   string
		lostOf int // bytes skipped
	}{
		{"zeros", make([]byte, 100_000), "damaged", 100_000},
		{"one byte", []byte{0x7f}, "damaged", 1},
		{"noise", payload(12345, 3), "damaged", 12345},
		{"length of 2 GB", long, "damaged", len(long)},
		{"plausible length, wild time", wild, "damaged", len(wild)},
		{"half a record", before[0][:50], "", 0},
		{"another file header", pcapFile(le, pcapMicros, 262144, 1), "joined", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := join(slices.Clone(header), join(nil, before...), tt.junk, join(nil, after...))
			frames, w := walkBytes(t, file, 4096)
			if tt.kind == "" {
				// Nothing but the rest tells that the record is not whole: its
				// frame swallows the beginning of the next, and is lost with it.
				if len(frames) < 9 || len(w.notes) != 1 || w.notes[0].Kind != "damaged" {
					t.Fatalf("%d frames, notes %v", len(frames), w.notes)
				}
				return
			}
			if len(frames) != 10 || len(w.notes) != 1 || w.err != nil {
				t.Fatalf("%d frames, notes %v, error %v", len(frames), w.notes, w.err)
			}
			n := w.notes[0]
			if want := (Pos{0, 6, int64(len(header) + 5*86)}); n.Kind != tt.kind || n.Pos != want {
				t.Errorf("note %v, want %s at %v", n, tt.kind, want)
			}
			if tt.kind == "damaged" && !strings.Contains(n.Text, fmt.Sprintf("; %d bytes are skipped", tt.lostOf)) {
				t.Errorf("note %q, want %d bytes", n.Text, tt.lostOf)
			}
			for i, f := range frames[5:] {
				if f.Frame.Frame != uint64(6+i) || f.data != string(after[i][16:]) {
					t.Errorf("frame %v after the damage is wrong", f.Pos)
				}
			}
		})
	}

	t.Run("no end", func(t *testing.T) {
		junk := payload(54321, 9)
		_, w := walkBytes(t, join(slices.Clone(header), before[0], junk), 4096)
		if w.frames != 1 || len(w.notes) != 1 || w.notes[0].Kind != "damaged" ||
			!strings.Contains(w.notes[0].Text, "54321 bytes are left unread") {
			t.Errorf("%d frames, notes %v", w.frames, w.notes)
		}
	})
}

// TestPcapEnd looks at what stands before the end of the file.
func TestPcapEnd(t *testing.T) {
	rec := func(i uint32) []byte { return pcapRec(le, sec0+i, 0, 40, payload(40, byte(i))) }
	for _, tt := range []struct {
		name      string
		snap      uint32
		file      []byte
		frames    int
		kinds     string
		truncated bool
	}{
		{"nothing but zeros", 0, make([]byte, 160), 0, "[damaged]", false},
		{"zeros at the end", 0, join(rec(0), make([]byte, 160)), 1, "[damaged]", false},
		{"one good record after damage", 0, join(rec(0), make([]byte, 99), rec(1)), 2, "[damaged]", false},
		{"two after damage, one cut", 0, join(rec(0), make([]byte, 99), rec(1), rec(2)[:50]), 2, "[damaged truncated]", true},
		{"three after damage, one cut", 0, join(rec(0), make([]byte, 99), rec(1), rec(2), rec(3)[:50]), 3, "[damaged truncated]", true},
		{"three after damage, one header cut", 0, join(rec(0), make([]byte, 99), rec(1), rec(2), rec(3)[:5]), 3, "[damaged truncated]", true},
		{"an unusual record, cut", 8, join(rec(0), rec(1)[:50]), 1, "[truncated]", true},
		{"no room for the length", 0, join(rec(0), words(le, sec0, 0, 900_000, 900_000), payload(3000, 1)), 1, "[truncated]", true},
		{"an impossible length", 0, join(rec(0), words(le, sec0, 0, 1<<30, 1<<30), payload(3000, 1)), 1, "[damaged]", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			frames, w := walkBytes(t, join(pcapFile(le, pcapMicros, tt.snap, 1), tt.file), 64)
			var kinds []string
			for _, n := range w.notes {
				kinds = append(kinds, n.Kind)
			}
			if len(frames) != tt.frames || fmt.Sprint(kinds) != tt.kinds || w.truncated != tt.truncated {
				t.Errorf("%d frames, truncated %v, notes %v", len(frames), w.truncated, w.notes)
			}
		})
	}
}

// TestPcapLinear bounds the bytes that are fetched from a file that is nothing
// but damage with runs of records between.
func TestPcapLinear(t *testing.T) {
	var records [][]byte
	for i := range uint32(4) {
		records = append(records, pcapRec(le, sec0+i, 0, 20, payload(20, 1)))
	}
	unit := join(nil, join(nil, records...), make([]byte, 24))
	file := pcapFile(le, pcapMicros, 0, 1)
	for len(file) < 8<<20 {
		file = append(file, unit...)
	}
	r := &countingReader{readerAt: file}
	w := newWalker(formatPcap, newReadWindow(r, nil, int64(len(file)), 4096), 0)
	frames := 0
	var f Frame
	for w.next(&f) {
		frames++
	}
	if want := len(file) / len(unit) * 4; frames < want {
		t.Errorf("%d frames, want %d", frames, want)
	}
	if r.n > 8*int64(len(file)) {
		t.Errorf("%d bytes fetched for a file of %d", r.n, len(file))
	}
	var in Input
	w.base().report(&in)
	if n := len(in.Notes); n != maxNotes+1 || in.Notes[n-1].Kind != "notes" {
		t.Errorf("%d notes, the last %v", n, in.Notes[n-1])
	}
}

type countingReader struct {
	readerAt
	n int64
}

func (r *countingReader) ReadAt(p []byte, off int64) (int, error) {
	r.n += int64(len(p))
	return r.readerAt.ReadAt(p, off)
}
