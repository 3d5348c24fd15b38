package calls

import (
	"cmp"
	"slices"

	"callx/calls/rtp"
	"callx/pcapio"
	"callx/pcapio/wire"
)

// A Router tells in pass 2 whose each packet is. It sees the datagrams of the
// same Source in the same order as the Indexer did.
type Router struct {
	streams table
	routes  []route
}

// A route follows one stream through its runs. What a packet needs stands
// together: with thousands of streams every cache line counts.
type route struct {
	seq, ts        int64 // of the last packet placed, extended
	seqMin, seqMax int64 // of the run in hand
	tsMin, tsMax   int64
	shift, sadd    int64
	leg            *Leg
	part           int
	more           bool       // there is another run,
	next           pcapio.Pos // which begins there
	cur            int
	hops           []hop // in order of capture
}

// A hop is one run's place in its part.
type hop struct {
	run         *run
	leg         *Leg
	part        int
	shift, sadd int64
}

// A Routed packet is one RTP packet with its place. Packet.Payload is
// borrowed from the datagram.
type Routed struct {
	Leg    *Leg
	Part   int   // index into Leg.Parts
	Seq    int64 // extended, comparable within the part
	TS     int64 // extended, counts from Parts[Part].TS0
	Packet rtp.Packet
	Cut    int // bytes of the payload that the capture did not keep
}

// Router returns a Router for pass 2, for all calls of the Index or those
// that keep accepts.
func (ix *Index) Router(keep func(*Call) bool) *Router {
	rt := &Router{}
	for _, c := range ix.Calls {
		if keep != nil && !keep(c) {
			continue
		}
		for _, leg := range c.Legs {
			for i, p := range leg.Parts {
				for k, r := range p.runs {
					rt.add(p.keys[k], hop{run: r, leg: leg, part: i, shift: p.shift[k], sadd: p.seqAdd[k]})
				}
			}
		}
	}
	for i := range rt.routes {
		t := &rt.routes[i]
		slices.SortStableFunc(t.hops, func(a, b hop) int { return cmp.Compare(a.run.lastOrd, b.run.lastOrd) })
		t.start(0)
	}
	return rt
}

func (rt *Router) add(k streamKey, h hop) {
	key := pack(&k.flow, k.ssrc)
	id := rt.streams.find(&key)
	if id < 0 {
		id = rt.streams.add(key)
		rt.routes = append(rt.routes, route{})
	}
	rt.routes[id].hops = append(rt.routes[id].hops, h)
}

// start makes hop i the current one.
func (t *route) start(i int) {
	h := &t.hops[i]
	r := h.run
	t.cur, t.seq, t.ts = i, r.seqMin, r.tsMin
	t.seqMin, t.seqMax, t.tsMin, t.tsMax = r.seqMin, r.seqMax, r.tsMin, r.tsMax
	t.leg, t.part, t.shift, t.sadd = h.leg, h.part, h.shift, h.sadd
	if t.more = i+1 < len(t.hops); t.more {
		t.next = t.hops[i+1].run.firstPos
	}
}

// Route says where d belongs; ok is false for what is no packet of a leg, and
// for timestamps that pass 1 found wild.
func (rt *Router) Route(d *wire.Datagram, out *Routed) (ok bool) {
	if d.Flow.Proto != wire.UDP || rtp.IsRTCP(d.Payload) {
		return false
	}
	if rtp.Parse(&out.Packet, d.Payload, d.Cut > 0) != nil {
		return false
	}
	key := pack(&d.Flow, out.Packet.SSRC)
	id := rt.streams.find(&key)
	if id < 0 {
		return false
	}
	t := &rt.routes[id]
	if t.more && d.Pos == t.next {
		t.start(t.cur + 1)
	}
	seq := t.seq + int64(int16(out.Packet.Seq-uint16(t.seq)))
	ts := t.ts + int64(int32(out.Packet.Timestamp-uint32(t.ts)))
	if seq < t.seqMin || seq > t.seqMax || ts < t.tsMin || ts > t.tsMax {
		return false
	}
	t.seq, t.ts = seq, ts
	out.Leg, out.Part, out.Cut = t.leg, t.part, d.Cut
	out.Seq, out.TS = seq+t.sadd, ts+t.shift
	return true
}
