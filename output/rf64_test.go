package output

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"callx/audio"
)

// TestRF64 writes the end of a file beyond 4 GiB, the rest being a hole, and
// reads it by the layout of EBU Tech 3306 section 4 and by ffprobe.
func TestRF64(t *testing.T) {
	for _, tt := range []struct {
		data uint64 // bytes of PCM
		rf64 bool
	}{
		{1<<32 - 74, false}, // the last that RIFF can hold: its size is 0xfffffffe
		{1<<32 - 72, true},
		{5 << 30, true},
	} {
		pool := &Pool{}
		path := filepath.Join(t.TempDir(), "long.wav")
		w, err := NewWAV(pool, path, 8000, 1, FileOptions{})
		if err != nil {
			t.Fatal(err)
		}
		end := []int16{1, -2, 3}
		w.off, w.n = int64(80+tt.data-6), 0
		w.info.Samples = int64(tt.data/2 - 3)
		if err := w.Write(audio.Block{At: w.info.Samples, PCM: end}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		head := make([]byte, 80)
		if _, err := io.ReadFull(f, head); err != nil {
			t.Fatal(err)
		}
		size, err := f.Seek(0, io.SeekEnd)
		if err != nil || uint64(size) != 80+tt.data {
			t.Fatalf("%d bytes in the file, %v", size, err)
		}
		le := binary.LittleEndian
		if string(head[8:12]) != "WAVE" || le.Uint32(head[16:]) != 28 || string(head[48:52]) != "fmt " || string(head[72:76]) != "data" {
			t.Errorf("chunks: %q", head)
		}
		if !tt.rf64 {
			if string(head[:4]) != "RIFF" || string(head[12:16]) != "JUNK" || uint64(le.Uint32(head[4:])) != uint64(size)-8 || uint64(le.Uint32(head[76:])) != tt.data {
				t.Errorf("%d bytes of PCM: header % x", tt.data, head)
			}
		} else if string(head[:4]) != "RF64" || string(head[12:16]) != "ds64" ||
			le.Uint32(head[4:]) != 0xffffffff || le.Uint32(head[76:]) != 0xffffffff ||
			le.Uint64(head[20:]) != uint64(size)-8 || le.Uint64(head[28:]) != tt.data || le.Uint64(head[36:]) != tt.data/2 || le.Uint32(head[44:]) != 0 {
			t.Errorf("%d bytes of PCM: header % x", tt.data, head)
		}
		if _, err := exec.LookPath("ffprobe"); err != nil {
			continue
		}
		out, err := exec.Command("ffprobe", "-v", "error", "-of", "json", "-show_streams", path).Output()
		var v struct {
			Streams []struct {
				Samples uint64 `json:"duration_ts"`
			}
		}
		if err != nil || json.Unmarshal(out, &v) != nil || len(v.Streams) != 1 || v.Streams[0].Samples != tt.data/2 {
			t.Errorf("%d bytes of PCM: ffprobe: %v, %s", tt.data, err, out)
		}
		r := OpenPCM(pool, w.Info())
		r.off, r.left = int64(80+tt.data-6), 3
		got := make([]int16, 8)
		if n, err := r.Read(got); n != 3 || err != nil || [3]int16(got) != [3]int16(end) {
			t.Errorf("the end reads as %v, %v", got[:n], err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestPutSamples(t *testing.T) {
	pcm := []int16{0, 1, -1, 256, 32767, -32768, 0x1234}
	want := []byte{0, 0, 1, 0, 0xff, 0xff, 0, 1, 0xff, 0x7f, 0, 0x80, 0x34, 0x12}
	for name, put := range map[string]func([]byte, []int16){"native": putSamples, "portable": putPortable} {
		got := bytes.Repeat([]byte{0x55}, len(want)+2)
		put(got, pcm)
		put(got[len(want):], nil)
		if !bytes.Equal(got, append(bytes.Clone(want), 0x55, 0x55)) {
			t.Errorf("%s: % x", name, got)
		}
	}
}

// TestDiskFull puts /dev/full in the place of the file.
func TestDiskFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip("there is no /dev/full here")
	}
	full.Close()
	for _, n := range []int{100, 40000} { // fails in Close, in Write
		pool := &Pool{}
		path := filepath.Join(t.TempDir(), "a.wav")
		w, err := NewWAV(pool, path, 8000, 1, FileOptions{})
		if err != nil {
			t.Fatal(err)
		}
		w.file.fd.Close()
		if w.file.fd, err = os.OpenFile("/dev/full", os.O_RDWR, 0); err != nil {
			t.Fatal(err)
		}
		if err := w.Write(audio.Block{PCM: make([]int16, n)}); (err != nil) != (n > 16384) || err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("Write of %d samples: %v", n, err)
		}
		err = w.Close()
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "/dev/full") {
			t.Errorf("Close: %v", err)
		}
		if left, _ := filepath.Glob(path + "*"); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
		if pool.open.Len() != 0 || len(pool.paths) != 0 {
			t.Errorf("the pool still holds %d descriptors, %d names", pool.open.Len(), len(pool.paths))
		}
	}
}

// TestReopenFails: the part has gone while its descriptor was lent out.
func TestReopenFails(t *testing.T) {
	pool := &Pool{MaxOpen: 1}
	dir := t.TempDir()
	path := filepath.Join(dir, "a.wav")
	a, err := NewWAV(pool, path, 8000, 1, FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewWAV(pool, filepath.Join(dir, "b.wav"), 8000, 1, FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Abort()
	if err := os.Remove(path + ".part"); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("Close: %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a file has been made that lacks its beginning")
	}
}
