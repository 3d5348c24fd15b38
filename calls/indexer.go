package calls

import (
	"encoding/binary"

	"callx/calls/rtp"
	"callx/calls/sip"
	"callx/pcapio"
	"callx/pcapio/wire"
)

// Options says what pass 1 cannot know by itself. The zero value decodes nothing.
type Options struct {
	// Decodable reports whether audio can be made of a codec; its packets
	// are counted as undecodable if not.
	Decodable func(Codec) bool
}

// An Indexer is pass 1: it takes the datagrams of a capture in order of
// capture time and keeps dialogs and RTP runs, never media.
type Indexer struct {
	opt     Options
	signal  dialogs
	streams table
	cur     []*run    // the run in hand of each stream, by number in the table
	rest    []*stream // what else there is to each
	zrtp    map[wire.Flow]bool
	dtmf    []digitEvent

	count       Accounting
	notes       []pcapio.Note
	first, last int64
	started     bool
	packet      rtp.Packet // reused, as is sample
	sample      sample
}

// A stream is what most streams do not need: the runs before the one in hand,
// and a packet that does not go on from it and may be the first of a new one.
type stream struct {
	older  []*run
	held   rtp.Packet
	at     sample
	copies uint64 // of the held packet; 0 if there is none
}

// NewIndexer returns an empty Indexer.
func NewIndexer(opt Options) *Indexer {
	if opt.Decodable == nil {
		opt.Decodable = func(Codec) bool { return false }
	}
	return &Indexer{
		opt:    opt,
		signal: newDialogs(),
		zrtp:   map[wire.Flow]bool{},
	}
}

// Frame counts one frame and takes what wire found in it.
func (x *Indexer) Frame(f *pcapio.Frame, class wire.Class, dgs []wire.Datagram) {
	if !x.started {
		x.first, x.last, x.started = f.Nanos, f.Nanos, true
	}
	x.first, x.last = min(x.first, f.Nanos), max(x.last, f.Nanos)
	x.count.Total++
	if len(dgs) == 0 {
		x.countClass(class)
		return
	}
	for i := range dgs {
		c := x.datagram(&dgs[i])
		if i == 0 && c != nil {
			*c++
		}
	}
}

func (x *Indexer) countClass(class wire.Class) {
	switch class {
	case wire.ClassTCP:
		x.count.OtherTCP++
	case wire.ClassFragment:
		x.count.Fragment++
	case wire.ClassTruncated:
		x.count.Truncated++
	case wire.ClassUndecodable:
		x.count.UndecodableFrame++
	case wire.ClassUDP:
		x.count.OtherUDP++
	default:
		x.count.Other++
	}
}

// datagram takes one datagram and returns the counter it belongs to; nil
// for RTP, which Finish counts when it knows the owners.
func (x *Indexer) datagram(d *wire.Datagram) *uint64 {
	b := d.Payload
	switch {
	case rtp.IsRTCP(b):
		return &x.count.RTCP
	case rtp.Parse(&x.packet, b, d.Cut > 0) == nil:
		x.media(d)
		return nil
	case sip.Sniff(b):
		if err := x.signal.add(d); err != nil && len(x.signal.msg.CallID) == 0 {
			x.note(d.Pos, "sip", "SIP message could not be read: "+err.Error())
		}
		return &x.count.SIP
	case isSTUN(b) || isDTLS(b):
		return &x.count.DTLSSTUN
	case isZRTP(b):
		x.zrtp[d.Flow] = true
	}
	return &x.count.OtherUDP
}

// isSTUN knows the magic cookie of RFC 8489 section 5.
func isSTUN(b []byte) bool {
	return len(b) >= 20 && b[0]>>6 == 0 && binary.BigEndian.Uint32(b[4:]) == 0x2112a442
}

// isDTLS knows content type and version of RFC 9147 (RFC 7983 section 7 for
// the first byte on a shared port).
func isDTLS(b []byte) bool {
	return len(b) >= 13 && b[0] >= 20 && b[0] <= 25 && b[1] == 0xfe
}

