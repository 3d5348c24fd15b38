package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
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
}

func (o *inputOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVarP(&o.recursive, "recursive", "r", false, "read all captures in the folders named, and below")
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
