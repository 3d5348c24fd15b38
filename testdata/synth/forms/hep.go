package forms

import (
	"encoding/binary"

	"callx/testdata/synth"
)

// hep sends every UDP payload to a capture server in HEP version 3, as Homer's
// agents do (HEP3 Network Protocol Specification, revision 26): chunks of
// vendor, type, length, value.
func hep(c Capture) Capture {
	for n, fr := range c.Frames {
		p := mustPeel(fr.Data)
		src, dst, payload, ok := p.udp()
		if !ok {
			continue
		}
		outer := ipv4(n, protoUDP, udp(n, 9060, hepMessage(fr, p, src, dst, payload)))
		c.Frames[n].Data = ethernet(outer.ether, outer.data)
	}
	return c
}

func hepMessage(fr synth.Frame, p packet, src, dst uint16, payload []byte) []byte {
	b := []byte("HEP3\x00\x00")
	chunk := func(kind uint16, value []byte) {
		b = append(b, 0, 0) // the generic vendor
		b = binary.BigEndian.AppendUint16(b, kind)
		b = binary.BigEndian.AppendUint16(b, uint16(6+len(value)))
		b = append(b, value...)
	}
	u16 := func(v uint16) []byte { return binary.BigEndian.AppendUint16(nil, v) }
	u32 := func(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }
	family, addresses, width, first := byte(2), p.data[12:20], 4, uint16(3)
	if p.v6() {
		family, addresses, width, first = 10, p.data[8:40], 16, 5
	}
	chunk(1, []byte{family})
	chunk(2, []byte{protoUDP})
	chunk(first, addresses[:width])
	chunk(first+1, addresses[width:])
	chunk(7, u16(src))
	chunk(8, u16(dst))
	chunk(9, u32(uint32(fr.Nanos/1e9)))
	chunk(10, u32(uint32(fr.Nanos%1e9/1e3)))
	kind := byte(4) // RTP
	switch {
	case isSIP(payload):
		kind = 1
	case src%2 == 1:
		kind = 5 // RTCP
	}
	chunk(11, []byte{kind})
	chunk(12, u32(2001)) // the agent
	chunk(15, payload)
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)))
	return b
}
