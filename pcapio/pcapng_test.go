package pcapio

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
)

func TestPcapngBlocks(t *testing.T) {
	for _, o := range []order{le, be} {
		other := be
		if o == be {
			other = le
		}
		a, b, c, d := payload(61, 1), payload(64, 2), payload(30, 3), payload(44, 4)
		const us, ns = uint64(sec0) * 1e6, uint64(sec0) * 1e9
		file := join(nil,
			shb(o),
			block(o, 0x77777777, payload(100, 0)), // unknown
			idb(o, 1, 0),
			idb(o, 113, 20, option(o, 2, 'e', 't', 'h', '0', '1'), option(o, 9, 9), option(o, 0)),
			idb(o, 276, 0, option(o, 9, 0x80|10), option(o, 14, o.AppendUint64(nil, math.MaxUint64-1)...)),
			epb(o, 0, us+5, 61, a),
			epb(o, 1, ns+7, 1500, b),
			block(o, blockStats, words(o, 0, 1, 2)),
			epb(o, 2, uint64(sec0)<<10+512, 30, c),
			block(o, blockCustom, words(o, 32473), payload(20, 0)),
			spb(o, 100, d),
			block(o, blockPacket, halves(o, 1, 3), words(o, uint32((ns+9)>>32), uint32((ns+9)&math.MaxUint32), 44, 44), d),
			shb(other),
			idb(other, 101, 40),
			spb(other, 70, payload(70, 5)),
			epb(other, 0, us+1e6, 61, a),
		)
		// Interface 0 counts us, 1 ns, 2 1/1024 s with an offset of -2 s.
		frames, w := walkBytes(t, file, 64)
		want := []struct {
			number uint64
			nanos  int64
			link   LinkType
			orig   int
			data   []byte
		}{
			{1, sec0*1e9 + 5000, 1, 61, a},
			{2, sec0*1e9 + 7, 113, 1500, b},
			{3, (sec0-2)*1e9 + 5e8, 276, 30, c},
			{5, (sec0-2)*1e9 + 5e8, 1, 100, d}, // 4 is the custom block, as Wireshark counts
			{6, sec0*1e9 + 9, 113, 44, d},
			{7, sec0*1e9 + 9, 101, 70, payload(70, 5)[:40]},
			{8, (sec0 + 1) * 1e9, 101, 61, a},
		}
		if len(frames) != len(want) {
			t.Fatalf("%d frames, notes %v", len(frames), w.notes)
		}
		for i, f := range frames {
			v := want[i]
			if f.Frame.Frame != v.number || f.Nanos != v.nanos || f.Link != v.link || f.Orig != v.orig || f.data != string(v.data) {
				t.Errorf("%v: frame %+v (%d bytes), want %d %d %d %d (%d bytes)", o, f.Frame, len(f.data), v.number, v.nanos, v.link, v.orig, len(v.data))
			}
		}
		if !slices.Equal(w.links, []LinkType{1, 113, 276, 101}) {
			t.Errorf("links %v", w.links)
		}
		if len(w.notes) != 2 || w.notes[0].Kind != "block" || w.notes[1].Kind != "time" || w.notes[1].Frame != 5 || w.frames != 7 {
			t.Errorf("notes %v, %d frames", w.notes, w.frames)
		}
	}
}

