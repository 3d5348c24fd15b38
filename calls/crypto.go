package calls

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"callx/calls/sdp"
	"callx/calls/srtp"
)

// Which keys protect a voice. A party's a=crypto protects what that party
// sends (RFC 4568 section 5.1): of an offer the line whose tag the answer
// repeats, of an answer its only one.

// maxKeys bounds the keys that are tried for one stream.
const maxKeys = 16

// keys lists the keys of what m sends at a time, the likeliest first: those of
// its description in force, then those of its others, the nearest in time
// first. The error says what could not be read of the first.
func (m *member) keys(t int64) (keys []srtp.Key, err error) {
	order := make([]*description, 0, len(m.says))
	for i := range m.says {
		order = append(order, &m.says[i])
	}
	rank := func(ds *description) int64 {
		if ds.nanos > t+slack/5 {
			return ds.nanos - t + 1<<61 // not yet in force
		}
		return t - ds.nanos
	}
	slices.SortStableFunc(order, func(a, b *description) int { return cmp.Compare(rank(a), rank(b)) })
	for _, ds := range order {
		for _, c := range m.cryptos(ds) {
			list, e := srtp.ParseSDES(c.Suite, c.Key, c.Params)
			if e != nil && len(keys) == 0 {
				err = errors.Join(err, e)
			}
			for _, k := range list {
				if len(keys) < maxKeys && !slices.Contains(keys, k) {
					keys = append(keys, k)
				}
			}
		}
	}
	return keys, err
}

// cryptos lists the a=crypto lines of a description, the accepted one first.
func (m *member) cryptos(ds *description) (list []sdp.Crypto) {
	tag := 0
	if ds.offer {
		for _, o := range m.others() {
			for i := range o.says {
				if a := &o.says[i]; a.generation == ds.generation && !a.offer {
					for _, c := range audioCryptos(a.media) {
						tag = c.Tag
					}
				}
			}
		}
	}
	for _, c := range audioCryptos(ds.media) {
		if c.Tag == tag {
			list = slices.Insert(list, 0, c)
		} else {
			list = append(list, c)
		}
	}
	return list
}

func audioCryptos(media []sdp.Media) (list []sdp.Crypto) {
	for i := range media {
		if m := &media[i]; m.Kind == "audio" && m.Port != 0 {
			list = append(list, m.Crypto...)
		}
	}
	return list
}

// findKeys gives the runs of a leg their keys and reports whether all have
// some; what a run's packets hold beside audio is taken off its timeline.
func (b *builder) findKeys(leg *Leg, runs []*run) bool {
	all := true
	var why error
	for _, r := range runs {
		var keys []srtp.Key
		var err error
		if b.opt.Keys != nil {
			own, all := b.opt.Keys(b.key(r).ssrc)
			keys = slices.Concat(own, all)
		}
		if len(keys) == 0 {
			keys, err = b.signalled(leg, r)
		}
		if len(keys) == 0 {
			all = false
			why = cmp.Or(why, err)
			continue
		}
		if b.srtp == nil {
			b.srtp = map[*run][]srtp.Key{}
		}
		b.srtp[r] = keys
		r.shorten(int64(keys[0].Overhead()))
	}
	if !all {
		b.note("encrypted", fmt.Sprintf("%s: encrypted (%s), %v", leg.Party, encryptions[leg.Encryption], why))
	}
	return all
}

// signalled lists the keys that the capture holds for a run, as its leg is said
// to be encrypted; the error says why there are none.
func (b *builder) signalled(leg *Leg, r *run) ([]srtp.Key, error) {
	o, owned := b.owners[r]
	switch {
	case leg.Encryption == "sdes" && owned:
		keys, err := o.keys(r.first)
		if err != nil {
			err = fmt.Errorf("the key is of no use: %w", err)
		}
		return keys, cmp.Or(err, errNoKeys)
	case leg.Encryption == "dtls":
		return b.dtls.keys(b.key(r).flow, r.first)
	}
	return nil, errNoKeys
}

// given reports whether the user gave a key for one of the runs.
func (b *builder) given(runs []*run) bool {
	return b.opt.Keys != nil && slices.ContainsFunc(runs, func(r *run) bool {
		own, _ := b.opt.Keys(b.key(r).ssrc)
		return len(own) > 0
	})
}

// shorten takes octets off every packet of the run that pass 1 took for audio.
func (r *run) shorten(octets int64) {
	f := r.mainFormat()
	ticks := int64(0)
	if f.bytesPerTick > 0 {
		ticks = octets / int64(f.bytesPerTick)
	} else if f.frame.octets > 0 {
		ticks = octets / int64(f.frame.octets) * int64(f.frame.ticks)
	}
	for i := range r.gaps {
		r.gaps[i].from = min(r.gaps[i].from-ticks, r.gaps[i].to)
	}
	r.cover -= ticks
}

// partKeys lists the keys of all hops of a part.
func (b *builder) partKeys(p *Part) (keys []srtp.Key) {
	for _, r := range p.runs {
		for _, k := range b.srtp[r] {
			if !slices.Contains(keys, k) && len(keys) < maxKeys {
				keys = append(keys, k)
			}
		}
	}
	return keys
}
