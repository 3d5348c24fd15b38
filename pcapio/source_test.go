package pcapio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// seconds makes a capture of a frame at each second from sec0.
func seconds(seed byte, at ...uint32) []byte {
	file := pcapFile(le, pcapMicros, 0, 1)
	for i, s := range at {
		file = append(file, pcapRec(le, sec0+s, 0, 30, payload(30, seed+byte(i)))...)
	}
	return file
}

func TestOpenErrors(t *testing.T) {
	pad := func(s string) string { return s + strings.Repeat("\x00", 600) }
	dir := t.TempDir()
	for _, tt := range []struct {
		name, content string
		is            error
		says          string
	}{
		{"empty.pcap", "", ErrEmpty, "0 bytes"},
		{"notes.txt", "Dear all,\nplease find attached", ErrFormat, "notes.txt: not a capture file (looks like text); callx reads pcap and pcapng"},
		{"three.pcap", "\xd4\xc3\xb2", ErrFormat, "not a capture file"},
		{"noise", pad("\x01\x02\x03\x99\x98"), ErrFormat, "not a capture file; callx reads"},
		{"a.gz", pad("\x1f\x8b\x08"), ErrFormat, "(gzip data that is damaged from the start"},
		{"a.zst", pad("\x28\xb5\x2f\xfd"), ErrFormat, "(zstd data that is damaged from the start"},
		{"a.xz", pad("\xfd7zXZ\x00"), ErrFormat, "(xz data that is damaged from the start"},
		{"a.lz4", pad("\x04\x22\x4d\x18"), ErrFormat, "(lz4 data that is damaged from the start"},
		{"a.bz2", pad("BZh91AY"), ErrFormat, "(bzip2 data that is damaged from the start"},
		{"a.zip", pad("PK\x03\x04"), ErrFormat, "zip: unpack"},
		{"a.tar", pad("dump.pcap" + strings.Repeat("\x00", 248) + "ustar"), ErrFormat, "tar: unpack"},
		{"a.cap", pad("GMBU\x00\x02"), ErrFormat, "NetMon: convert it with editcap"},
		{"a.snoop", pad("snoop\x00\x00\x00\x00\x00\x00\x02"), ErrFormat, "snoop: convert"},
		{"a.erf", pad("\x00\x00\x00\x00\x00\xf1\x53\x65\x02\x04\x00\x60\x00\x00\x00\x4a"), ErrFormat, "ERF: convert"},
		{"dump.txt", "10:00:00 IP a > b: UDP\n\t0x0000:  4500 00c8 0000 4000\n", ErrFormat, "a hex dump: convert it with text2pcap"},
		{"hex.txt", "0000  00 11 22 33\n0004  44 55\n", ErrFormat, "a hex dump: convert it with text2pcap"},
		{"a.pdml", "<?xml version=\"1.0\"?>\n<pdml>", ErrFormat, "XML"},
		{"a.rtp", "#!rtpplay1.0 192.0.2.1/5004\n", ErrFormat, "rtpdump: convert"},
		{"a.html", "<!DOCTYPE html>\n<html>", ErrFormat, "HTML"},
		{"a.json", "[\n  {\"a\": 1}\n]", ErrFormat, "JSON"},
		{"a.wav", "RIFF\x24\x00\x00\x00WAVEfmt ", ErrFormat, "WAV"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(dir, tt.name)
			if err := os.WriteFile(path, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Open([]string{path}, Options{})
			if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.says) || !strings.HasPrefix(err.Error(), path+": ") {
				t.Errorf("error %v, want one that says %q", err, tt.says)
			}
			_, err = Open([]string{"-"}, Options{Stdin: strings.NewReader(tt.content), SpoolDir: dir})
			if !errors.Is(err, tt.is) || !strings.HasPrefix(err.Error(), "standard input: ") {
				t.Errorf("from a pipe: error %v", err)
			}
		})
	}

	good := writeFile(t, "good.pcap", seconds(1, 0))
	link := filepath.Join(dir, "link")
	if err := os.Symlink(good, link); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		paths []string
		is    error
	}{
		{"missing", []string{good, filepath.Join(dir, "missing")}, fs.ErrNotExist},
		{"directory", []string{dir}, ErrDirectory},
		{"twice", []string{good, good}, ErrDuplicate},
		{"by another name", []string{good, link}, ErrDuplicate},
		{"standard input twice", []string{"-", "-"}, ErrDuplicate},
		{"no room for the spool", []string{"-"}, fs.ErrNotExist},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Open(tt.paths, Options{Stdin: bytes.NewReader(seconds(1, 0)), SpoolDir: filepath.Join(dir, "none")})
			if tt.name == "standard input twice" {
				_, err = Open(tt.paths, Options{Stdin: bytes.NewReader(seconds(1, 0)), SpoolDir: dir})
			}
			if !errors.Is(err, tt.is) {
				t.Errorf("error %v, want %v", err, tt.is)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
		})
	}
	if _, err := Open(nil, Options{}); err == nil {
		t.Error("no paths are no error")
	}
	if os.Getuid() != 0 {
		secret := writeFile(t, "secret", seconds(1, 0))
		if err := os.Chmod(secret, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := Open([]string{secret}, Options{}); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("error %v, want permission denied", err)
		}
	}
}

