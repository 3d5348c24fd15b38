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
	// Sections > 1 cuts a pcapng into that many sections, whose byte orders
	// alternate.
	Sections int
}

const snapLen = 262144

// A frame is one captured frame.
type frame struct {
	nanos int64
	iface int
	data  []byte
}

// write stores the frames, which must be in the order of the file.
func (f File) write(ifaces []Iface, frames []frame) ([]byte, error) {
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
func (f File) writePcap(iface Iface, frames []frame) []byte {
	order := f.order()
	magic, unit := uint32(0xa1b2c3d4), int64(1000)
	if f.Nanos {
		magic, unit = 0xa1b23c4d, 1
	}
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(order.AppendUint16(b, 2), 4)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0) // time zone, accuracy
	b = order.AppendUint32(order.AppendUint32(b, snapLen), uint32(iface.Link))
	for _, fr := range frames {
		b = order.AppendUint32(b, uint32(fr.nanos/1e9))
		b = order.AppendUint32(b, uint32(fr.nanos%1e9/unit))
		b = order.AppendUint32(b, uint32(len(fr.data)))
		b = order.AppendUint32(b, uint32(len(fr.data)))
		b = append(b, fr.data...)
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
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 6
	blockPrivate   = 0x80000bad // unknown to everybody: readers must skip it
	optTSResol     = 9
	optTSOffset    = 14
)

func (f File) writeNG(ifaces []Iface, frames []frame) []byte {
	var b []byte
	sections := max(f.Sections, 1)
	for s := range sections {
		order := f.order()
		b = ngSection(b, order, ifaces)
		for _, fr := range frames[len(frames)*s/sections : len(frames)*(s+1)/sections] {
			b = ngPacket(b, order, ifaces[fr.iface], fr)
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

func ngPacket(b []byte, order binary.AppendByteOrder, i Iface, fr frame) []byte {
	units := i.units(fr.nanos - i.TSOffset*1e9)
	body := order.AppendUint32(nil, uint32(fr.iface))
	body = order.AppendUint32(order.AppendUint32(body, uint32(units>>32)), uint32(units))
	body = order.AppendUint32(order.AppendUint32(body, uint32(len(fr.data))), uint32(len(fr.data)))
	return ngBlock(b, order, blockPacket, append(body, fr.data...))
}

func ngBlock(b []byte, order binary.AppendByteOrder, kind uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
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
