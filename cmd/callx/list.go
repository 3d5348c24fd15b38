package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"callx/calls"
	"callx/output"
)

func (a *app) listCommand() *cobra.Command {
	var (
		in                   inputOptions
		sel                  selection
		json, verbose, quiet bool
	)
	cmd := &cobra.Command{
		Use:   "list FILE...",
		Short: "List the calls of captures",
		Long: `List prints one line for each call: number, start (UTC), caller and callee,
state, duration of the media, codecs, the share of packets lost, and the numbers
of further calls that carry the same conversation through a back-to-back user
agent (a column that is there only if there are such).`,
		Example: `  callx list dump.pcap
  callx list night-*.pcapng.gz --from alice
  callx list --recursive /var/captures
  tcpdump -r dump.pcap -w - udp | callx list -
  callx list dump.pcap --json | jq 'select(.state == "completed")'`,
		Args: files,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := sel.check(); err != nil {
				return err
			}
			return a.list(cmd.Context(), args, &in, &sel, json, verbose, quiet)
		},
	}
	in.flags(cmd)
	sel.flags(cmd)
	cmd.Flags().BoolVar(&json, "json", false, "print one JSON object a call and line")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "also print what became of every packet, and all notes")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "no progress bar and no notes")
	return cmd
}

func (a *app) list(ctx context.Context, paths []string, in *inputOptions, sel *selection, json, verbose, quiet bool) error {
	bar := a.newProgress(quiet, 1)
	in.indexOnly = true
	c, err := a.open(ctx, paths, in, bar)
	bar.done()
	if err != nil {
		return err
	}
	defer c.src.Close()
	selected, err := sel.apply(c.index.Calls)
	if err != nil {
		return err
	}
	if json {
		err = output.WriteJSONL(a.stdout, selected)
	} else {
		err = writeTable(a.stdout, selected)
	}
	if err != nil {
		return err
	}
	if !quiet {
		a.printNotes(c.notes)
	}
	if verbose {
		a.printNotes(comments(c.src))
		for _, call := range selected {
			for _, n := range call.Notes {
				a.printNotes([]string{fmt.Sprintf("call %d: %v", call.Number, n)})
			}
		}
		for _, n := range c.index.Notes {
			a.printNotes([]string{n.String()})
		}
		printAccounting(a.stderr, &c.index.Packets)
		for _, method := range slices.Sorted(maps.Keys(c.index.Other)) {
			fmt.Fprintf(a.stderr, "%-18s %12d  SIP outside calls\n", printable(method), c.index.Other[method])
		}
	}
	return nil
}

// printNotes prints what is wrong with the inputs.
func (a *app) printNotes(notes []string) {
	for _, n := range notes {
		fmt.Fprintln(a.stderr, "callx: note:", printable(n))
	}
}

func printAccounting(w io.Writer, p *calls.Accounting) {
	for _, row := range []struct {
		name string
		n    uint64
	}{
		{"total", p.Total}, {"sip", p.SIP}, {"rtp", p.RTP}, {"rtp_duplicate", p.RTPDuplicate},
		{"rtp_unattributed", p.RTPUnattributed}, {"rtcp", p.RTCP}, {"dtls_stun", p.DTLSSTUN},
		{"other_udp", p.OtherUDP}, {"other_tcp", p.OtherTCP}, {"other", p.Other}, {"fragment", p.Fragment},
		{"truncated", p.Truncated}, {"undecodable_frame", p.UndecodableFrame},
	} {
		if row.n > 0 {
			fmt.Fprintf(w, "%-18s %12d\n", row.name, row.n)
		}
	}
}

// A column is one column of the table; numbers are set right.
type column struct {
	name  string
	right bool
	of    func(*calls.Call) string
}

