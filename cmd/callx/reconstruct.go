package main

import (
	"context"
	"errors"

	"callx/audio"
	"callx/calls"
	"callx/output"
	"callx/pcapio"
	"callx/pcapio/wire"
)

// A reconstruction is pass 2: it routes the capture's packets to one track a
// leg, and ends each leg at its last packet, so that few are open at once.
type reconstruction struct {
	*capture
	keep func(*calls.Call) bool
	// pcm opens the sink of a leg's audio, at the rate and channel count
	// that its codecs have.
	pcm func(c *calls.Call, l *calls.Leg, rate, channels int) (aborter, error)
	// raw opens a file for packets that cannot be decoded; nil drops them.
	raw func(c *calls.Call, l *calls.Leg) (*output.RTPDump, error)
	// done is called when a leg is complete.
	done func(c *calls.Call, l *calls.Leg, w *legWork) error

	legs map[*calls.Leg]*legWork
}

// An aborter is a sink that can be taken back.
type aborter interface {
	audio.Sink
	Abort()
}

// A legWork is one leg on its way.
type legWork struct {
	call   *calls.Call
	leg    *calls.Leg
	rate   int // 0 if nothing can be decoded
	chans  int
	track  *audio.Track
	sink   aborter
	raw    *output.RTPDump
	rawSum string
	closed bool
}

// only restricts the pass to some calls.
func (r *reconstruction) only(selected []*calls.Call) {
	set := make(map[*calls.Call]bool, len(selected))
	for _, c := range selected {
		set[c] = true
	}
	r.keep = func(c *calls.Call) bool { return set[c] }
}

// run is the pass. On an error nothing that was not complete stays.
func (r *reconstruction) run(ctx context.Context, bar *progress) (err error) {
	r.legs = map[*calls.Leg]*legWork{}
	callOf := map[*calls.Leg]*calls.Call{}
	for _, c := range r.index.Calls {
		for _, l := range c.Legs {
			callOf[l] = c
		}
	}
	router := r.index.Router(r.keep)
	var dec wire.Decoder
	var routed calls.Routed
	defer func() {
		if err != nil {
			r.abort()
		}
	}()
	err = walk(ctx, r.src, &dec, bar, func(_ *pcapio.Frame, _ wire.Class, dgs []wire.Datagram) error {
		for i := range dgs {
			if !router.Route(&dgs[i], &routed) {
				continue
			}
			w := r.legs[routed.Leg]
			if w == nil {
				var err error
				if w, err = r.begin(callOf[routed.Leg], routed.Leg); err != nil {
					return err
				}
			}
			if err := r.packet(w, &routed, &dgs[i]); err != nil {
				return err
			}
			if dgs[i].Pos == routed.Leg.Last {
				if err := r.end(w); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, c := range r.index.Calls { // in order; legs whose last packet was not theirs to place
		for _, l := range c.Legs {
			if w := r.legs[l]; w != nil && !w.closed {
				if err := r.end(w); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// begin opens a leg at its first packet.
func (r *reconstruction) begin(c *calls.Call, l *calls.Leg) (*legWork, error) {
	w := &legWork{call: c, leg: l}
	r.legs[l] = w
	cfg := audio.Config{Decoder: func(part int, pt uint8) audio.Decoder {
		for _, f := range l.Parts[part].Formats {
			if f.PayloadType == pt && f.Decodable {
				d, _ := r.decoders.New(spec(f.Codec))
				return d
			}
		}
		return nil
	}}
	for i, p := range l.Parts {
		part := audio.Part{Start: int64(p.Start), End: int64(p.Start), Clock: p.Clock, Late: int64(p.Late)}
		for _, f := range p.Formats {
			if d := cfg.Decoder(i, f.PayloadType); d != nil {
				cfg.Rate, cfg.Channels = max(cfg.Rate, d.Rate()), max(cfg.Channels, d.Channels())
				part.End = int64(p.End)
			}
		}
		cfg.Parts = append(cfg.Parts, part)
	}
	if cfg.Rate == 0 {
		return w, nil
	}
	sink, err := r.pcm(c, l, cfg.Rate, cfg.Channels)
	if err != nil {
		return nil, err
	}
	w.rate, w.chans, w.sink = cfg.Rate, cfg.Channels, sink
	w.track = audio.NewTrack(cfg, sink)
	return w, nil
}

// packet takes one packet of a leg.
func (r *reconstruction) packet(w *legWork, p *calls.Routed, d *wire.Datagram) error {
	if w.closed {
		return nil
	}
	part := w.leg.Parts[p.Part]
	if f := part.Format(p.Packet.PayloadType); f != nil && f.Audio && !f.Decodable && r.raw != nil {
		if w.raw == nil {
			raw, err := r.raw(w.call, w.leg)
			if err != nil {
				return err
			}
			w.raw = raw
		}
		return w.raw.Write(d.Nanos, d.Payload, d.Cut)
	}
	if w.track == nil {
		return nil
	}
	return w.track.Add(audio.Packet{
		Part: p.Part, Seq: p.Seq, Ticks: p.TS - part.TS0,
		PayloadType: p.Packet.PayloadType, Payload: p.Packet.Payload, Cut: p.Cut,
	})
}

// end completes a leg's files.
func (r *reconstruction) end(w *legWork) error {
	w.closed = true
	var errs []error
	if w.track != nil {
		errs = append(errs, w.track.Close())
	}
	if w.raw != nil {
		sum, err := w.raw.Close()
		w.rawSum = sum
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return r.done(w.call, w.leg, w)
}

// abort takes back what is not complete.
func (r *reconstruction) abort() {
	for _, w := range r.legs {
		if w.closed {
			continue
		}
		if w.sink != nil {
			w.sink.Abort()
		}
		if w.raw != nil {
			w.raw.Abort()
		}
	}
}
