package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"callx/calls/sip"
)

// A record is one frame of a pcap file, with its header.
type record []byte

// signals reports whether the record holds SIP over UDP, unfragmented. Where
// the IP header is does not matter: a SIP message begins behind some UDP header.
func (r record) signals() bool {
	for at := 16 + 28; at < min(len(r), 16+120); at++ {
		if sip.Sniff(r[at:]) {
			return true
		}
	}
	return false
}

// records splits a little-endian pcap file.
func records(t *testing.T, path string) (head []byte, list []record) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, b = b[:24], b[24:]
	for len(b) >= 16 {
		size := 16 + int(binary.LittleEndian.Uint32(b[8:]))
		list, b = append(list, b[:size]), b[size:]
	}
	return head, list
}

// rearranged are ways to store the same frames: in files cut anywhere, named in
// any order; with the signalling in a file of its own; and with the signalling
// in front of, amid or behind its media in one file, whatever its times.
var rearranged = []struct {
	name  string
	files func(r *rand.Rand, all, signals, rest []record) [][]record
}{
	{"cut anywhere", func(r *rand.Rand, all, _, _ []record) (files [][]record) {
		for range 4 {
			n := r.IntN(len(all))
			files, all = append(files, all[:n]), all[n:]
		}
		files = append(files, all)
		r.Shuffle(len(files), func(i, k int) { files[i], files[k] = files[k], files[i] })
		return files
	}},
	{"dealt out", func(r *rand.Rand, all, _, _ []record) [][]record {
		files := make([][]record, 3)
		for _, f := range all {
			n := r.IntN(len(files))
			files[n] = append(files[n], f)
		}
		return files
	}},
	{"signalling in the first file", func(_ *rand.Rand, _, signals, rest []record) [][]record { return [][]record{signals, rest} }},
	{"signalling in the last file", func(_ *rand.Rand, _, signals, rest []record) [][]record { return [][]record{rest, signals} }},
	{"signalling first", func(_ *rand.Rand, _, signals, rest []record) [][]record {
		return [][]record{slices.Concat(signals, rest)}
	}},
	{"signalling amid", func(_ *rand.Rand, _, signals, rest []record) [][]record {
		return [][]record{slices.Concat(rest[:len(rest)/2], signals, rest[len(rest)/2:])}
	}},
	{"signalling last", func(_ *rand.Rand, _, signals, rest []record) [][]record {
		return [][]record{slices.Concat(rest, signals)}
	}},
}

// TestRearranged lists and extracts captures whose frames stand elsewhere: the
// calls and the audio are the same, as are all times and counts.
func TestRearranged(t *testing.T) {
	paths := []string{"../../testdata/g711-two-calls.pcap", "../../testdata/hold.pcap", "../../testdata/reinvite-codec.pcap", "../../testdata/ssrc-change.pcap"}
	if dir := os.Getenv("CALLX_CAPTURES"); dir != "" {
		for _, name := range []string{"c09_hold_resume", "c10_jitter_reorder", "c15_video_vp8", "s09_delayed_offer"} {
			paths = append(paths, filepath.Join(dir, "ours", name, "cap.pcap"))
		}
		paths = append(paths, filepath.Join(dir, "ours/c13_nat_tee/tee.pcap"))
	}
	for _, path := range paths {
		head, all := records(t, path)
		var signals, rest []record
		for _, r := range all {
			if r.signals() {
				signals = append(signals, r)
			} else {
				rest = append(rest, r)
			}
		}
		if len(signals) < 5 || len(rest) < 100 {
			t.Fatalf("%s: %d frames of signalling, %d others", path, len(signals), len(rest))
		}
		code, want := arrangement(t, path)
		for _, way := range rearranged {
			t.Run(strings.TrimPrefix(path, "../../testdata/")+"/"+way.name, func(t *testing.T) {
				dir := t.TempDir()
				var args []string
				for i, list := range way.files(rand.New(rand.NewPCG(1, 2)), all, signals, rest) {
					b := slices.Clone(head)
					for _, r := range list {
						b = append(b, r...)
					}
					args = append(args, filepath.Join(dir, fmt.Sprint(i)))
					if err := os.WriteFile(args[i], b, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				gotCode, got := arrangement(t, args...)
				for _, d := range differences("calls", got, want) {
					t.Error(d)
				}
				if gotCode != code {
					t.Errorf("exit %d, want %d", gotCode, code)
				}
			})
		}
	}
}

// arrangement extracts, and returns all that the manifest says but where notes
// point to.
func arrangement(t *testing.T, paths ...string) (code int, calls []any) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out")
	code, _, stderr := callx(t, append([]string{"extract", "-o", dir}, paths...)...)
	if code != exitOK && code != exitIncomplete {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	b, err := os.ReadFile(filepath.Join(dir, "calls.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var v any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		calls = append(calls, neutral(v, 0))
	}
	return code, calls
}
