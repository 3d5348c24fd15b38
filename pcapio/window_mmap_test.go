//go:build unix

package pcapio

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"unsafe"
)

// TestGuard cuts a file short while it is mapped and being read.
func TestGuard(t *testing.T) {
	var at []uint32
	for i := range uint32(5000) {
		at = append(at, i)
	}
	path := writeFile(t, "shrinks", seconds(1, at...))
	other := writeFile(t, "other", seconds(1, at...)[:24])
	s := openSource(t, path, other)
	n := 0
	err := s.Guard(func() error {
		r, err := s.Open()
		if err != nil {
			return err
		}
		defer r.Close()
		var f Frame
		for r.Next(&f) {
			if n++; n == 10 {
				if err := os.Truncate(path, 100); err != nil {
					t.Fatal(err)
				}
			}
		}
		return r.Err()
	})
	if !errors.Is(err, ErrChanged) || n < 10 || n >= 5000 {
		t.Errorf("after %d frames: error %v", n, err)
	}

	errMine := errors.New("mine")
	if err := s.Guard(func() error { return errMine }); err != errMine {
		t.Errorf("Guard returns %v", err)
	}
	defer func() {
		if v := recover(); fmt.Sprint(v) != "other" {
			t.Errorf("a panic became %v", v)
		}
	}()
	s.Guard(func() error { panic("other") })
}

// TestRegions maps another file where one was mapped before.
func TestRegions(t *testing.T) {
	var s Source
	b := make([]byte, 4096)
	addr := uintptr(unsafe.Pointer(&b[2048]))
	s.remember(b, "old")
	s.remember(b[1024:3072], "new")
	if path, ok := s.mappedAt(addr); path != "new" || !ok {
		t.Errorf("%q, %v", path, ok)
	}
	if path, ok := s.mappedAt(addr + 2048); ok {
		t.Errorf("an address behind all regions is in %q", path)
	}
}

func TestNamedPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	file := seconds(1, 0, 1)
	go func() {
		if f, err := os.OpenFile(path, os.O_WRONLY, 0); err == nil {
			f.Write(file)
			f.Close()
		}
	}()
	s := openSource(t, path)
	if n := len(readAll(t, s)); n != 2 {
		t.Errorf("%d frames", n)
	}
	if n := len(readAll(t, s)); n != 2 {
		t.Errorf("%d frames in the second pass", n)
	}
}

// TestFewDescriptors reads many files one after the other.
func TestFewDescriptors(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for i := range uint32(200) {
		path := filepath.Join(dir, fmt.Sprintf("%03d", 199-i))
		if err := os.WriteFile(path, seconds(byte(i), i*10, i*10+5), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	s := openSource(t, paths...)
	r, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var f Frame
	var last int64
	for n := 0; r.Next(&f); n++ {
		if f.Nanos <= last {
			t.Fatalf("frame %d out of order", n)
		}
		last = f.Nanos
		if open := len(r.(*merged).tracks); open > 2 {
			t.Fatalf("%d inputs open at once", open)
		}
	}
	if r.Err() != nil || last/1e9-sec0 != 1995 {
		t.Errorf("ended at %d with %v", last, r.Err())
	}
}

// bothWindows walks a file through a mapping and through a buffer, both with
// steps as small as they get, and fails if the frames differ.
func bothWindows(tb testing.TB, path, format string) ([]got, *walk) {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		tb.Fatal(err)
	}
	mapped, _, err := newMapWindow(f, 0, info.Size(), os.Getpagesize())
	if err != nil {
		tb.Fatal(err)
	}
	defer mapped.close()
	a, b := newWalker(format, mapped, 0), newWalker(format, newReadWindow(f, nil, info.Size(), 32), 0)
	have, want := drain(tb, a.next), drain(tb, b.next)
	if !slices.Equal(flat(have), flat(want)) {
		tb.Error("mapped and read frames differ")
	}
	var in, out Input
	a.base().report(&in)
	b.base().report(&out)
	if fmt.Sprintf("%+v", in) != fmt.Sprintf("%+v", out) {
		tb.Errorf("mapped: %+v\nread: %+v", in, out)
	}
	return have, a.base()
}

func flat(frames []got) []string {
	var out []string
	for _, f := range frames {
		out = append(out, fmt.Sprintf("%+v %x", f.Frame, f.data))
	}
	return out
}

func TestWindowsAgree(t *testing.T) {
	for _, path := range captures(t) {
		info, err := os.Stat(path)
		if err != nil || info.Size() > 300<<10 {
			continue
		}
		head, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		format, _ := sniff(head[:min(len(head), sniffLen)])
		bothWindows(t, path, format)
	}
}

// TestFlatMemory walks a long file (sparse, so that it costs nothing) and looks
// at how much of it is resident on the way.
func TestFlatMemory(t *testing.T) {
	resident := func() int { // file-backed bytes
		b, err := os.ReadFile("/proc/self/statm")
		if err != nil {
			t.Skip(err)
		}
		var size, all, shared int
		if _, err := fmt.Sscan(string(b), &size, &all, &shared); err != nil {
			t.Skip(err)
		}
		return shared * os.Getpagesize()
	}
	const frames, data = 400, 1 << 19
	f, err := os.Create(filepath.Join(t.TempDir(), "long"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.Write(pcapFile(le, pcapMicros, 0, 1))
	for i := range int64(frames) {
		rec := pcapRec(le, sec0, 0, data, nil)
		le.PutUint32(rec[8:], data)
		if _, err := f.WriteAt(rec, 24+i*(data+16)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(24 + frames*(data+16)); err != nil {
		t.Fatal(err)
	}
	s := openSource(t, f.Name())
	r, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	before, most, n := resident(), 0, 0
	var frame Frame
	for ; r.Next(&frame); n++ {
		most = max(most, resident()-before)
	}
	if n != frames || r.Err() != nil {
		t.Fatalf("%d frames, %v", n, r.Err())
	}
	if most > dropStep+16<<20 {
		t.Errorf("up to %d MiB of a file of %d MiB are resident", most>>20, frames*data>>20)
	}
	if most < dropStep/2 {
		t.Errorf("only %d bytes seen resident: this test sees nothing", most)
	}
}
