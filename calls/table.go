package calls

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"net/netip"

	"callx/pcapio/wire"
)

// A streamKey names what one flow carries of one SSRC. SSRC alone is no key:
// some senders use the same one in every call and in both directions.
type streamKey struct {
	flow wire.Flow
	ssrc uint32
}

// A packedKey is a streamKey in few words: cheap to compare and to hash.
type packedKey struct {
	src, dst [2]uint64
	ports    uint64 // source and destination port, SSRC
}

func pack(f *wire.Flow, ssrc uint32) packedKey {
	p := packedKey{ports: uint64(f.Src.Port())<<48 | uint64(f.Dst.Port())<<32 | uint64(ssrc)}
	le := binary.LittleEndian
	if s, d := f.Src.Addr(), f.Dst.Addr(); s.Is4() && d.Is4() {
		a, b := s.As4(), d.As4()
		// What As16 gives, at less cost: ::ffff:a.b.c.d, which no IPv6 address of
		// a Flow is.
		const mapped = 0xffff << 16
		p.src[1], p.dst[1] = uint64(le.Uint32(a[:]))<<32|mapped, uint64(le.Uint32(b[:]))<<32|mapped
	} else {
		a, b := s.As16(), d.As16()
		p.src, p.dst = [2]uint64{le.Uint64(a[:]), le.Uint64(a[8:])}, [2]uint64{le.Uint64(b[:]), le.Uint64(b[8:])}
	}
	return p
}

// unpack is the inverse of pack. Whatever carries RTP here is UDP.
func (k *packedKey) unpack() streamKey {
	return streamKey{
		flow: wire.Flow{
			Src:   netip.AddrPortFrom(unpackAddr(k.src), uint16(k.ports>>48)),
			Dst:   netip.AddrPortFrom(unpackAddr(k.dst), uint16(k.ports>>32)),
			Proto: wire.UDP,
		},
		ssrc: uint32(k.ports),
	}
}

func unpackAddr(w [2]uint64) netip.Addr {
	var b [16]byte
	le := binary.LittleEndian
	le.PutUint64(b[:], w[0])
	le.PutUint64(b[8:], w[1])
	return netip.AddrFrom16(b).Unmap()
}

// equal is == without a call.
func (k *packedKey) equal(o *packedKey) bool {
	return (k.ports^o.ports)|(k.src[1]^o.src[1])|(k.dst[1]^o.dst[1])|(k.src[0]^o.src[0])|(k.dst[0]^o.dst[0]) == 0
}

// hash mixes all words with a seed that the sender of a capture cannot know.
func (k *packedKey) hash(seed uint64) uint64 {
	h := mix(k.src[1]^seed, k.dst[1]^k.ports)
	return mix(h^k.src[0], k.dst[0]^k.ports^0xd1b54a32d192ed03)
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a|1, b|1)
	return hi ^ lo ^ a<<32
}

// A table maps stream keys to small integers, numbered as they are added. It
// is open-addressed with linear probing: one cache line for a packet of a
// known stream, and no allocation but to grow.
type table struct {
	slots []slot
	keys  []packedKey
	seed  uint64
}

type slot struct {
	tag uint32 // high bits of the hash
	id  int32  // index + 1; 0 is empty
}

// find returns the number of k, or -1.
func (t *table) find(k *packedKey) int {
	if len(t.slots) == 0 {
		return -1
	}
	h := k.hash(t.seed)
	mask := uint64(len(t.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		s := t.slots[i]
		if s.id == 0 {
			return -1
		}
		if s.tag == uint32(h>>32) && t.keys[s.id-1].equal(k) {
			return int(s.id - 1)
		}
	}
}

// add numbers k, which must not be in the table.
func (t *table) add(k packedKey) int {
	if 4*(len(t.keys)+1) > 3*len(t.slots) {
		t.grow()
	}
	t.keys = append(t.keys, k)
	t.place(len(t.keys))
	return len(t.keys) - 1
}

func (t *table) place(id int) {
	h := t.keys[id-1].hash(t.seed)
	mask := uint64(len(t.slots) - 1)
	i := h & mask
	for t.slots[i].id != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = slot{uint32(h >> 32), int32(id)}
}

func (t *table) grow() {
	if t.seed == 0 {
		t.seed = rand.Uint64()
	}
	t.slots = make([]slot, max(64, 2*len(t.slots)))
	for i := range t.keys {
		t.place(i + 1)
	}
}
