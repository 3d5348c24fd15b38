package main

import (
	"context"
	"fmt"

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
	notes    []string // of the inputs and the wire layer, for stderr
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
	if err := c.makeIndex(ctx, bar); err != nil {
		src.Close()
		return nil, err
	}
	return c, nil
}

// makeIndex is pass 1.
func (c *capture) makeIndex(ctx context.Context, bar *progress) error {
	x := calls.NewIndexer(calls.Options{Decodable: c.decodable})
	defer x.Close()
	dec := wire.Decoder{Streams: calls.Streams}
	err := walk(ctx, c.src, &dec, bar, func(f *pcapio.Frame, class wire.Class, dgs []wire.Datagram) error {
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
	}
	for _, u := range dec.Unknown() {
		c.notes = append(c.notes, fmt.Sprintf("%d frames of link type %d are not understood, the first is frame %d", u.Frames, u.Link, u.First.Frame))
	}
	for _, u := range dec.UnknownEtherTypes() {
		c.notes = append(c.notes, fmt.Sprintf("%d frames of EtherType 0x%04x are not understood, the first is frame %d", u.Frames, u.EtherType, u.First.Frame))
	}
	for _, u := range dec.UnknownOpaque() {
		c.notes = append(c.notes, fmt.Sprintf("%d frames of %v cannot be looked into, the first is frame %d", u.Frames, u.Opaque, u.First.Frame))
	}
	if n, first := dec.Incomplete(); n > 0 {
		c.notes = append(c.notes, fmt.Sprintf("%d fragmented datagrams are not whole, the first is frame %d", n, first.Frame))
	}
	c.index = x.Finish(names)
	return nil
}

// decodable reports whether there is a decoder for a codec.
func (c *capture) decodable(codec calls.Codec) bool {
	_, err := c.decoders.New(spec(codec))
	return err == nil
}

func spec(c calls.Codec) audio.Spec {
	return audio.Spec{Name: c.Name, Clock: c.ClockRate, Channels: c.Channels, Fmtp: c.Fmtp}
}
