package output

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"callx/calls"
)

// A label is one line of an Audacity label track.
type label struct {
	from, to calls.Seconds
	text     string
}

// WriteLabels writes a call's events, gaps and digits as an Audacity label
// track: start, end and text in columns divided by tabs, in seconds from the
// origin (https://manual.audacityteam.org/man/importing_and_exporting_labels.html).
func WriteLabels(w io.Writer, c *calls.Call) error {
	var labels []label
	for _, e := range c.Events {
		text := e.Kind + " " + e.Party
		if e.Text != "" {
			text += ": " + e.Text
		}
		labels = append(labels, label{max(e.Offset, 0), max(e.Offset, 0), text})
	}
	for _, leg := range c.Legs {
		for _, g := range leg.Gaps {
			text := leg.Party + " " + g.Kind
			if g.Packets > 0 {
				text += fmt.Sprintf(" (%d packets)", g.Packets)
			}
			labels = append(labels, label{g.Offset, g.Offset + g.Duration, text})
		}
		for _, d := range leg.DTMF {
			labels = append(labels, label{d.Offset, d.Offset + calls.Seconds(d.Duration)*1e6, leg.Party + " dtmf " + d.Digit})
		}
	}
	slices.SortStableFunc(labels, func(a, b label) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	bw := bufio.NewWriter(w)
	for _, l := range labels {
		fmt.Fprintf(bw, "%.6f\t%.6f\t%s\n", float64(l.from)/1e9, float64(l.to)/1e9, oneLine(l.text))
	}
	return bw.Flush()
}

// WriteLOF writes an Audacity list of files that opens the call's WAVs
// aligned: all begin at the origin.
func WriteLOF(w io.Writer, c *calls.Call) error {
	var b strings.Builder
	for _, leg := range c.Legs {
		for _, f := range leg.Files {
			if f.Format == "wav" {
				fmt.Fprintf(&b, "file %q offset 0\n", path.Base(f.Path))
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// oneLine makes text from packets safe in a line of columns.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
