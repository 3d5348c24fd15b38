package wire

import (
	"cmp"
	"slices"

	"callx/pcapio"
)

// A Decoder takes frames apart. The zero value is ready; it belongs to one
// goroutine.
type Decoder struct {
	unknown map[pcapio.LinkType]*Unknown
}

// Unknown tells of the frames of one link type that callx does not know.
type Unknown struct {
	Link   pcapio.LinkType
	Frames uint64
	First  pcapio.Pos
}

// Decode appends the datagrams that f holds to dst and says what f is. It
// copies and allocates nothing: payloads point into f.Data.
func (d *Decoder) Decode(dst []Datagram, f *pcapio.Frame) ([]Datagram, Class) {
	if int(f.Link) >= len(links) || links[f.Link] == nil {
		d.miss(f)
		return dst, ClassUndecodable
	}
	var p packet
	if c := links[f.Link](&p, f.Data); c != more {
		return dst, c
	}
	if c := p.peel(); c != more {
		return dst, c
	}
	dst = append(dst, Datagram{Pos: f.Pos, Nanos: f.Nanos, Flow: p.flow, Payload: p.b, Cut: p.cut})
	return dst, ClassUDP
}

// A packet is a frame on its way up the layers: b is what the layer in hand
// begins with.
type packet struct {
	b    []byte
	kind uint16 // EtherType of b while a link layer is in hand
	flow Flow
	cut  int // bytes missing at the end of b
}

// more is the Class of a layer that has another one inside.
const more Class = 0xff

// links is the table of link layers. Each takes off its header and leaves the
// EtherType of what follows.
var links = [...]func(p *packet, b []byte) Class{
	linkNull:     null,
	linkEthernet: ethernet,
	linkRaw12:    raw,
	linkRaw14:    raw,
	linkRaw:      raw,
	linkLoop:     loop,
	linkSLL:      sll,
	linkIPv4:     raw,
	linkIPv6:     raw,
	linkSLL2:     sll2,
}

// Link types (https://www.tcpdump.org/linktypes.html). DLT_RAW is 12 or 14 in
// files of systems that did not translate it to LINKTYPE_RAW.
const (
	linkNull     pcapio.LinkType = 0
	linkEthernet pcapio.LinkType = 1
	linkRaw12    pcapio.LinkType = 12
	linkRaw14    pcapio.LinkType = 14
	linkRaw      pcapio.LinkType = 101
	linkLoop     pcapio.LinkType = 108
	linkSLL      pcapio.LinkType = 113
	linkIPv4     pcapio.LinkType = 228
	linkIPv6     pcapio.LinkType = 229
	linkSLL2     pcapio.LinkType = 276
)

// miss counts a frame of an unknown link type.
func (d *Decoder) miss(f *pcapio.Frame) {
	u := d.unknown[f.Link]
	if u == nil {
		if d.unknown == nil {
			d.unknown = map[pcapio.LinkType]*Unknown{}
		}
		u = &Unknown{Link: f.Link, First: f.Pos}
		d.unknown[f.Link] = u
	}
	u.Frames++
}

// Unknown lists the link types that could not be decoded so far, by number.
func (d *Decoder) Unknown() []Unknown {
	var list []Unknown
	for _, u := range d.unknown {
		list = append(list, *u)
	}
	slices.SortFunc(list, func(a, b Unknown) int { return cmp.Compare(a.Link, b.Link) })
	return list
}
