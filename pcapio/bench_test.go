package pcapio

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// To compare two states: go test -run '^$' -bench . -count 10 ./pcapio | benchstat
const (
	benchRecords = 1_000_000
	benchData    = 214
)

func benchFile(b *testing.B, format string) (path string, size int64) {
	b.Helper()
	path = filepath.Join(b.TempDir(), format)
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	var buf []byte
	if format == formatPcap {
		buf = pcapFile(le, pcapMicros, 65535, 1)
	} else {
		buf = join(shb(le), idb(le, 1, 0))
	}
	data := payload(benchData, 0)
	for i := range uint64(benchRecords) {
		if format == formatPcap {
			buf = append(buf, pcapRec(le, sec0+uint32(i/1000), uint32(i%1000), benchData, data)...)
		} else {
			buf = append(buf, epb(le, 0, sec0*1e6+i, benchData, data)...)
		}
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

// BenchmarkHop is the yardstick: a bare loop that hops over the records of the
// same file, mapped afresh for every pass, with no checks at all.
func BenchmarkHop(b *testing.B) {
	path, size := benchFile(b, formatPcap)
	b.SetBytes(size)
	for b.Loop() {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		win, data, err := newMapWindow(f, 0, size, mapStep)
		if err != nil {
			b.Skip(err)
		}
		n, sum := 0, uint32(0)
		for i := pcapFileHeader; i < len(data); n++ {
			sum += binary.LittleEndian.Uint32(data[i:])
			i += pcapRecordHeader + int(binary.LittleEndian.Uint32(data[i+8:]))
		}
		if n != benchRecords || sum == 0 {
			b.Fatal(n)
		}
		win.close()
		f.Close()
	}
	b.ReportMetric(float64(benchRecords)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrecords/s")
}

func BenchmarkWalk(b *testing.B) {
	for _, format := range []string{formatPcap, formatPcapng} {
		path, size := benchFile(b, format)
		copied := filepath.Join(b.TempDir(), "second")
		if err := os.Link(path, copied); err != nil {
			b.Fatal(err)
		}
		for _, tt := range []struct {
			how   string
			paths int
			open  func(*Source) (Reader, error)
		}{
			{"mapped", 1, (*Source).Open},
			{"read", 1, openUnmapped},
			{"merged", 2, (*Source).Open},
		} {
			b.Run(fmt.Sprintf("%s/%s", format, tt.how), func(b *testing.B) {
				s, err := Open([]string{path}, Options{})
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				for len(s.inputs) < tt.paths { // Open refuses the same file twice
					s.inputs = append(s.inputs, s.inputs[0])
					s.found, s.whole = append(s.found, s.found[0]), append(s.whole, false)
				}
				b.ReportAllocs()
				b.SetBytes(size * int64(tt.paths))
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
				b.ReportMetric(float64(benchRecords*tt.paths)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrecords/s")
			})
		}
	}
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

// TestNoAllocations walks frames of every kind on the fast path.
func TestNoAllocations(t *testing.T) {
	var at []uint32
	for i := range uint32(20_000) {
		at = append(at, i)
	}
	ng := join(shb(be), idb(be, 1, 0))
	for i := range uint64(20_000) {
		ng = append(ng, epb(be, 0, sec0*1e6+i, 40, payload(40, 0))...)
	}
	a, b := writeFile(t, "a", seconds(1, at...)), writeFile(t, "b", ng)
	for _, paths := range [][]string{{a}, {b}, {a, b}} {
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
			t.Errorf("%d inputs: %v allocations a frame", len(paths), n)
		}
	}
}
