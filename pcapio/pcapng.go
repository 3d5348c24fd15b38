package pcapio

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// The block format: https://datatracker.ietf.org/doc/html/draft-ietf-opsawg-pcapng
//
//	block: type u32, total length u32, body, padding to 4 bytes, total length u32
const (
	blockSection   = 0x0a0d0d0a // reads the same in both byte orders
	blockInterface = 1
	blockPacket    = 2 // obsolete
	blockSimple    = 3
	blockNames     = 4
	blockStats     = 5
	blockEnhanced  = 6
	blockJournal   = 9
	blockSecrets   = 10
	blockCustom    = 0x00000bad
	blockPrivate   = 0x40000bad // custom, not to be copied

	sectionMagic = 0x1a2b3c4d

	blockMin = 12 // type and both lengths

	// Least lengths of the blocks that are read.
	sectionMin   = 28
	interfaceMin = 20
	packetMin    = 32 // enhanced and obsolete
	simpleMin    = 16
	statsMin     = 24
	secretsMin   = 20
	customMin    = 16

	// maxBlock is the longest block that is loaded: a frame and its options.
	// Blocks that are passed over may be longer.
	maxBlock = 2 * maxFrame

	// maxInterfaces bounds what a section can make a walk remember.
	maxInterfaces = 1 << 16
)

// A pcapng walks a file of the block format.
type pcapng struct {
	walk
	swap      bool  // the section is big-endian
	foreign   bool  // the section is of a version whose blocks nobody knows
	lastNanos int64 // of the last frame that had a time

	untimed    tally // simple packets
	homeless   tally // packets of interfaces that the section does not describe
	clipped    tally // packets longer than their block
	badOptions tally // blocks whose options run over their end
	badContent tally // blocks whose records or keys run over their end
	strange    tally // blocks of a type that is not known
}

func isPcapng(head []byte) bool {
	if len(head) < 4 || binary.LittleEndian.Uint32(head) != blockSection {
		return false
	}
	if len(head) < 12 {
		return true
	}
	_, ok := sectionOrder(head[8:])
	return ok
}

// sectionOrder reads the magic that tells a section's byte order.
func sectionOrder(b []byte) (swap, ok bool) {
	m := binary.LittleEndian.Uint32(b)
	return m != sectionMagic, m == sectionMagic || bits.ReverseBytes32(m) == sectionMagic
}

func (p *pcapng) u32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if p.swap {
		return bits.ReverseBytes32(v)
	}
	return v
}

func (p *pcapng) u16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if p.swap {
		return bits.ReverseBytes16(v)
	}
	return v
}

func (p *pcapng) next(f *Frame) bool {
	for !p.ended {
		b := p.win.at(p.off, blockMin)
		if len(b) < blockMin {
			if len(b) == 0 {
				return p.end()
			}
			return p.cut("block header", blockMin)
		}
		if p.u32(b) == blockEnhanced && !p.foreign {
			n := p.u32(b[4:])
			if n >= packetMin && n <= maxBlock && n%4 == 0 {
				b = p.win.at(p.off, int(n))
				if len(b) == int(n) && p.u32(b[n-4:]) == n {
					p.enhanced(f, b)
					p.off += int64(n)
					return true
				}
			}
		}
		if p.block(f) {
			return true
		}
	}
	return false
}

// enhanced reads an enhanced packet block, which is whole:
//
//	type, length, interface u32, time high u32, time low u32, caplen u32, length u32, data, options, length
func (p *pcapng) enhanced(f *Frame, b []byte) {
	id := p.u32(b[8:])
	ts := uint64(p.u32(b[12:]))<<32 | uint64(p.u32(b[16:]))
	p.packet(f, b, id, ts, noDropCount)
}

// noDropCount is what the obsolete packet block says if it does not know how
// many packets its interface lost since the one before.
const noDropCount = 0xffff

// packet fills f from a packet block with a time. From the captured length on
// the enhanced and the obsolete block are alike.
func (p *pcapng) packet(f *Frame, b []byte, id uint32, ts uint64, drops uint16) {
	f.Pos = Pos{File: p.file, Frame: p.number + 1, Off: p.off}
	iface, last := int32(-1), int64(math.MinInt64)
	if int(id) < len(p.about.live) {
		in := &p.about.live[id]
		f.Link = in.link
		f.Nanos = in.clock.nanos(ts)
		if in.frames > 0 {
			last = in.last
		}
		in.last = f.Nanos
		in.frames++
		iface = in.about
		p.lastNanos = f.Nanos
		p.saw(f.Nanos)
	} else {
		// Its unit of time is as unknown as its link type.
		f.Link = LinkUnknown
		f.Nanos = p.lastNanos
		p.noteHomeless("a packet", id)
	}
	n := int(p.u32(b[20:]))
	if room := len(b) - packetMin; uint(n) > uint(room) {
		if p.count(&p.clipped) {
			p.noteFirst(&p.clipped, "damaged", "a captured length of %d in a block with room for %d bytes; these are used", uint32(n), room)
		}
		n = room
	}
	f.Orig = int(p.u32(b[24:]))
	f.Data = b[28 : 28+n : 28+n]
	if opts := 28 + (n+3)&^3; len(b)-4-opts >= optionHead {
		p.packetOptions(f, b[opts:len(b)-4], iface, last)
	}
	if drops != noDropCount && iface >= 0 {
		p.about.drop(f.Pos, iface, last, f.Nanos, uint64(drops))
	}
	p.number++
	p.frames++
}

// simple reads a simple packet block: type, length, length on the wire u32,
// data, length. It belongs to interface 0 and has no time.
func (p *pcapng) simple(f *Frame, b []byte) {
	f.Pos = Pos{File: p.file, Frame: p.number + 1, Off: p.off}
	f.Nanos = p.lastNanos
	if p.count(&p.untimed) {
		p.noteFirst(&p.untimed, "time", "a simple packet has no capture time; that of the packet before is used")
	}
	f.Link = LinkUnknown
	n := p.u32(b[8:])
	f.Orig = int(n)
	n = min(n, uint32(len(b)-simpleMin))
	if len(p.about.live) > 0 {
		in := &p.about.live[0]
		f.Link = in.link
		if in.snap > 0 {
			n = min(n, in.snap)
		}
		in.frames++
	} else {
		p.noteHomeless("a packet", 0)
	}
	f.Data = b[12 : 12+n : 12+n]
	p.number++
	p.frames++
}

func (p *pcapng) noteHomeless(what string, id uint32) {
	if p.count(&p.homeless) {
		p.noteFirst(&p.homeless, "interface", "%s of interface %d, of which its section has no description", what, id)
	}
}