func TestPcapngDamage(t *testing.T) {
	head := join(nil, shb(le), idb(le, 1, 0))
	var before, after [][]byte
	for i := range uint64(4) {
		before = append(before, epb(le, 0, sec0*1e6+i, 70, payload(70, byte(i))))
		after = append(after, epb(le, 0, sec0*1e6+100+i, 200, payload(200, byte(i))))
	}
	edit := func(b []byte, off int, v uint32) []byte {
		b = slices.Clone(b)
		le.PutUint32(b[off:], v)
		return b
	}
	one := before[0]
	for _, tt := range []struct {
		name   string
		junk   []byte
		kind   string
		text   string
		frames int // beyond the eight good ones
	}{
		{"zeros", make([]byte, 4096), "damaged", "4096 bytes are skipped", 0},
		{"odd noise", payload(4097, 0), "damaged", "4097 bytes are skipped", 0},
		{"bad trailer", edit(one, len(one)-4, 7), "damaged", "two lengths differ", 1},
		{"bad length", edit(one, 4, 40), "damaged", "104 bytes are skipped", 0},
		{"huge length", edit(one, 4, 0x7ffffffc), "damaged", "104 bytes are skipped", 0},
		{"captured length beyond the block", edit(one, 20, 71), "", "", 1}, // the padding has room
		{"captured length far beyond", edit(one, 20, 0xffffffff), "damaged", "room for 72", 1},
		{"block too short for its type", block(le, blockEnhanced, words(le, 0)), "damaged", "passed over", 0},
		{"unknown interface", edit(one, 8, 9), "interface", "interface 9", 1},
		{"unaligned length, aligned block", edit(edit(one, 4, 103), len(one)-4, 103), "", "", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := join(slices.Clone(head), join(nil, before...), tt.junk, join(nil, after...))
			frames, w := walkBytes(t, file, 4096)
			if len(frames) != 8+tt.frames || w.err != nil {
				t.Fatalf("%d frames, notes %v, error %v", len(frames), w.notes, w.err)
			}
			if tt.kind == "" && len(w.notes) == 0 {
				return
			}
			if len(w.notes) != 1 || w.notes[0].Kind != tt.kind || !strings.Contains(w.notes[0].Text, tt.text) ||
				w.notes[0].Pos != (Pos{0, 5, int64(len(head) + 4*len(one))}) {
				t.Errorf("notes %v", w.notes)
			}
			for i, f := range frames[4+tt.frames:] {
				if f.data != string(payload(200, byte(i))) || f.Link != 1 {
					t.Errorf("frame %v after the damage is wrong", f.Pos)
				}
			}
			if tt.kind == "interface" && frames[4].Link != LinkUnknown {
				t.Errorf("link %d", frames[4].Link)
			}
		})
	}

	t.Run("length without padding", func(t *testing.T) {
		odd := edit(one[:len(one)-1], 4, uint32(len(one)-1))
		le.PutUint32(odd[len(odd)-4:], uint32(len(odd)))
		frames, w := walkBytes(t, join(head, odd, one, odd, one), 64)
		if len(frames) != 4 || len(w.notes) != 0 || frames[3].data != string(payload(70, 0)) {
			t.Errorf("%d frames, notes %v", len(frames), w.notes)
		}
	})

	t.Run("custom block cut", func(t *testing.T) {
		_, w := walkBytes(t, join(head, one, block(le, blockCustom, payload(300, 0))[:200]), 64)
		if !w.truncated || len(w.notes) != 1 || w.notes[0].Kind != "truncated" || w.frames != 1 {
			t.Errorf("%d frames, notes %v", w.frames, w.notes)
		}
	})

	t.Run("section header damaged", func(t *testing.T) {
		bad := edit(shb(le), 4, 64)
		frames, w := walkBytes(t, join(head, one, bad, idb(le, 113, 0), one, one, one), 64)
		if len(frames) != 4 || len(w.notes) != 1 || frames[1].Link != 113 {
			t.Errorf("%d frames, notes %v", len(frames), w.notes)
		}
	})

	t.Run("length beyond the file", func(t *testing.T) {
		bad := edit(one, 4, 1<<20)
		frames, w := walkBytes(t, join(head, one, bad, one, one, one), 64)
		if len(frames) != 4 || len(w.notes) != 1 || w.notes[0].Kind != "damaged" || w.truncated {
			t.Errorf("%d frames, notes %v", len(frames), w.notes)
		}
	})

	t.Run("interface lost", func(t *testing.T) {
		bad := idb(le, 113, 0)
		bad[4], bad[16] = 13, 13
		file := join(nil, shb(le), idb(le, 1, 0), bad, idb(le, 276, 0),
			epb(le, 2, sec0*1e6, 70, payload(70, 0)), epb(le, 1, sec0*1e6, 70, payload(70, 0)), epb(le, 0, sec0*1e6, 70, payload(70, 0)))
		frames, _ := walkBytes(t, file, 4096)
		var links []LinkType
		for _, f := range frames {
			links = append(links, f.Link)
		}
		if !slices.Equal(links, []LinkType{276, LinkUnknown, 1}) {
			t.Errorf("links %v: interfaces changed numbers", links)
		}
	})
}

