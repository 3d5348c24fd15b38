package synth

import "encoding/binary"

// ngAside writes the blocks that tell of other things than packets: names of
// addresses, keys, and what somebody made for himself (draft-ietf-opsawg-pcapng
// sections 4.5, 4.7 and 4.8).
func ngAside(b []byte, order binary.AppendByteOrder) []byte {
	name := append([]byte{192, 0, 2, 10}, "pbx.example.net\x00"...)
	record := order.AppendUint16(order.AppendUint16(nil, 1), uint16(len(name)))
	record = pad4(append(record, name...))
	b = ngBlock(b, order, blockNames, append(record, 0, 0, 0, 0))

	secrets := []byte("CLIENT_RANDOM 00 00\n")
	body := order.AppendUint32(order.AppendUint32(nil, 0x544c534b), uint32(len(secrets)))
	b = ngBlock(b, order, blockSecrets, append(body, secrets...))

	const documentation = 32473 // RFC 5612: an enterprise number for examples
	return ngBlock(b, order, blockCustom, append(order.AppendUint32(nil, documentation), "whatever"...))
}

// ngStatistics writes what the first interface counted (section 4.6).
func ngStatistics(b []byte, order binary.AppendByteOrder) []byte {
	body := append(order.AppendUint32(nil, 0), 0, 0, 0, 0, 0, 0, 0, 0)
	body = ngOption(body, order, optDrops, order.AppendUint64(nil, 0))
	return ngBlock(b, order, blockStatistics, append(body, 0, 0, 0, 0))
}

func ngOption(b []byte, order binary.AppendByteOrder, code uint16, value []byte) []byte {
	b = order.AppendUint16(order.AppendUint16(b, code), uint16(len(value)))
	return pad4(append(b, value...))
}

// pad4 makes the length of a body a multiple of four.
func pad4(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}
