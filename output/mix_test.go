package output_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"callx/audio"
	"callx/output"
)

func TestMix(t *testing.T) {
	long := ramp(10001)
	tests := []struct {
		name string
		legs [][]int16
		wide int                           // this leg has two channels
		want func(i int) (left, right int) // before saturation
		n    int
	}{
		{name: "right is shorter", legs: [][]int16{long, {1, 2, 3}}, wide: -1, n: 10001, want: func(i int) (int, int) {
			return int(long[i]), []int{1, 2, 3, 0}[min(i, 3)]
		}},
		{name: "left is shorter", legs: [][]int16{{-5}, long}, wide: -1, n: 10001, want: func(i int) (int, int) {
			return []int{-5, 0}[min(i, 1)], int(long[i])
		}},
		{name: "one leg", legs: [][]int16{long[:4096]}, wide: -1, n: 4096, want: func(i int) (int, int) { return int(long[i]), 0 }},
		{name: "a leg without audio", legs: [][]int16{{}, long[:4097]}, wide: -1, n: 4097, want: func(i int) (int, int) { return 0, int(long[i]) }},
		{name: "three and more", legs: [][]int16{{7, 7, 7, 7}, {30000, -30000, 100, 0}, {30000, -30000, -7}, {1, 1, 1, 1, 9}}, wide: -1, n: 5, want: func(i int) (int, int) {
			return []int{7, 7, 7, 7, 0}[i], []int{60001, -59999, 94, 1, 9}[i]
		}},
		{name: "stereo leg", legs: [][]int16{{100, 200, -32768, -32768, 32767, 32767}, {1, 2, 3}}, wide: 0, n: 3, want: func(i int) (int, int) {
			return []int{150, -32768, 32767}[i], i + 1
		}},
		{name: "no audio at all", legs: [][]int16{{}, {}}, wide: -1, n: 0},
	}
	for _, f := range formats {
		for _, tt := range tests {
			t.Run(f.name+"/"+tt.name, func(t *testing.T) {
				dir, pool := t.TempDir(), &output.Pool{MaxOpen: 2}
				var legs []output.Info
				for i, pcm := range tt.legs {
					channels := 1
					if i == tt.wide {
						channels = 2
					}
					legs = append(legs, writeFile(t, pool, f.make, filepath.Join(dir, fmt.Sprint(i)), 16000, channels, pcm))
				}
				path := filepath.Join(dir, "both.wav")
				dst, err := output.NewWAV(pool, path, 16000, 2, output.FileOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(output.Mix(pool, dst, legs...), dst.Close()); err != nil {
					t.Fatal(err)
				}
				var want []int16
				for i := range tt.n {
					l, r := tt.want(i)
					want = append(want, int16(max(min(l, 32767), -32768)), int16(max(min(r, 32767), -32768)))
				}
				if got := readWAV(t, path, 16000, 2); !slices.Equal(got, want) {
					t.Errorf("%d values, want %d, or they differ", len(got), len(want))
				}
			})
		}
	}
}

func TestMixErrors(t *testing.T) {
	dir, pool := t.TempDir(), &output.Pool{}
	a := writeFile(t, pool, output.NewWAV, filepath.Join(dir, "a.wav"), 16000, 1, ramp(9000))
	b := writeFile(t, pool, output.NewWAV, filepath.Join(dir, "b.wav"), 8000, 1, ramp(9000))
	sink := func() *output.PCMFile {
		s, err := output.NewWAV(pool, filepath.Join(dir, "both.wav"), 16000, 2, output.FileOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := sink()
	if err := output.Mix(pool, s, a, b); err == nil || !strings.Contains(err.Error(), "b.wav") {
		t.Errorf("two rates: %v", err)
	}
	s.Abort()
	if err := os.Truncate(a.Path, 5000); err != nil {
		t.Fatal(err)
	}
	s = sink()
	if err := output.Mix(pool, s, a); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "a.wav") {
		t.Errorf("a leg cut short: %v", err)
	}
	s.Abort()
	a.Path = filepath.Join(dir, "none.wav")
	s = sink()
	if err := output.Mix(pool, s, a); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a leg that is gone: %v", err)
	}
	s.Abort()
	s = sink()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := output.Mix(pool, s, writeFile(t, pool, output.NewL16, filepath.Join(dir, "c"), 8000, 1, ramp(9))); !errors.Is(err, audio.ErrClosed) {
		t.Errorf("a sink that fails: %v", err)
	}
	if n := descriptors(t, dir); n != 0 {
		t.Errorf("%d files still open", n)
	}
}
