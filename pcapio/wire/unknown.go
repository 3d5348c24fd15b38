package wire

import (
	"cmp"
	"slices"

	"callx/pcapio"
)

// Unknown tells of the frames of one kind that callx does not understand, so
// that it can be said once and not for every frame.
type Unknown struct {
	Link      pcapio.LinkType // of the frame First
	EtherType uint16          // of UnknownEtherTypes
	Opaque    Opaque          // of UnknownOpaque
	Frames    uint64
	First     pcapio.Pos
}

// Unknown lists the link types that could not be decoded so far, by number.
func (d *Decoder) Unknown() []Unknown {
	return sorted(d.links, func(u Unknown) uint16 { return uint16(u.Link) })
}

// UnknownEtherTypes lists, by number, the EtherTypes found so far that are
// neither looked into nor known to hold no telephony. Their frames are
// ClassUndecodable.
func (d *Decoder) UnknownEtherTypes() []Unknown {
	return sorted(d.etherTypes, func(u Unknown) uint16 { return u.EtherType })
}

func sorted(m map[uint16]*Unknown, key func(Unknown) uint16) []Unknown {
	var list []Unknown
	for _, u := range m {
		list = append(list, *u)
	}
	slices.SortFunc(list, func(a, b Unknown) int { return cmp.Compare(key(a), key(b)) })
	return list
}

// Opaque is a kind of frame that holds packets which cannot be got at.
type Opaque uint8

const (
	OpaqueWiFi Opaque = iota + 1 // encrypted on the air
	OpaquePPP                    // compressed, encrypted, or split over links
	OpaqueL2TP                   // behind a cookie that hides where the frame begins
	numOpaque  = iota + 1
)

var opaqueNames = [numOpaque]string{
	OpaqueWiFi: "encrypted 802.11",
	OpaquePPP:  "compressed or encrypted PPP",
	OpaqueL2TP: "L2TPv3 without recognisable content",
}

// String gives words to follow "n frames of".
func (o Opaque) String() string { return opaqueNames[o] }

// UnknownOpaque lists the kinds of opaque frames found so far. Their frames are
// ClassUndecodable.
func (d *Decoder) UnknownOpaque() []Unknown {
	var list []Unknown
	for _, u := range d.opaque {
		if u.Frames > 0 {
			list = append(list, u)
		}
	}
	return list
}

// missOpaque counts the frame in hand under a kind.
func (d *Decoder) missOpaque(o Opaque) {
	u := &d.opaque[o]
	if u.Frames == 0 {
		u.Link, u.Opaque, u.First = d.frame.Link, o, d.frame.Pos
	}
	u.Frames++
}

// missLink counts the frame in hand under a link type, its own or one inside.
func (d *Decoder) missLink(link pcapio.LinkType) {
	if d.links == nil {
		d.links = map[uint16]*Unknown{}
	}
	miss(d.links, uint16(link), Unknown{Link: link, First: d.frame.Pos})
}

// missEtherType counts the frame in hand under an EtherType.
func (d *Decoder) missEtherType(etherType uint16) {
	if d.etherTypes == nil {
		d.etherTypes = map[uint16]*Unknown{}
	}
	miss(d.etherTypes, etherType, Unknown{Link: d.frame.Link, EtherType: etherType, First: d.frame.Pos})
}

// miss allocates for the first frame of a kind alone. A map has 65,536 kinds
// at most.
func miss(m map[uint16]*Unknown, key uint16, first Unknown) {
	u := m[key]
	if u == nil {
		u = new(Unknown)
		*u = first
		m[key] = u
	}
	u.Frames++
}
