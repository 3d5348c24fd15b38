package wire

import "encoding/binary"

// Frame control of 802.11 (IEEE 802.11-2020 section 9.2.4.1), which is
// little-endian.
const (
	wifiVersion   = 0x0003
	wifiType      = 0x000c
	wifiData      = 0x0008
	wifiNoData    = 0x0040 // of the subtypes of data
	wifiQoS       = 0x0080 // likewise
	wifiDS        = 0x0300 // to and from the distribution system
	wifiProtected = 0x4000
	wifiOrder     = 0x8000
)

// Further fields of a header.
const (
	wifiFragment = 0x000f // of sequence control
	wifiAMSDU    = 0x80   // of the first byte of QoS control
)

// wifi takes off a header of 802.11 (IEEE 802.11-2020 section 9.3.2). A
// checksum behind the frame does no harm: the lengths of IP leave it out.
func (d *Decoder) wifi(b []byte, cut int) Class { return d.wifiFrame(b, cut, 1) }

// wifiFrame is wifi where the header is filled up to a multiple of align bytes.
func (d *Decoder) wifiFrame(b []byte, cut, align int) Class {
	if len(b) < 2 {
		return ClassTruncated
	}
	control := binary.LittleEndian.Uint16(b)
	if control&wifiVersion != 0 {
		return ClassUndecodable
	}
	if control&wifiType != wifiData || control&wifiNoData != 0 {
		return ClassOther
	}
	header, aggregate := 24, false
	if control&wifiDS == wifiDS { // four addresses
		header += 6
	}
	if control&wifiQoS != 0 {
		aggregate = len(b) > header && b[header]&wifiAMSDU != 0
		header += 2
		if control&wifiOrder != 0 { // HT control
			header += 4
		}
	}
	header = (header + align - 1) / align * align
	if len(b) < header {
		return ClassTruncated
	}
	later := binary.LittleEndian.Uint16(b[22:])&wifiFragment != 0
	b = b[header:]
	switch {
	case control&wifiProtected != 0:
		return d.wifiProtected(b, cut)
	case later:
		return ClassFragment
	case aggregate:
		return d.wifiAggregate(b)
	}
	return d.llc(b, cut)
}

// wifiProtected looks for a frame that the adapter has decrypted, though it
// says that it is protected: with the initialisation vector (four bytes of WEP,
// eight of TKIP and CCMP) or without.
func (d *Decoder) wifiProtected(b []byte, cut int) Class {
	const snap = 5 // bytes of 802.2 and SNAP that do not vary
	if len(b) < 8+snap {
		return ClassTruncated
	}
	for _, vector := range []int{0, 4, 8} {
		if [snap]byte(b[vector:]) == [snap]byte{0xaa, 0xaa, 3} {
			return d.llc(b[vector:], cut)
		}
	}
	d.missOpaque(OpaqueWiFi)
	return ClassUndecodable
}

// wifiAggregate takes an A-MSDU apart (IEEE 802.11-2020 section 9.3.2.2). The
// frame is what the best of its parts is.
func (d *Decoder) wifiAggregate(b []byte) Class {
	best := ClassTruncated
	for len(b) >= 14 {
		length := int(binary.BigEndian.Uint16(b[12:]))
		part, lack := bound(b[14:], length)
		best = min(best, d.llc(part, lack))
		b = b[min(len(b), (14+length+3)&^3):]
	}
	return best
}
