package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestPublic lists and extracts captures by others. Nothing may crash, every
// frame is accounted for, the calls are those of the catalogue; frames with SIP,
// dialogs, and streams with their codecs, packets and losses are those of tshark
// but for what docs/differences.md lists.
func TestPublic(t *testing.T) {
	root := captures(t)
	need(t, "tshark")
	known := readExplained(t)
	for _, row := range catalogue(t, filepath.Join(root, "public.tsv")) {
		t.Run(row["path"], func(t *testing.T) {
			path := filepath.Join(root, "public", row["path"])
			dir := filepath.Join(t.TempDir(), "out")
			code, _, stderr := callx(t, "extract", path, "-o", dir)
			if code != exitOK && code != exitIncomplete {
				t.Fatalf("exit %d: %s", code, stderr)
			}
			m := manifest(t, dir)
			invites, _ := strconv.Atoi(row["invite_callids"])
			answers, _ := strconv.Atoi(row["answered_callids"])
			signalled, answered := 0, 0
			for _, c := range m.Calls {
				if c.State != "unattributed" {
					signalled++
				}
				if c.Answer != nil {
					answered++
				}
			}
			if signalled != invites || answered != answers {
				t.Errorf("%d calls, %d answered; the catalogue has %d INVITE dialogs, %d answered", signalled, answered, invites, answers)
			}
			shark := sharkView(t, path)
			differences := compareCalls(m.Calls, shark)
			if got := m.Packets["sip"]; got != shark.sip {
				differences = append(differences, fmt.Sprintf("SIP frames: callx %d, tshark %d", got, shark.sip))
			}
			known.check(t, row["path"], differences)
		})
	}
	for path := range known {
		if !strings.HasPrefix(path, "ours/") {
			t.Errorf("docs/differences.md has %s, the catalogue does not", path)
		}
	}
}

func catalogue(t *testing.T, path string) (rows []map[string]string) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	records, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = rec[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// TestRTPProxy compares with what another extractor counted in its own tests.
func TestRTPProxy(t *testing.T) {
	root := filepath.Join(captures(t), "public", "sippy__rtpproxy")
	line := regexp.MustCompile(`pcount=(\d+), .*ssrc=0x([0-9A-F]+), duplicates=(\d+)\s+ssrc_changes=\d+, psent=\d+, precvd=\d+, plost=(\d+)`)
	files := map[string][]string{
		"dups.output": {"dups.a.rtp"}, "lost.output": {"lost.a.rtp", "lost.o.rtp"}, "weird.output": {"weird.a.rtp"},
		"c1.output": {"c1.a.rtp"}, "G723_1.output": {"G723_1.o.rtp"}, "srtp1.output": {"srtp1.a.rtp", "srtp1.o.rtp"},
	}
	for expected, paths := range files {
		b, err := os.ReadFile(filepath.Join(root, "expected", expected))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][3]int{}
		for _, m := range line.FindAllStringSubmatch(string(b), -1) {
			var n [3]int
			for i, s := range []string{m[1], m[3], m[4]} {
				n[i], _ = strconv.Atoi(s)
			}
			want["0x"+strings.ToLower(m[2])] = n
		}
		found := 0
		for _, p := range paths {
			code, stdout, stderr := callx(t, "list", "--json", filepath.Join(root, p))
			if code != 0 {
				t.Fatalf("%s: exit %d: %s", p, code, stderr)
			}
			for _, c := range jsonLines(t, stdout) {
				for _, l := range c.Legs {
					for _, s := range l.Streams {
						w, ok := want[s.SSRC]
						if !ok {
							continue
						}
						found++
						if s.Packets-s.Duplicates != w[0] || s.Duplicates != w[1] || s.Lost != w[2] {
							t.Errorf("%s %s: %d unique %d duplicates %d lost, want %v", p, s.SSRC, s.Packets-s.Duplicates, s.Duplicates, s.Lost, w)
						}
					}
				}
			}
		}
		if found == 0 {
			t.Errorf("%s: none of its streams were found", expected)
		}
	}
}

func jsonLines(t *testing.T, s string) (calls []jsonCall) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(s))
	for dec.More() {
		var c jsonCall
		if err := dec.Decode(&c); err != nil {
			t.Fatal(err)
		}
		calls = append(calls, c)
	}
	return calls
}
