package pcapio

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// A ruleFile is a capture, in parts: headers and records, or blocks.
type ruleFile struct {
	name  string
	parts [][]byte
	// ambiguous is how many parts have to be whole before the file can be told
	// from one of another dialect.
	ambiguous int
}

// ruleFiles makes a capture for each rule of the formats.
func ruleFiles() []ruleFile {
	var files []ruleFile
	for _, o := range []order{le, be} {
		for _, d := range dialects {
			f := ruleFile{name: fmt.Sprintf("pcap, %s, %v", d.name, o), parts: d.file(o, 6)}
			if d.extra != nil {
				f.ambiguous = 4
			}
			files = append(files, f)
		}
		const us = uint64(sec0) * 1e6
		pkt := func(i int, options ...[]byte) []byte {
			data := payload(40+i, byte(i))
			for len(data)%4 != 0 && len(options) > 0 {
				data = append(data, 0)
			}
			return block(o, blockEnhanced, words(o, 0, uint32((us+uint64(i))>>32), uint32((us+uint64(i))&0xffffffff), uint32(40+i), 90), data, join(nil, options...))
		}
		other := be
		if o == be {
			other = le
		}
		head := [][]byte{shb(o), idb(o, 1, 0, option(o, optName, []byte("eth0")...), option(o, optComment, []byte("an interface")...), option(o, optEnd))}
		for _, f := range []struct {
			name   string
			blocks [][]byte
		}{
			{"options of packets", [][]byte{
				pkt(0, option(o, 2, 0, 0, 0, 1), option(o, optEnd)),
				pkt(1, option(o, optComment, []byte("first")...), option(o, optComment, []byte("second")...)),
				pkt(2, option(o, optDropCount, o.AppendUint64(nil, 7)...), option(o, 2988, join(words(o, 32473), []byte("text"))...)),
			}},
			{"obsolete and simple packets", [][]byte{
				block(o, blockPacket, halves(o, 0, 3), words(o, uint32(us>>32), uint32(us&0xffffffff), 8, 8), payload(8, 1)),
				spb(o, 33, payload(33, 2)),
				block(o, blockPacket, halves(o, 0, 0xffff), words(o, uint32(us>>32), uint32(us&0xffffffff), 9, 9), payload(9, 1)),
			}},
			{"statistics", [][]byte{pkt(0), isb(o, 0, us, 100, 2, 3), pkt(1), isb(o, 0, us+1, 200, 2, 9)}},
			{"names", [][]byte{
				block(o, blockNames, halves(o, 1, 9), []byte("\x0a\x00\x00\x01pbx\x00\x00\x00\x00\x00"), words(o, 0), option(o, optComment, []byte("names")...)),
				pkt(0),
			}},
			{"keys", [][]byte{block(o, blockSecrets, words(o, uint32(SecretsTLS), 5), []byte("KEYS\n")), pkt(0)}},
			{"custom blocks", [][]byte{
				pkt(0), block(o, blockCustom, words(o, 32473), payload(21, 0)), block(o, blockPrivate, words(o, 1)), pkt(1),
				block(o, blockJournal, []byte("MESSAGE=hello\n\n")), block(o, 0x12345678, payload(40, 9)), pkt(2),
			}},
			{"sections", [][]byte{
				pkt(0), shb(other), idb(other, 113, 0), epb(other, 0, us+5, 20, payload(20, 3)),
				sectionOf(o, 72), idb(o, 1, 0), pkt(1),
			}},
		} {
			files = append(files, ruleFile{name: fmt.Sprintf("pcapng, %s, %v", f.name, o), parts: slices.Concat(head, f.blocks)})
		}
	}
	return files
}

// sectionOf is a section header that tells the section's length.
func sectionOf(o order, length uint64) []byte {
	b := shb(o)
	o.PutUint64(b[16:], length)
	return b
}

// isb is a statistics block with counters.
func isb(o order, id uint32, ts, received, ifdrop, osdrop uint64) []byte {
	return block(o, blockStats, words(o, id, uint32(ts>>32), uint32(ts)),
		option(o, optReceived, o.AppendUint64(nil, received)...),
		option(o, optIfDropped, o.AppendUint64(nil, ifdrop)...),
		option(o, optOSDropped, o.AppendUint64(nil, osdrop)...),
		option(o, optEnd))
}

