package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"callx/calls"
	"callx/pcapio"
	"callx/pcapio/wire"
)

func (a *app) whyCommand() *cobra.Command {
	var (
		in            inputOptions
		asJSON, quiet bool
	)
	cmd := &cobra.Command{
		Use:   "why FILE... CALL",
		Short: "Explain a silent, short or missing leg of a call",
		Long: `Why says of each party of a call whether it is heard, and if something of it is
missing, what the capture tells of the reason, with frame numbers: where media
was asked to go and what came there, codecs and keys that are not known, holds,
losses, frames that were cut. CALL is a call's number, id or Call-ID.`,
		Example: `  callx why dump.pcap 3
  callx why night-*.pcap 3848276298220188511@atlanta.example --json`,
		Args: filesAndCall,
		RunE: func(cmd *cobra.Command, args []string) error {
			q, err := a.inquire(cmd.Context(), args, &in, quiet)
			if err != nil {
				return err
			}
			r := q.report()
			if asJSON {
				e := json.NewEncoder(a.stdout)
				e.SetEscapeHTML(false)
				return e.Encode(r)
			}
			return r.write(a.stdout)
		},
	}
	in.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "no progress bar")
	return cmd
}

// filesAndCall is the argument rule of commands that look at one call.
func filesAndCall(_ *cobra.Command, args []string) error {
	if len(args) < 2 {
		return usagef("name at least one capture file, and a call by number, id or Call-ID")
	}
	return nil
}

// An inquiry is what several looks at the capture tell of one call.
type inquiry struct {
	*capture
	call  *calls.Call
	trace *calls.Trace
	seen  *sightings
}

// inquire makes the index, then looks for the call's messages, then for what
// went where it asked its media to go. The last argument names the call.
func (a *app) inquire(ctx context.Context, args []string, in *inputOptions, quiet bool) (*inquiry, error) {
	bar := a.newProgress(quiet, 3)
	defer bar.done()
	in.indexOnly = true
	files, name := args[:len(args)-1], args[len(args)-1]
	c, err := a.open(ctx, files, in, bar)
	if err != nil {
		return nil, err
	}
	defer c.src.Close()
	sel := selection{calls: []string{name}}
	found, err := sel.apply(c.index.Calls)
	if err != nil {
		return nil, fmt.Errorf("no call %q: 'callx list' shows numbers, and ids and Call-IDs with --json", name)
	}
	q := &inquiry{capture: c, call: found[0], trace: &calls.Trace{Call: found[0]}}
	bar.start(c.src.Size())
	tracer := calls.NewTracer(found[:1], func(_ *calls.Call, m *calls.Message) { q.trace.Take(m) })
	dec := wire.Decoder{Streams: calls.Streams}
	err = walk(ctx, c.src, &dec, bar, func(f *pcapio.Frame, _ wire.Class, dgs []wire.Datagram) error {
		tracer.Frame(f, dgs)
		return nil
	})
	if err != nil {
		return nil, err
	}
	q.trace.Finish()
	q.seen = newSightings(q.call, q.trace)
	bar.start(c.src.Size())
	var plain wire.Decoder
	err = walk(ctx, c.src, &plain, bar, func(_ *pcapio.Frame, _ wire.Class, dgs []wire.Datagram) error {
		q.seen.take(dgs)
		return nil
	})
	return q, err
}

// A finding is one reason, with its evidence.
type finding struct {
	Kind   string   `json:"kind"`
	Text   string   `json:"text"`
	Frames []uint64 `json:"frames,omitempty"`
}

// A partyReport says how a party is heard, and why not better.
type partyReport struct {
	Party    string    `json:"party"`
	Verdict  string    `json:"verdict"`
	Findings []finding `json:"findings"` // the most telling first
}

// A whyReport is the answer to why.
type whyReport struct {
	Call     int           `json:"call"`
	ID       string        `json:"id"`
	State    calls.State   `json:"state"`
	Summary  string        `json:"summary"`
	Findings []finding     `json:"findings"` // about the whole call
	Parties  []partyReport `json:"parties"`
}

func (q *inquiry) report() *whyReport {
	c := q.call
	r := &whyReport{Call: c.Number, ID: c.ID, State: c.State, Summary: q.summary(), Findings: []finding{}}
	for _, rule := range callRules {
		r.Findings = append(r.Findings, rule(q)...)
	}
	for _, party := range q.parties() {
		p := partyReport{Party: party, Verdict: q.verdict(party), Findings: []finding{}}
		for _, rule := range partyRules {
			p.Findings = append(p.Findings, rule(q, party)...)
		}
		r.Parties = append(r.Parties, p)
	}
	return r
}

func (q *inquiry) summary() string {
	c := q.call
	s := fmt.Sprintf("%s calls %s: %s", from(c), to(c), state(c))
	if c.Duration > 0 {
		s += ", " + duration(c.Duration) + " of media"
	}
	return s
}

// write prints the report for people.
func (r *whyReport) write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "call %d: %s\n", r.Call, printable(r.Summary))
	writeFindings(&b, r.Findings)
	for _, p := range r.Parties {
		fmt.Fprintf(&b, "\n%s: %s\n", printable(p.Party), printable(p.Verdict))
		writeFindings(&b, p.Findings)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeFindings(b *strings.Builder, list []finding) {
	for _, f := range list {
		fmt.Fprintf(b, "  - %s", printable(f.Text))
		if len(f.Frames) > 0 {
			fmt.Fprintf(b, " [%s]", frames(f.Frames))
		}
		b.WriteByte('\n')
	}
}

// maxFrames is how many frame numbers are named for one finding.
const maxFrames = 8

func frames(list []uint64) string {
	word := "frame"
	if len(list) > 1 {
		word += "s"
	}
	for i, n := range list {
		if i == maxFrames {
			return word + fmt.Sprintf(" and %d more", len(list)-i)
		}
		if i > 0 {
			word += ","
		}
		word += fmt.Sprintf(" %d", n)
	}
	return word
}
