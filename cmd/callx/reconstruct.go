package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"callx/audio"
	"callx/calls"
	"callx/output"
	"callx/pcapio"
	"callx/pcapio/wire"
)

// A reconstruction is pass 2: it routes the capture's packets to one track a
// leg, and ends each leg at its last packet, so that few are open at once.
// Legs are spread over shards that work beside the pass; each leg stays in
// one, so that its packets stay in order.
type reconstruction struct {
	*capture
	keep func(*calls.Call) bool
	// pcm opens the sink of a leg's audio, at the rate and channel count
	// that its codecs have.
	pcm func(c *calls.Call, l *calls.Leg, rate, channels int) (aborter, error)
	// raw opens a file for packets that cannot be decoded; nil drops them.
	raw func(c *calls.Call, l *calls.Leg) (*output.RTPDump, error)
	// done is told of every complete leg, in order of calls, after the pass.
	done func(c *calls.Call, l *calls.Leg, w *legWork) error

	legs   map[*calls.Leg]*legWork
	shards *shards
}

// An aborter is a sink that can be taken back.
type aborter interface {
	audio.Sink
	Abort()
}

// A legWork is one leg on its way. The pass makes it; then only its shard
// touches it until the pass is over.
type legWork struct {
	call    *calls.Call
	leg     *calls.Leg
	shard   int
	unknown []payloadTypes // of each part: audio that cannot be decoded

	decryption

	track  *audio.Track // nil if nothing can be decoded
	sink   aborter
	raw    *output.RTPDump // nil if everything can
	rawSum string
	closed bool
}

// payloadTypes is a set of RTP payload types.
type payloadTypes [2]uint64

func (s *payloadTypes) add(pt uint8)      { s[pt>>6&1] |= 1 << (pt & 63) }
func (s *payloadTypes) has(pt uint8) bool { return s[pt>>6&1]>>(pt&63)&1 != 0 }

// only restricts the pass to some calls.
func (r *reconstruction) only(selected []*calls.Call) {
	set := make(map[*calls.Call]bool, len(selected))
	for _, c := range selected {
		set[c] = true
	}
	r.keep = func(c *calls.Call) bool { return set[c] }
}

// run is the pass. On an error nothing that was not complete stays.
func (r *reconstruction) run(ctx context.Context, bar *progress) error {
	r.legs = map[*calls.Leg]*legWork{}
	r.shards = newShards()
	err := r.pass(ctx, bar)
	if e := r.shards.wait(); err == nil {
		err = e
	}
	if err == nil {
		err = r.finish()
	}
	if err != nil {
		r.abort()
	}
	return err
}

// pass reads the capture and hands its packets to the shards.
func (r *reconstruction) pass(ctx context.Context, bar *progress) error {
	callOf := map[*calls.Leg]*calls.Call{}
	for _, c := range r.index.Calls {
		for _, l := range c.Legs {
			callOf[l] = c
		}
	}
	router := r.index.Router(r.keep)
	var dec wire.Decoder
	var p calls.Routed
	var ending []*legWork
	return walk(ctx, r.src, &dec, bar, func(_ *pcapio.Frame, _ wire.Class, dgs []wire.Datagram) error {
		for i := range dgs {
			d := &dgs[i]
			if !router.Route(d, &p) {
				continue
			}
			w := r.legs[p.Leg]
			if w == nil {
				var err error
				if w, err = r.begin(callOf[p.Leg], p.Leg); err != nil {
					return err
				}
			}
			if err := r.packet(w, &p, d); err != nil {
				return err
			}
			if d.Pos == p.Leg.Last && !slices.Contains(ending, w) {
				ending = append(ending, w)
			}
		}
		// A frame may hold several packets of a leg (802.11 A-MSDU).
		for _, w := range ending {
			if err := r.shards.send(w, job{kind: jobEnd}, nil); err != nil {
				return err
			}
		}
		ending = ending[:0]
		return nil
	})
}