// TestPcapngVersion passes over a section of another major version (section
// 4.1 of the draft).
func TestPcapngVersion(t *testing.T) {
	other := shb(le)
	other[12] = 2
	good := join(shb(le), idb(le, 1, 0), epb(le, 0, 1, 60, payload(60, 0)))
	frames, w := walkBytes(t, join(nil, good, other, good[28:], good), 64)
	if len(frames) != 2 || len(w.notes) != 1 || w.notes[0].Kind != "version" || frames[1].Frame.Frame != 2 {
		t.Errorf("%d frames, notes %v", len(frames), w.notes)
	}
}

// TestClock compares with exact rational arithmetic.
func TestClock(t *testing.T) {
	stamps := []uint64{0, 1, 999_999, sec0, sec0 * 1e3, sec0 * 1e6, sec0*1e6 + 1, sec0 * 1e9, 1 << 40, 1<<63 - 1, 1 << 63, math.MaxUint64}
	offsets := []int64{0, 1, -1, sec0, -sec0, math.MaxInt64, math.MinInt64}
	for res := range 256 {
		for _, off := range offsets {
			c := newClock(byte(res), off)
			for _, ts := range stamps {
				want := exactNanos(ts, byte(res), off)
				if have := c.nanos(ts); have != want {
					t.Fatalf("resolution %#x, offset %d, stamp %d: %d, want %d", res, off, ts, have, want)
				}
			}
		}
	}
}

// exactNanos is floor(ts * 1e9 / base^exp), at most 2^63-1, plus the offset,
// each kept within 64 bits.
func exactNanos(ts uint64, res byte, off int64) int64 {
	base := int64(10)
	if res&0x80 != 0 {
		base = 2
	}
	div := new(big.Int).Exp(big.NewInt(base), big.NewInt(int64(res&0x7f)), nil)
	n := new(big.Int).SetUint64(ts)
	n.Mul(n, big.NewInt(1e9)).Div(n, div)
	o := new(big.Int).Mul(big.NewInt(off), big.NewInt(1e9))
	return limit(n.SetInt64(limit(n)).Add(n, o.SetInt64(limit(o))))
}

func limit(n *big.Int) int64 {
	switch {
	case n.IsInt64():
		return n.Int64()
	case n.Sign() < 0:
		return math.MinInt64
	}
	return math.MaxInt64
}

// TestTruncation cuts a capture at every offset: frames before the cut are the
// same, and every cut that is not between two records is noted.
func TestTruncation(t *testing.T) {
	var pcapRecs, ngRecs [][]byte
	for i := range 6 {
		data := payload(40+i, byte(i))
		pcapRecs = append(pcapRecs, pcapRec(le, uint32(sec0+i), 5, 60, data))
		ngRecs = append(ngRecs, epb(be, 0, sec0*1e6+uint64(i), 60, data))
	}
	ngRecs = append([][]byte{shb(be), idb(be, 1, 0)}, slices.Insert(ngRecs, 3, block(be, blockNames, words(be, 0)))...)
	for name, parts := range map[string][][]byte{
		"pcap":   append([][]byte{pcapFile(le, pcapMicros, 65535, 1)}, pcapRecs...),
		"pcapng": ngRecs,
	} {
		t.Run(name, func(t *testing.T) {
			file := join(nil, parts...)
			whole, _ := walkBytes(t, file, 64)
			if len(whole) != 6 {
				t.Fatalf("%d frames in the whole file", len(whole))
			}
			var ends []int // of records
			for n, i := 0, 0; i < len(parts); i++ {
				n += len(parts[i])
				ends = append(ends, n)
			}
			for cut := 4; cut <= len(file); cut++ {
				frames, w := walkBytes(t, file[:cut:cut], 64)
				complete := 0
				for _, f := range whole {
					i := slices.IndexFunc(ends, func(e int) bool { return int64(e) > f.Off })
					if ends[i] <= cut {
						complete++
					}
				}
				if len(frames) != complete || fmt.Sprint(frames) != fmt.Sprint(whole[:complete]) {
					t.Fatalf("cut at %d: %d frames, want %d; notes %v", cut, len(frames), complete, w.notes)
				}
				clean := slices.Contains(ends, cut)
				if w.truncated == clean || len(w.notes) != map[bool]int{true: 0, false: 1}[clean] {
					t.Errorf("cut at %d: truncated %v, notes %v", cut, w.truncated, w.notes)
				}
				for _, n := range w.notes {
					if n.Kind != "truncated" || n.Frame != uint64(complete+1) {
						t.Errorf("cut at %d: %v", cut, n)
					}
				}
			}
		})
	}
}
