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

// BenchmarkHop is the yardstick: a bare loop that reads the same file in
// blocks of 1 MiB and hops over the records, with no checks at all.
func BenchmarkHop(b *testing.B) {
	path, size := benchFile(b, formatPcap)
	b.SetBytes(size)
	buf := make([]byte, 1<<20)
	for b.Loop() {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		n, sum, kept, skip := 0, uint32(0), 0, pcapFileHeader
		for {
			m, err := f.Read(buf[kept:])
			if err != nil {
				break
			}
			data := buf[:kept+m]
			i := skip
			for i+pcapRecordHeader <= len(data) {
				length := int(binary.LittleEndian.Uint32(data[i+8:]))
				if i+pcapRecordHeader+length > len(data) {
					break
				}
				sum += binary.LittleEndian.Uint32(data[i:])
				i += pcapRecordHeader + length
				n++
			}
			kept, skip = copy(buf, data[i:]), 0
		}
		if n != benchRecords || sum == 0 {
			b.Fatal(n)
		}
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
		}{{"single", 1}, {"merged", 2}} {
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
					r, err := s.Open()
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
