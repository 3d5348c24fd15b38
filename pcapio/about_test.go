package pcapio

import (
	"bytes"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// inputOf walks a file and returns what is reported of it.
func inputOf(tb testing.TB, file []byte) Input {
	tb.Helper()
	_, w := walkBytes(tb, file, 64)
	var in Input
	w.report(&in)
	return in
}

func notesOf(in Input, kind string) []Note {
	var notes []Note
	for _, n := range in.Notes {
		if n.Kind == kind {
			notes = append(notes, n)
		}
	}
	return notes
}

func TestInterfaces(t *testing.T) {
	for _, o := range []order{le, be} {
		const us = uint64(sec0) * 1e6
		file := join(nil,
			shb(o),
			idb(o, 1, 96,
				option(o, optName, []byte("eth0\x00")...), // some count the zero
				option(o, optDescription, []byte("Leitung \xff 1")...),
				option(o, optSpeed, o.AppendUint64(nil, 10_000_000_000)...),
				option(o, optFilter, []byte("\x00udp port 5060")...),
				option(o, optOS, []byte("Linux 6.1")...),
				option(o, optHardware, []byte("i210")...),
				option(o, 2988, join(words(o, 32473), []byte("a custom string"))...), // custom, text
				option(o, 2989, join(words(o, 32473), payload(7, 0))...),             // custom, bytes
				option(o, 19372, payload(3, 0)...),                                   // too short to be one
				option(o, optEnd)),
			idb(o, 113, 0, option(o, optFilter, join([]byte{1}, payload(16, 0))...)), // a compiled program
			epb(o, 1, us, 20, payload(20, 0)),
			epb(o, 0, us, 20, payload(20, 0)),
			spb(o, 20, payload(20, 0)),
			shb(o),
			idb(o, 101, 0, option(o, optName, []byte("tun0")...)),
			epb(o, 0, us, 20, payload(20, 0)),
		)
		in := inputOf(t, file)
		want := []Interface{
			{
				Link: 1, Snaplen: 96, Name: "eth0", Description: "Leitung \ufffd 1", Hardware: "i210", OS: "Linux 6.1",
				Filter: "udp port 5060", Speed: 10_000_000_000, Frames: 2,
			},
			{Link: 113, Frames: 1},
			{Link: 101, Name: "tun0", Frames: 1},
		}
		if !reflect.DeepEqual(in.Interfaces, want) {
			t.Errorf("%v: interfaces %+v", o, in.Interfaces)
		}
		if in.Counted || in.Dropped != 0 || len(notesOf(in, "damaged")) != 0 {
			t.Errorf("%v: dropped %v %d, notes %v", o, in.Counted, in.Dropped, in.Notes)
		}
	}
}

// TestDrops follows the counters of statistics and of packets: what both tell
// is told once.
func TestDrops(t *testing.T) {
	const us = uint64(sec0) * 1e6
	const at = int64(sec0) * 1e9
	u64 := func(o order, v uint64) []byte { return o.AppendUint64(nil, v) }
	type drop struct {
		iface    int
		from, to int64
		frames   uint64
	}
	for _, o := range []order{le, be} {
		pkt := func(id uint32, ts uint64, drops uint64) []byte {
			return block(o, blockEnhanced, words(o, id, uint32(ts>>32), uint32(ts&0xffffffff), 4, 4), payload(4, 0),
				option(o, optDropCount, u64(o, drops)...), option(o, optEnd))
		}
		old := func(id, drops uint16, ts uint64) []byte {
			return block(o, blockPacket, halves(o, id, drops), words(o, uint32(ts>>32), uint32(ts&0xffffffff), 4, 4), payload(4, 0))
		}
		head := join(nil, shb(o), idb(o, 1, 0, option(o, optName, []byte("eth0")...)), idb(o, 1, 0))
		started := block(o, blockStats, words(o, 1, uint32((us+9)>>32), uint32((us+9)&0xffffffff)),
			option(o, optStartTime, words(o, uint32((us-1e6)>>32), uint32((us-1e6)&0xffffffff))...),
			option(o, optReceived, u64(o, 50)...), option(o, optOSDropped, u64(o, 4)...))
		for _, tt := range []struct {
			name    string
			blocks  [][]byte
			counted bool
			drops   []drop
			note    string
		}{
			{"no counter", [][]byte{epb(o, 0, us, 4, payload(4, 0))}, false, nil, ""},
			{"not known", [][]byte{old(0, 0xffff, us)}, false, nil, ""},
			{"none", [][]byte{isb(o, 0, us, 10, 0, 0), pkt(0, us, 0)}, true, nil, ""},
			{"statistics", [][]byte{isb(o, 0, us+1, 10, 2, 3), isb(o, 0, us+2, 20, 2, 3), isb(o, 0, us+3, 30, 2, 13)}, true,
				[]drop{{0, math.MinInt64, at + 1000, 5}, {0, at + 2000, at + 3000, 10}}, "15 frames (eth0 15)"},
			{"statistics with a start", [][]byte{started}, true, []drop{{1, at - 1e9, at + 9000, 4}}, "4 frames (interface 1 4)"},
			{"packets", [][]byte{pkt(0, us, 1), pkt(1, us+1, 7), pkt(0, us+2, 0), pkt(0, us+5, 6)}, true,
				[]drop{{0, math.MinInt64, at, 1}, {1, math.MinInt64, at + 1000, 7}, {0, at + 2000, at + 5000, 6}}, "14 frames (eth0 7, interface 1 7)"},
			{"packets, obsolete", [][]byte{old(1, 3, us), old(1, 0xffff, us+4), old(1, 2, us+7)}, true,
				[]drop{{1, math.MinInt64, at, 3}, {1, at + 4000, at + 7000, 2}}, "5 frames"},
			{"both", [][]byte{pkt(0, us, 5), isb(o, 0, us+3, 30, 5, 0), pkt(0, us+4, 2), isb(o, 0, us+6, 30, 8, 1)}, true,
				[]drop{{0, math.MinInt64, at, 5}, {0, at + 3000, at + 4000, 2}, {0, at + 4000, at + 6000, 2}}, "9 frames"},
			{"time steps back", [][]byte{pkt(0, us, 1), pkt(0, us-1e6, 2)}, true,
				[]drop{{0, math.MinInt64, at, 1}, {0, at - 1e9, at - 1e9, 2}}, "3 frames"},
			{"beyond 64 bits", [][]byte{isb(o, 0, us, 1, math.MaxUint64, math.MaxUint64), pkt(1, us, math.MaxUint64)}, true,
				[]drop{{0, math.MinInt64, at, 2 * math.MaxInt64}, {1, math.MinInt64, at, math.MaxUint64}}, "18446744073709551615 frames"},
		} {
			t.Run(fmt.Sprintf("%s/%v", tt.name, o), func(t *testing.T) {
				in := inputOf(t, join(slices.Clone(head), tt.blocks...))
				var drops []drop
				var sum uint64
				for _, d := range in.Drops {
					drops = append(drops, drop{d.Interface, d.From, d.To, d.Frames})
					sum = addSaturated(sum, d.Frames)
				}
				if in.Counted != tt.counted || !slices.Equal(drops, tt.drops) || in.Dropped != sum {
					t.Errorf("counted %v, dropped %d, drops %v", in.Counted, in.Dropped, drops)
				}
				switch notes := notesOf(in, "drop"); {
				case tt.note == "" && len(notes) > 0:
					t.Errorf("notes %v", notes)
				case tt.note != "" && (len(notes) != 1 || !strings.Contains(notes[0].Text, tt.note) || notes[0].Pos != in.Drops[0].Pos):
					t.Errorf("notes %v, want %q", notes, tt.note)
				}
			})
		}

		in := inputOf(t, join(slices.Clone(head), pkt(0, us, 1), isb(o, 0, us+1, 10, 2, 3), isb(o, 0, us+2, 20, 2, 3), isb(o, 7, us, 1, 1, 1)))
		want := Stats{Pos{0, 2, int64(len(head) + len(pkt(0, us, 1)) + len(isb(o, 0, us, 0, 0, 0)))}, at + 2000, 2, 20, -1, -1, 2, 3}
		if have := in.Interfaces[0].Stats; have != want {
			t.Errorf("statistics %+v, want %+v", have, want)
		}
		if n := notesOf(in, "interface"); len(n) != 1 || !strings.Contains(n[0].Text, "statistics of interface 7") {
			t.Errorf("notes %v", in.Notes)
		}
	}
}

func TestComments(t *testing.T) {
	text := func(o order, s string) []byte { return option(o, optComment, []byte(s)...) }
	for _, o := range []order{le, be} {
		parts := [][]byte{
			block(o, blockSection, words(o, sectionMagic), halves(o, 1, 0), words(o, 0xffffffff, 0xffffffff), option(o, 2, 'p', 'c'), text(o, "night shift")),
			idb(o, 1, 0, text(o, "mirror port")),
			block(o, blockEnhanced, words(o, 0, 0, 1, 4, 4), payload(4, 0), text(o, "one"), text(o, "two \xe2\x98\x8e"), option(o, optEnd), text(o, "behind the end")),
			block(o, blockNames, words(o, 0), text(o, "names")),
			block(o, blockStats, words(o, 0, 0, 1), text(o, "statistics")),
			block(o, blockSecrets, words(o, uint32(SecretsTLS), 1), []byte("K\x00\x00\x00"), text(o, "keys")),
			block(o, blockPacket, halves(o, 0, 0), words(o, 0, 1, 3, 3), payload(3, 0), []byte{0}, text(o, "old \xff\x00")),
		}
		in := inputOf(t, join(nil, parts...))
		type comment struct {
			part  int // whose block it is in
			frame uint64
			on    string
			text  string
		}
		want := []comment{
			{0, 1, "section", "night shift"}, {1, 1, "interface", "mirror port"},
			{2, 1, "packet", "one"}, {2, 1, "packet", "two \u260e"},
			{3, 2, "names", "names"}, {4, 2, "statistics", "statistics"}, {5, 2, "secrets", "keys"},
			{6, 2, "packet", "old \ufffd"},
		}
		if len(in.Comments) != len(want) {
			t.Fatalf("comments %v", in.Comments)
		}
		for i, c := range in.Comments {
			v := want[i]
			if off := len(join(nil, parts[:v.part]...)); c != (Comment{Pos{0, v.frame, int64(off)}, v.on, v.text}) {
				t.Errorf("comment %+v, want %+v at %d", c, v, off)
			}
		}
		if len(in.Notes) != 0 {
			t.Errorf("notes %v", in.Notes)
		}
	}
}

func TestNamesAndKeys(t *testing.T) {
	for _, o := range []order{le, be} {
		four, six := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("2001:db8::1")
		record := func(typ uint16, v ...[]byte) []byte { return option(o, typ, join(nil, v...)...) }
		in := inputOf(t, join(nil, shb(o), idb(o, 1, 0),
			block(o, blockNames,
				record(recordIPv4, four.AsSlice(), []byte("pbx.example\x00pbx\x00")),
				record(recordIPv4, four.AsSlice(), []byte("pbx\x00gw\x00")),
				record(recordIPv6, six.AsSlice(), []byte("phone\x00")),
				record(recordIPv6, four.AsSlice()),            // too short
				record(3, payload(6, 0), []byte("a MAC\x00")), // of no use here
				record(recordEnd)),
			block(o, blockNames, record(recordIPv4, four.AsSlice(), []byte("no zero")), halves(o, recordIPv4, 400), payload(8, 0)),
			block(o, blockSecrets, words(o, uint32(SecretsTLS), 13), []byte("CLIENT_RANDOM\x00\x00\x00")),
			block(o, blockSecrets, words(o, 0x5353484b, 5000), payload(10, 3)), // SSH; runs over its end
			block(o, blockCustom, words(o, 32473), payload(9, 0)),
			block(o, blockPrivate, words(o, 32473)),
			block(o, blockCustom, words(o, 7)),
			block(o, blockCustom), // no room for a number
		))
		names := map[netip.Addr][]string{four: {"pbx.example", "pbx", "gw", "no zero"}, six: {"phone"}}
		if !reflect.DeepEqual(in.Names, names) {
			t.Errorf("names %v", in.Names)
		}
		if len(in.Secrets) != 2 || in.Secrets[0].Type != SecretsTLS || string(in.Secrets[0].Data) != "CLIENT_RANDOM" ||
			in.Secrets[1].Type != 0x5353484b || !bytes.Equal(in.Secrets[1].Data, join(payload(10, 3), []byte{0, 0})) {
			t.Errorf("secrets %+v", in.Secrets)
		}
		if !reflect.DeepEqual(in.Custom, map[uint32]uint64{32473: 2, 7: 1}) {
			t.Errorf("custom blocks %v", in.Custom)
		}
		if n := notesOf(in, "damaged"); len(n) != 2 || !strings.Contains(n[0].Text, "(2 blocks)") || !strings.Contains(n[1].Text, "12 bytes") && !strings.Contains(n[1].Text, "where 16") {
			t.Errorf("notes %v", in.Notes)
		}
	}
}

// TestBadOptions puts options with bad lengths into every block that has some.
func TestBadOptions(t *testing.T) {
	for _, o := range []order{le, be} {
		bad := join(option(o, optComment, []byte("good")...), halves(o, optComment, 999), payload(4, 0))
		for name, b := range map[string][]byte{
			"section":    block(o, blockSection, words(o, sectionMagic), halves(o, 1, 0), words(o, 0xffffffff, 0xffffffff), bad),
			"interface":  idb(o, 1, 0, bad),
			"packet":     block(o, blockEnhanced, words(o, 0, 0, 1, 4, 4), payload(4, 0), bad),
			"statistics": block(o, blockStats, words(o, 0, 0, 1), bad),
			"names":      block(o, blockNames, words(o, 0), bad),
			"secrets":    block(o, blockSecrets, words(o, 1, 0), bad),
		} {
			in := inputOf(t, join(nil, shb(o), idb(o, 1, 0), b, idb(o, 1, 0), epb(o, 0, 5, 4, payload(4, 0))))
			if n := notesOf(in, "damaged"); len(n) != 1 || !strings.Contains(n[0].Text, "option runs over") {
				t.Errorf("%s: notes %v", name, in.Notes)
			}
			if len(in.Comments) != 1 || in.Comments[0].On != name || in.Comments[0].Text != "good" {
				t.Errorf("%s: comments %v", name, in.Comments)
			}
		}
		// Values of a wrong size are as if they were not there.
		in := inputOf(t, join(nil, shb(o),
			idb(o, 1, 0, option(o, optTsresol, 9, 9), option(o, optTsoffset, 1), option(o, optSpeed, 1, 2), option(o, optFilter), option(o, optName)),
			block(o, blockEnhanced, words(o, 0, 0, 7, 4, 4), payload(4, 0), option(o, optDropCount, 1, 2, 3)),
			block(o, blockStats, words(o, 0, 0, 1), option(o, optIfDropped, 1, 2, 3, 4))))
		if in.Last.UnixNano() != 7000 || in.Counted || in.Interfaces[0].Speed != 0 || len(in.Notes) != 0 {
			t.Errorf("%+v", in)
		}
	}
}

// TestAboutBounded floods a walk with all that it keeps.
func TestAboutBounded(t *testing.T) {
	text := strings.Repeat("x", 60_000)
	file := join(nil, shb(le))
	for range maxDescribed + 10 {
		file = append(file, idb(le, 1, 0, option(le, optName, []byte("eth")...))...)
	}
	many := join(nil, words(le, 0, 0, 0, 4, 4), payload(4, 0), option(le, optDropCount, 1, 0, 0, 0, 0, 0, 0, 0))
	const packets = maxDrops + 5000
	for i := range uint32(packets) {
		le.PutUint32(many[8:], i)
		file = append(file, block(le, blockEnhanced, many)...)
	}
	for range 40 {
		file = append(file, block(le, blockEnhanced, words(le, 0, 0, packets, 4, 4), payload(4, 0), option(le, optComment, []byte(text)...))...)
	}
	for i := range uint32(300) {
		file = append(file, block(le, blockNames, option(le, recordIPv4, join([]byte{10, 0, 0, 1}, fmt.Appendf(nil, "name%d", i))...))...)
		file = append(file, block(le, blockCustom, words(le, i<<16))...)
	}
	for range 20 {
		file = append(file, block(le, blockSecrets, words(le, 1, 1<<20), make([]byte, 1<<20))...)
	}
	file = append(file, block(le, blockSecrets, words(le, 1, maxBlock), make([]byte, maxBlock))...)
	_, w := walkBytes(t, file, 4096)
	var in Input
	w.report(&in)
	kept := 0
	for _, c := range in.Comments {
		kept += len(c.Text)
	}
	for _, i := range in.Interfaces {
		kept += len(i.Name)
	}
	keys := 0
	for _, s := range in.Secrets {
		keys += len(s.Data)
	}
	if kept > maxAbout || kept < maxAbout/2 || keys > maxSecrets || keys < maxSecrets/2 ||
		len(in.Interfaces) != maxDescribed || len(in.Drops) != maxDrops || in.Dropped != packets {
		t.Errorf("%d bytes, %d of keys, %d interfaces, %d drops of %d", kept, keys, len(in.Interfaces), len(in.Drops), in.Dropped)
	}
	if d := in.Drops[maxDrops-1]; d.To != (packets-1)*1000 || d.Frames != 5001 {
		t.Errorf("the last drop %+v", d)
	}
	if n := notesOf(in, "metadata"); len(n) != 2 {
		t.Errorf("notes %v", in.Notes)
	}
}

// checkAbout checks what holds of every input.
func checkAbout(tb testing.TB, in Input, frames uint64) {
	tb.Helper()
	var sum, seen uint64
	for _, d := range in.Drops {
		sum = addSaturated(sum, d.Frames)
		if d.Frames == 0 || d.From > d.To || d.Interface >= len(in.Interfaces) {
			tb.Errorf("drop %+v of %d interfaces", d, len(in.Interfaces))
		}
	}
	if sum != in.Dropped || len(in.Drops) > 0 && !in.Counted {
		tb.Errorf("dropped %d, %d in all drops, counted %v", in.Dropped, sum, in.Counted)
	}
	for _, i := range in.Interfaces {
		seen += i.Frames
		if !utf8.ValidString(i.Name + i.Description + i.Hardware + i.OS + i.Filter) {
			tb.Errorf("interface %+v", i)
		}
	}
	if seen > frames {
		tb.Errorf("%d frames of interfaces, %d in all", seen, frames)
	}
	for _, c := range in.Comments {
		if !utf8.ValidString(c.Text) || c.Text == "" || c.Off < 0 {
			tb.Errorf("comment %+v", c)
		}
	}
}
