package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"callx/audio"
	"callx/calls"
	"callx/output"
)

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
		if slices.ContainsFunc(c.Legs, func(l *calls.Leg) bool { return x.audio[l].Format != "" }) && slices.Contains(x.opt.formats, "wav") {
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
