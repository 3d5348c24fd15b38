package calls

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"callx/calls/sip"

	"github.com/rogpeppe/go-internal/txtar"
)

// A flow is one call flow of an RFC, and what is wanted of it. The files of
// testdata/rfc hold them as pairs of sections: NAME and NAME/want.
//
//	0.1 b>a 200/INVITE x a:1 b:2 sdp=4002@c cseq=1; Header: value;; Header: value
//	1.0 rtp a:4000>b:4002 11
//
// are a message (time, hop, method or status/method, Call-ID, From and To with
// tags; hold=4002 is an SDP that puts on hold) and two seconds of RTP with an
// SSRC. An SDP has the address of its sender, one that the proxies p and q pass
// on that of the party itself, or the one behind @. What is wanted of all, and
// of call N, is
//
//	calls 2
//	other REGISTER=4
//	N state completed 200
//	N ids x y
//	N parties a b
//	N times start=0 ringing=0.1 answer=2 end=6
//	N legs caller=a/1 callee=b/1
//	N rules caller=sdp callee=symmetric
//	N packets caller=200-100
//	N events answer:callee bye:caller
//	N when hold=4 resume=8
//	N texts refer=refers sip:a@h to sip:c@h
//	N notes unacknowledged
//	N group 1 2
//	N evidence header X-CID: 1234
//
// with the user and the number of streams of each leg, its packets less its
// duplicates, and what happened after the answer with its times.
type flow struct{ name, script, want string }

func flows(t testing.TB) (list []flow) {
	t.Helper()
	files, err := filepath.Glob("testdata/rfc/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(a.Files); i += 2 {
			script, want := a.Files[i], a.Files[i+1]
			if want.Name != script.Name+"/want" {
				t.Fatalf("%s: %s after %s", file, want.Name, script.Name)
			}
			name := strings.TrimSuffix(filepath.Base(file), ".txtar") + "/" + script.Name
			list = append(list, flow{name, string(script.Data), string(want.Data)})
		}
	}
	return list
}

func (f *flow) play(t testing.TB) (s scene) {
	t.Helper()
	for line := range strings.Lines(f.script) {
		if err := s.line(strings.TrimSpace(line)); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	}
	return s
}

func (f *flow) check(t *testing.T, ix *Index) {
	t.Helper()
	for line := range strings.Lines(f.want) {
		line = strings.TrimSpace(line)
		first, rest, _ := strings.Cut(line, " ")
		switch first {
		case "calls":
			if rest != strconv.Itoa(len(ix.Calls)) {
				t.Fatalf("%d calls: %v", len(ix.Calls), idsOf(ix.Calls))
			}
			continue
		case "other":
			if got := counts(ix.Other); got != rest {
				t.Errorf("other %s, want %s", got, rest)
			}
			continue
		}
		n, err := strconv.Atoi(first)
		if err != nil || n < 1 || n > len(ix.Calls) {
			t.Fatalf("%q", line)
		}
		what, want, _ := strings.Cut(rest, " ")
		if got := have(ix.Calls[n-1], what); got != want {
			t.Errorf("call %d: %s %s, want %s", n, what, got, want)
		}
	}
}

// TestRFCFlows plays the flows of the RFCs as they are.
func TestRFCFlows(t *testing.T) {
	for _, f := range flows(t) {
		t.Run(f.name, func(t *testing.T) {
			s := f.play(t)
			f.check(t, s.index())
		})
	}
}

// TestRFCFlowsRepeated sends every message twice, as UDP does: only the counts
// of messages differ.
func TestRFCFlowsRepeated(t *testing.T) {
	for _, f := range flows(t) {
		t.Run(f.name, func(t *testing.T) {
			s := f.play(t)
			for _, d := range s.list {
				if sip.Sniff(d.Payload) {
					d.Nanos += 500e3
					s.list = append(s.list, d)
				}
			}
			f.want = regexp.MustCompile(`(?m)^other .*$\n?`).ReplaceAllString(f.want, "")
			f.check(t, s.index())
		})
	}
}

func counts(m map[string]int) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, fmt.Sprintf("%s=%d", k, m[k]))
	}
	return strings.Join(out, " ")
}

func idsOf(list []*Call) (ids [][]string) {
	for _, c := range list {
		ids = append(ids, c.CallIDs)
	}
	return ids
}

