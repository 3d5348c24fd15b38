package pcapio

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// The classic format: https://datatracker.ietf.org/doc/html/draft-ietf-opsawg-pcap
//
//	file:   magic u32, version 2 x u16, zone i32, sigfigs u32, snaplen u32, network u32
//	record: seconds u32, microseconds or nanoseconds u32, caplen u32, length u32, data
const (
	pcapMicros    = 0xa1b2c3d4
	pcapNanos     = 0xa1b23c4d
	pcapKuznetzov = 0xa1b2cd34 // 8 or 12 further bytes in every record header
	pcapIxiaHW    = 0x1c0001ac // testers of Ixia: 4 further bytes in the file header
	pcapIxiaSW    = 0x1c0001ab

	pcapFileHeader   = 24
	pcapRecordHeader = 16
)

// Some old systems made record headers longer without telling by the magic
// (Red Hat 6.1 by 8 bytes, Nokia's by 4), or by how much (SuSE 6.3).
var (
	plainHeads     = []int{pcapRecordHeader, pcapRecordHeader + 8, pcapRecordHeader + 4}
	kuznetzovHeads = []int{pcapRecordHeader + 8, pcapRecordHeader + 12}
)

// A pcap walks a file of the classic format.
type pcap struct {
	walk
	pcapHeader
	begun   bool
	lastSec uint32 // of the last good record, or of the first
	oddTime tally  // records with a sub-second field out of range
}

// A pcapHeader is what the file header says.
type pcapHeader struct {
	swap bool   // big-endian
	old  bool   // before version 2.4: the two lengths may have changed places
	unit uint32 // nanoseconds a unit of the sub-second field
	lead int    // bytes of the file header
	head int    // bytes of a record header
	// heads are what a record header may have, the likely one first.
	heads []int
	long  uint32 // captured lengths above it are looked at twice
	link  LinkType
	// short is set when the writer is seen to give lengths below the captured ones.
	short bool
}

// A pcapRecord is a record header.
type pcapRecord struct{ sec, sub, caplen, length uint32 }

// pcapMagic reads the four bytes that tell byte order, unit of time and
// variant.
func pcapMagic(b []byte) (h pcapHeader, ok bool) {
	if len(b) < 4 {
		return h, false
	}
	m := binary.LittleEndian.Uint32(b)
	h = pcapHeader{unit: 1000, lead: pcapFileHeader, heads: plainHeads}
	switch h.swap = byte(m) == 0xa1 || byte(m) == 0x1c; h.word(m) {
	case pcapMicros:
	case pcapNanos:
		h.unit, h.heads = 1, plainHeads[:1]
	case pcapKuznetzov:
		h.heads = kuznetzovHeads
	case pcapIxiaHW, pcapIxiaSW:
		h.lead, h.heads = pcapFileHeader+4, plainHeads[:1]
	default:
		return h, false
	}
	h.head = h.heads[0]
	return h, true
}

func parsePcapHeader(b []byte) (h pcapHeader, ok bool) {
	h, ok = pcapMagic(b)
	if !ok || len(b) < pcapFileHeader {
		return h, false
	}
	major, minor := h.half(b[4:]), h.half(b[6:])
	h.old = major == 2 && minor < 4 || major == 543 // DG/UX
	// The upper half holds the length of the frame check sequence.
	h.link = LinkType(h.word(binary.LittleEndian.Uint32(b[20:])))
	h.long = runFrame
	if snap := h.word(binary.LittleEndian.Uint32(b[16:])); snap != 0 {
		h.long = min(h.long, snap)
	}
	return h, true
}

func (h *pcapHeader) word(v uint32) uint32 {
	if h.swap {
		return bits.ReverseBytes32(v)
	}
	return v
}

func (h *pcapHeader) half(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if h.swap {
		return bits.ReverseBytes16(v)
	}
	return v
}

func (h *pcapHeader) record(b []byte) pcapRecord {
	_ = b[15]
	r := pcapRecord{
		sec:    h.word(binary.LittleEndian.Uint32(b)),
		sub:    h.word(binary.LittleEndian.Uint32(b[4:])),
		caplen: h.word(binary.LittleEndian.Uint32(b[8:])),
		length: h.word(binary.LittleEndian.Uint32(b[12:])),
	}
	if h.old && r.caplen > r.length {
		r.caplen, r.length = r.length, r.caplen
	}
	return r
}

// subRange is the first value that the sub-second field cannot hold.
func (h *pcapHeader) subRange() uint32 { return 1e9 / h.unit }

func (p *pcap) next(f *Frame) bool {
	if p.ended || !p.begun && !p.begin() {
		return false
	}
	for {
		b := p.win.at(p.off, p.head)
		if len(b) < p.head {
			if len(b) == 0 {
				return p.end()
			}
			return p.cut("record header", int64(p.head))
		}
		r := p.record(b)
		n := p.head + int(r.caplen)
		// Whatever is unusual (a length of 0, too) is looked at closely, off
		// the fast path.
		if r.caplen-1 >= p.long || r.caplen > r.length && !p.short || r.sub >= p.subRange() || farApart(r.sec, p.lastSec) || int64(n) > p.left() {
			switch p.examine(r) {
			case verdictMoved:
				continue
			case verdictEnd:
				return false
			}
			p.learn(r)
		}
		if b = p.win.at(p.off, n); len(b) < n {
			return p.cut("record", int64(n))
		}
		p.number++
		p.frames++
		p.lastSec = r.sec
		// The kernel's field is signed, and some writers leave it below zero.
		nanos := int64(r.sec)*1e9 + int64(int32(r.sub))*int64(p.unit)
		p.saw(nanos)
		f.Pos = Pos{File: p.file, Frame: p.number, Off: p.off}
		f.Nanos = nanos
		f.Link = p.link
		f.Orig = int(r.length)
		f.Data = b[p.head:n:n]
		p.off += int64(n)
		return true
	}
}

// begin reads the file header.
func (p *pcap) begin() bool {
	p.begun = true
	b := p.win.at(0, pcapFileHeader)
	h, ok := parsePcapHeader(b)
	if !ok {
		if len(b) == pcapFileHeader {
			p.win.err = ErrChanged // the magic was there when it was sniffed
		}
		return p.cut("file header", pcapFileHeader)
	}
	if p.win.size < int64(h.lead) {
		return p.cut("file header", int64(h.lead))
	}
	p.start(h)
	return true
}

func (p *pcap) start(h pcapHeader) {
	p.pcapHeader = h
	p.addLink(h.link)
	p.off += int64(h.lead)
	if p.leads(h.head) == 0 {
		// One record would not be enough: a file cut in the header of its second
		// looks like one with longer headers.
		if i := slices.IndexFunc(h.heads, func(head int) bool { return p.leads(head) > 1 }); i >= 0 {
			p.head = h.heads[i]
		}
	}
	// There is no record before the first that its time could be far from.
	if b := p.win.at(p.off, p.head); len(b) == p.head {
		p.lastSec = p.record(b).sec
	}
}
