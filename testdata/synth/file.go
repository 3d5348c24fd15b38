package synth

import (
	"encoding/binary"
	"fmt"
)

// A File says how the capture is stored.
type File struct {
	NG        bool // pcapng instead of pcap
	BigEndian bool
	Nanos     bool // nanosecond pcap
	Modified  bool // pcap with A. Kuznetzov's longer record headers
	Obsolete  bool // pcapng with the Packet Blocks of its first draft
	Chatty    bool // pcapng with all the blocks and options that are not packets
	// Sections > 1 cuts a pcapng into that many sections, whose byte orders
	// alternate.
	Sections int
}

const snapLen = 262144

// A Frame is one captured frame.
type Frame struct {
	Nanos int64 // since 1970-01-01 UTC
	Iface int   // what captured it, counted from 0
	Data  []byte
	Orig  int // bytes on the wire; len(Data) if zero
}

func (f Frame) wireLen() uint32 {
	if f.Orig > 0 {
		return uint32(f.Orig)
	}
	return uint32(len(f.Data))
}

// Write stores the frames, which must be in the order of the file.
func (f File) Write(ifaces []Iface, frames []Frame) ([]byte, error) {
	switch {
	case f.NG:
		return f.writeNG(ifaces, frames), nil
	case len(ifaces) != 1:
		return nil, fmt.Errorf("pcap holds one interface, not %d", len(ifaces))
	}
	return f.writePcap(ifaces[0], frames), nil
}

// writePcap writes the classic format. It is done by hand in both byte orders:
// gopacket's writer knows only one, and no link type above 255.
func (f File) writePcap(iface Iface, frames []Frame) []byte {
	order := f.order()
	magic, unit := uint32(0xa1b2c3d4), int64(1000)
	switch {
	case f.Nanos:
		magic, unit = 0xa1b23c4d, 1
	case f.Modified:
		magic = 0xa1b2cd34
	}
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(order.AppendUint16(b, 2), 4)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0) // time zone, accuracy
	b = order.AppendUint32(order.AppendUint32(b, snapLen), uint32(iface.Link))
	for _, fr := range frames {
		b = order.AppendUint32(b, uint32(fr.Nanos/1e9))
		b = order.AppendUint32(b, uint32(fr.Nanos%1e9/unit))
		b = order.AppendUint32(b, uint32(len(fr.Data)))
		b = order.AppendUint32(b, fr.wireLen())
		if f.Modified { // interface index, protocol, packet type, padding
			b = order.AppendUint32(b, 2)
			b = append(order.AppendUint16(b, 0x0800), 0, 0)
		}
		b = append(b, fr.Data...)
	}
	return b
}

func (f File) order() binary.AppendByteOrder {
	if f.BigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// Block types and options of pcapng (draft-ietf-opsawg-pcapng).
const (
	blockSection    = 0x0a0d0d0a
	blockInterface  = 1
	blockObsolete   = 2
	blockNames      = 4
	blockStatistics = 5
	blockPacket     = 6
	blockSecrets    = 10
	blockCustom     = 0xbad
	blockPrivate    = 0x80000bad // unknown to everybody: readers must skip it
	optComment      = 1
	optFlags        = 2
	optDrops        = 5 // of interface statistics: isb_ifdrop
	optTSResol      = 9
	optTSOffset     = 14
)

func (f File) writeNG(ifaces []Iface, frames []Frame) []byte {
	var b []byte
	sections := max(f.Sections, 1)
	for s := range sections {
		order := f.order()
		b = ngSection(b, order, ifaces)
		if f.Chatty {
			b = ngAside(b, order)
		}
		for _, fr := range frames[len(frames)*s/sections : len(frames)*(s+1)/sections] {
			b = f.ngPacket(b, order, ifaces[fr.Iface], fr)
		}
		if f.Chatty {
			b = ngStatistics(b, order)
		}
		f.BigEndian = !f.BigEndian
	}
	return b
}

func ngSection(b []byte, order binary.AppendByteOrder, ifaces []Iface) []byte {
	body := order.AppendUint32(nil, 0x1a2b3c4d)
	body = order.AppendUint16(order.AppendUint16(body, 1), 0)
	body = order.AppendUint64(body, ^uint64(0)) // length not given
	b = ngBlock(b, order, blockSection, body)
	for _, i := range ifaces {
		body := order.AppendUint16(order.AppendUint16(nil, uint16(i.Link)), 0)
		body = order.AppendUint32(body, snapLen)
		body = order.AppendUint16(order.AppendUint16(body, optTSResol), 1)
		body = append(body, i.resol(), 0, 0, 0)
		if i.TSOffset != 0 {
			body = order.AppendUint16(order.AppendUint16(body, optTSOffset), 8)
			body = order.AppendUint64(body, uint64(i.TSOffset))
		}
		b = ngBlock(b, order, blockInterface, append(body, 0, 0, 0, 0))
	}
	return ngBlock(b, order, blockPrivate, []byte("skip me!"))
}

func (f File) ngPacket(b []byte, order binary.AppendByteOrder, i Iface, fr Frame) []byte {
	units := i.units(fr.Nanos - i.TSOffset*1e9)
	kind, body := uint32(blockPacket), order.AppendUint32(nil, uint32(fr.Iface))
	if f.Obsolete { // interface and drops share the word
		kind, body = blockObsolete, order.AppendUint16(order.AppendUint16(nil, uint16(fr.Iface)), 0xffff)
	}
	body = order.AppendUint32(order.AppendUint32(body, uint32(units>>32)), uint32(units))
	body = order.AppendUint32(order.AppendUint32(body, uint32(len(fr.Data))), fr.wireLen())
	body = append(body, fr.Data...)
	if f.Chatty {
		body = ngOption(pad4(body), order, optComment, []byte("a frame of a call"))
		body = ngOption(body, order, optFlags, order.AppendUint32(nil, 1))
		body = append(body, 0, 0, 0, 0)
	}
	return ngBlock(b, order, kind, body)
}

func ngBlock(b []byte, order binary.AppendByteOrder, kind uint32, body []byte) []byte {
	body = pad4(body)
	length := uint32(len(body) + 12)
	b = order.AppendUint32(order.AppendUint32(b, kind), length)
	return order.AppendUint32(append(b, body...), length)
}

func (i Iface) resol() byte {
	if i.TSResol == 0 {
		return 6
	}
	return i.TSResol
}

// units converts a time to the interface's resolution: a power of ten, or of
// two if the top bit is set.
func (i Iface) units(nanos int64) uint64 {
	sec, rest := uint64(nanos/1e9), uint64(nanos%1e9)
	perSec := uint64(1)
	if i.resol()&0x80 != 0 {
		perSec <<= i.resol() & 0x7f
	} else {
		for range i.resol() {
			perSec *= 10
		}
	}
	return sec*perSec + rest*perSec/1e9
}
