package wire

import (
	"math/bits"
	"slices"

	"callx/pcapio"
)

// beginning is how many bytes are there before the first gap.
func (p *partial) beginning() int {
	units := 0
	for _, word := range p.have {
		n := bits.TrailingZeros64(^word)
		if units += n; n < 64 {
			break
		}
	}
	return min(units*fragmentUnit, len(p.data), p.kept)
}

// beginnings yields what is there of the datagrams that were lost, with place
// and time of their first fragments. Datagrams that they hold fragments of may
// be lost over it; these are yielded, too.
func (d *Decoder) beginnings() {
	h := &d.fragments
	if len(h.lost) == 0 || h.yielding {
		return
	}
	frame, depth := d.frame, d.depth
	h.yielding, d.depth = true, 0
	for i := 0; i < len(h.lost); i++ {
		p := h.lost[i]
		d.frame, h.lost[i] = &p.first, nil
		d.begin(p)
	}
	h.yielding, h.lost = false, h.lost[:0]
	d.frame, d.depth = frame, depth
}

// begin yields what is there of p. Of media that is nothing: half a packet is
// none to its decoder, and its frames are accounted for as fragments.
func (d *Decoder) begin(p *partial) {
	if d.fragments.incomplete++; d.fragments.incomplete == 1 {
		d.fragments.firstIncomplete = p.first.Pos
	}
	data := p.data[:p.beginning()]
	cut := maxReassembled - len(data) // at most; a length inside tells
	switch {
	case p.length >= 0:
		cut = p.length - len(data)
	case Proto(p.next) == TCP: // tells no length; what lies behind is a hole in the stream
		cut = 0
	}
	from := len(d.out)
	if p.key.v6 {
		d.extensions(p.next, p.key.src, p.key.dst, data, cut)
	} else {
		d.transport(p.next, p.key.src, p.key.dst, data, cut)
	}
	yielded := slices.DeleteFunc(d.out[from:], func(g Datagram) bool {
		return g.Flow.Proto == UDP && len(g.Payload) > 0 && g.Payload[0]>>6 == 2 // RTP and RTCP (RFC 3550)
	})
	d.out = d.out[:from+len(yielded)]
}

// Incomplete tells how many datagrams so far had a first fragment but not all
// others, and where the first of them is. Of those in hand nothing is said
// before Flush.
func (d *Decoder) Incomplete() (n uint64, first pcapio.Pos) {
	return d.fragments.incomplete, d.fragments.firstIncomplete
}

// flushFragments yields what is there of all datagrams that are not whole.
func (d *Decoder) flushFragments() {
	for d.fragments.oldest != nil {
		d.fragments.lose(d.fragments.oldest)
		d.beginnings()
	}
}
