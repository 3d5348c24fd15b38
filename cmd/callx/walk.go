package main

import (
	"context"

	"callx/pcapio"
	"callx/pcapio/wire"
)

// A parcel is a run of frames, taken apart, on the way from the goroutine that
// reads the capture to the one that makes sense of it. Payloads are copied:
// the capture's own bytes are gone when it arrives.
type parcel struct {
	frames    []taken
	datagrams []wire.Datagram
	room      []byte
	offset    int64 // how far the capture is read, for the progress
}

// taken is one frame without its bytes.
type taken struct {
	pos       pcapio.Pos
	nanos     int64
	class     wire.Class
	datagrams int
}

const (
	parcelRoom   = 128 << 10
	parcelFrames = 512
	// parcelQueue bounds how far the reading runs ahead.
	parcelQueue = 4
)

// walk is one pass: it takes every frame apart and hands it, without Data, to
// each, in the order of the capture. Reading and decoding go on beside what
// each does.
func walk(ctx context.Context, src *pcapio.Source, dec *wire.Decoder, bar *progress, each func(*pcapio.Frame, wire.Class, []wire.Datagram) error) error {
	full := make(chan *parcel, parcelQueue)
	spare := make(chan *parcel, parcelQueue+2)
	done := make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		failed <- src.Guard(func() error { return readFrames(ctx, src, dec, full, spare, done) })
		close(full)
	}()
	var err error
	var f pcapio.Frame
	for p := range full {
		if err != nil {
			continue
		}
		bar.set(p.offset)
		dgs := p.datagrams
		for i := range p.frames {
			t := &p.frames[i]
			f.Pos, f.Nanos = t.pos, t.nanos
			if err = each(&f, t.class, dgs[:t.datagrams:t.datagrams]); err != nil {
				close(done)
				break
			}
			dgs = dgs[t.datagrams:]
		}
		p.frames, p.datagrams, p.room = p.frames[:0], p.datagrams[:0], p.room[:0]
		select {
		case spare <- p:
		default:
		}
	}
	if e := <-failed; err == nil {
		err = e
	}
	return err
}

// readFrames fills parcels until the capture, ctx or the reader of full ends.
func readFrames(ctx context.Context, src *pcapio.Source, dec *wire.Decoder, full chan<- *parcel, spare <-chan *parcel, done <-chan struct{}) error {
	r, err := src.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	var f pcapio.Frame
	p := newParcel()
	for r.Next(&f) {
		before := len(p.datagrams)
		var class wire.Class
		p.datagrams, class = dec.Decode(p.datagrams, &f)
		for i := range p.datagrams[before:] {
			p.keep(&p.datagrams[before+i].Payload)
		}
		p.frames = append(p.frames, taken{f.Pos, f.Nanos, class, len(p.datagrams) - before})
		if len(p.frames) < parcelFrames && len(p.room) < parcelRoom {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		p.offset = r.Offset()
		select {
		case full <- p:
		case <-done:
			return nil
		}
		select {
		case p = <-spare:
		default:
			p = newParcel()
		}
	}
	p.offset = r.Offset()
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case full <- p:
	case <-done:
	}
	return r.Err()
}

func newParcel() *parcel {
	return &parcel{
		frames: make([]taken, 0, parcelFrames), datagrams: make([]wire.Datagram, 0, parcelFrames),
		room: make([]byte, 0, parcelRoom+64<<10),
	}
}

// keep copies a payload into the parcel's room.
func (p *parcel) keep(payload *[]byte) {
	at := len(p.room)
	p.room = append(p.room, *payload...)
	*payload = p.room[at:len(p.room):len(p.room)]
}
