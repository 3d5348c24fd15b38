package pcapio

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// squeeze compresses with the program of a format, or with a library where
// there is none.
func squeeze(tb testing.TB, format string, data []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	if path, err := exec.LookPath(format); err == nil {
		cmd := exec.Command(path, "-c")
		cmd.Stdin, cmd.Stdout = bytes.NewReader(data), &out
		if err := cmd.Run(); err != nil {
			tb.Fatal(err)
		}
		return out.Bytes()
	}
	if format == "bzip2" {
		tb.Skip("no bzip2 on this machine")
	}
	return squeezeHere(tb, format, data)
}

// squeezeHere compresses with a library.
func squeezeHere(tb testing.TB, format string, data []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	var err error
	switch format {
	case "gzip":
		w = gzip.NewWriter(&out)
	case "zstd":
		w, err = zstd.NewWriter(&out)
	case "lz4":
		w = lz4.NewWriter(&out)
	case "xz":
		w, err = xz.NewWriter(&out)
	}
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

var formats = []string{"gzip", "zstd", "lz4", "xz", "bzip2"}

// long is a capture that no compression makes a single block of.
func long(n int) []byte {
	at := make([]uint32, n)
	for i := range at {
		at[i] = uint32(i)
	}
	return seconds(3, at...)
}

func framesOf(tb testing.TB, opt Options, paths ...string) ([]got, []Input) {
	tb.Helper()
	s, err := Open(paths, opt)
	if err != nil {
		tb.Fatal(err)
	}
	defer s.Close()
	frames := readAll(tb, s)
	if again := readAll(tb, s); fmt.Sprint(again) != fmt.Sprint(frames) {
		tb.Error("the second pass differs")
	}
	return frames, s.Inputs()
}

func TestCompressed(t *testing.T) {
	file := long(5000)
	want, _ := framesOf(t, Options{}, writeFile(t, "plain", file))
	for _, format := range formats {
		one := squeeze(t, format, file)
		half := len(file) / 2
		parts := append(squeeze(t, format, file[:half]), squeeze(t, format, file[half:])...)
		for _, tt := range []struct {
			name, compression string
			data              []byte
		}{
			{"whole", format, one},
			{"in two parts", format, parts},
			{"behind a note", format, append([]byte("\x5a\x2a\x4d\x18\x04\x00\x00\x00note"), one...)}, // as zstd and lz4 know it
			{"twice", format + " in gzip", squeezeHere(t, "gzip", one)},
		} {
			t.Run(format+" "+tt.name, func(t *testing.T) {
				dir := t.TempDir()
				path := writeFile(t, "misleading.pcap", tt.data)
				for _, opt := range []Options{{SpoolDir: dir}, {SpoolDir: dir, Stdin: bytes.NewReader(tt.data)}} {
					if opt.Stdin != nil {
						path = "-"
					}
					frames, inputs := framesOf(t, opt, path)
					if fmt.Sprint(frames) != fmt.Sprint(want) {
						t.Errorf("%s: %d frames, want the %d of the plain file", path, len(frames), len(want))
					}
					if in := inputs[0]; in.Compression != tt.compression || in.Size != int64(len(tt.data)) || in.Format != "pcap" || len(in.Notes) != 0 {
						t.Errorf("%s: %+v", path, in)
					}
				}
				if left, _ := os.ReadDir(dir); len(left) != 0 {
					t.Errorf("left in the folder of the spool: %v", left)
				}
			})
		}
	}
}

// TestCompressedCopy wants the file's own bytes.
func TestCompressedCopy(t *testing.T) {
	data := squeezeHere(t, "gzip", long(100))
	path := writeFile(t, "a.gz", data)
	s, err := Open([]string{path, "-"}, Options{SpoolDir: t.TempDir(), Stdin: bytes.NewReader(squeezeHere(t, "zstd", long(99)))})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, in := range s.Inputs() {
		var b bytes.Buffer
		if err := s.Copy(&b, i); err != nil {
			t.Fatal(err)
		}
		if int64(b.Len()) != in.Size || in.Path == path && !bytes.Equal(b.Bytes(), data) {
			t.Errorf("%s: %d bytes of %d", in.Path, b.Len(), in.Size)
		}
	}
}

// TestCompressedCut cuts compressed files: what could be decompressed is
// there, in order, and a note says that something is missing.
func TestCompressedCut(t *testing.T) {
	file := long(20000)
	want, _ := framesOf(t, Options{}, writeFile(t, "plain", file))
	for _, format := range formats {
		data := squeeze(t, format, file)
		most := 0
		for _, n := range []int{1, 2, 5, 9, 10, 20, 50, len(data) / 4, len(data) / 2, len(data) - 20, len(data) - 9, len(data) - 4, len(data) - 1} {
			s, err := Open([]string{writeFile(t, "cut", data[:n])}, Options{SpoolDir: t.TempDir()})
			if err != nil {
				if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrEmpty) || most > 0 {
					t.Errorf("%s cut to %d of %d bytes: %v", format, n, len(data), err)
				}
				continue
			}
			frames := readAll(t, s)
			notes := s.Inputs()[0].Notes
			s.Close()
			if len(frames) < most || len(frames) > len(want) || fmt.Sprint(frames) != fmt.Sprint(want[:len(frames)]) {
				t.Errorf("%s cut to %d of %d bytes: %d frames that are not the first ones", format, n, len(data), len(frames))
			}
			most = len(frames)
			if !slices.ContainsFunc(notes, func(n Note) bool { return strings.Contains(n.Text, format+" data ends early") }) {
				t.Errorf("%s cut to %d of %d bytes: notes %v", format, n, len(data), notes)
			}
		}
		if most == 0 {
			t.Errorf("%s: nothing of a file that lacks its last byte", format)
		}
	}
}

