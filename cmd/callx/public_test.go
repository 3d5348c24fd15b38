package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestPublic lists and extracts captures by others. Nothing may crash, every
// frame is accounted for, the calls are those of the catalogue; frames with SIP
// and streams, their packets and losses, are those of tshark but for what
// docs/differences.md lists.
func TestPublic(t *testing.T) {
	root := captures(t)
	need(t, "tshark")
	known := explained(t)
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
			signalled := 0
			for _, c := range m.Calls {
				if c.State != "unattributed" {
					signalled++
				}
			}
			if signalled != invites {
				t.Errorf("%d calls, the catalogue has %d INVITE dialogs", signalled, invites)
			}
			differences := compareTshark(t, m, path)
			for _, d := range differences {
				if !slices.Contains(known[row["path"]], d) {
					t.Errorf("not in docs/differences.md: %s: %s", row["path"], d)
				}
			}
			for _, d := range known[row["path"]] {
				if !slices.Contains(differences, d) {
					t.Errorf("docs/differences.md has what is not so: %s: %s", row["path"], d)
				}
			}
			delete(known, row["path"])
		})
	}
	for path := range known {
		t.Errorf("docs/differences.md has %s, the catalogue does not", path)
	}
}

// explained reads the list of docs/differences.md, by capture.
func explained(t *testing.T) map[string][]string {
	t.Helper()
	b, err := os.ReadFile("../../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(b), "```")
	if len(parts) != 3 {
		t.Fatalf("docs/differences.md has %d parts around ```, want 3", len(parts))
	}
	list := map[string][]string{}
	for line := range strings.Lines(strings.TrimSpace(parts[1])) {
		path, what, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			t.Errorf("docs/differences.md: %q", line)
		}
		list[path] = append(list[path], what)
	}
	return list
}

// sharkSIP counts the frames that carry SIP for tshark.
func sharkSIP(t *testing.T, path string) int {
	t.Helper()
	out, err := exec.Command("tshark", "-r", path, "-Y", "sip", "-T", "fields", "-e", "frame.number").Output()
	if err != nil && len(out) == 0 {
		return 0 // damaged on purpose
	}
	return bytes.Count(out, []byte("\n"))
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

// A sharkStream is one line of tshark -q -z rtp,streams.
type sharkStream struct {
	key           string // src dst ssrc
	packets, lost int
}

var sharkLine = regexp.MustCompile(`^\s*[\d.]+\s+[\d.]+\s+(\S+)\s+(\d+)\s+(\S+)\s+(\d+)\s+0x([0-9A-F]{8})\s+.*?\s(\d+)\s+(-?\d+) \(`)

func tsharkStreams(t *testing.T, path string, opts ...string) (list []sharkStream) {
	t.Helper()
	cmd := exec.Command("tshark", append([]string{"-r", path, "-q", "-z", "rtp,streams"}, opts...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil && len(out) == 0 {
		t.Fatalf("tshark: %v\n%s", err, errs.String())
	}
	sc := bufio.NewScanner(bytes.NewReader(out))
	for sc.Scan() {
		m := sharkLine.FindStringSubmatch(sc.Text())
		if m == nil {
			continue
		}
		sport, _ := strconv.Atoi(m[2])
		dport, _ := strconv.Atoi(m[4])
		packets, _ := strconv.Atoi(m[6])
		lost, _ := strconv.Atoi(m[7])
		src, dst := netip.MustParseAddr(m[1]).Unmap(), netip.MustParseAddr(m[3]).Unmap()
		list = append(list, sharkStream{
			key:     fmt.Sprintf("%s %s 0x%s", addr(src.String(), sport), addr(dst.String(), dport), strings.ToLower(m[5])),
			packets: packets, lost: lost,
		})
	}
	return list
}

// compareTshark says how frames and streams differ from what tshark finds by
// signalling or its heuristic.
func compareTshark(t *testing.T, m *jsonManifest, path string) (differences []string) {
	t.Helper()
	if want := sharkSIP(t, path); m.Packets["sip"] != want {
		differences = append(differences, fmt.Sprintf("SIP frames: callx %d, tshark %d", m.Packets["sip"], want))
	}
	got := map[string]jsonStream{}
	for _, c := range m.Calls {
		for _, l := range c.Legs {
			for _, s := range l.Streams {
				g := got[s.Src+" "+s.Dst+" "+s.SSRC]
				g.Packets += s.Packets
				g.Lost += s.Lost
				g.Duplicates += s.Duplicates
				got[s.Src+" "+s.Dst+" "+s.SSRC] = g
			}
		}
	}
	for _, w := range tsharkStreams(t, path, "-o", "rtp.heuristic_rtp:TRUE") {
		g, ok := got[w.key]
		delete(got, w.key)
		// tshark counts a duplicate as a packet that fills a hole. Its heuristic
		// takes a few datagrams for a stream; callx wants more.
		switch same := ok && g.Packets == w.packets && g.Lost-g.Duplicates == w.lost; {
		case same || !ok && w.packets < 8:
		case !ok:
			differences = append(differences, fmt.Sprintf("stream %s: callx none, tshark %d packets", w.key, w.packets))
		default:
			differences = append(differences, fmt.Sprintf("stream %s: callx %d packets, %d lost, %d duplicates, tshark %d packets, %d lost",
				w.key, g.Packets, g.Lost, g.Duplicates, w.packets, w.lost))
		}
	}
	for key, g := range got {
		differences = append(differences, fmt.Sprintf("stream %s: callx %d packets, %d lost, tshark none", key, g.Packets, g.Lost))
	}
	return differences
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
