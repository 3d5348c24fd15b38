package main

import (
	"context"
	"fmt"
	"slices"

	"callx/audio"
	"callx/audio/all"
	"callx/calls"
	"callx/pcapio"
	"callx/pcapio/wire"
)

// A capture is the opened inputs with what pass 1 found in them.
type capture struct {
	src      *pcapio.Source
	index    *calls.Index
	decoders audio.Registry
	wire     []calls.Note // what could not be taken apart
	notes    []string     // of the inputs and the wire layer, for stderr
}

// open opens the inputs and runs pass 1. The caller closes src.
func (a *app) open(ctx context.Context, paths []string, o *inputOptions, bar *progress) (*capture, error) {
	src, skipped, err := a.openSource(ctx, paths, o)
	if err != nil {
		return nil, err
	}
	c := &capture{src: src, decoders: all.Decoders()}
	if n := len(skipped); n > 0 {
		c.notes = append(c.notes, fmt.Sprintf("no capture and left out: %s in the folders; the first is %s", count(n, "file"), skipped[0]))
	}
	bar.start(src.Size())
	if err := c.makeIndex(ctx, o, bar); err != nil {
		src.Close()
		return nil, err
	}
	return c, nil
}

// makeIndex is pass 1.
func (c *capture) makeIndex(ctx context.Context, o *inputOptions, bar *progress) error {
	keys, err := parseSRTPKeys(o.srtpKeys, o.keyFiles)
	if err != nil {
		return err
	}
	log, err := readKeyLogs(o.keyLogs)
	if err != nil {
		return err
	}
	x := calls.NewIndexer(calls.Options{
		Decodable: c.decodable, Correlate: slices.Concat(calls.CorrelateHeaders, o.correlate), Keys: keys.of, NoRouter: o.indexOnly,
	})
	defer x.Close()
	dec := wire.Decoder{Streams: calls.Streams}
	err = walk(ctx, c.src, &dec, bar, func(f *pcapio.Frame, class wire.Class, dgs []wire.Datagram) error {
		x.Frame(f, class, dgs)
		return nil
	})
	if err != nil {
		return err
	}
	var names []string
	for _, in := range c.src.Inputs() {
		names = append(names, in.Path)
		for _, n := range in.Notes {
			c.notes = append(c.notes, fmt.Sprintf("%s: frame %d (offset %d): %s: %s", in.Path, n.Frame, n.Off, n.Kind, n.Text))
		}
		for _, d := range in.Drops {
			x.Drop(d.From, d.To)
		}
		c.notes = append(c.notes, inputSecrets(log, &in)...)
	}
	x.KeyLog(log)
	c.wire = wireNotes(&dec, names)
	for _, n := range c.wire {
		c.notes = append(c.notes, n.String())
	}
	c.index = x.Finish(names)
	return nil
}

// wireNotes says once for each kind what could not be taken apart.
func wireNotes(dec *wire.Decoder, names []string) (notes []calls.Note) {
	add := func(first pcapio.Pos, kind, format string, args ...any) {
		notes = append(notes, calls.Note{
			File: names[first.File], Frame: first.Frame, Offset: first.Off, Kind: kind, Text: "from here on " + fmt.Sprintf(format, args...),
		})
	}
	for _, u := range dec.Unknown() {
		add(u.First, "link", "%s of link type %d, which is not understood", count(int(u.Frames), "frame"), u.Link)
	}
	for _, u := range dec.UnknownEtherTypes() {
		add(u.First, "ethertype", "%s of EtherType 0x%04x, which is not understood", count(int(u.Frames), "frame"), u.EtherType)
	}
	for _, u := range dec.UnknownOpaque() {
		add(u.First, "opaque", "%s that cannot be looked into: %v", count(int(u.Frames), "frame"), u.Opaque)
	}
	if n, first := dec.Incomplete(); n > 0 {
		add(first, "fragment", "%s of which fragments are missing", count(int(n), "datagram"))
	}
	return notes
}

// decodable reports whether there is a decoder for a codec.
func (c *capture) decodable(codec calls.Codec) bool {
	_, err := c.decoders.New(spec(codec))
	return err == nil
}

func spec(c calls.Codec) audio.Spec {
	return audio.Spec{Name: c.Name, Clock: c.ClockRate, Channels: c.Channels, Fmtp: c.Fmtp}
}
