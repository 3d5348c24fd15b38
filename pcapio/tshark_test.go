package pcapio

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// captures lists the real captures, by content.
func captures(tb testing.TB) []string {
	tb.Helper()
	root := os.Getenv("CALLX_CAPTURES")
	if root == "" {
		tb.Skip("CALLX_CAPTURES is not set")
	}
	var paths []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		head := make([]byte, sniffLen)
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		n, _ := f.Read(head)
		if format, _ := sniff(head[:n]); format != "" {
			paths = append(paths, path)
		} else if strings.Contains(filepath.Base(path), ".pcap") {
			tb.Errorf("%s is not taken for a capture", path)
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	if len(paths) == 0 {
		tb.Fatalf("no captures below %s", root)
	}
	return paths
}

// TestAgainstTshark compares number, time and lengths of every
// frame of every real capture with what tshark reads.
func TestAgainstTshark(t *testing.T) {
	if testing.Short() {
		t.Skip("one tshark a capture takes a minute")
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	frames := 0
	for _, path := range captures(t) {
		want, failed := tshark(t, path)
		s := openSource(t, path)
		have := readAll(t, s)
		in := s.Inputs()[0]
		frames += len(have)
		// Where tshark stops at damage we may go on, but not in silence.
		if len(have) != len(want) && !(failed && len(have) > len(want) && len(in.Notes) > 0) {
			t.Errorf("%s: %d frames, tshark %d (failed: %v), notes %v", path, len(have), len(want), failed, in.Notes)
			continue
		}
		if failed && len(in.Notes) == 0 {
			t.Errorf("%s: tshark complains, we do not", path)
		}
		if !failed && in.Truncated {
			t.Errorf("%s: truncated, tshark does not think so: %v", path, in.Notes)
		}
		var last int64
		for i, w := range want {
			f := have[i]
			if !w.timed {
				w.nanos = last // a simple packet: documented
			}
			last = w.nanos
			if f.Frame.Frame != w.number || f.Orig != w.length || len(f.data) != w.caplen || f.Nanos != w.nanos {
				t.Errorf("%s: frame %d: nanos %d length %d caplen %d, tshark %+v",
					path, f.Frame.Frame, f.Nanos, f.Orig, len(f.data), w)
				break
			}
		}
	}
	t.Logf("%d frames compared", frames)
}

// TestAgainstCapinfos compares what Inputs says of every real capture.
func TestAgainstCapinfos(t *testing.T) {
	if _, err := exec.LookPath("capinfos"); err != nil {
		t.Skip("capinfos is not installed")
	}
	compared := 0
	for _, path := range captures(t) {
		// One process a file: it stops at the first file it cannot read.
		out, err := exec.Command("capinfos", "-M", "-T", "-r", "-S", "-c", "-a", "-e", path).Output()
		if err != nil {
			continue // damaged; TestAgainstTshark has it
		}
		v := strings.Split(strings.TrimSpace(string(out)), "\t")
		s := openSource(t, path)
		readAll(t, s)
		in := s.Inputs()[0]
		compared++
		if strconv.FormatUint(in.Frames, 10) != v[1] {
			t.Errorf("%s: %d frames, capinfos %s", path, in.Frames, v[1])
		}
		if v[2] == "n/a" {
			continue // no frames, or some without time
		}
		for i, have := range []time.Time{in.First, in.Last} {
			// It prints as many decimals as the file's first interface has.
			_, decimals, _ := strings.Cut(v[2+i], ".")
			unit := time.Second
			for range decimals {
				unit /= 10
			}
			if have.Truncate(unit).UnixNano() != parseEpoch(v[2+i]) {
				t.Errorf("%s: time %d is %v, capinfos %s", path, i, have, v[2+i])
			}
		}
	}
	if compared < 100 {
		t.Errorf("only %d captures compared", compared)
	}
}

type tsharkFrame struct {
	number         uint64
	timed          bool
	nanos          int64
	length, caplen int
}

func tshark(t *testing.T, path string) (frames []tsharkFrame, failed bool) {
	t.Helper()
	cmd := exec.Command("tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.number", "-e", "frame.time_epoch",
		"-e", "frame.len", "-e", "frame.cap_len", "-e", "frame.encap_type")
	out, err := cmd.Output()
	for line := range strings.Lines(string(out)) {
		v := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if v[4] == "" {
			continue // a custom block, numbered like a frame
		}
		f := tsharkFrame{timed: v[1] != "", nanos: parseEpoch(v[1])}
		f.number, _ = strconv.ParseUint(v[0], 10, 64)
		f.length, _ = strconv.Atoi(v[2])
		f.caplen, _ = strconv.Atoi(v[3])
		frames = append(frames, f)
	}
	return frames, err != nil
}

// parseEpoch reads seconds with decimals as nanoseconds; nothing is 0.
func parseEpoch(s string) int64 {
	whole, decimals, _ := strings.Cut(s, ".")
	n, _ := strconv.ParseInt(whole+(decimals + "000000000")[:9], 10, 64)
	return n
}