var columns = []column{
	{"#", true, func(c *calls.Call) string { return fmt.Sprint(c.Number) }},
	{"START", false, func(c *calls.Call) string { return c.Start.Format("2006-01-02 15:04:05.000") }},
	{"CALLER", false, from},
	{"CALLEE", false, to},
	{"STATE", false, state},
	{"DURATION", true, func(c *calls.Call) string { return duration(c.Duration) }},
	{"CODECS", false, codecs},
	{"LOSS", true, loss},
	{"WITH", false, with},
}

// with names the other calls of the same conversation.
func with(c *calls.Call) string {
	if c.Group == nil {
		return ""
	}
	var others []string
	for _, n := range c.Group.Calls {
		if n != c.Number {
			others = append(others, fmt.Sprint(n))
		}
	}
	return strings.Join(others, ",")
}

// writeTable prints the calls for people.
func writeTable(w io.Writer, cs []*calls.Call) error {
	columns := columns
	if !slices.ContainsFunc(cs, func(c *calls.Call) bool { return c.Group != nil }) {
		columns = columns[:len(columns)-1]
	}
	widths := make([]int, len(columns))
	for i, col := range columns {
		widths[i] = utf8.RuneCountInString(col.name)
		for _, c := range cs {
			widths[i] = max(widths[i], utf8.RuneCountInString(printable(col.of(c))))
		}
	}
	b := bufio.NewWriter(w)
	line := make([]byte, 0, 256)
	write := func(of func(column) string) {
		line = line[:0]
		for i, col := range columns {
			s := of(col)
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(s))
			if col.right {
				line = append(append(line, pad...), s...)
			} else {
				line = append(append(line, s...), pad...)
			}
			line = append(line, "  "...)
		}
		b.Write(bytes.TrimRight(line, " "))
		b.WriteByte('\n')
	}
	write(func(col column) string { return col.name })
	for _, c := range cs {
		write(func(col column) string { return printable(col.of(c)) })
	}
	return b.Flush()
}

// from and to name the parties, by their addresses where nobody signalled.
func from(c *calls.Call) string {
	if c.State == calls.Unattributed {
		return c.Legs[0].Streams[0].Src.String()
	}
	return name(c.Caller)
}

func to(c *calls.Call) string {
	if c.State == calls.Unattributed {
		return c.Legs[0].Streams[0].Dst.String()
	}
	return name(c.Callee)
}

func name(p calls.Party) string { return cmp.Or(p.User, p.URI, "-") }

func state(c *calls.Call) string {
	s := string(c.State)
	if c.FinalStatus >= 300 {
		s += fmt.Sprintf(" (%d)", c.FinalStatus)
	}
	return s
}

func duration(s calls.Seconds) string {
	if s == 0 {
		return "-"
	}
	d := time.Duration(s).Round(10 * time.Millisecond)
	h, m := d/time.Hour, d%time.Hour/time.Minute
	sec := float64(d%time.Minute) / 1e9
	if h > 0 {
		return fmt.Sprintf("%d:%02d:%05.2f", h, m, sec)
	}
	return fmt.Sprintf("%d:%05.2f", m, sec)
}

// codecs names what the legs speak: once if both speak the same.
func codecs(c *calls.Call) string {
	var each []string
	for _, l := range c.Legs {
		s := strings.ReplaceAll(output.CodecNames(l), " ", "+")
		if l.Encryption != "none" {
			s += "(" + l.Encryption + ")"
		}
		if len(each) == 0 || each[len(each)-1] != s {
			each = append(each, s)
		}
	}
	if len(each) == 0 {
		return "-"
	}
	return strings.Join(each, "/")
}

func loss(c *calls.Call) string {
	var lost, expected uint64
	for _, l := range c.Legs {
		lost += l.Lost
		expected += l.Expected
	}
	if expected == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f%%", 100*float64(lost)/float64(expected))
}

// printable replaces what could steer a terminal: control characters and
// those that turn the writing direction.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || unicode.IsGraphic(r) && !unicode.Is(unicode.Cf, r) && r != unicode.ReplacementChar && !unicode.Is(unicode.Z, r) {
			return r
		}
		return '?'
	}, s)
}
