package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"callx/audio"
	"callx/calls"
	"callx/output"
)

// extractOptions is what the flags of extract say.
type extractOptions struct {
	sel       selection
	out       string
	formats   []string
	rate      int
	mix       bool
	overwrite bool
	quiet     bool
	json      bool
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
			return a.extract(cmd.Context(), args, &o)
		},
	}
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
	started := time.Now()
	dir, err := output.OpenDir(o.out, o.overwrite)
	if err != nil {
		return err
	}
	bar := a.newProgress(o.quiet, 2)
	defer bar.done()
	c, err := a.open(ctx, paths, bar)
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
	sums := sumInputs(ctx, c)
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
	inputs, err := manifestInputs(c, <-sums)
	if err != nil {
		return err
	}
	m := &output.Manifest{
		Run: output.Run{
			Tool: "callx", Version: toolVersion(), Options: o.options(),
			Started: calls.Time{Time: started.UTC()}, Finished: calls.Time{Time: time.Now().UTC()},
		},
		Inputs: inputs, Packets: c.index.Packets, Files: x.files, Notes: c.index.Notes, Calls: selected,
	}
	if err := x.reports(m); err != nil {
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
	slices.Sort(opts)
	return opts
}

// An extraction writes the files of the calls.
type extraction struct {
	opt   *extractOptions
	dir   *output.Dir
	pool  *output.Pool
	files []calls.File               // beside those of the legs
	audio map[*calls.Leg]output.Info // a finished file of each leg, for the mix
}

// rel makes the path of a call's file, relative to the output folder.
func rel(c *calls.Call, name string) string { return c.Folder + "/" + name }

// pcm opens the files of a leg.
func (x *extraction) pcm(c *calls.Call, l *calls.Leg, rate, channels int) (aborter, error) {
	if err := x.dir.Mkdir(c.Folder); err != nil {
		return nil, err
	}
	to := cmp.Or(x.opt.rate, rate)
	opts := output.FileOptions{SHA256: true, Overwrite: x.opt.overwrite}
	set := &fileSet{}
	for _, format := range x.opt.formats {
		name := x.dir.Path(rel(c, l.Party+"."+format))
		var w *output.PCMFile
		var err error
		if format == "wav" {
			w, err = output.NewWAV(x.pool, name, to, channels, opts)
		} else {
			w, err = output.NewL16(x.pool, name, to, channels, opts)
		}
		if err != nil {
			set.Abort()
			return nil, err
		}
		set.sinks = append(set.sinks, w)
	}
	set.Sink = audio.NewResampler(set.tee(), rate, to, channels)
	return set, nil
}

// A fileSet is one leg's PCM in several formats.
type fileSet struct {
	audio.Sink
	sinks []*output.PCMFile
}

func (s *fileSet) tee() audio.Sink {
	var all []audio.Sink
	for _, w := range s.sinks {
		all = append(all, w)
	}
	return output.Tee(all...)
}

func (s *fileSet) Abort() {
	for _, w := range s.sinks {
		w.Abort()
	}
}

func (x *extraction) raw(c *calls.Call, l *calls.Leg) (*output.RTPDump, error) {
	if err := x.dir.Mkdir(c.Folder); err != nil {
		return nil, err
	}
	s := l.Streams[0]
	return output.NewRTPDump(x.dir.Path(rel(c, l.Party+".rtpdump")), s.Dst, s.First.UnixNano())
}

// done records the files of a complete leg.
func (x *extraction) done(c *calls.Call, l *calls.Leg, w *legWork) error {
	if set, ok := w.sink.(*fileSet); ok {
		for _, s := range set.sinks {
			info := s.Info()
			l.Files = append(l.Files, calls.File{
				Path: rel(c, filepath.Base(info.Path)), Format: info.Format, Rate: info.Rate,
				Channels: info.Channels, Samples: info.Samples, SHA256: info.SHA256,
			})
			x.audio[l] = info
		}
	}
	if w.raw != nil {
		l.Files = append(l.Files, calls.File{Path: rel(c, l.Party+".rtpdump"), Format: "rtpdump", SHA256: w.rawSum})
	}
	if w.track != nil {
		l.Undecodable += w.track.Stats().Undecodable
	}
	return nil
}

// finishCalls writes what needs all legs of a call.
func (x *extraction) finishCalls(cs []*calls.Call) error {
	for _, c := range cs {
		if !slices.ContainsFunc(c.Legs, func(l *calls.Leg) bool { return len(l.Files) > 0 }) {
			c.Folder = "" // nothing to hear
			continue
		}
		if x.opt.mix {
			if err := x.mix(c); err != nil {
				return err
			}
		}
		if err := x.file(rel(c, "labels.txt"), "labels", func(w io.Writer) error { return output.WriteLabels(w, c) }); err != nil {
			return err
		}
		if slices.Contains(x.opt.formats, "wav") {
			if err := x.file(rel(c, "call.lof"), "lof", func(w io.Writer) error { return output.WriteLOF(w, c) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// mix writes both.wav of a call: its legs at the highest rate among them.
func (x *extraction) mix(c *calls.Call) error {
	var legs []output.Info
	rate := 0
	for _, l := range c.Legs {
		if info, ok := x.audio[l]; ok {
			legs = append(legs, info)
			rate = max(rate, info.Rate)
		}
	}
	if len(legs) == 0 {
		return nil
	}
	for i, info := range legs {
		if info.Rate == rate {
			continue
		}
		tmp := x.dir.Path(rel(c, fmt.Sprintf("mix-%d.l16", i)))
		converted, err := output.Convert(x.pool, info, tmp, rate)
		defer os.Remove(tmp)
		if err != nil {
			return err
		}
		legs[i] = converted
	}
	w, err := output.NewWAV(x.pool, x.dir.Path(rel(c, "both.wav")), rate, 2, output.FileOptions{SHA256: true, Overwrite: x.opt.overwrite})
	if err != nil {
		return err
	}
	if err := output.Mix(x.pool, w, legs...); err != nil {
		w.Abort()
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	info := w.Info()
	x.files = append(x.files, calls.File{Path: rel(c, "both.wav"), Format: info.Format, Rate: rate, Channels: 2, Samples: info.Samples, SHA256: info.SHA256})
	return nil
}

// reports writes the files about all calls; the manifest comes last, so that
// a folder that has one is complete.
func (x *extraction) reports(m *output.Manifest) error {
	if err := x.file("calls.jsonl", "jsonl", func(w io.Writer) error { return output.WriteJSONL(w, m.Calls) }); err != nil {
		return err
	}
	if err := x.file("calls.csv", "csv", func(w io.Writer) error { return output.WriteCSV(w, m.Calls) }); err != nil {
		return err
	}
	m.Files = x.files
	_, err := output.WriteFile(x.dir.Path("manifest.json"), func(w io.Writer) error { return output.WriteManifest(w, m) })
	return err
}

func (x *extraction) file(name, format string, fill func(io.Writer) error) error {
	sum, err := output.WriteFile(x.dir.Path(name), fill)
	if err != nil {
		return err
	}
	x.files = append(x.files, calls.File{Path: name, Format: format, SHA256: sum})
	return nil
}