// packet hands one packet to its leg's shard.
func (r *reconstruction) packet(w *legWork, p *calls.Routed, d *wire.Datagram) error {
	if w.unknown[p.Part].has(p.Packet.PayloadType) {
		if r.raw == nil {
			return nil
		}
		return r.shards.send(w, job{kind: jobRaw, nanos: d.Nanos, cut: d.Cut}, d.Payload)
	}
	if w.track == nil {
		return nil
	}
	j := job{
		kind: jobAudio, nanos: d.Nanos, part: p.Part, seq: p.Seq, ticks: p.TS - w.leg.Parts[p.Part].TS0, pt: p.Packet.PayloadType, cut: p.Cut,
	}
	if w.crypt[p.Part] != nil {
		j.kind = jobSecure
		return r.shards.send(w, j, d.Payload)
	}
	return r.shards.send(w, j, p.Packet.Payload)
}

// begin opens a leg at its first packet.
func (r *reconstruction) begin(c *calls.Call, l *calls.Leg) (*legWork, error) {
	w := &legWork{call: c, leg: l, shard: len(r.legs) % r.shards.count(), unknown: make([]payloadTypes, len(l.Parts))}
	r.legs[l] = w
	cfg := audio.Config{Decoder: func(part int, pt uint8) audio.Decoder {
		if f := l.Parts[part].Format(pt); f != nil && f.Decodable {
			d, _ := r.decoders.New(spec(f.Codec))
			return d
		}
		return nil
	}}
	unknown := false
	for i, p := range l.Parts {
		// A part without audio claims no time: it must not silence another.
		part := audio.Part{Start: int64(p.Start), End: int64(p.Start), Clock: p.Clock, Late: int64(p.Late)}
		for _, f := range p.Formats {
			if d := cfg.Decoder(i, f.PayloadType); d != nil {
				cfg.Rate, cfg.Channels = max(cfg.Rate, d.Rate()), max(cfg.Channels, d.Channels())
				part.End = int64(p.End)
			} else if f.Audio {
				w.unknown[i].add(f.PayloadType)
				unknown = true
			}
		}
		cfg.Parts = append(cfg.Parts, part)
	}
	var err error
	if w.decryption, err = newDecryption(l); err != nil {
		return nil, err
	}
	if r.raw != nil {
		w.open = func() (*output.RTPDump, error) { return r.raw(c, l) }
	}
	if unknown && r.raw != nil {
		if w.raw, err = r.raw(c, l); err != nil {
			return nil, err
		}
	}
	if cfg.Rate > 0 {
		if w.sink, err = r.pcm(c, l, cfg.Rate, cfg.Channels); err != nil {
			return nil, err
		}
		w.track = audio.NewTrack(cfg, w.sink)
	}
	return w, nil
}

// end completes a leg's files.
func (w *legWork) end() error {
	w.closed = true
	var errs []error
	if w.track != nil && w.nothing() {
		w.sink.Abort()
		w.track, w.sink = nil, nil
	}
	if w.track != nil {
		errs = append(errs, w.track.Close())
	}
	if w.raw != nil {
		sum, err := w.raw.Close()
		w.rawSum = sum
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// finish reports the legs in order of calls.
func (r *reconstruction) finish() error {
	for _, c := range r.index.Calls {
		for _, l := range c.Legs {
			w := r.legs[l]
			if w == nil {
				continue
			}
			if !w.closed { // its last packet was not one that could be placed
				if err := w.end(); err != nil {
					return err
				}
			}
			w.account()
			if err := r.done(c, l, w); err != nil {
				return err
			}
		}
	}
	return nil
}

// account completes the leg's counts by what only pass 2 knows.
func (w *legWork) account() {
	if w.track != nil {
		w.leg.Undecodable += w.track.Stats().Undecodable
	}
	if w.refused > 0 {
		w.leg.Undecodable += w.refused
		w.leg.Unauthenticated = w.refused
		w.leg.Decrypted = w.leg.Decrypted && w.heard > 0
		w.call.Notes = append(w.call.Notes, calls.Note{Kind: "key", Text: fmt.Sprintf("%s: %d packets fail the authentication of SRTP under every key known", w.leg.Party, w.refused)})
	}
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
