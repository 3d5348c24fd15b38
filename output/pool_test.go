package output_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"callx/audio"
	"callx/output"
)

// descriptors counts the open files of the process that are in dir.
func descriptors(t *testing.T, dir string) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("descriptors cannot be counted here")
	}
	n := 0
	for _, e := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(target, dir) {
			n++
		}
	}
	return n
}

// TestPool writes many files from several goroutines with few descriptors.
func TestPool(t *testing.T) {
	const workers, each, limit, block, blocks = 4, 60, 7, 5000, 12
	dir := t.TempDir()
	pool := output.Pool{MaxOpen: limit}
	path := func(w, i int) string { return filepath.Join(dir, fmt.Sprintf("%d-%d.l16", w, i)) }
	pcm := func(w, i, k int) []int16 {
		p := ramp(block)
		for j := range p {
			p[j] += int16(w*1000 + i*10 + k)
		}
		return p
	}
	most := 0
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			var sinks [each]*output.PCMFile
			for i := range sinks {
				s, err := output.NewL16(&pool, path(w, i), 8000, 1, output.FileOptions{})
				if err != nil {
					t.Error(err)
					return
				}
				sinks[i] = s
			}
			for k := range blocks {
				for i, s := range sinks {
					if err := s.Write(audio.Block{At: int64(k * block), PCM: pcm(w, i, k)}); err != nil {
						t.Error(err)
					}
				}
				if w == 0 {
					most = max(most, descriptors(t, dir))
				}
			}
			for _, s := range sinks {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if most < 1 || most > limit {
		t.Errorf("%d files open at once, the limit is %d", most, limit)
	}
	if n := descriptors(t, dir); n != 0 {
		t.Errorf("%d files still open", n)
	}
	for w := range workers {
		for i := range each {
			got := readL16(t, path(w, i), 8000, 1)
			if len(got) != blocks*block {
				t.Fatalf("%s: %d samples", path(w, i), len(got))
			}
			for k := range blocks {
				if !slices.Equal(got[k*block:][:block], pcm(w, i, k)) {
					t.Fatalf("%s: block %d is not what was written", path(w, i), k)
				}
			}
		}
	}
}

// BenchmarkPool writes 1000 files in turn, blocks of 20 ms, with 128
// descriptors and with one for each.
func BenchmarkPool(b *testing.B) {
	for _, limit := range []int{128, 1000} {
		b.Run(fmt.Sprint("open-", limit), func(b *testing.B) {
			const files, block, blocks = 1000, 160, 500
			pcm, dir := ramp(block), b.TempDir()
			b.SetBytes(files * block * blocks * 2)
			for b.Loop() {
				pool := output.Pool{MaxOpen: limit}
				var sinks []*output.PCMFile
				for i := range files {
					s, err := output.NewWAV(&pool, filepath.Join(dir, fmt.Sprint(i)), 8000, 1, output.FileOptions{Overwrite: true})
					if err != nil {
						b.Fatal(err)
					}
					sinks = append(sinks, s)
				}
				for k := range blocks {
					for _, s := range sinks {
						if err := s.Write(audio.Block{At: int64(k * block), PCM: pcm}); err != nil {
							b.Fatal(err)
						}
					}
				}
				for _, s := range sinks {
					if err := s.Close(); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