// TestCompressedDamage bends bytes: never a panic, never frames that are not
// those of the file without a note.
func TestCompressedDamage(t *testing.T) {
	file := long(3000)
	want, _ := framesOf(t, Options{}, writeFile(t, "plain", file))
	for _, format := range formats {
		data := squeeze(t, format, file)
		for at := 4; at < len(data); at += 1 + len(data)/40 {
			bent := bytes.Clone(data)
			bent[at] ^= 0x41
			s, err := Open([]string{writeFile(t, "bent", bent)}, Options{SpoolDir: t.TempDir()})
			if err != nil {
				continue
			}
			frames := readAll(t, s)
			if fmt.Sprint(frames) != fmt.Sprint(want) && len(s.Inputs()[0].Notes) == 0 {
				t.Errorf("%s, byte %d: %d frames of %d and no note", format, at, len(frames), len(want))
			}
			s.Close()
		}
	}
}

func TestArchive(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: "dump.pcap", Mode: 0o600, Size: 4}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("dump")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"gzip data tar: unpack it first":  squeezeHere(t, "gzip", b.Bytes()),
		"zstd data text":                  squeezeHere(t, "zstd", []byte("log line\nlog line\n")),
		"gzip data of 0 bytes":            squeezeHere(t, "gzip", nil),
		"gzip in gzip data)":              squeezeHere(t, "gzip", squeezeHere(t, "gzip", squeezeHere(t, "gzip", long(3)))),
		"gzip data that is damaged from ": squeezeHere(t, "gzip", long(3))[:12],
	} {
		path := writeFile(t, "a", data)
		_, err := Open([]string{path}, Options{SpoolDir: t.TempDir()})
		if err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want one that says %q", err, name)
		}
	}
}

