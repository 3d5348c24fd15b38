package main

import (
	"context"

	"callx/pcapio"
	"callx/pcapio/wire"
)

// checkFrames is after how many frames a pass looks whether it is to stop, and
// shows how far it is.
const checkFrames = 1 << 10

// walk is one pass: it takes every frame apart and hands what was in it to
// each, in the order of the capture; at its end, with a nil frame, what nothing
// but the end completed. Frame and datagrams are borrowed for the call; work
// that is to go on beside the reading copies what it needs.
func walk(ctx context.Context, src *pcapio.Source, dec *wire.Decoder, bar *progress, each func(*pcapio.Frame, wire.Class, []wire.Datagram) error) error {
	return src.Guard(func() error {
		r, err := src.Open()
		if err != nil {
			return err
		}
		defer r.Close()
		var f pcapio.Frame
		var dgs []wire.Datagram
		for n := 0; r.Next(&f); n++ {
			if n%checkFrames == 0 {
				if err := ctx.Err(); err != nil {
					return err
				}
				bar.set(r.Offset())
			}
			var class wire.Class
			dgs, class = dec.Decode(dgs[:0], &f)
			if err := each(&f, class, dgs); err != nil {
				return err
			}
		}
		bar.set(r.Offset())
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.Err(); err != nil {
			return err
		}
		if dgs = dec.Flush(dgs[:0]); len(dgs) > 0 {
			return each(nil, 0, dgs)
		}
		return nil
	})
}
