package synth

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the captures in testdata")

// TestCommittedFiles holds the files of testdata against the scripts.
func TestCommittedFiles(t *testing.T) {
	const limit, limitAll = 400_000, 3_000_000
	total := 0
	for _, s := range Catalog() {
		files, err := s.Files()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			total += len(f.Data)
			if len(f.Data) > limit {
				t.Errorf("%s has %d bytes, more than %d", f.Name, len(f.Data), limit)
			}
			path := filepath.Join("..", f.Name)
			if *update {
				if err := os.WriteFile(path, f.Data, 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, f.Data) {
				t.Errorf("%s differs from its script; rewrite it with: go test ./testdata/synth -update", f.Name)
			}
		}
	}
	if total > limitAll {
		t.Errorf("the captures have %d bytes together, more than %d", total, limitAll)
	}
}

// TestNamesAndVoices: files do not overwrite each other and no two legs of a
// capture could be mistaken for each other.
func TestNamesAndVoices(t *testing.T) {
	names := map[string]bool{}
	for _, s := range Catalog() {
		if names[s.Name] {
			t.Errorf("%s stands twice in the catalogue", s.Name)
		}
		names[s.Name] = true
		_, truth, err := s.Build()
		if err != nil {
			t.Fatal(err)
		}
		voices := map[string]string{}
		for _, c := range truth.Calls {
			for _, l := range c.Legs {
				who := c.CallID + " " + l.Party
				if other, ok := voices[l.SHA256]; ok {
					t.Errorf("%s: %s sounds like %s", s.Name, who, other)
				}
				voices[l.SHA256] = who
				// A fifth of the time at least somebody speaks aloud.
				loud := len(slices.DeleteFunc(slices.Clone(l.PCM), func(s int16) bool { return s > -500 && s < 500 }))
				if loud < len(l.PCM)/5 {
					t.Errorf("%s: %s: only %d of %d samples are loud", s.Name, who, loud, len(l.PCM))
				}
			}
		}
	}
}