// have describes a call as the files do.
func have(c *Call, what string) string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	seconds := func(t Time) float64 { return float64(t.UnixNano()-at(0)) / 1e9 }
	switch what {
	case "state":
		if add("%s", c.State); c.FinalStatus > 0 {
			add("%d", c.FinalStatus)
		}
	case "ids":
		out = c.CallIDs
	case "parties":
		out = []string{c.Caller.User, c.Callee.User}
	case "times":
		for _, x := range []struct {
			name string
			Time
		}{{"start", c.Start}, {"ringing", c.Ringing}, {"answer", c.Answer}, {"end", c.End}} {
			if !x.IsZero() {
				add("%s=%v", x.name, seconds(x.Time))
			}
		}
	case "legs":
		return legs(c)
	case "rules":
		for _, l := range c.Legs {
			add("%s=%s", l.Party, l.Rule)
		}
	case "packets":
		for _, l := range c.Legs {
			add("%s=%d-%d", l.Party, l.Packets, l.Duplicates)
		}
	case "events":
		return kinds(c)
	case "when":
		for _, e := range c.Events {
			if e.Kind == "hold" || e.Kind == "resume" || e.Kind == "reinvite" {
				add("%s=%v", e.Kind, seconds(e.At))
			}
		}
	case "texts":
		for _, e := range c.Events {
			if e.Text != "" && e.Kind != "ssrc" {
				add("%s=%s", e.Kind, e.Text)
			}
		}
	case "notes":
		for _, n := range c.Notes {
			add("%s", n.Kind)
		}
	case "group":
		if c.Group != nil {
			return strings.Trim(fmt.Sprint(c.Group.Calls), "[]")
		}
	case "evidence":
		if c.Group != nil {
			out = c.Group.Evidence
		}
	default:
		return "is no key"
	}
	if len(out) == 0 && (what == "notes" || what == "group") {
		return "none"
	}
	return strings.Join(out, " ")
}

// line plays one line of a flow.
func (s *scene) line(line string) error {
	if line == "" || line[0] == '#' {
		return nil
	}
	line, headers, _ := strings.Cut(line, ";")
	f := strings.Fields(line)
	at, err := strconv.ParseFloat(f[0], 64)
	if err != nil || len(f) < 4 {
		return fmt.Errorf("time and three fields are needed: %v", err)
	}
	if f[1] == "rtp" {
		var from, to byte
		var fromPort, toPort uint16
		var ssrc uint32
		if _, err := fmt.Sscanf(f[2]+" "+f[3], "%c:%d>%c:%d %d", &from, &fromPort, &to, &toPort, &ssrc); err != nil {
			return err
		}
		s.rtp(at, from, fromPort, to, toPort, ssrc)
		return nil
	}
	if len(f) < 6 {
		return fmt.Errorf("%d fields, want six", len(f))
	}
	what, seq, port := strings.Replace(f[2], "/", " ", 1), 1, 0
	describer := f[1][0]
	if describer == 'p' || describer == 'q' {
		describer = f[4][0]
		if what != f[2] { // a response
			describer = f[5][0]
		}
	}
	for _, option := range f[6:] {
		name, value, _ := strings.Cut(option, "=")
		value, of, _ := strings.Cut(value, "@")
		if of != "" {
			describer = of[0]
		}
		n, err := strconv.Atoi(value)
		switch {
		case err != nil:
			return err
		case name == "sdp":
			port = n
		case name == "hold":
			port = -n
		case name == "cseq":
			seq = n
		}
	}
	var more []string
	for h := range strings.SplitSeq(headers, ";;") {
		if h = strings.TrimSpace(h); h != "" {
			more = append(more, h)
		}
	}
	s.message(at, f[1], what, f[3], seq, f[4], f[5], describer, port, more...)
	return nil
}

// TestRFCFlowNames: every flow is there, once.
func TestRFCFlowNames(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range flows(t) {
		name, _, _ := strings.Cut(f.name, " ")
		if seen[f.name] {
			t.Errorf("%s twice", f.name)
		}
		seen[name], seen[f.name] = true, true
	}
	for _, rfc := range []struct {
		section string
		n       int
	}{{"rfc3665/3", 11}, {"rfc5359/2", 18}} {
		for i := range rfc.n {
			if name := fmt.Sprintf("%s.%d", rfc.section, i+1); !seen[name] {
				t.Errorf("%s is missing", name)
			}
		}
	}
}
