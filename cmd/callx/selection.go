package main

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"callx/calls"
)

// A selection is the calls that a command is asked for.
type selection struct {
	calls         []string
	from, to      []string
	after, before string

	lo, hi time.Time
}

// flags adds the selection's flags to a command.
func (s *selection) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&s.calls, "call", nil, "only this call: its number, id or Call-ID (repeatable)")
	f.StringArrayVar(&s.from, "from", nil, "only calls from this user; * and ? match any (repeatable)")
	f.StringArrayVar(&s.to, "to", nil, "only calls to this user; * and ? match any (repeatable)")
	f.StringVar(&s.after, "after", "", "only calls that start at or after this time, e.g. 2026-03-01T08:30:00Z (UTC if no zone)")
	f.StringVar(&s.before, "before", "", "only calls that start before this time")
}

// check reads the times.
func (s *selection) check() (err error) {
	if s.lo, err = parseTime("--after", s.after); err != nil {
		return err
	}
	if s.hi, err = parseTime("--before", s.before); err != nil {
		return err
	}
	for _, pattern := range append(slices.Clone(s.from), s.to...) {
		if _, err := path.Match(pattern, ""); err != nil {
			return usagef("pattern %q: %w", pattern, err)
		}
	}
	return nil
}

func parseTime(flag, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("%s %q: write a time such as 2026-03-01T08:30:00Z", flag, s)
}

// keep reports whether a call is selected.
func (s *selection) keep(c *calls.Call) bool {
	return s.named(c) && matches(s.from, c.Caller) && matches(s.to, c.Callee) &&
		(s.lo.IsZero() || !c.Start.Before(s.lo)) && (s.hi.IsZero() || c.Start.Before(s.hi))
}

func (s *selection) named(c *calls.Call) bool {
	if len(s.calls) == 0 {
		return true
	}
	return slices.ContainsFunc(s.calls, func(want string) bool { return isCall(c, want) })
}

func isCall(c *calls.Call, want string) bool {
	return want == c.ID || slices.Contains(c.CallIDs, want) || want == strconv.Itoa(c.Number)
}

func matches(patterns []string, p calls.Party) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(pattern string) bool {
		for _, s := range []string{p.User, p.URI} {
			if ok, _ := path.Match(strings.ToLower(pattern), strings.ToLower(s)); ok {
				return true
			}
		}
		return false
	})
}

// apply returns the selected calls; a --call that names none is an error, so
// that a typing mistake does not look like an empty capture.
func (s *selection) apply(cs []*calls.Call) ([]*calls.Call, error) {
	for _, want := range s.calls {
		if !slices.ContainsFunc(cs, func(c *calls.Call) bool { return isCall(c, want) }) {
			return nil, usagef("--call %s: no such call; 'callx list' shows numbers, and ids and Call-IDs with --json", want)
		}
	}
	return slices.DeleteFunc(slices.Clone(cs), func(c *calls.Call) bool { return !s.keep(c) }), nil
}
