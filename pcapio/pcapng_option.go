package pcapio

// Options stand at the end of most blocks (section 3.5 of the draft):
//
//	code u16, length u16, value, padding to 4 bytes; a code of 0 ends them
const (
	optionHead = 4

	optEnd     = 0
	optComment = 1

	// Interface description block, section 4.2.
	optName        = 2
	optDescription = 3
	optSpeed       = 8
	optTsresol     = 9
	optFilter      = 11
	optOS          = 12
	optTsoffset    = 14
	optHardware    = 15

	// Enhanced packet block, section 4.3.
	optDropCount = 4

	// Interface statistics block, section 4.6.
	optStartTime = 2
	optReceived  = 4
	optIfDropped = 5
	optAccepted  = 6
	optOSDropped = 7
	optDelivered = 8

	filterIsString = 0 // the first byte of optFilter: no compiled program
)

// An options iterates over the options of a block.
type options struct {
	p    *pcapng
	rest []byte

	code  uint16
	value []byte // borrowed from the block
}

func (p *pcapng) options(b []byte) options { return options{p: p, rest: b} }

// next finds the next option. One that runs over the end of the block is
// noted and ends them; those before it hold.
func (o *options) next() bool {
	if len(o.rest) < optionHead {
		return false
	}
	code, n := o.p.u16(o.rest), int(o.p.u16(o.rest[2:]))
	if code == optEnd {
		return false
	}
	o.rest = o.rest[optionHead:]
	if n > len(o.rest) {
		o.rest = nil
		if o.p.count(&o.p.badOptions) {
			o.p.noteFirst(&o.p.badOptions, "damaged", "an option runs over the end of its block; the options before it are used")
		}
		return false
	}
	o.code, o.value = code, o.rest[:n:n]
	o.rest = o.rest[min((n+3)&^3, len(o.rest)):]
	return true
}

// u64 reads a value of 64 bits. The draft has its halves in the order of the
// section's bytes, so that it is one number.
func (o *options) u64() (uint64, bool) {
	if len(o.value) != 8 {
		return 0, false
	}
	return o.p.u64(o.value), true
}

func (p *pcapng) u64(b []byte) uint64 {
	first, second := uint64(p.u32(b)), uint64(p.u32(b[4:]))
	if p.swap {
		return first<<32 | second
	}
	return second<<32 | first
}

// here is where the block at p.off stands.
func (p *pcapng) here() Pos { return Pos{File: p.file, Frame: p.number + 1, Off: p.off} }

// packetOptions reads what matters of a packet's options: comments, and how
// many packets its interface (an index in about.interfaces or -1) has lost
// since the one before it, at last.
func (p *pcapng) packetOptions(f *Frame, b []byte, iface int32, last int64) {
	o := p.options(b)
	for o.next() {
		switch o.code {
		case optComment:
			p.about.comment(f.Pos, "packet", o.value)
		case optDropCount:
			if n, ok := o.u64(); ok && iface >= 0 {
				p.about.drop(f.Pos, iface, last, f.Nanos, n)
			}
		}
	}
}

// comments keeps the comments among the options of a block.
func (p *pcapng) comments(on string, b []byte) {
	o := p.options(b)
	for o.next() {
		if o.code == optComment {
			p.about.comment(p.here(), on, o.value)
		}
	}
}

// parseInterface reads an interface description block:
//
//	type, length, link type u16, reserved u16, snaplen u32, options, length
func (p *pcapng) parseInterface(b []byte) (netif, Interface) {
	in := Interface{Link: LinkType(p.u16(b[8:])), Snaplen: p.u32(b[12:])}
	resolution, offset := byte(6), int64(0)
	o := p.options(b[16 : len(b)-4])
	for o.next() {
		switch o.code {
		case optComment:
			p.about.comment(p.here(), "interface", o.value)
		case optName:
			in.Name = p.about.text(o.value)
		case optDescription:
			in.Description = p.about.text(o.value)
		case optSpeed:
			in.Speed, _ = o.u64()
		case optTsresol:
			if len(o.value) == 1 {
				resolution = o.value[0]
			}
		case optFilter:
			if len(o.value) > 0 && o.value[0] == filterIsString {
				in.Filter = p.about.text(o.value[1:])
			}
		case optOS:
			in.OS = p.about.text(o.value)
		case optTsoffset:
			if v, ok := o.u64(); ok {
				offset = int64(v)
			}
		case optHardware:
			in.Hardware = p.about.text(o.value)
		}
	}
	return netif{link: in.Link, snap: in.Snaplen, clock: newClock(resolution, offset)}, in
}