// TestMerge compares with a stable sort of all frames by time.
func TestMerge(t *testing.T) {
	dir := t.TempDir()
	files := map[string][]byte{
		"z-first":  seconds(10, 0, 4, 8, 12),
		"rotated":  seconds(20, 13, 14, 15),
		"parallel": seconds(30, 1, 4, 8, 9, 20),
		"earlier":  seconds(40, 5, 2, 7), // steps back: stays in file order
		"none":     seconds(50),
		"cut":      seconds(60, 6, 16)[:24+46+20],
	}
	var paths []string
	for n, b := range files {
		path := filepath.Join(dir, n)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	var first []got
	for round := range 4 {
		slices.Reverse(paths)
		if round == 2 {
			paths[0], paths[3] = paths[3], paths[0]
		}
		s := openSource(t, paths...)
		frames := readAll(t, s)
		inputs := s.Inputs()

		var order []string
		for _, in := range inputs {
			order = append(order, filepath.Base(in.Path))
		}
		if want := []string{"z-first", "parallel", "earlier", "cut", "rotated", "none"}; !slices.Equal(order, want) {
			t.Fatalf("inputs in order %v, want %v", order, want)
		}
		var times []int64
		for _, f := range frames {
			times = append(times, f.Nanos/1e9-sec0)
		}
		if want := []int64{0, 1, 4, 4, 5, 2, 6, 7, 8, 8, 9, 12, 13, 14, 15, 20}; !slices.Equal(times, want) {
			t.Errorf("times %v, want %v", times, want)
		}
		if frames[2].File != 0 || frames[3].File != 1 {
			t.Errorf("of equal times, file %d came before %d", frames[2].File, frames[3].File)
		}
		if first == nil {
			first = frames
		}
		if fmt.Sprint(frames) != fmt.Sprint(first) {
			t.Error("the order of arguments changes the frames")
		}
		if again := readAll(t, s); fmt.Sprint(again) != fmt.Sprint(first) {
			t.Error("the second pass differs")
		}
		if fmt.Sprint(s.Inputs()) != fmt.Sprint(inputs) {
			t.Error("the second pass changes Inputs")
		}
		e, c := inputs[2], inputs[3]
		if e.Frames != 3 || e.First != time.Unix(sec0+2, 0).UTC() || e.Last != time.Unix(sec0+7, 0).UTC() {
			t.Errorf("input %+v", e)
		}
		if !c.Truncated || c.Frames != 1 || len(c.Notes) != 1 || c.Notes[0].File != 3 {
			t.Errorf("input %+v", c)
		}
		if n := inputs[5]; n.Frames != 0 || !n.First.IsZero() || n.Format != "pcap" || n.Compression != "none" || n.Size != 24 {
			t.Errorf("input %+v", n)
		}
	}
}

// TestOrderOfEqualTimes gives inputs of the same first time and size, whose
// names then trade places: the frames stay in their order.
func TestOrderOfEqualTimes(t *testing.T) {
	var orders []string
	for _, swap := range []bool{false, true} {
		dir := t.TempDir()
		names := []string{"x", "y"}
		if swap {
			slices.Reverse(names)
		}
		var paths []string
		for i, n := range names {
			path := filepath.Join(dir, n)
			if err := os.WriteFile(path, seconds(byte(8*i), 0, 1), 0o600); err != nil {
				t.Fatal(err)
			}
			paths = append(paths, path)
		}
		for range 2 {
			slices.Reverse(paths)
			orders = append(orders, fmt.Sprint(readAll(t, openSource(t, paths...))))
		}
	}
	if slices.Sort(orders); orders[0] != orders[3] {
		t.Errorf("names or the order of arguments change the frames:\n%s\n%s", orders[0], orders[3])
	}
}

// TestPartialPass leaves passes early: what the longest found stands, and what
// a whole one found is final.
func TestPartialPass(t *testing.T) {
	file := seconds(1, 0, 1, 2, 3)
	s := openSource(t, writeFile(t, "a", file[:len(file)-5]))
	partial := func(frames int) Input {
		r, err := s.Open()
		if err != nil {
			t.Fatal(err)
		}
		var f Frame
		for range frames {
			r.Next(&f)
		}
		if off := r.Offset(); off != int64(24+46*frames) {
			t.Errorf("Offset %d after %d frames", off, frames)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if r.Next(&f) {
			t.Error("Next after Close")
		}
		return s.Inputs()[0]
	}
	if in := partial(2); in.Frames != 2 || in.Truncated {
		t.Errorf("after a pass of two frames: %+v", in)
	}
	if in := partial(1); in.Frames != 2 {
		t.Errorf("after a shorter pass: %+v", in)
	}
	readAll(t, s)
	whole := s.Inputs()[0]
	if whole.Frames != 3 || !whole.Truncated {
		t.Errorf("after a whole pass: %+v", whole)
	}
	if in := partial(3); fmt.Sprint(in) != fmt.Sprint(whole) {
		t.Errorf("after a whole pass and one of three frames: %+v", in)
	}
}

func TestSpool(t *testing.T) {
	dir := t.TempDir()
	file := seconds(1, 3, 4, 5)
	plain := writeFile(t, "plain", seconds(2, 3, 4, 5))
	s, err := Open([]string{plain, "-"}, Options{SpoolDir: dir, Stdin: io.MultiReader(bytes.NewReader(file[:10]), bytes.NewReader(file[10:]))})
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("the spool has a name: %v", left)
	}
	info, err := s.spool.file.Stat()
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != int64(len(file)) {
		t.Errorf("spool %v, %v", info, err)
	}
	frames := readAll(t, s)
	if len(frames) != 6 || fmt.Sprint(readAll(t, s)) != fmt.Sprint(frames) {
		t.Errorf("%d frames", len(frames))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a closed Source opens: %v", err)
	}
}

// TestEndlessPipe sends what is no capture and never ends.
func TestEndlessPipe(t *testing.T) {
	_, err := Open([]string{"-"}, Options{Stdin: endless{}, SpoolDir: t.TempDir()})
	if !errors.Is(err, ErrFormat) {
		t.Errorf("error %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'y'
	}
	return len(p), nil
}

func TestChangedBetweenPasses(t *testing.T) {
	path := writeFile(t, "a", seconds(1, 0, 1, 2))
	s := openSource(t, path)
	want := readAll(t, s)

	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.Write(pcapRec(le, sec0+3, 0, 30, payload(30, 0)))
	f.Close()
	if have := readAll(t, s); fmt.Sprint(have) != fmt.Sprint(want) {
		t.Errorf("a file that grew gives %d frames, not %d", len(have), len(want))
	}

	if err := os.Truncate(path, 40); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(); !errors.Is(err, ErrChanged) {
		t.Errorf("a file that shrank: %v", err)
	}

	if err := os.Rename(writeFile(t, "b", seconds(1, 0, 1, 2, 3, 4)), path); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(); !errors.Is(err, ErrChanged) {
		t.Errorf("another file of that name: %v", err)
	}
}

// failingReader fails from an offset on.
type failingReader struct {
	readerAt
	from int64
}

var errDisk = errors.New("disk on fire")

func (r failingReader) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > r.from {
		return 0, errDisk
	}
	return r.readerAt.ReadAt(p, off)
}

// TestReadError fails reads at every offset: what was read is right, and the
// error is neither lost nor taken for damage.
func TestReadError(t *testing.T) {
	pcapng := join(nil, shb(le), idb(le, 1, 0), epb(le, 0, 1, 50, payload(50, 0)), make([]byte, 50), epb(le, 0, 2, 50, payload(50, 0)))
	for _, file := range [][]byte{seconds(1, 0, 1, 2, 90000000, 3), pcapng} {
		format, _ := sniff(file)
		for from := range len(file) {
			win := newReadWindow(failingReader{file, int64(from)}, nil, int64(len(file)), 16)
			w := newWalker(format, win, 0)
			drain(t, w.next)
			if !errors.Is(w.base().err, errDisk) || w.base().truncated {
				t.Errorf("%s: failure at %d: error %v, notes %v", format, from, w.base().err, w.base().notes)
			}
		}
	}
}
