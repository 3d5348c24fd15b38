package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"callx/audio"
	"callx/audio/all"
	"callx/calls"
	"callx/pcapio"
	"callx/pcapio/wire"
)

func (a *app) benchCommand() *cobra.Command {
	var (
		in     inputOptions
		runs   int
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:    "bench FILE...",
		Short:  "Measure how fast captures are read here",
		Hidden: true,
		Long: `Bench runs each stage of callx over the captures, several times, and prints the
best rate of each and what it costs against a bare loop over the same bytes:

  yardstick  reads the files in blocks of 1 MiB, hops over the records and loads
             addresses, ports and RTP headers; checks nothing
  walk       callx's reader: frames in order of time, damage looked for
  decode     walk, and takes the frames apart down to the datagrams
  list       decode, and finds calls and streams: all that "callx list" does
  extract    the second pass: decodes every leg to audio, and writes nothing

Memory is anonymous memory: that no file stands behind. Nothing is written.`,
		Args: files,
		RunE: func(cmd *cobra.Command, args []string) error {
			if runs < 1 {
				return usagef("--runs %d: use 1 or more", runs)
			}
			return a.bench(cmd.Context(), args, &in, runs, asJSON)
		},
	}
	in.flags(cmd)
	cmd.Flags().IntVar(&runs, "runs", 3, "how often each stage runs; the best run counts")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// A benchReport is what bench prints.
type benchReport struct {
	Tool       string       `json:"tool"`
	Version    string       `json:"version"`
	Go         string       `json:"go"`
	OS         string       `json:"os"`
	Arch       string       `json:"arch"`
	CPUs       int          `json:"cpus"`
	MaxProcs   int          `json:"gomaxprocs"`
	Inputs     int          `json:"inputs"`
	Bytes      int64        `json:"bytes"` // decompressed
	Packets    uint64       `json:"packets"`
	Calls      int          `json:"calls"`
	Runs       int          `json:"runs"`
	MemorySays string       `json:"memory_measured"` // how; empty if not at all
	Stages     []benchStage `json:"stages"`
	Notes      []string     `json:"notes"`
}

// A benchStage is the best run of a stage.
type benchStage struct {
	Name    string   `json:"name"`
	Seconds float64  `json:"seconds"`
	Bytes   float64  `json:"bytes_per_second"`
	Packets float64  `json:"packets_per_second"`
	Ratio   *float64 `json:"times_yardstick"`       // its time as a multiple of the yardstick's; null without one
	Memory  *int64   `json:"peak_anonymous_memory"` // bytes, over all runs; null where the system does not tell
}

func (a *app) bench(ctx context.Context, paths []string, in *inputOptions, runs int, asJSON bool) error {
	src, _, err := a.openSource(ctx, paths, in)
	if err != nil {
		return err
	}
	defer src.Close()
	r := &benchReport{
		Tool: "callx", Version: toolVersion(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		CPUs: runtime.NumCPU(), MaxProcs: runtime.GOMAXPROCS(0), Inputs: len(src.Inputs()), Bytes: src.Size(),
		Runs: runs, Notes: []string{},
	}
	if _, ok := anonymousMemory(); ok {
		r.MemorySays = memorySource
	}
	c := &capture{src: src, decoders: all.Decoders()}
	stages := []struct {
		name string
		run  func(context.Context) error
	}{
		{"yardstick", func(ctx context.Context) error { return runYardstick(ctx, src) }},
		{"walk", func(ctx context.Context) error { return runWalk(ctx, src) }},
		{"decode", func(ctx context.Context) error {
			var dec wire.Decoder
			return walk(ctx, src, &dec, nil, func(*pcapio.Frame, wire.Class, []wire.Datagram) error { return nil })
		}},
		{"list", func(ctx context.Context) error { return c.makeIndex(ctx, &inputOptions{}, nil) }},
		{"extract", func(ctx context.Context) error { return runExtract(ctx, c) }},
	}
	for _, input := range src.Inputs() {
		if input.Compression != "none" {
			stages = stages[1:]
			r.Notes = append(r.Notes, "no yardstick: it cannot read compressed files")
			break
		}
	}
	best := make([]time.Duration, len(stages))
	memory := make([]*int64, len(stages))
	for i, s := range stages {
		for n := range runs {
			elapsed, peak, err := timed(func() error { return s.run(ctx) })
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			if n == 0 || elapsed < best[i] {
				best[i] = elapsed
			}
			if peak != nil && (memory[i] == nil || *peak > *memory[i]) {
				memory[i] = peak
			}
		}
	}
	for _, input := range src.Inputs() {
		r.Packets += input.Frames
	}
	r.Calls = len(c.index.Calls)
	for i, s := range stages {
		sec := max(best[i].Seconds(), 1e-9)
		stage := benchStage{Name: s.name, Seconds: sec, Bytes: float64(r.Bytes) / sec, Packets: float64(r.Packets) / sec, Memory: memory[i]}
		if stages[0].name == "yardstick" {
			ratio := sec / max(best[0].Seconds(), 1e-9)
			stage.Ratio = &ratio
		}
		r.Stages = append(r.Stages, stage)
	}
	if asJSON {
		return json.NewEncoder(a.stdout).Encode(r)
	}
	return r.print(a.stdout)
}

// timed runs f and returns how long it took and how much memory it needed.
func timed(f func() error) (time.Duration, *int64, error) {
	stop := watchMemory()
	began := time.Now()
	err := f()
	elapsed := time.Since(began)
	return elapsed, stop(), err
}

// runYardstick reads all files, one after the other.
func runYardstick(ctx context.Context, src *pcapio.Source) error {
	y := &yardstick{ctx: ctx}
	for i := range src.Inputs() {
		if err := src.Copy(y, i); err != nil {
			return err
		}
	}
	return nil
}

// runWalk reads all frames and does nothing with them.
func runWalk(ctx context.Context, src *pcapio.Source) error {
	return src.Guard(func() error {
		r, err := src.Open()
		if err != nil {
			return err
		}
		defer r.Close()
		var f pcapio.Frame
		for n := 0; r.Next(&f); n++ {
			if n%checkFrames == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
		}
		return r.Err()
	})
}

// runExtract is pass 2 with nowhere to write to.
func runExtract(ctx context.Context, c *capture) error {
	rec := &reconstruction{
		capture: c,
		keep:    func(*calls.Call) bool { return true },
		pcm:     func(*calls.Call, *calls.Leg, int, int) (aborter, error) { return nowhere{}, nil },
		done:    func(*calls.Call, *calls.Leg, *legWork) error { return nil },
	}
	return rec.run(ctx, nil)
}

// nowhere is a sink that takes audio and keeps none.
type nowhere struct{}

func (nowhere) Write(audio.Block) error { return nil }
func (nowhere) Close() error            { return nil }
func (nowhere) Abort()                  {}
