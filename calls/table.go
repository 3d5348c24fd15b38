package calls

import (
	"encoding/binary"
	"math/bits"

	"callx/pcapio/wire"
)

// A streamKey names what one flow carries of one SSRC. SSRC alone is no key:
// some senders use the same one in every call and in both directions.
type streamKey struct {
	flow wire.Flow
	ssrc uint32
}

// hash mixes the key's addresses, ports and SSRC.
func (k *streamKey) hash() uint64 {
	s, d := k.flow.Src.Addr().As16(), k.flow.Dst.Addr().As16()
	ports := uint64(k.flow.Src.Port())<<48 | uint64(k.flow.Dst.Port())<<32 | uint64(k.ssrc)
	// A v4 address differs from others in its last 4 bytes only.
	h := mix(binary.LittleEndian.Uint64(s[8:])^0x9e3779b97f4a7c15, binary.LittleEndian.Uint64(d[8:])^ports)
	if !k.flow.Src.Addr().Is4() {
		h = mix(h^binary.LittleEndian.Uint64(s[:]), binary.LittleEndian.Uint64(d[:])^0xd1b54a32d192ed03)
	}
	return mix(h, ports^0x8ebc6af09c88c6e3)
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
	keys  []streamKey
}

type slot struct {
	tag uint32 // high bits of the hash
	id  int32  // index + 1; 0 is empty
}

// find returns the number of k, or -1.
func (t *table) find(k *streamKey) int {
	if len(t.slots) == 0 {
		return -1
	}
	h := k.hash()
	mask := uint64(len(t.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		s := t.slots[i]
		if s.id == 0 {
			return -1
		}
		if s.tag == uint32(h>>32) && t.keys[s.id-1] == *k {
			return int(s.id - 1)
		}
	}
}

// add numbers k, which must not be in the table.
func (t *table) add(k streamKey) int {
	if 4*(len(t.keys)+1) > 3*len(t.slots) {
		t.grow()
	}
	t.keys = append(t.keys, k)
	t.place(&k, len(t.keys))
	return len(t.keys) - 1
}

func (t *table) place(k *streamKey, id int) {
	h := k.hash()
	mask := uint64(len(t.slots) - 1)
	i := h & mask
	for t.slots[i].id != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = slot{uint32(h >> 32), int32(id)}
}

func (t *table) grow() {
	t.slots = make([]slot, max(64, 2*len(t.slots)))
	for i := range t.keys {
		t.place(&t.keys[i], i+1)
	}
}
