package calls

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestRFCFlows plays the call flows of RFC 3665 and RFC 5359. Each file of
// testdata/rfc holds some, as pairs of sections: NAME and NAME/want.
//
//	0.1 b>a 200/INVITE x a:1 b:2 sdp=4002 cseq=1; Header: value;; Header: value
//	1.0 rtp a:4000>b:4002 11
//
// are a message (time, hop, method or status/method, Call-ID, From and To with
// tags; hold=4002 is an SDP that puts on hold) and two seconds of RTP with an
// SSRC. What is wanted of call N is
//
//	N state completed
//	N ids x y
//	N legs caller=a/1 callee=b/1
//	N events answer:callee bye:caller
//	N group 1 2
//
// with the user and the number of streams of each leg.
func TestRFCFlows(t *testing.T) {
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
			flow, want := a.Files[i], a.Files[i+1]
			if want.Name != flow.Name+"/want" {
				t.Fatalf("%s: %s after %s", file, want.Name, flow.Name)
			}
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar")+"/"+flow.Name, func(t *testing.T) {
				var s scene
				for line := range strings.Lines(string(flow.Data)) {
					if err := s.line(strings.TrimSpace(line)); err != nil {
						t.Fatalf("%q: %v", line, err)
					}
				}
				got := s.index().Calls
				if lines := strings.Fields(string(want.Data)); lines[0] != "calls" || lines[1] != strconv.Itoa(len(got)) {
					t.Fatalf("%d calls: %v", len(got), idsOf(got))
				}
				for line := range strings.Lines(string(want.Data)) {
					f := strings.Fields(line)
					if f[0] == "calls" {
						continue
					}
					n, err := strconv.Atoi(f[0])
					if err != nil || n < 1 || n > len(got) {
						t.Fatalf("%q", line)
					}
					if have := have(got[n-1], f[1]); have != strings.Join(f[2:], " ") {
						t.Errorf("call %d: %s %s, want %s", n, f[1], have, strings.Join(f[2:], " "))
					}
				}
			})
		}
	}
}

func idsOf(list []*Call) (ids [][]string) {
	for _, c := range list {
		ids = append(ids, c.CallIDs)
	}
	return ids
}

// have describes a call as the files do.
func have(c *Call, what string) string {
	switch what {
	case "state":
		return string(c.State)
	case "ids":
		return strings.Join(c.CallIDs, " ")
	case "legs":
		return legs(c)
	case "events":
		return kinds(c)
	case "group":
		if c.Group == nil {
			return "none"
		}
		return strings.Trim(fmt.Sprint(c.Group.Calls), "[]")
	}
	return "unknown key"
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
	for _, option := range f[6:] {
		name, value, _ := strings.Cut(option, "=")
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
	s.sip(at, f[1], what, f[3], seq, f[4], f[5], port, more...)
	return nil
}

// The files name every flow once.
func TestRFCFlowNames(t *testing.T) {
	files, _ := filepath.Glob("testdata/rfc/*.txtar")
	var names []string
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			if names = append(names, file+f.Name); slices.Contains(names[:len(names)-1], file+f.Name) {
				t.Errorf("%s: %s twice", file, f.Name)
			}
		}
	}
}
