package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDamage flips bits of captures and cuts them: whatever is read, nothing
// panics, the accounting adds up, and the exit code is one of those that help lists.
func TestDamage(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	rounds := 40
	if testing.Short() {
		rounds = 5
	}
	for _, name := range []string{"loss-dup-reorder.pcap", "mixed-links.pcapng", "reinvite-codec.pcap", "hold.pcap"} {
		whole, err := os.ReadFile(filepath.Join("../../testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		for round := range rounds {
			b := append([]byte{}, whole...)
			for range 1 + rnd.IntN(40) {
				b[rnd.IntN(len(b))] ^= 1 << rnd.IntN(8)
			}
			if round%3 == 0 {
				b = b[:rnd.IntN(len(b))]
			}
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, b, 0o644); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "out")
			code, _, stderr := callx(t, "extract", path, "-o", dir, "--mix")
			switch code {
			case exitOK, exitIncomplete:
				for _, c := range manifest(t, dir).Calls {
					if c.DurationS > 600 {
						t.Errorf("%s round %d: call %d lasts %.0f s", name, round, c.Number, c.DurationS)
					}
				}
			case exitFailure:
				if !strings.HasPrefix(stderr, "callx: ") || strings.Count(stderr, "\n") != 1 {
					t.Errorf("%s round %d: %q", name, round, stderr)
				}
			default:
				t.Errorf("%s round %d: exit %d: %s", name, round, code, stderr)
			}
		}
	}
}
