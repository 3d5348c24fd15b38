package pcapio

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

const (
	// runBlocks in a row are taken for blocks beyond doubt, each no longer
	// than runBlock.
	runBlocks = 3
	runBlock  = runFrame + 1024

	blockSpan = (runBlocks + 1) * runBlock

	// hugeBlock is the longest block that may run over the end of the file
	// and still count as cut, not as damaged (Wireshark's limit).
	hugeBlock = 16 << 20
)

// known reports whether capture programs write blocks of this type.
func known(typ uint32) bool {
	return typ >= blockInterface && typ <= blockEnhanced || typ == blockSecrets || typ == blockSection
}

// loaded reports whether blocks of this type are held in memory whole.
func loaded(typ uint32) bool {
	return known(typ) && typ != blockNames && typ != blockStats && typ != blockSecrets
}

// measure returns how many bytes the block at p.off takes, which begins with
// head, and says why that is not to be believed, if so; n is 0 if nothing is.
func (p *pcapng) measure(head []byte) (n int64, why string) {
	typ, length := p.u32(head), p.u32(head[4:])
	n = (int64(length) + 3) &^ 3 // some writers leave the padding out of the length
	switch {
	case length < blockMin:
		return 0, fmt.Sprintf("no block here (type %d, length %d)", typ, length)
	case n > maxBlock && loaded(typ):
		return 0, fmt.Sprintf("a block of type %d with an unlikely length of %d", typ, length)
	case int64(length) > p.left():
		return n, fmt.Sprintf("a block of type %d with a length of %d, where %d bytes are left", typ, length, p.left())
	}
	trailer := p.win.at(p.off+n-4, 4)
	if len(trailer) == 4 && p.u32(trailer) == length {
		return n, ""
	}
	if n != int64(length) {
		if t := p.win.at(p.off+int64(length)-4, 4); len(t) == 4 && p.u32(t) == length {
			return int64(length), ""
		}
	}
	if p.win.err == nil && p.blockAt(p.off+n) {
		p.note("damaged", "a block of type %d whose two lengths differ; the first fits and is used", typ)
		return n, ""
	}
	return 0, fmt.Sprintf("a block of type %d whose length of %d is not repeated at its end", typ, length)
}

// blockAt reports whether off is the end of the file or may be the beginning
// of a block.
func (p *pcapng) blockAt(off int64) bool {
	if off == p.win.size {
		return true
	}
	b := p.win.at(off, blockMin)
	if len(b) < blockMin || !known(p.u32(b)) {
		return false
	}
	n := p.u32(b[4:])
	return p.u32(b) == blockSection || n >= blockMin && n%4 == 0 && n <= hugeBlock
}

// cutBlock ends the walk in the middle of a block of n bytes.
func (p *pcapng) cutBlock(typ uint32, n int64) bool {
	return p.cut(fmt.Sprintf("block of type %d", typ), n)
}

// damage goes on behind the damaged block at p.off, which says to be of a type
// and to take n bytes, if anything good is found there. It reports false: there
// is no packet here.
func (p *pcapng) damage(typ uint32, n int64, why string) bool {
	skipped, ok := p.search(blockSpan, p.findRun)
	switch {
	case !ok && n > p.left() && n <= hugeBlock:
		return p.cutBlock(typ, n)
	case !ok:
		return p.giveUp(why, skipped)
	}
	p.note("damaged", "%s; %d bytes are skipped", why, skipped)
	p.off += skipped
	switch typ {
	case blockInterface:
		p.addUnknownInterface()
	case blockSection:
		p.about.endSection()
	}
	return false
}

// findRun finds the first run of blocks in b; see walk.search.
func (p *pcapng) findRun(b []byte, limit int, eof bool) int {
	for i := range min(limit, len(b)-blockMin+1) {
		if p.isRun(b[i:], eof) {
			return i
		}
	}
	return -1
}

// isRun reports whether b begins with runBlocks blocks beyond doubt. At the end
// of the file fewer do: one, whether it ends there or the next is cut. The
// beginning of a section, whose byte order may differ, counts as a run.
func (p *pcapng) isRun(b []byte, eof bool) bool {
	for n := range runBlocks {
		if len(b) < blockMin {
			return eof && n > 0
		}
		typ, length := p.u32(b), p.u32(b[4:])
		if typ == blockSection {
			return isSection(b)
		}
		if !known(typ) || length < uint32(leastLength(typ)) || length%4 != 0 || length > runBlock {
			return false
		}
		if int(length) > len(b) {
			return eof && n > 0
		}
		if p.u32(b[length-4:]) != length {
			return false
		}
		b = b[length:]
	}
	return true
}

// isSection reports whether b begins with a whole section header block.
func isSection(b []byte) bool {
	if len(b) < sectionMin {
		return false
	}
	swap, ok := sectionOrder(b[8:])
	n := binary.LittleEndian.Uint32(b[4:])
	if swap {
		n = bits.ReverseBytes32(n)
	}
	return ok && n >= sectionMin && n%4 == 0 && n <= runBlock && int(n) <= len(b) &&
		string(b[n-4:n]) == string(b[4:8])
}
