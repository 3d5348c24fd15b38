package pcapio

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// To compare two states: go test -run '^$' -bench . -count 10 ./pcapio | benchstat
const (
	benchRecords = 1_000_000
	benchData    = 214
)

// benchKinds are the files that are walked: name, and how they begin and go on.
var benchKinds = []struct {
	name   string
	format string
	head   []byte
	record func(b []byte, i uint64, data []byte) []byte
}{
	{"pcap", formatPcap, pcapFile(le, pcapMicros, 65535, 1), func(b []byte, i uint64, data []byte) []byte {
		return append(b, pcapRec(le, sec0+uint32(i/1000), uint32(i%1000), benchData, data)...)
	}},
	{"pcapng", formatPcapng, join(shb(le), idb(le, 1, 0)), func(b []byte, i uint64, data []byte) []byte {
		return append(b, epb(le, 0, sec0*1e6+i, benchData, data)...)
	}},
	{"pcapng with options", formatPcapng, join(shb(le), idb(le, 1, 0)), func(b []byte, i uint64, data []byte) []byte {
		return append(b, epbOptions(le, 0, sec0*1e6+i, benchData, data, option(le, 2, 1, 0, 0, 0), option(le, optDropCount, make([]byte, 8)...), option(le, optEnd))...)
	}},
}

func benchFile(b *testing.B, kind int) (path string, size int64) {
	b.Helper()
	k := &benchKinds[kind]
	path = filepath.Join(b.TempDir(), k.format)
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	buf := slices.Clone(k.head)
	data := payload(benchData, 0)
	for i := range uint64(benchRecords) {
		buf = k.record(buf, i, data)
		if len(buf) > 1<<20 || i == benchRecords-1 {
			n, err := f.Write(buf)
			if err != nil {
				b.Fatal(err)
			}
			size += int64(n)
			buf = buf[:0]
		}
	}
	return path, size
}

// yardstick is the least that a reader of calls has to do: it reads the file in
// blocks of 1 MiB, hops over the records, with no checks at all, and loads the
// addresses, the ports and the 12 bytes of RTP. It returns the count of records.
func yardstick(b *testing.B, path string, format string) int {
	b.Helper()
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	const chunk, rtp = 1 << 20, 14 + 20 + 8
	skip, at, data := pcapFileHeader, 8, pcapRecordHeader
	if format == formatPcapng {
		skip, at, data = 0, 4, 28
	}
	buf := yardBuffer
	n, sum := 0, uint64(0)
	for keep := 0; ; {
		m, err := io.ReadFull(f, buf[keep:keep+chunk])
		have := buf[:keep+m]
		i := skip
		for ; i+12 <= len(have); skip = 0 {
			length := int(le.Uint32(have[i+at:]))
			if format == formatPcap {
				length += pcapRecordHeader
			}
			if i+length > len(have) {
				break
			}
			if r := have[i+data:]; length >= data+rtp+12 {
				sum += le.Uint64(r[26:]) + uint64(le.Uint32(r[34:])) + le.Uint64(r[rtp:]) + uint64(le.Uint32(r[rtp+8:]))
				n++
			}
			i += length
		}
		if err != nil {
			break
		}
		keep = copy(buf, have[i:])
	}
	if sum == 0 {
		b.Fatal("nothing loaded")
	}
	return n
}

var yardBuffer = make([]byte, 2<<20)