// isZRTP knows the magic cookie of RFC 6189 section 5.
func isZRTP(b []byte) bool {
	return len(b) >= 16 && b[0]>>4 == 1 && binary.BigEndian.Uint32(b[4:]) == 0x5a525450
}

// media takes one RTP packet.
func (x *Indexer) media(d *wire.Datagram) {
	key := streamKey{d.Flow, x.packet.SSRC}
	x.sample = sample{nanos: d.Nanos, pos: d.Pos, ord: x.count.Total, p: &x.packet}
	s := &x.sample
	id := x.streams.find(&key)
	if id < 0 {
		id = x.streams.add(key)
		x.cur = append(x.cur, newRun(id, s))
		x.rest = append(x.rest, nil)
	} else if r := x.cur[id]; !r.add(s) {
		x.hold(id, s)
	} else if r.holding {
		x.dropHeld(id)
	}
	r := x.cur[id]
	if r.clock.rate == 0 && len(r.clock.pending) >= settleAfter {
		r.clock.settle(x.rate(&key, r))
	}
	if isEvent(&x.packet) {
		x.event(id, d, r)
	}
}

// hold keeps a packet that does not go on from the run in hand. If the next
// goes on from it, the sender has restarted and a new run begins with it; else
// its timestamp is wild and it cannot be placed.
func (x *Indexer) hold(id int, s *sample) {
	st, cur := x.rest[id], x.cur[id]
	if st == nil {
		st = &stream{}
		x.rest[id] = st
	}
	if cur.holding {
		if s.p.Seq == st.held.Seq && s.p.Timestamp == st.held.Timestamp {
			st.copies++
			return
		}
		next := newRun(id, &st.at)
		if d := int16(s.p.Seq - st.held.Seq); d > 0 && d < 16 && next.add(s) {
			next.packets += st.copies - 1
			next.duplicates += st.copies - 1
			cur.holding = false
			st.older = append(st.older, cur)
			x.cur[id] = next
			return
		}
		x.dropHeld(id)
	}
	st.held, st.at, st.copies = *s.p, *s, 1
	st.held.Payload = nil // borrowed
	st.at.p = &st.held
	cur.holding = true
}

// dropHeld counts the held packet of a stream as wild.
func (x *Indexer) dropHeld(id int) {
	cur, st := x.cur[id], x.rest[id]
	cur.packets += st.copies
	cur.wild += st.copies
	cur.holding = false
}

// runs returns the runs of a stream in order of capture.
func (x *Indexer) runs(id int) []*run {
	if x.cur[id].holding {
		x.dropHeld(id)
	}
	if x.rest[id] == nil {
		return x.cur[id : id+1 : id+1]
	}
	return append(x.rest[id].older, x.cur[id])
}

// rate finds the clock rate of a run: what the signalling so far says of its
// commonest payload type, the static table, else the slope of its packets.
func (x *Indexer) rate(key *streamKey, r *run) int64 {
	pt := r.mainFormat().pt
	if o, ok := x.signal.targets[key.flow.Dst]; ok {
		if c, _, ok := o.d.codec(o.side, pt, r.first); ok && c.ClockRate > 0 {
			return int64(c.ClockRate)
		}
	}
	if c, _, ok := staticCodec(pt); ok && c.ClockRate > 0 {
		return int64(c.ClockRate)
	}
	return r.clock.guess()
}

// mainFormat returns the payload type with most packets.
func (r *run) mainFormat() *format {
	r.keep()
	best := &r.formats[0]
	for i := range r.formats {
		if r.formats[i].packets > best.packets {
			best = &r.formats[i]
		}
	}
	return best
}

func (x *Indexer) note(pos pcapio.Pos, kind, text string) {
	if len(x.notes) < maxNotes {
		x.notes = append(x.notes, pcapio.Note{Pos: pos, Kind: kind, Text: text})
	}
}
