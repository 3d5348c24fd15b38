package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"callx/testdata/synth/forms"
)

// formBases are the captures whose forms are compared: two codecs and loss,
// damage of all kinds on the way, hold, a change of codec, IPv6, and calls
// between real clients.
var formBases = []struct {
	path string
	ours bool // below CALLX_CAPTURES
}{
	{"g711-two-calls.pcap", false},
	{"loss-dup-reorder.pcap", false},
	{"hold.pcap", false},
	{"reinvite-codec.pcap", false},
	{"ipv6-vlan.pcap", false},
	{"c08_ipv6/cap.pcap", true},
	{"c09_hold_resume/cap.pcap", true},
}

// TestForms stores captures in every form that callx reads. Calls, parties,
// times, counts, gaps, and the SHA-256 of every file of audio are those of the
// capture as it was.
func TestForms(t *testing.T) {
	for _, b := range formBases {
		name, _, _ := strings.Cut(b.path, "/")
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("../../testdata", b.path)
			if b.ours {
				path = filepath.Join(captures(t), "ours", b.path)
			}
			capture := readForms(t, path)
			_, want := extract(t, 0, path, "--format", "wav,l16")
			// A form holds the IP frames of the capture alone.
			dropped := want.Packets["total"] - len(capture.Frames)
			want.Packets["total"] -= dropped
			want.Packets["other"] -= dropped
			for _, f := range forms.All() {
				t.Run(f.Name, func(t *testing.T) {
					t.Parallel()
					files, err := f.Files(capture)
					if errors.Is(err, exec.ErrNotFound) {
						t.Skip(err)
					}
					if err != nil {
						t.Fatal(err)
					}
					_, got := extract(t, 0, append(writeFiles(t, files), "--format", "wav,l16")...)
					compareForm(t, f.Changes, got, want)
				})
			}
		})
	}
}

func readForms(t *testing.T, path string) forms.Capture {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c, err := forms.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// writeFiles writes files under names that tell nothing of what they are.
func writeFiles(t *testing.T, files [][]byte) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	for i, b := range files {
		paths = append(paths, filepath.Join(dir, fmt.Sprintf("capture-%d", i)))
		if err := os.WriteFile(paths[i], b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

func compareForm(t *testing.T, changes forms.Changes, got, want *jsonManifest) {
	t.Helper()
	g, w := maps.Clone(got.Packets), maps.Clone(want.Packets)
	for _, k := range exempt(changes) {
		delete(g, k)
		delete(w, k)
	}
	if !maps.Equal(g, w) {
		t.Errorf("accounting %v, want %v", g, w)
	}
	if changes&forms.Copies != 0 {
		// What is used is used once, whatever counter the copies are in.
		if got.Packets["total"] <= want.Packets["total"] {
			t.Errorf("%d frames hold no copies of %d", got.Packets["total"], want.Packets["total"])
		}
	}
	if len(got.whole) != len(want.whole) || len(want.whole) == 0 {
		t.Fatalf("%d calls, want %d", len(got.whole), len(want.whole))
	}
	for i := range want.whole {
		if notes := got.whole[i].(map[string]any)["notes"].([]any); changes&forms.Cut != 0 && len(notes) == 0 {
			t.Errorf("call %d has no notes of what was cut", i+1)
		}
		for _, d := range differences(fmt.Sprintf("call %d", i+1), neutral(got.whole[i], changes), neutral(want.whole[i], changes)) {
			t.Error(d)
		}
	}
}

// exempt are the counters that a form may change.
func exempt(changes forms.Changes) (keys []string) {
	if changes&forms.Framing != 0 {
		keys = append(keys, "total", "fragment")
	}
	if changes&forms.Transport != 0 {
		keys = append(keys, "total", "sip", "other_tcp")
	}
	if changes&forms.Copies != 0 {
		keys = append(keys, "total", "sip", "rtcp", "other", "rtp_duplicate", "duplicate")
	}
	return keys
}

// neutral copies a part of a manifest without what legitimately differs: the
// places of frames; where there are copies, the counts of all of them, of which
// the count of different packets is made; notes of what was cut.
func neutral(v any, changes forms.Changes) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = neutral(v[i], changes)
		}
		return list
	case map[string]any:
		m := map[string]any{}
		for k, x := range v {
			m[k] = neutral(x, changes)
		}
		if _, ok := m["frame"]; ok { // a note
			delete(m, "file")
			delete(m, "frame")
			delete(m, "offset")
		}
		packets, counted := m["packets"].(float64)
		duplicates, ok := m["duplicates"].(float64)
		if counted && ok && changes&forms.Copies != 0 {
			m["different packets"] = packets - duplicates
			delete(m, "packets")
			delete(m, "duplicates")
			delete(m, "last") // of a stream: that of the last copy
		}
		if changes&forms.Cut != 0 {
			delete(m, "notes")
		}
		return m
	}
	return v
}

// differences lists the places at which two JSON values differ.
func differences(path string, got, want any) (list []string) {
	switch w := want.(type) {
	case []any:
		if g, ok := got.([]any); ok && len(g) == len(w) {
			for i := range w {
				list = append(list, differences(fmt.Sprintf("%s[%d]", path, i), g[i], w[i])...)
			}
			return list
		}
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			both := maps.Clone(g)
			maps.Copy(both, w)
			for _, k := range slices.Sorted(maps.Keys(both)) {
				list = append(list, differences(path+"."+k, g[k], w[k])...)
			}
			return list
		}
	}
	if !reflect.DeepEqual(got, want) {
		g, _ := json.Marshal(got)
		w, _ := json.Marshal(want)
		list = append(list, fmt.Sprintf("%s is %s, want %s", path, g, w))
	}
	return list
}
