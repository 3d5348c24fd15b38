package output

import (
	"encoding/csv"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"callx/calls"
)

// csvColumns is the flat form of a call and one of its legs: one row a leg,
// one row for a call without legs.
var csvColumns = []struct {
	name string
	of   func(c *calls.Call, l *calls.Leg) string
}{
	{"number", func(c *calls.Call, _ *calls.Leg) string { return strconv.Itoa(c.Number) }},
	{"id", func(c *calls.Call, _ *calls.Leg) string { return c.ID }},
	{"call_ids", func(c *calls.Call, _ *calls.Leg) string { return cell(strings.Join(c.CallIDs, " ")) }},
	{"state", func(c *calls.Call, _ *calls.Leg) string { return string(c.State) }},
	{"final_status", func(c *calls.Call, _ *calls.Leg) string { return zeroEmpty(c.FinalStatus) }},
	{"caller", func(c *calls.Call, _ *calls.Leg) string { return cell(c.Caller.User) }},
	{"callee", func(c *calls.Call, _ *calls.Leg) string { return cell(c.Callee.User) }},
	{"start", func(c *calls.Call, _ *calls.Leg) string { return stamp(c.Start) }},
	{"answer", func(c *calls.Call, _ *calls.Leg) string { return stamp(c.Answer) }},
	{"end", func(c *calls.Call, _ *calls.Leg) string { return stamp(c.End) }},
	{"origin", func(c *calls.Call, _ *calls.Leg) string { return stamp(c.Origin) }},
	{"duration_s", func(c *calls.Call, _ *calls.Leg) string { return c.Duration.String() }},
	{"folder", func(c *calls.Call, _ *calls.Leg) string { return c.Folder }},
	{"party", leg(func(l *calls.Leg) string { return l.Party })},
	{"codecs", leg(func(l *calls.Leg) string { return cell(CodecNames(l)) })},
	{"encryption", leg(func(l *calls.Leg) string { return l.Encryption })},
	{"offset_s", leg(func(l *calls.Leg) string { return l.Offset.String() })},
	{"packets", leg(func(l *calls.Leg) string { return fmt.Sprint(l.Packets) })},
	{"lost", leg(func(l *calls.Leg) string { return fmt.Sprint(l.Lost) })},
	{"duplicates", leg(func(l *calls.Leg) string { return fmt.Sprint(l.Duplicates) })},
	{"reordered", leg(func(l *calls.Leg) string { return fmt.Sprint(l.Reordered) })},
	{"undecodable", leg(func(l *calls.Leg) string { return fmt.Sprint(l.Undecodable) })},
	{"loss_percent", leg(func(l *calls.Leg) string { return fmt.Sprintf("%.2f", float64(l.LossPercent)) })},
	{"jitter_mean_ms", leg(func(l *calls.Leg) string {
		if l.Jitter == nil {
			return ""
		}
		return fmt.Sprintf("%.3f", float64(l.Jitter.Mean))
	})},
	{"files", leg(func(l *calls.Leg) string {
		var paths []string
		for _, f := range l.Files {
			paths = append(paths, f.Path)
		}
		return strings.Join(paths, " ")
	})},
}

func leg(of func(*calls.Leg) string) func(*calls.Call, *calls.Leg) string {
	return func(_ *calls.Call, l *calls.Leg) string {
		if l == nil {
			return ""
		}
		return of(l)
	}
}

// WriteCSV writes the calls for spreadsheets.
func WriteCSV(w io.Writer, cs []*calls.Call) error {
	cw := csv.NewWriter(w)
	row := make([]string, len(csvColumns))
	for i, col := range csvColumns {
		row[i] = col.name
	}
	cw.Write(row)
	for _, c := range cs {
		legs := c.Legs
		if len(legs) == 0 {
			legs = []*calls.Leg{nil}
		}
		for _, l := range legs {
			for i, col := range csvColumns {
				row[i] = col.of(c, l)
			}
			cw.Write(row)
		}
	}
	cw.Flush()
	return cw.Error()
}

// CodecNames lists a leg's audio codecs in order of appearance.
func CodecNames(l *calls.Leg) string {
	var names []string
	for _, c := range l.Codecs {
		name := c.Name
		if name == "" {
			name = fmt.Sprintf("PT %d", c.PayloadType)
		}
		if strings.EqualFold(name, "telephone-event") || strings.EqualFold(name, "CN") {
			continue
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

var plainNumber = regexp.MustCompile(`^[+-]?[0-9]+$`)

// cell keeps a spreadsheet from taking text of a packet for a formula.
func cell(s string) string {
	s = oneLine(s)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) && !plainNumber.MatchString(s) {
		return "'" + s
	}
	return s
}

func stamp(t calls.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func zeroEmpty(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
