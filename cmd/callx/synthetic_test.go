package main

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"callx/testdata/synth"
)

// TestSynthetic extracts every generated capture and compares what comes out
// with the audio and the counts that went in.
func TestSynthetic(t *testing.T) {
	for _, script := range synth.Catalog() {
		t.Run(script.Name, func(t *testing.T) {
			capture, truth, err := script.Build()
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), script.Name)
			if err := os.WriteFile(path, capture, 0o644); err != nil {
				t.Fatal(err)
			}
			dir, m := extract(t, 0, path, "--format", "wav,l16")
			if len(m.Calls) != len(truth.Calls) {
				t.Fatalf("%d calls, want %d", len(m.Calls), len(truth.Calls))
			}
			if m.Packets["total"] != truth.Frames || m.Packets["sip"] != truth.SIP {
				t.Errorf("accounting %v, want %d frames, %d SIP", m.Packets, truth.Frames, truth.SIP)
			}
			if rtp := m.Packets["rtp"] + m.Packets["rtp_duplicate"] + m.Packets["rtp_unattributed"]; rtp != truth.RTP {
				t.Errorf("%d RTP packets, want %d", rtp, truth.RTP)
			}
			for i, want := range truth.Calls {
				compareCall(t, dir, &m.Calls[i], want)
			}
		})
	}
}

func compareCall(t *testing.T, dir string, got *jsonCall, want *synth.CallTruth) {
	t.Helper()
	if want.CallID != "" && !slices.Contains(got.CallIDs, want.CallID) {
		t.Errorf("call %d has Call-IDs %q, want %q", got.Number, got.CallIDs, want.CallID)
	}
	if got.State != want.State || got.Caller.User != want.Caller || got.Callee.User != want.Callee {
		t.Errorf("call %d: %s %s -> %s, want %s %s -> %s", got.Number, got.State, got.Caller.User, got.Callee.User, want.State, want.Caller, want.Callee)
	}
	// An interface may count time in 1/1,048,576 s.
	if d := got.Start.Sub(want.Start); d.Abs() > time.Microsecond {
		t.Errorf("call %d starts %v, want %v", got.Number, got.Start, want.Start)
	}
	if (got.Origin == nil) != (want.Origin == nil) || got.Origin != nil && got.Origin.Sub(*want.Origin).Abs() > time.Microsecond {
		t.Errorf("call %d has origin %v, want %v", got.Number, got.Origin, want.Origin)
	}
	if len(got.Legs) != len(want.Legs) {
		t.Fatalf("call %d has %d legs, want %d", got.Number, len(got.Legs), len(want.Legs))
	}
	for _, w := range want.Legs {
		g := got.leg(w.Party)
		if g == nil {
			t.Errorf("call %d has no leg %s", got.Number, w.Party)
			continue
		}
		compareLeg(t, dir, g, w)
	}
}

func compareLeg(t *testing.T, dir string, got *jsonLeg, want *synth.LegTruth) {
	t.Helper()
	if got.Packets != want.Packets || got.Lost != want.Lost || got.Duplicates != want.Duplicates || got.Reordered != want.Reordered {
		t.Errorf("%s: packets %d lost %d duplicates %d reordered %d, want %d %d %d %d", want.Party,
			got.Packets, got.Lost, got.Duplicates, got.Reordered, want.Packets, want.Lost, want.Duplicates, want.Reordered)
	}
	if offset := got.OffsetS * float64(want.Rate); math.Abs(offset-float64(want.Offset)) > 0.5 {
		t.Errorf("%s: offset %.3f samples, want %d", want.Party, offset, want.Offset)
	}
	file := got.file("l16")
	if file == nil {
		t.Fatalf("%s: no l16 file", want.Party)
	}
	if file.Rate != want.Rate || file.Channels != want.Channels || file.Samples != want.Samples {
		t.Errorf("%s: %d Hz %d channels %d samples, want %d %d %d", want.Party, file.Rate, file.Channels, file.Samples, want.Rate, want.Channels, want.Samples)
	}
	pcm := samples(t, filepath.Join(dir, file.Path))
	for i := range min(len(pcm), len(want.PCM)) {
		if pcm[i] != want.PCM[i] {
			t.Errorf("%s: value %d (%.4f s) is %d, want %d", want.Party, i, float64(i/want.Channels)/float64(want.Rate), pcm[i], want.PCM[i])
			break
		}
	}
	sum := sha256.Sum256(synth.Bytes(pcm))
	if hex.EncodeToString(sum[:]) != want.SHA256 {
		t.Errorf("%s: the audio differs from what was sent", want.Party)
	}
	if file.SHA256 != want.SHA256 {
		t.Errorf("%s: the manifest gives another SHA-256 than the file has", want.Party)
	}
	checkGaps(t, got, pcm, want)
}

// checkGaps compares the listed gaps with the sound: what lies in a gap is
// silence, and the gaps hold as many packets as were lost.
func checkGaps(t *testing.T, got *jsonLeg, pcm []int16, want *synth.LegTruth) {
	t.Helper()
	lost := 0
	for _, g := range got.Gaps {
		lost += g.Packets
		from := int(math.Round(g.OffsetS*float64(want.Rate))) * want.Channels
		to := int(math.Round((g.OffsetS+g.DurationS)*float64(want.Rate))) * want.Channels
		for i := from; i < min(to, len(pcm)); i++ {
			if pcm[i] != 0 {
				t.Errorf("%s: gap at %.4f s (%s) holds sound", want.Party, g.OffsetS, g.Kind)
				break
			}
		}
	}
	if lost != want.Lost {
		t.Errorf("%s: gaps hold %d packets, want %d", want.Party, lost, want.Lost)
	}
}
