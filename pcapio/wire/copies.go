package wire

import "hash/maphash"

// copyAge is how far apart two copies of one datagram may be captured: a
// mirror port that sees a packet on its way in and out, tagged and untagged, or
// iptables TEE before and behind routing. SIP repeats a message after 500 ms at
// the earliest (RFC 3261 section 17.1.1.1).
const copyAge = int64(100e6)

// copies remembers the latest datagrams by their content: flow and payload. It
// is a cache of fixed size; where two share a slot, the later stays.
type copies struct {
	seed  maphash.Seed
	slots []copySlot
}

type copySlot struct {
	hash  uint64
	nanos int64
}

const copySlots = 1 << 12

// seen reports whether the same datagram was there within copyAge, by the
// capture's clock, and remembers it.
func (c *copies) seen(g *Datagram) bool {
	if c.slots == nil {
		c.seed, c.slots = maphash.MakeSeed(), make([]copySlot, copySlots)
	}
	var h maphash.Hash
	h.SetSeed(c.seed)
	maphash.WriteComparable(&h, g.Flow)
	h.Write(g.Payload)
	sum := h.Sum64() | 1 // 0 is an empty slot
	s := &c.slots[sum>>1%copySlots]
	age := g.Nanos - s.nanos
	same := s.hash == sum && max(age, -age) <= copyAge
	*s = copySlot{sum, g.Nanos}
	return same
}

// mark sets g.Duplicate. RTP is left to its sequence numbers: they tell copies
// for certain, at any distance, and RTP is what captures consist of.
func (d *Decoder) mark(g *Datagram) {
	b := g.Payload
	rtp := len(b) >= 2 && b[0]>>6 == 2 && (b[1] < 192 || b[1] > 223) // RFC 5761 section 4
	g.Duplicate = !rtp && g.Flow.Proto == UDP && d.copies.seen(g)
}