// TestSpoolLimits asks for more than may be spooled, and for less room than
// there is to be.
func TestSpoolLimits(t *testing.T) {
	bomb := writeFile(t, "bomb.gz", squeezeHere(t, "gzip", append(long(1), make([]byte, 64<<20)...)))
	dir := t.TempDir()
	_, err := Open([]string{bomb}, Options{SpoolDir: dir, MaxSpool: 8 << 20})
	if !errors.Is(err, errSpoolFull) || !strings.Contains(err.Error(), "8192 KiB") {
		t.Errorf("error %v", err)
	}
	sp := &spool{dir: dir, ctx: context.Background()}
	defer sp.close()
	if err := sp.open(); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := freeRoom(sp.file); ok {
		if _, err := sp.add(strings.NewReader("x"), 1<<60, "big.gz"); !errors.Is(err, ErrNoRoom) || !strings.Contains(err.Error(), "--spool") {
			t.Errorf("error %v", err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open([]string{bomb}, Options{SpoolDir: dir, Context: ctx}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestExpand(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, data []byte) string {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	a, b := put("a.pcap", seconds(1, 0)), put("night/b", seconds(1, 1))
	c := put("night/deep/c.gz", squeezeHere(t, "gzip", seconds(1, 2)))
	text, log := put("night/readme", []byte("hello")), put("log.gz", squeezeHere(t, "gzip", []byte("hello")))
	if err := os.Symlink(dir, filepath.Join(dir, "night", "loop")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(a, filepath.Join(dir, "night", "again")); err != nil {
		t.Fatal(err)
	}
	odd := put("od[d].pcap", seconds(1, 3))
	loop := filepath.Join(dir, "night", "loop")

	for _, tt := range []struct {
		name           string
		paths          []string
		recursive      bool
		files, skipped []string
		fails          string
	}{
		{"files as they are", []string{a, "missing", "-"}, false, []string{a, "missing", "-"}, nil, ""},
		{"folder as it is", []string{dir}, false, []string{dir}, nil, ""},
		{"all below", []string{dir}, true, []string{a, b, c, odd}, []string{log, loop, text}, ""},
		{"file and folder", []string{a, dir}, true, []string{a, b, c, odd}, []string{log, loop, text}, ""},
		{"pattern", []string{filepath.Join(dir, "*.pcap")}, false, []string{a, odd}, nil, ""},
		{"name that looks like a pattern", []string{odd}, false, []string{odd}, nil, ""},
		{"pattern without match", []string{filepath.Join(dir, "*.cap")}, false, nil, nil, "no file matches"},
		{"folder without captures", []string{filepath.Join(dir, "empty")}, true, nil, nil, "no capture in this folder"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := os.MkdirAll(filepath.Join(dir, "empty"), 0o700); err != nil {
				t.Fatal(err)
			}
			files, skipped, err := Expand(tt.paths, tt.recursive)
			if tt.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fails) {
					t.Errorf("error %v", err)
				}
				return
			}
			slices.Sort(files)
			slices.Sort(tt.files)
			slices.Sort(skipped)
			if err != nil || len(files) != len(tt.files) || !slices.Equal(skipped, tt.skipped) {
				t.Fatalf("files %v\nskipped %v\nerror %v", files, skipped, err)
			}
			for i := range files {
				x, errX := os.Stat(files[i])
				y, errY := os.Stat(tt.files[i])
				if errX == nil && errY == nil && !os.SameFile(x, y) && !slices.ContainsFunc(tt.files, func(p string) bool {
					z, err := os.Stat(p)
					return err == nil && os.SameFile(x, z)
				}) {
					t.Errorf("file %s is not wanted", files[i])
				}
			}
		})
	}
}

// TestManyCompressed opens more inputs than a process has descriptors for in
// many places.
func TestManyCompressed(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for i := range 300 {
		path := filepath.Join(dir, fmt.Sprintf("%d.gz", i))
		if err := os.WriteFile(path, squeezeHere(t, "gzip", seconds(1, uint32(i), uint32(i+300))), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	open := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("cannot count descriptors here")
		}
		return len(list)
	}
	before := open()
	s, err := Open(paths, Options{SpoolDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var f Frame
	n, most, last := 0, 0, int64(0)
	for ; r.Next(&f); n++ {
		if n%100 == 0 {
			most = max(most, open())
		}
		if f.Nanos < last {
			t.Fatal("time steps back")
		}
		last = f.Nanos
	}
	if n != 600 || r.Err() != nil {
		t.Errorf("%d frames, error %v", n, r.Err())
	}
	if most > before+8 {
		t.Errorf("%d descriptors open, %d before", most, before)
	}
}
