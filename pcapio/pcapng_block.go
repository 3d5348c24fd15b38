package pcapio

// block reads the block at p.off, whatever it is, with all checks. It reports
// whether it was a packet, which is in f then; p.off stands behind the block.
func (p *pcapng) block(f *Frame) bool {
	swap := p.swap
	head := p.win.at(p.off, blockMin)
	if len(head) < blockMin {
		return p.end()
	}
	if p.u32(head) == blockSection {
		// The magic tells how to read the length before it.
		var ok bool
		if swap, ok = sectionOrder(head[8:]); !ok {
			return p.damage(blockSection, 0, "a section header with an unknown byte-order magic")
		}
	}
	outer := p.swap
	p.swap = swap
	typ := p.u32(head)
	n, why := p.measure(head)
	if why != "" {
		p.swap = outer
		return p.damage(typ, n, why)
	}
	isPacket := false
	if want := p.wanted(typ, n); want > maxBlock {
		p.note("metadata", "a block of type %d is passed over: with %d bytes it is too long", typ, n)
	} else if want > 0 {
		b := p.win.at(p.off, int(want))
		if len(b) < int(want) {
			return p.end()
		}
		isPacket = p.read(f, typ, b)
	}
	switch {
	case typ == blockCustom || typ == blockPrivate || typ == blockJournal:
		p.number++ // no frames, but Wireshark shows and numbers them
	case !known(typ) && !p.foreign && p.count(&p.strange):
		p.noteFirst(&p.strange, "block", "a block of type 0x%08x is passed over; the type is not known", typ)
	}
	p.off += n
	return isPacket
}

// wanted is how many bytes of a block of n bytes have to be read: 0 if it is of
// a type that does not matter.
func (p *pcapng) wanted(typ uint32, n int64) int64 {
	switch typ {
	case blockSection:
		return n
	case blockInterface, blockPacket, blockSimple, blockNames, blockStats, blockEnhanced, blockSecrets:
	case blockCustom, blockPrivate:
		n = min(n, customMin)
	default:
		return 0
	}
	if p.foreign {
		return 0
	}
	return n
}

// read reads a block of a type that matters. It reports whether it was a
// packet.
func (p *pcapng) read(f *Frame, typ uint32, b []byte) bool {
	if least := leastLength(typ); len(b) < least {
		p.note("damaged", "a block of type %d with %d bytes, where %d are the least; it is passed over", typ, len(b), least)
		if typ == blockInterface {
			p.addUnknownInterface()
		}
		return false
	}
	switch typ {
	case blockSection:
		p.section(b)
	case blockInterface:
		p.addInterface(p.parseInterface(b))
	case blockNames:
		p.resolution(b)
	case blockStats:
		p.statistics(b)
	case blockSecrets:
		p.decryption(b)
	case blockCustom, blockPrivate:
		p.about.customBlock(p.u32(b[8:]))
	case blockPacket:
		// interface u16, drops u16, then as the enhanced block.
		p.packet(f, b, uint32(p.u16(b[8:])), uint64(p.u32(b[12:]))<<32|uint64(p.u32(b[16:])), p.u16(b[10:]))
		return true
	case blockSimple:
		p.simple(f, b)
		return true
	case blockEnhanced:
		p.enhanced(f, b)
		return true
	}
	return false
}

func leastLength(typ uint32) int {
	switch typ {
	case blockSection:
		return sectionMin
	case blockInterface:
		return interfaceMin
	case blockPacket, blockEnhanced:
		return packetMin
	case blockSimple:
		return simpleMin
	case blockStats:
		return statsMin
	case blockSecrets:
		return secretsMin
	case blockCustom, blockPrivate:
		return customMin
	}
	return blockMin
}

// section reads a section header block:
//
//	type, length, magic u32, version 2 x u16, section length u64, options, length
//
// The section's length is not needed, and often not known (-1).
func (p *pcapng) section(b []byte) {
	p.about.endSection()
	major := p.u16(b[12:])
	if p.foreign = major != 1; p.foreign {
		p.note("version", "a section of version %d.%d, which is not known; all its packets are passed over", major, p.u16(b[14:]))
		return
	}
	p.comments("section", b[24:len(b)-4])
}

func (p *pcapng) addInterface(live netif, in Interface) {
	if len(p.about.live) == maxInterfaces {
		p.note("interface", "more than %d interfaces in one section; this one is passed over", maxInterfaces)
		return
	}
	live.about = p.about.describe(in)
	p.about.live = append(p.about.live, live)
	p.addLink(live.link)
}

// addUnknownInterface takes the place of an interface whose description is
// lost, so that those after it keep their numbers.
func (p *pcapng) addUnknownInterface() {
	p.addInterface(netif{link: LinkUnknown, clock: microseconds}, Interface{Link: LinkUnknown})
}
