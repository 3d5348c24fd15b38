package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInterrupted ends the context at once: exit 130, one word, nothing written.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out := filepath.Join(t.TempDir(), "out")
	for _, args := range [][]string{
		{"list", "../../testdata/g711-two-calls.pcap"},
		{"extract", "../../testdata/g711-two-calls.pcap", "-o", out},
		{"push", "../../testdata/g711-two-calls.pcap", "--ws", "ws://127.0.0.1:1"},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(ctx, args, strings.NewReader(""), &stdout, &stderr); code != exitInterrupted {
			t.Errorf("%s: exit %d", args[0], code)
		}
		if stderr.String() != "callx: interrupted\n" || stdout.Len() > 0 {
			t.Errorf("%s: %q %q", args[0], stdout.String(), stderr.String())
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a folder is left")
	}
}

// TestDiskFails makes the folder of a call impossible: the run fails, and no
// part of a file is left.
func TestDiskFails(t *testing.T) {
	out := t.TempDir()
	if err := os.WriteFile(filepath.Join(out, "0002-carol-dave"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := callx(t, "extract", "../../testdata/g711-two-calls.pcap", "-o", out, "--overwrite")
	if code != exitFailure || !strings.Contains(stderr, "0002-carol-dave") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	filepath.WalkDir(out, func(path string, d os.DirEntry, _ error) error {
		if strings.HasSuffix(path, ".part") || d.Name() == "manifest.json" {
			t.Errorf("%s is left", path)
		}
		return nil
	})
}
