package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"callx/calls"
	"callx/output"
	"callx/pcapio"
)

// inputOptions are the flags that say what to read.
type inputOptions struct {
	recursive bool
	spool     string
	correlate []string
	srtpKeys  []string
	keyFiles  []string
	keyLogs   []string
	indexOnly bool // there will be no second pass
}

func (o *inputOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVarP(&o.recursive, "recursive", "r", false, "read all captures in the folders named, and below")
	f.StringSliceVar(&o.correlate, "correlate-header", nil, "SIP header whose value the calls of one conversation share, as a switch writes it; may be repeated (besides "+strings.Join(calls.CorrelateHeaders, ", ")+")")
	f.StringArrayVar(&o.srtpKeys, "srtp-key", nil, "key of an SRTP stream: SSRC=KEY[,SUITE], SSRC in hex or *, KEY (master key and salt) in base64 or hex; may be repeated")
	f.StringArrayVar(&o.keyFiles, "srtp-keys", nil, "file with one such key a line; the way to keep keys out of the process list")
	f.StringArrayVar(&o.keyLogs, "keylog", nil, "TLS key log (the format of SSLKEYLOGFILE) for DTLS-SRTP, besides those in the captures; may be repeated")
	f.StringVar(&o.spool, "spool", "", "folder for what must be kept while it is read: pipes and decompressed files (default: the system's folder for temporary files)")
}

// openSource opens what the user named. The second result says what was left
// out of folders.
func (a *app) openSource(ctx context.Context, paths []string, o *inputOptions) (*pcapio.Source, []string, error) {
	files, skipped, err := pcapio.Expand(paths, o.recursive)
	if err != nil {
		return nil, nil, err
	}
	src, err := pcapio.Open(files, pcapio.Options{Stdin: a.stdin, SpoolDir: o.spool, Context: ctx})
	return src, skipped, err
}

// inputSums are the SHA-256 of the inputs, or why they could not be read.
type inputSums struct {
	sums []string
	err  error
}

// sumInputs hashes the inputs while pass 2 runs. The function that it returns
// waits for the result; it must be called before the Source is closed.
func sumInputs(ctx context.Context, c *capture) func() inputSums {
	done := make(chan inputSums, 1)
	go func() {
		var s inputSums
		for i := range c.src.Inputs() {
			h := sha256.New()
			if err := c.src.Copy(&cancelWriter{ctx, h}, i); err != nil {
				s.err = err
				break
			}
			s.sums = append(s.sums, hex.EncodeToString(h.Sum(nil)))
		}
		done <- s
	}()
	return sync.OnceValue(func() inputSums { return <-done })
}

// A cancelWriter ends a copy when its context is done.
type cancelWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c *cancelWriter) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(p)
}

// manifestInputs describes the inputs for the manifest.
func manifestInputs(c *capture, s inputSums) ([]output.Input, error) {
	if s.err != nil {
		return nil, s.err
	}
	var out []output.Input
	for i, in := range c.src.Inputs() {
		o := output.Input{
			Path: in.Path, Size: in.Size, SHA256: s.sums[i], Format: in.Format, Compression: in.Compression,
			LinkTypes: []int{}, Frames: in.Frames, Truncated: in.Truncated, Notes: []calls.Note{},
			First: calls.Time{Time: in.First}, Last: calls.Time{Time: in.Last},
			Interfaces: []output.Interface{}, Comments: []output.Comment{},
		}
		for _, i := range in.Interfaces {
			o.Interfaces = append(o.Interfaces, manifestInterface(&i))
		}
		if in.Counted {
			o.Dropped = &in.Dropped
		}
		for _, c := range in.Comments {
			o.Comments = append(o.Comments, output.Comment{Frame: c.Frame, Offset: c.Off, On: c.On, Text: c.Text})
		}
		for _, l := range in.Links {
			o.LinkTypes = append(o.LinkTypes, int(l))
		}
		for _, n := range in.Notes {
			o.Notes = append(o.Notes, inputNote(in, n))
		}
		out = append(out, o)
	}
	return out, nil
}

func inputNote(in pcapio.Input, n pcapio.Note) calls.Note {
	return calls.Note{File: in.Path, Frame: n.Frame, Offset: n.Off, Kind: n.Kind, Text: n.Text}
}

func manifestInterface(i *pcapio.Interface) output.Interface {
	o := output.Interface{
		LinkType: int(i.Link), Snaplen: i.Snaplen, Name: i.Name, Description: i.Description, Hardware: i.Hardware,
		OS: i.OS, Filter: i.Filter, Speed: i.Speed, Frames: i.Frames,
	}
	if i.Stats.Blocks > 0 {
		o.Received, o.IfDropped, o.OSDropped = counter(i.Stats.Received), counter(i.Stats.IfDropped), counter(i.Stats.OSDropped)
	}
	return o
}

// counter is nil for a count that is not known.
func counter(n int64) *int64 {
	if n < 0 {
		return nil
	}
	return &n
}

// comments are the remarks in the inputs, in lines for people.
func comments(src *pcapio.Source) []string {
	var lines []string
	for _, in := range src.Inputs() {
		for _, c := range in.Comments {
			what := "the " + c.On
			if c.On == "packet" {
				what = fmt.Sprintf("frame %d", c.Frame)
			}
			lines = append(lines, fmt.Sprintf("%s: comment on %s: %s", in.Path, what, c.Text))
		}
	}
	return lines
}
