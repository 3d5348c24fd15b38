package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// callx runs a command line in this process.
func callx(t testing.TB, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// The JSON that callx prints, as a reader who knows only the contract sees it.
type (
	jsonManifest struct {
		Inputs []struct {
			Path, SHA256, Format string
			Frames               int
		}
		Packets map[string]int
		Files   []jsonFile
		Calls   []jsonCall

		whole []any // calls with all their fields
	}
	jsonCall struct {
		Number      int
		ID          string
		CallIDs     []string `json:"call_ids"`
		State       string
		Caller      struct{ User string }
		Callee      struct{ User string }
		Start       *time.Time
		Answer      *time.Time
		End         *time.Time
		Origin      *time.Time
		DurationS   float64 `json:"duration_s"`
		FinalStatus int     `json:"final_status"`
		Legs        []jsonLeg
		Events      []struct {
			OffsetS float64 `json:"offset_s"`
			Kind    string
			Party   string
		}
		Folder string
	}
	jsonLeg struct {
		Party  string
		Codecs []struct {
			Name     string
			Clock    int `json:"clock_rate_hz"`
			Channels int
		}
		Encryption                                                        string
		Decrypted                                                         bool
		OffsetS                                                           float64 `json:"offset_s"`
		Packets, Lost, Duplicates, Reordered, Late, Undecodable, Expected int
		LossPercent                                                       float64 `json:"loss_percent"`
		DTMF                                                              []struct{ Digit string }
		Gaps                                                              []jsonGap
		Streams                                                           []jsonStream
		Files                                                             []jsonFile
	}
	jsonGap struct {
		OffsetS   float64 `json:"offset_s"`
		DurationS float64 `json:"duration_s"`
		Kind      string
		Packets   int
	}
	jsonStream struct {
		SSRC, Src, Dst                       string
		PayloadTypes                         []int `json:"payload_types"`
		First, Last                          time.Time
		Packets, Lost, Duplicates, Reordered int
		Hops                                 int
	}
	jsonFile struct {
		Path, Format, SHA256 string
		Rate                 int `json:"sample_rate_hz"`
		Channels             int
		Samples              int
	}
)

func (l *jsonLeg) file(format string) *jsonFile {
	for i := range l.Files {
		if l.Files[i].Format == format {
			return &l.Files[i]
		}
	}
	return nil
}

func (c *jsonCall) leg(party string) *jsonLeg {
	for i := range c.Legs {
		if c.Legs[i].Party == party {
			return &c.Legs[i]
		}
	}
	return nil
}

// extract runs callx extract into a fresh folder and reads its manifest.
func extract(t testing.TB, code int, args ...string) (dir string, m *jsonManifest) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "out")
	got, _, stderr := callx(t, append([]string{"extract", "-o", dir}, args...)...)
	if got != code {
		t.Fatalf("extract %v: exit %d, want %d\n%s", args, got, code, stderr)
	}
	return dir, manifest(t, dir)
}

func manifest(t testing.TB, dir string) *jsonManifest {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	m := new(jsonManifest)
	if err := json.Unmarshal(b, m); err != nil {
		t.Fatal(err)
	}
	var all struct{ Calls []any }
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	m.whole = all.Calls
	sum := 0
	for k, n := range m.Packets {
		if k != "total" {
			sum += n
		}
	}
	if frames := m.frames(); sum != m.Packets["total"] || frames != m.Packets["total"] {
		t.Errorf("packet accounting: %v adds up to %d of %d frames", m.Packets, sum, frames)
	}
	return m
}

func (m *jsonManifest) frames() (n int) {
	for _, in := range m.Inputs {
		n += in.Frames
	}
	return n
}

// samples reads a raw s16le file.
func samples(t testing.TB, path string) []int16 {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return int16s(b)
}

func int16s(b []byte) []int16 {
	pcm := make([]int16, len(b)/2)
	for i := range pcm {
		pcm[i] = int16(b[2*i]) | int16(b[2*i+1])<<8
	}
	return pcm
}
