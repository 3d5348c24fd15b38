// Package outputtest holds the suite that every sink that writes a file must
// pass.
package outputtest

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"callx/audio"
)

// A Sink writes one file.
type Sink interface {
	audio.Sink
	Abort()
}

// A Format says how files of one format are written and, by other means than
// the code under test, read.
type Format struct {
	Open func(path string, rate, channels int, overwrite bool) (Sink, error)
	// Read fails the test if the file has another rate or channel count.
	Read func(t testing.TB, path string, rate, channels int) []int16
}

// TestSink checks what a file sink promises.
func TestSink(t *testing.T, f Format) {
	t.Run("content", f.testContent)
	t.Run("closed", f.testClosed)
	t.Run("abort", f.testAbort)
	t.Run("existing", f.testExisting)
	t.Run("misuse", f.testMisuse)
	t.Run("allocations", f.testAllocations)
}

func noise(n int) []int16 {
	rnd := rand.New(rand.NewPCG(uint64(n), 1))
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(rnd.Uint32())
	}
	return pcm
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// absent checks that neither the file nor its part is there.
func absent(t *testing.T, path string) {
	t.Helper()
	for _, p := range []string{path, path + ".part"} {
		if exists(p) {
			t.Errorf("%s is left behind", filepath.Base(p))
		}
	}
}

func (f Format) open(t *testing.T, path string, channels int, overwrite bool) Sink {
	t.Helper()
	s, err := f.Open(path, 16000, channels, overwrite)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// testContent writes files of many lengths in blocks of random length.
func (f Format) testContent(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	for _, channels := range []int{1, 2, 3} {
		for _, rate := range []int{8000, 44100} {
			for _, n := range []int{0, 1, 2, 159, 161, 8191, 16343, 16344, 16345, 16384, 100003} {
				path := filepath.Join(t.TempDir(), "a.x")
				s, err := f.Open(path, rate, channels, false)
				if err != nil {
					t.Fatal(err)
				}
				pcm := noise(n * channels)
				scratch := make([]int16, len(pcm))
				for at := 0; at < n; {
					k := min(n-at, 1+rnd.IntN(1+rnd.IntN(50000)))
					b := scratch[:k*channels]
					copy(b, pcm[at*channels:])
					if err := s.Write(audio.Block{At: int64(at), Kind: audio.Kind(at % 4), PCM: b}); err != nil {
						t.Fatal(err)
					}
					clear(b) // it was borrowed
					at += k
				}
				if exists(path) || !exists(path+".part") {
					t.Error("before Close there must be the part, and only the part")
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if exists(path + ".part") {
					t.Error("the part is left after Close")
				}
				if got := f.Read(t, path, rate, channels); !slices.Equal(got, pcm) {
					t.Errorf("%d samples of %d channels: read %d values, wrote %d, or others", n, channels, len(got), len(pcm))
				}
			}
		}
	}
}

func (f Format) testClosed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.x")
	s := f.open(t, path, 1, false)
	if err := s.Write(audio.Block{PCM: noise(100)}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Errorf("Close twice: %v", err)
	}
	if err := s.Write(audio.Block{At: 100, PCM: noise(1)}); !errors.Is(err, audio.ErrClosed) {
		t.Errorf("Write after Close: %v", err)
	}
	s.Abort()
	if got := f.Read(t, path, 16000, 1); !slices.Equal(got, noise(100)) {
		t.Error("what came after Close has changed the file")
	}
}

func (f Format) testAbort(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.x")
	s := f.open(t, path, 1, false)
	if err := s.Write(audio.Block{PCM: noise(100000)}); err != nil {
		t.Fatal(err)
	}
	s.Abort()
	absent(t, path)
	s.Abort()
	if err := s.Close(); err != nil {
		t.Errorf("Close after Abort: %v", err)
	}
	absent(t, path)
	f.open(t, path, 1, false).Abort() // the name is free again
}

// testExisting: nothing is replaced unless told, and then not before Close.
func (f Format) testExisting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.x")
	old := []byte("what was here before")
	kept := func(p string) {
		t.Helper()
		if b, err := os.ReadFile(p); err != nil || string(b) != string(old) {
			t.Errorf("%s: %q, %v", filepath.Base(p), b, err)
		}
	}
	put := func(p string) {
		t.Helper()
		if err := os.WriteFile(p, old, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []string{path, path + ".part"} {
		put(p)
		if _, err := f.Open(path, 16000, 1, false); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s exists: %v", filepath.Base(p), err)
		}
		kept(p)
		if err := os.Remove(p); err != nil {
			t.Fatal(err)
		}
	}
	absent(t, path)

	s := f.open(t, path, 1, false)
	if _, err := f.Open(path, 16000, 1, true); !errors.Is(err, fs.ErrExist) {
		t.Errorf("two sinks for one path: %v", err)
	}
	put(path)
	if err := s.Close(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("the target appeared meanwhile: %v", err)
	}
	kept(path)
	if exists(path + ".part") {
		t.Error("the part is left after a Close that failed")
	}

	f.open(t, path, 1, true).Abort()
	kept(path)
	put(path + ".part")
	s = f.open(t, path, 1, true)
	if err := s.Write(audio.Block{PCM: noise(33)}); err != nil {
		t.Fatal(err)
	}
	kept(path)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := f.Read(t, path, 16000, 1); !slices.Equal(got, noise(33)) {
		t.Error("the old file was not replaced")
	}
}

func (f Format) testMisuse(t *testing.T) {
	dir := t.TempDir()
	if _, err := f.Open(filepath.Join(dir, "none", "a.x"), 8000, 1, false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
	for _, bad := range [][2]int{{0, 1}, {-1, 1}, {8000, 0}, {8000, 1 << 20}, {1 << 40, 1}} {
		path := filepath.Join(dir, "bad.x")
		if _, err := f.Open(path, bad[0], bad[1], false); err == nil {
			t.Errorf("%d Hz, %d channels are accepted", bad[0], bad[1])
		}
		absent(t, path)
	}
	for i, b := range []audio.Block{
		{At: 9, PCM: noise(2)},  // overlaps
		{At: 11, PCM: noise(2)}, // leaves a gap
		{At: 10, PCM: noise(3)}, // half a sample
	} {
		path := filepath.Join(dir, fmt.Sprint(i, ".x"))
		s := f.open(t, path, 2, false)
		if err := s.Write(audio.Block{PCM: noise(20)}); err != nil {
			t.Fatal(err)
		}
		if err := s.Write(b); err == nil {
			t.Errorf("block %d is accepted", i)
		}
		if err := s.Write(audio.Block{At: 10, PCM: noise(2)}); err == nil {
			t.Errorf("block %d: the error does not stay", i)
		}
		if err := s.Close(); err == nil {
			t.Errorf("block %d: Close has no error", i)
		}
		absent(t, path)
	}
}

func (f Format) testAllocations(t *testing.T) {
	s := f.open(t, filepath.Join(t.TempDir(), "a.x"), 1, false)
	defer s.Abort()
	b := audio.Block{PCM: noise(40000)} // more than a buffer
	if n := testing.AllocsPerRun(100, func() {
		if err := s.Write(b); err != nil {
			t.Fatal(err)
		}
		b.At += int64(len(b.PCM))
	}); n != 0 {
		t.Errorf("%v allocations a block", n)
	}
}