// BenchmarkWalk walks a file of each kind in each way, after the yardstick, as
// multiples of which the times are given too. No record may cost an allocation.
func BenchmarkWalk(b *testing.B) {
	for kind, k := range benchKinds {
		path, size := benchFile(b, kind)
		var yard float64 // nanoseconds a record
		b.Run(k.name+"/yardstick", func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				if n := yardstick(b, path, k.format); n != benchRecords {
					b.Fatal(n)
				}
			}
			yard = perRecord(b, 1)
		})
		for _, tt := range []struct {
			how   string
			paths int
			open  func(*Source) (Reader, error)
		}{
			{"mapped", 1, (*Source).Open},
			{"read", 1, openUnmapped},
			{"merged", 2, (*Source).Open},
		} {
			b.Run(k.name+"/"+tt.how, func(b *testing.B) {
				s, err := Open([]string{path}, Options{})
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				for len(s.inputs) < tt.paths { // Open refuses the same file twice
					s.inputs = append(s.inputs, s.inputs[0])
					s.found, s.whole = append(s.found, s.found[0]), append(s.whole, false)
				}
				b.SetBytes(size * int64(tt.paths))
				before := mallocs()
				for b.Loop() {
					r, err := tt.open(s)
					if err != nil {
						b.Fatal(err)
					}
					var f Frame
					n := 0
					for r.Next(&f) {
						n++
					}
					if r.Err() != nil || n != benchRecords*tt.paths {
						b.Fatal(n, r.Err())
					}
					r.Close()
				}
				// What a pass allocates once is nothing a record.
				if n := (mallocs() - before) / uint64(b.N); n > benchRecords/1000 {
					b.Errorf("%d allocations a pass", n)
				}
				if each := perRecord(b, tt.paths); yard > 0 {
					b.ReportMetric(each/yard, "x-yardstick")
				}
			})
		}
	}
}

// perRecord reports the records a second and returns the nanoseconds of one.
func perRecord(b *testing.B, paths int) float64 {
	records := float64(benchRecords*paths) * float64(b.N)
	b.ReportMetric(records/b.Elapsed().Seconds()/1e6, "Mrecords/s")
	return float64(b.Elapsed().Nanoseconds()) / records
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// openUnmapped begins a pass as on a system that cannot map files.
func openUnmapped(s *Source) (Reader, error) {
	in := s.inputs[0]
	f, err := os.Open(in.path)
	if err != nil {
		return nil, err
	}
	win := newReadWindow(f, f, in.size, readChunk)
	return &single{track: &track{walker: newWalker(in.format, win, 0), in: in, source: s}}, nil
}

// TestNoAllocations walks frames of every kind that a file may have many of.
func TestNoAllocations(t *testing.T) {
	const frames = 20_000
	var at []uint32
	for i := range uint32(frames) {
		at = append(at, i)
	}
	many := func(head []byte, record func(i uint64) []byte) []byte {
		for i := range uint64(frames) {
			head = append(head, record(i)...)
		}
		return head
	}
	section := func() []byte { return join(shb(be), idb(be, 1, 96)) }
	data := payload(40, 0)
	files := map[string][]byte{
		"pcap":          seconds(1, at...),
		"wrong snaplen": many(pcapFile(le, pcapNanos, 8, 1), func(i uint64) []byte { return pcapRec(le, sec0, uint32(i), 0, data) }),
		"pcapng":        many(section(), func(i uint64) []byte { return epb(be, 0, sec0*1e6+i, 40, data) }),
		"options": many(section(), func(i uint64) []byte {
			return epbOptions(be, 0, sec0*1e6+i, 40, data, option(be, 2, 0, 0, 0, 1), option(be, optDropCount, make([]byte, 8)...))
		}),
		"bad options": many(section(), func(i uint64) []byte { return epbOptions(be, 0, sec0*1e6+i, 40, data, halves(be, 1, 99)) }),
		"simple":      many(section(), func(uint64) []byte { return spb(be, 40, data) }),
		"obsolete": many(section(), func(i uint64) []byte {
			return block(be, blockPacket, halves(be, 0, 0), words(be, 0, uint32(i), 40, 40), data)
		}),
		"no interface": many(shb(be), func(i uint64) []byte { return epb(be, 3, i, 40, data) }),
		"custom and other": many(section(), func(i uint64) []byte {
			return join(epb(be, 0, i, 40, data), block(be, blockCustom, words(be, 9)), block(be, 77))
		}),
		"statistics": many(section(), func(i uint64) []byte { return join(epb(be, 0, i, 40, data), isb(be, 0, i, i, 0, 0)) }),
	}
	paths := map[string][]string{}
	for name, file := range files {
		paths[name] = []string{writeFile(t, "capture", file)}
	}
	paths["merged"] = []string{paths["pcap"][0], paths["pcapng"][0]}
	for name, paths := range paths {
		s := openSource(t, paths...)
		r, err := s.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		var f Frame
		for range 10 {
			r.Next(&f)
		}
		if n := testing.AllocsPerRun(1000, func() {
			if !r.Next(&f) {
				t.Fatal("no frame")
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations a frame", name, n)
		}
	}
}