// TestEveryCut cuts a file of every rule at every offset: the frames before
// the cut are the same, and a cut inside a record or block is told.
func TestEveryCut(t *testing.T) {
	for _, rule := range ruleFiles() {
		t.Run(rule.name, func(t *testing.T) {
			file := join(nil, rule.parts...)
			var ends []int
			for n, i := 0, 0; i < len(rule.parts); i++ {
				n += len(rule.parts[i])
				ends = append(ends, n)
			}
			whole, w := walkBytes(t, file, 64)
			if len(whole) == 0 || w.truncated || w.err != nil {
				t.Fatalf("%d frames in the whole file, notes %v", len(whole), w.notes)
			}
			first := 4
			if rule.ambiguous > 0 {
				first = ends[rule.ambiguous-1]
			}
			for cut := first; cut <= len(file); cut++ {
				frames, w := walkBytes(t, file[:cut:cut], 64)
				parts, between := slices.BinarySearch(ends, cut)
				if between {
					parts++
				}
				complete := 0
				for _, f := range whole {
					if parts > 0 && f.Off < int64(ends[parts-1]) {
						complete++
					}
				}
				if fmt.Sprint(frames) != fmt.Sprint(whole[:complete]) {
					t.Fatalf("cut at %d: %d frames, want %d; notes %v", cut, len(frames), complete, w.notes)
				}
				told := slices.ContainsFunc(w.notes, func(n Note) bool { return n.Kind == "truncated" })
				if told == between || w.truncated == between {
					t.Errorf("cut at %d: truncated %v, notes %v", cut, w.truncated, w.notes)
				}
			}
		})
	}
}

// TestEveryDamage puts garbage over, or between, the bytes at every offset of
// a file. All frames before it are used; behind it no more than two are lost;
// and if any is lost, or differs in length, a note says so.
func TestEveryDamage(t *testing.T) {
	const records = 14
	const us = uint64(sec0) * 1e6
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 200)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	var classic, blocks [][]byte
	classic = append(classic, pcapFile(le, pcapMicros, 65535, 1))
	blocks = append(blocks, shb(le), idb(le, 1, 0))
	for i := range records {
		data := payload(30+i*5, byte(i))
		classic = append(classic, pcapRec(le, sec0+uint32(i), 5, uint32(len(data)), data))
		blocks = append(blocks, epb(le, 0, us+uint64(i), uint32(len(data)), data))
	}
	for _, tt := range []struct {
		name  string
		parts [][]byte
	}{{"pcap", classic}, {"pcapng", blocks}} {
		file := join(nil, tt.parts...)
		whole, _ := walkBytes(t, file, 4096)
		ends := make([]int64, records) // of frames
		for i, f := range whole {
			ends[i] = f.Off + int64(len(tt.parts[len(tt.parts)-records+i]))
		}
		for _, junk := range []struct {
			kind  string
			bytes []byte
		}{
			{"zeros", make([]byte, 200)}, {"ones", slices.Repeat([]byte{0xff}, 200)}, {"noise", noise},
			{"text", slices.Repeat([]byte("lorem ipsum "), 17)},
		} {
			for _, size := range []int{1, 4, 17, 150} {
				for _, insert := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/%d %s, inserted %v", tt.name, size, junk.kind, insert), func(t *testing.T) {
						for at := int(whole[0].Off); at < len(file); at++ {
							end, shift := min(at+size, len(file)), int64(0)
							if insert {
								end, shift = at, int64(size)
							}
							damaged := join(nil, file[:at], junk.bytes[:size], file[end:])
							if !insert {
								damaged = damaged[:len(file)]
							}
							frames, w := walkBytes(t, damaged, 4096)
							checkDamage(t, whole, ends, frames, w, int64(at), int64(end), shift)
							if t.Failed() {
								return
							}
						}
					})
				}
			}
		}
	}
}

// checkDamage compares frames, read from a file with damage at [at, end), behind
// which all bytes moved by shift, with those of the whole file.
func checkDamage(t *testing.T, whole []got, ends []int64, frames []got, w *walk, at, end, shift int64) {
	t.Helper()
	have := make(map[string]int)
	for _, f := range frames {
		have[fmt.Sprint(f.Off, f.Nanos, f.Orig, f.data)]++
	}
	lostBehind, missing := 0, 0
	for i, f := range whole {
		off := f.Off
		if off >= end {
			off += shift
		}
		found := have[fmt.Sprint(off, f.Nanos, f.Orig, f.data)] == 1
		switch {
		case ends[i] <= at:
			if !found {
				t.Errorf("damage at %d: frame %d before it is lost; notes %v", at, i+1, w.notes)
			}
		case f.Off >= end:
			if !found {
				lostBehind++
			}
		}
		if !found {
			missing++
		}
	}
	if lostBehind > 2 {
		t.Errorf("damage at %d: %d frames behind it are lost; notes %v", at, lostBehind, w.notes)
	}
	if len(frames) != len(whole) && len(w.notes) == 0 {
		t.Errorf("damage at %d: %d frames, and no note", at, len(frames))
	}
}
