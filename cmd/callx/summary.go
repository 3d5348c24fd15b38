package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"callx/calls"
	"callx/output"
)

// A summary is what a run says at its end: what there was, what was lost, and
// what could not be done.
type summary struct {
	calls, legs   int
	audio         time.Duration
	packets, lost uint64
	duplicates    uint64
	problems      []string // what could not be reconstructed
	notes         []string
}

func summarise(cs []*calls.Call, c *capture) *summary {
	s := &summary{calls: len(cs), notes: c.notes}
	for _, call := range cs {
		for _, l := range call.Legs {
			s.legs++
			s.packets += l.Packets
			s.lost += l.Lost
			s.duplicates += l.Duplicates
			if i := slices.IndexFunc(l.Files, func(f calls.File) bool { return f.Samples > 0 }); i >= 0 {
				s.audio += time.Duration(float64(l.Files[i].Samples) / float64(l.Files[i].Rate) * 1e9)
			}
			if l.Undecodable > 0 {
				s.problems = append(s.problems, problem(call, l))
			}
		}
	}
	for _, in := range c.src.Inputs() {
		if in.Truncated {
			s.problems = append(s.problems, fmt.Sprintf("%s ends in the middle of a record", in.Path))
		}
	}
	return s
}

// problem says why packets of a leg gave no audio.
func problem(c *calls.Call, l *calls.Leg) string {
	why := "codec " + output.CodecNames(l) + " is not decoded"
	switch {
	case l.Unauthenticated == l.Undecodable:
		why = "they fail the authentication of SRTP"
	case l.Unauthenticated > 0:
		why = "they fail the authentication of SRTP, or " + why
	case l.Decrypted:
	case l.Encryption != "none":
		why = "encrypted (" + l.Encryption + ")"
	}
	saved := ""
	for _, f := range l.Files {
		if f.Format == "rtpdump" {
			saved = "; payload saved as " + f.Path
		}
	}
	return fmt.Sprintf("call %d %s: %d of %d packets gave no audio: %s%s", c.Number, l.Party, l.Undecodable, l.Packets, why, saved)
}

// err is errIncomplete if something could not be reconstructed.
func (s *summary) err() error {
	if len(s.problems) > 0 {
		return errIncomplete
	}
	return nil
}

// maxProblems is how many problems are printed one by one.
const maxProblems = 20

func (s *summary) print(w io.Writer) {
	for _, n := range s.notes {
		fmt.Fprintln(w, "callx: note:", printable(n))
	}
	for i, p := range s.problems {
		if i == maxProblems {
			fmt.Fprintf(w, "callx: incomplete: and %d more; see manifest.json\n", len(s.problems)-i)
			break
		}
		fmt.Fprintln(w, "callx: incomplete:", printable(p))
	}
	percent := 0.0
	if expected := s.packets - s.duplicates + s.lost; expected > 0 {
		percent = 100 * float64(s.lost) / float64(expected)
	}
	parts := []string{
		count(s.calls, "call"), count(s.legs, "leg"), s.audio.Round(10*time.Millisecond).String() + " of audio",
		fmt.Sprintf("%d packets lost (%.2f%%)", s.lost, percent),
	}
	if s.duplicates > 0 {
		parts = append(parts, fmt.Sprintf("%d duplicates dropped", s.duplicates))
	}
	fmt.Fprintln(w, "callx:", strings.Join(parts, ", "))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
