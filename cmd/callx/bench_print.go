package main

import (
	"fmt"
	"io"
	"strings"
)

// print writes the report for people.
func (r *benchReport) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s, %s, %s/%s, %s (%d used)\n", r.Tool, r.Version, r.Go, r.OS, r.Arch, count(r.CPUs, "CPU"), r.MaxProcs)
	fmt.Fprintf(&b, "%s, %sB, %s, %s; best of %s\n\n", count(r.Inputs, "file"), metric(float64(r.Bytes)),
		metric(float64(r.Packets))+" packets", count(r.Calls, "call"), count(r.Runs, "run"))
	fmt.Fprintf(&b, "%-10s %10s %10s %12s %12s %12s\n", "STAGE", "SECONDS", "BYTES/S", "PACKETS/S", "x YARDSTICK", "MEMORY")
	for _, s := range r.Stages {
		ratio, memory := "-", "-"
		if s.Ratio != nil {
			ratio = fmt.Sprintf("%.2f", *s.Ratio)
		}
		if s.Memory != nil {
			memory = fmt.Sprintf("%.1f MiB", float64(*s.Memory)/(1<<20))
		}
		fmt.Fprintf(&b, "%-10s %10.4f %10s %12s %12s %12s\n", s.Name, s.Seconds, metric(s.Bytes), metric(s.Packets), ratio, memory)
	}
	b.WriteString("\n")
	if r.MemorySays != "" {
		fmt.Fprintf(&b, "memory: %s\n", r.MemorySays)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// metric prints a number with a decimal prefix.
func metric(v float64) string {
	for _, p := range []struct {
		unit float64
		name string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if v >= p.unit {
			return fmt.Sprintf("%.2f %s", v/p.unit, p.name)
		}
	}
	return fmt.Sprintf("%.0f ", v)
}
