package main

import (
	"cmp"
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

// TestTsharkOfOurs holds calls between real clients against what tshark makes
// of them. docs/differences.md explains what differs; see TestPublic for the
// captures by others.
func TestTsharkOfOurs(t *testing.T) {
	root := captures(t)
	need(t, "tshark")
	known := readExplained(t)
	paths, _ := filepath.Glob(filepath.Join(root, "ours", "*", "*.pcap*"))
	if len(paths) < 30 {
		t.Fatalf("%d captures", len(paths))
	}
	for _, path := range paths {
		name, _ := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := callx(t, "list", "--json", "--quiet", path)
			if code != exitOK {
				t.Fatalf("exit %d: %s", code, stderr)
			}
			known.check(t, name, compareCalls(jsonLines(t, stdout), sharkView(t, path)))
		})
	}
	for path := range known {
		if strings.HasPrefix(path, "ours/") {
			t.Errorf("docs/differences.md has %s, which is not there", path)
		}
	}
}

// explained is the list of docs/differences.md, by capture.
type explained map[string][]string

func readExplained(t *testing.T) explained {
	t.Helper()
	b, err := os.ReadFile("../../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(b), "```")
	if len(parts) != 3 {
		t.Fatalf("docs/differences.md has %d parts around ```, want 3", len(parts))
	}
	list := explained{}
	for line := range strings.Lines(strings.TrimSpace(parts[1])) {
		path, what, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			t.Errorf("docs/differences.md: %q", line)
		}
		list[path] = append(list[path], what)
	}
	return list
}

// check strikes a capture off the list, whose differences must be those that
// there are.
func (e explained) check(t *testing.T, name string, differences []string) {
	t.Helper()
	for _, d := range differences {
		if !slices.Contains(e[name], d) {
			t.Errorf("not in docs/differences.md: %s: %s", name, d)
		}
	}
	for _, d := range e[name] {
		if !slices.Contains(differences, d) {
			t.Errorf("docs/differences.md has what is not so: %s: %s", name, d)
		}
	}
	delete(e, name)
}

// A shark is what tshark makes of a capture, with its heuristic for RTP.
type shark struct {
	sip     int               // frames
	calls   map[string]string // the last status of the INVITE, by Call-ID; a 2xx stays
	streams []sharkStream
}

// A sharkStream is one line of tshark -z rtp,streams.
type sharkStream struct {
	key           string // src dst ssrc
	payloads      []string
	packets, lost int
}

var sharkLine = regexp.MustCompile(`^\s*[\d.]+\s+[\d.]+\s+(\S+)\s+(\d+)\s+(\S+)\s+(\d+)\s+0x([0-9A-F]{8})\s+(.*?)\s+(\d+)\s+(-?\d+) \(`)

// sharkPayloads are tshark's names of payload types that have others in SDP.
var sharkPayloads = map[string]string{"g711a": "pcma", "g711u": "pcmu", "rtpevent": "telephone-event"}

func sharkView(t *testing.T, path string) *shark {
	t.Helper()
	// Of a capture damaged on purpose tshark says what it could read.
	out, err := exec.Command("tshark", "-r", path, "-o", "rtp.heuristic_rtp:TRUE", "-z", "rtp,streams", "-Y", "sip",
		"-T", "fields", "-E", "aggregator=|", "-e", "sip", "-e", "sip.Call-ID", "-e", "sip.CSeq.method", "-e", "sip.Status-Code").Output()
	if err != nil && len(out) == 0 {
		t.Fatalf("tshark: %v", err)
	}
	s := &shark{calls: map[string]string{}}
	for line := range strings.Lines(string(out)) {
		if f := strings.Split(strings.TrimRight(line, "\n"), "\t"); len(f) == 4 {
			s.sip++
			s.message(strings.Split(f[1], "|"), strings.Split(f[2], "|"), f[3])
		} else if m := sharkLine.FindStringSubmatch(line); m != nil {
			s.stream(m)
		}
	}
	return s
}

// message takes the Call-IDs and methods of the messages of one frame, and the
// status of one that is alone.
func (s *shark) message(ids, methods []string, status string) {
	for i, id := range ids {
		if i >= len(methods) || methods[i] != "INVITE" {
			continue
		}
		was := s.calls[id]
		if len(ids) > 1 || status < "200" || was >= "200" && was < "300" {
			s.calls[id] = was
		} else {
			s.calls[id] = status
		}
	}
}

func (s *shark) stream(m []string) {
	end := func(ip, port string) string {
		n, _ := strconv.Atoi(port)
		return addr(netip.MustParseAddr(ip).Unmap().String(), n)
	}
	st := sharkStream{key: fmt.Sprintf("%s %s 0x%s", end(m[1], m[2]), end(m[3], m[4]), strings.ToLower(m[5]))}
	for name := range strings.SplitSeq(strings.ToLower(m[6]), ", ") {
		st.payloads = append(st.payloads, cmp.Or(sharkPayloads[name], name))
	}
	st.packets, _ = strconv.Atoi(m[7])
	st.lost, _ = strconv.Atoi(m[8])
	s.streams = append(s.streams, st)
}

// compareCalls says how the dialogs that an INVITE began, how each was answered
// at last, and the streams with their codecs, packets and losses, differ from
// what tshark finds.
func compareCalls(calls []jsonCall, want *shark) (differences []string) {
	add := func(format string, args ...any) { differences = append(differences, fmt.Sprintf(format, args...)) }
	seen := map[string]bool{}
	streams := map[string]jsonStream{}
	codecs := map[string][]string{}
	for _, c := range calls {
		for i, id := range c.CallIDs {
			seen[id] = true
			status, ok := want.calls[id]
			switch got := strings.TrimPrefix(strconv.Itoa(c.FinalStatus), "0"); {
			case !ok:
				add("call %s: callx has it, tshark has not", id)
			case i == 0 && got != status: // of a call that was transferred, the first dialog's
				add("call %s: status callx %q, tshark %q", id, got, status)
			}
		}
		for _, l := range c.Legs {
			for _, s := range l.Streams {
				key := s.Src + " " + s.Dst + " " + s.SSRC
				sum := streams[key]
				sum.Packets += s.Packets
				sum.Lost += s.Lost
				sum.Duplicates += s.Duplicates
				streams[key] = sum
				for _, codec := range l.Codecs {
					codecs[key] = append(codecs[key], strings.ToLower(codec.Name))
				}
			}
		}
	}
	for id := range want.calls {
		if !seen[id] {
			add("call %s: tshark has it, callx has not", id)
		}
	}
	for _, w := range want.streams {
		got, ok := streams[w.key]
		delete(streams, w.key)
		// tshark counts a duplicate as a packet that fills a hole. Its heuristic
		// takes a few datagrams for a stream; callx wants more.
		switch same := ok && got.Packets == w.packets && got.Lost-got.Duplicates == w.lost; {
		case same || !ok && w.packets < 8:
		case !ok:
			add("stream %s: callx none, tshark %d packets", w.key, w.packets)
		default:
			add("stream %s: callx %d packets, %d lost, %d duplicates, tshark %d packets, %d lost", w.key, got.Packets, got.Lost, got.Duplicates, w.packets, w.lost)
		}
		for _, name := range w.payloads {
			if names := codecs[w.key]; ok && !slices.Contains(names, name) {
				slices.Sort(names)
				add("codec of %s: callx %s, tshark %s", w.key, strings.Join(slices.Compact(names), " "), name)
			}
		}
	}
	for key, got := range streams {
		add("stream %s: callx %d packets, %d lost, tshark none", key, got.Packets, got.Lost)
	}
	return differences
}
