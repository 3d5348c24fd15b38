package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"callx/calls"
	"callx/output"
)

// extractOptions is what the flags of extract say.
type extractOptions struct {
	in        inputOptions
	sel       selection
	out       string
	formats   []string
	rate      int
	mix       bool
	overwrite bool
	quiet     bool
	json      bool

	started time.Time
}

func (a *app) extractCommand() *cobra.Command {
	var o extractOptions
	cmd := &cobra.Command{
		Use:   "extract FILE... -o DIR",
		Short: "Write each party's voice to a file of its own",
		Long: `Extract writes a folder for every call with caller.wav, callee.wav and so on:
one party each, sample 0 of all of them at the same instant, pauses as long as
they were, silence where packets are missing. labels.txt and call.lof open in
Audacity; manifest.json, calls.jsonl and calls.csv say what became of every
packet. What cannot be decoded is saved as caller.rtpdump, never as noise.`,
		Example: `  callx extract dump.pcap -o out/
  callx extract dump.pcap -o out/ --call 3 --mix
  callx extract dump.pcap -o out/ --format wav,l16 --rate 16000
  callx extract night-*.pcap -o out/ --from '49*' --after '2026-03-01 08:00'`,
		Args: files,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			o.started = time.Now()
			return a.extract(cmd.Context(), args, &o)
		},
	}
	o.in.flags(cmd)
	o.sel.flags(cmd)
	f := cmd.Flags()
	f.StringVarP(&o.out, "output", "o", "", "folder to write to (required)")
	f.StringSliceVar(&o.formats, "format", []string{"wav"}, "wav, l16 (raw 16-bit little-endian), or both")
	f.IntVar(&o.rate, "rate", 0, "sample rate of all files in Hz (default: that of the leg's codec)")
	f.BoolVar(&o.mix, "mix", false, "also write both.wav: caller left, callee right")
	f.BoolVar(&o.overwrite, "overwrite", false, "write into a folder that is not empty; what an earlier run wrote is removed")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no progress bar and no summary")
	f.BoolVar(&o.json, "json", false, "print the calls as JSON, one a line")
	return cmd
}

// Rates that --rate accepts: what speech servers and audio tools take.
const minRate, maxRate = 4000, 192000

func (o *extractOptions) check() error {
	if o.out == "" {
		return usagef("say where to write: -o DIR")
	}
	for _, f := range o.formats {
		if f != "wav" && f != "l16" {
			return usagef("--format %s: use wav, l16 or wav,l16", f)
		}
	}
	slices.Sort(o.formats)
	o.formats = slices.Compact(o.formats)
	if len(o.formats) == 0 {
		return usagef("--format: use wav, l16 or wav,l16")
	}
	if err := checkRate(o.rate); err != nil {
		return err
	}
	return o.sel.check()
}

func checkRate(rate int) error {
	if rate != 0 && (rate < minRate || rate > maxRate) {
		return usagef("--rate %d: use %d to %d Hz", rate, minRate, maxRate)
	}
	return nil
}

// extract is the command.
func (a *app) extract(ctx context.Context, paths []string, o *extractOptions) error {
	dir, err := output.OpenDir(o.out, o.overwrite)
	if err != nil {
		return err
	}
	bar := a.newProgress(o.quiet, 2)
	defer bar.done()
	c, err := a.open(ctx, paths, &o.in, bar)
	if err != nil {
		return err
	}
	defer c.src.Close()
	selected, err := o.sel.apply(c.index.Calls)
	if err != nil {
		return err
	}
	if err := dir.Create(); err != nil {
		return err
	}
	if err := write(ctx, c, selected, dir, o, bar); err != nil {
		dir.Abandon()
		return err
	}
	bar.done()
	if o.json {
		if err := output.WriteJSONL(a.stdout, selected); err != nil {
			return err
		}
	}
	s := summarise(selected, c)
	if !o.quiet {
		s.print(a.stderr)
	}
	return s.err()
}

// write is pass 2 and all that follows from it.
func write(ctx context.Context, c *capture, selected []*calls.Call, dir *output.Dir, o *extractOptions, bar *progress) error {
	hashing, stop := context.WithCancel(ctx)
	sums := sumInputs(hashing, c)
	defer func() { stop(); sums() }()
	x := &extraction{opt: o, dir: dir, pool: &output.Pool{MaxOpen: maxOpenFiles()}, audio: map[*calls.Leg]output.Info{}}
	rec := &reconstruction{capture: c, pcm: x.pcm, raw: x.raw, done: x.done}
	rec.only(selected)
	for _, call := range selected {
		call.Folder = output.Folder(call)
	}
	bar.next("writing")
	if err := rec.run(ctx, bar); err != nil {
		return err
	}
	if err := x.finishCalls(selected); err != nil {
		return err
	}
	inputs, err := manifestInputs(c, sums())
	if err != nil {
		return err
	}
	m := &output.Manifest{
		Run: output.Run{
			Tool: "callx", Version: toolVersion(), Options: o.options(),
			Started: calls.Time{Time: o.started.UTC()}, Finished: calls.Time{Time: time.Now().UTC()},
		},
		Inputs: inputs, Packets: c.index.Packets, Files: x.files, Notes: slices.Concat(c.index.Notes, c.wire), Calls: selected,
	}
	return x.reports(m)
}

// options says how the run was asked for, for the manifest.
func (o *extractOptions) options() []string {
	opts := []string{"--format=" + strings.Join(o.formats, ",")}
	if o.rate != 0 {
		opts = append(opts, fmt.Sprintf("--rate=%d", o.rate))
	}
	for flag, list := range map[string][]string{"--call": o.sel.calls, "--from": o.sel.from, "--to": o.sel.to} {
		for _, v := range list {
			opts = append(opts, flag+"="+v)
		}
	}
	for flag, v := range map[string]string{"--after": o.sel.after, "--before": o.sel.before} {
		if v != "" {
			opts = append(opts, flag+"="+v)
		}
	}
	if o.mix {
		opts = append(opts, "--mix")
	}
	if len(o.in.srtpKeys)+len(o.in.keyFiles) > 0 {
		opts = append(opts, "--srtp-keys") // which, is nobody's business
	}
	for _, path := range o.in.keyLogs {
		opts = append(opts, "--keylog="+path)
	}
	for _, h := range o.in.correlate {
		opts = append(opts, "--correlate-header="+h)
	}
	slices.Sort(opts)
	return opts
}
