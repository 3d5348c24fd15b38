package calls

import (
	"os"
	"path/filepath"
	"testing"
)

// TestVoicesOfCaptures compares all streams of all calls between real clients
// with each other. Hops are those of the same SSRC in one leg; nothing else is
// the same voice (the back-to-back user agent transcodes), and captures of
// different calls, which hold different speech, have next to no payload in
// common.
func TestVoicesOfCaptures(t *testing.T) {
	dir := os.Getenv("CALLX_CAPTURES")
	if dir == "" {
		t.Skip("CALLX_CAPTURES is not set")
	}
	type stream struct {
		*run
		key  streamKey
		file string
		call string
		side string
	}
	paths, err := filepath.Glob(filepath.Join(dir, "ours", "*", "*.pcap*"))
	if err != nil || len(paths) < 30 {
		t.Fatalf("%d captures, %v", len(paths), err)
	}
	hops := 0
	var all []stream
	for _, path := range paths {
		if filepath.Base(path) != "cap.pcap" && filepath.Base(path) != "any_sll2.pcap" {
			continue // the same calls again
		}
		for _, c := range indexFile(t, path).Calls {
			for _, l := range c.Legs {
				for _, p := range l.Parts {
					for i, r := range p.runs {
						if r.sketch != nil && r.sketch.n >= sketchLeast {
							all = append(all, stream{r, p.keys[i], path, c.ID, l.Party})
						}
					}
				}
			}
		}
	}
	for i, a := range all {
		for _, b := range all[:i] {
			same := sameVoice(a.run, b.run)
			switch {
			case a.file != b.file && filepath.Dir(a.file) == filepath.Dir(b.file): // the same call again
			case a.file != b.file:
				if n := a.sketch.common(b.sketch); same || n > 1 {
					t.Errorf("%s %v and %s %v: %d digests in common", a.file, a.key.flow, b.file, b.key.flow, n)
				}
			case a.call == b.call && a.side == b.side && a.key.ssrc == b.key.ssrc:
				if same {
					hops++
				}
			case same:
				t.Errorf("%s: %v and %v are the same voice", a.file, a.key, b.key)
			}
		}
	}
	if hops == 0 || len(all) < 60 {
		t.Errorf("%d streams, %d pairs of hops", len(all), hops)
	}
}
