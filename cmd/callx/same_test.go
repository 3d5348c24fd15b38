package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestSameBytes extracts captures whole, in pieces named in any order, and on
// one processor: calls and audio are the same.
func TestSameBytes(t *testing.T) {
	for _, name := range []string{"g711-two-calls.pcap", "loss-dup-reorder.pcap", "hold.pcap", "no-sip.pcap", "reinvite-codec.pcap"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("../../testdata", name)
			want := extracted(t, path)
			pieces := split(t, path, 7)
			pieces[0], pieces[3], pieces[6] = pieces[6], pieces[0], pieces[3]
			if got := extracted(t, pieces...); got != want {
				t.Error("seven pieces give something else")
			}
			old := runtime.GOMAXPROCS(1)
			got := extracted(t, path)
			runtime.GOMAXPROCS(old)
			if got != want {
				t.Error("one processor gives something else")
			}
		})
	}
}

// extracted is calls.jsonl of an extraction: it holds the hashes of the audio.
func extracted(t *testing.T, paths ...string) string {
	t.Helper()
	dir, m := extract(t, 0, append(paths, "--format", "wav,l16")...)
	if len(m.Calls) == 0 {
		t.Fatal("no calls")
	}
	b, err := os.ReadFile(filepath.Join(dir, "calls.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// split cuts a little-endian pcap file between records into n files.
func split(t *testing.T, path string, n int) (pieces []string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, records := b[:24], b[24:]
	dir := t.TempDir()
	for i := range n {
		piece := append([]byte{}, head...)
		for len(records) > 0 && (len(piece) < len(b)/n || i == n-1) {
			size := 16 + int(binary.LittleEndian.Uint32(records[8:]))
			piece, records = append(piece, records[:size]...), records[size:]
		}
		pieces = append(pieces, filepath.Join(dir, fmt.Sprintf("piece-%d.pcap", i)))
		if err := os.WriteFile(pieces[i], piece, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return pieces
}
