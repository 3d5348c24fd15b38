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
	if n > p.left() {
		return p.cutBlock(typ, n)
	}
	isPacket := false
	if typ == blockSection || typ == blockInterface || typ == blockPacket || typ == blockSimple || typ == blockEnhanced {
		b := p.win.at(p.off, int(n))
		if len(b) < int(n) {
			return p.end()
		}
		isPacket = p.read(f, typ, b)
	}
	if typ == blockCustom || typ == blockPrivate || typ == blockJournal {
		p.number++ // no frames, but Wireshark shows and numbers them
	}
	p.off += n
	return isPacket
}

// read reads a block of a type that matters. It reports whether it was a
// packet.
func (p *pcapng) read(f *Frame, typ uint32, b []byte) bool {
	if p.foreign && typ != blockSection {
		return false
	}
	switch least := leastLength(typ); {
	case len(b) < least:
		p.note("damaged", "a block of type %d with %d bytes, where %d are the least; it is passed over", typ, len(b), least)
		if typ == blockInterface {
			p.addInterface(netif{link: LinkUnknown, clock: microseconds})
		}
	case typ == blockSection:
		p.interfaces = p.interfaces[:0]
		major := p.u16(b[12:])
		if p.foreign = major != 1; p.foreign {
			p.note("version", "a section of version %d.%d, which is not known; all its packets are passed over", major, p.u16(b[14:]))
		}
	case typ == blockInterface:
		p.addInterface(p.parseInterface(b))
	case typ == blockPacket:
		// interface u16, drops u16, then as the enhanced block.
		p.packet(f, b, uint32(p.u16(b[8:])), uint64(p.u32(b[12:]))<<32|uint64(p.u32(b[16:])))
		return true
	case typ == blockSimple:
		p.simple(f, b)
		return true
	case typ == blockEnhanced:
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
	}
	return blockMin
}

func (p *pcapng) addInterface(in netif) {
	if len(p.interfaces) == maxInterfaces {
		p.note("interface", "more than %d interfaces in one section; this one is passed over", maxInterfaces)
		return
	}
	p.interfaces = append(p.interfaces, in)
	p.addLink(in.link)
}

// parseInterface reads an interface description block:
//
//	type, length, link type u16, reserved u16, snaplen u32, options, length
func (p *pcapng) parseInterface(b []byte) netif {
	const (
		optEnd      = 0
		optTsresol  = 9
		optTsoffset = 14
	)
	resolution, offset := byte(6), int64(0)
	opts := b[16 : len(b)-4]
	for len(opts) >= 4 {
		code, n := p.u16(opts), int(p.u16(opts[2:]))
		if code == optEnd {
			break
		}
		opts = opts[4:]
		if n > len(opts) {
			p.note("damaged", "an option of interface %d runs over the end of its block; the options before it are used", len(p.interfaces))
			break
		}
		switch v := opts[:n]; {
		case code == optTsresol && n == 1:
			resolution = v[0]
		case code == optTsoffset && n == 8:
			high, low := p.u32(v), p.u32(v[4:])
			if !p.swap {
				high, low = low, high
			}
			offset = int64(uint64(high)<<32 | uint64(low))
		}
		opts = opts[min((n+3)&^3, len(opts)):]
	}
	return netif{
		link:  LinkType(p.u16(b[8:])),
		snap:  p.u32(b[12:]),
		clock: newClock(resolution, offset),
	}
}
