package forms

import (
	"encoding/binary"
	"slices"

	"callx/testdata/synth"
)

// A cutting says how datagrams become fragments.
type cutting struct {
	size     int  // of a fragment's payload in bytes, a multiple of 8
	overlap  int  // bytes that each has of the one before, a multiple of 8
	reversed bool // the last comes first
	twice    bool // each comes two times
	mixed    int  // this many neighbouring datagrams take turns
}

// step cuts every datagram that is longer than one fragment. A datagram's
// fragments have its time; where datagrams take turns, a fragment may come
// earlier, but the one that completes the datagram has its time.
func (k cutting) step(c Capture) Capture {
	var all []synth.Frame
	group := max(k.mixed, 1)
	for first := 0; first < len(c.Frames); first += group {
		part := c.Frames[first:min(first+group, len(c.Frames))]
		var pieces [][]synth.Frame
		longest := 0
		for i, fr := range part {
			pieces = append(pieces, k.cut(uint16(first+i+1), fr))
			longest = max(longest, len(pieces[i]))
		}
		all = append(all, k.turns(pieces, longest)...)
	}
	c.Frames = all
	return c
}

// turns lets the datagrams of a group send one fragment each, such that they
// end in the order in which they began. Times never go back.
func (k cutting) turns(pieces [][]synth.Frame, longest int) []synth.Frame {
	if len(pieces) == 1 {
		return pieces[0]
	}
	var all []synth.Frame
	start := pieces[0][0].Nanos
	for turn := range longest {
		for _, p := range pieces {
			if turn < len(p)-1 {
				p[turn].Nanos = start
				all = append(all, p[turn])
			}
		}
	}
	for _, p := range pieces {
		all = append(all, p[len(p)-1])
	}
	return all
}

// cut makes the fragments of one frame. Identifications are given anew: those
// of the capture may repeat.
func (k cutting) cut(id uint16, fr synth.Frame) []synth.Frame {
	p := mustPeel(fr.Data)
	body := p.data[p.header():]
	if len(body) <= k.size {
		return []synth.Frame{fr}
	}
	var pieces []synth.Frame
	for at := 0; at < len(body); at += k.size {
		from, to := max(at-k.overlap, 0), min(at+k.size, len(body))
		f := fragment(p, id, from, body[from:to], to < len(body))
		piece := synth.Frame{Nanos: fr.Nanos, Iface: fr.Iface, Data: replace(fr.Data, f)}
		pieces = append(pieces, piece)
		if k.twice {
			pieces = append(pieces, piece)
		}
	}
	if k.reversed {
		slices.Reverse(pieces)
	}
	return pieces
}

// fragment writes one fragment (RFC 791 section 3.2, RFC 8200 section 4.5).
func fragment(p packet, id uint16, offset int, b []byte, more bool) packet {
	if p.v6() {
		field := uint16(offset)
		if more {
			field |= 1
		}
		h := binary.BigEndian.AppendUint16([]byte{p.proto(), 0}, field)
		h = binary.BigEndian.AppendUint32(h, 0x10000|uint32(id))
		return p.with(protoFrag, append(h, b...))
	}
	f := p.with(p.proto(), b)
	field := uint16(offset / 8)
	if more {
		field |= 0x2000
	}
	binary.BigEndian.PutUint16(f.data[4:], id)
	binary.BigEndian.PutUint16(f.data[6:], field)
	sumIPv4(f.data[:f.header()])
	return f
}
