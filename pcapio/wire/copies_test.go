package wire

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"callx/pcapio"
)

// udpFrame is an Ethernet frame, with VLAN tags, of one UDP datagram from port
// sport of 192.0.2.1.
func udpFrame(tags int, sport uint16, payload []byte) []byte {
	b := make([]byte, 12)
	for range tags {
		b = append(b, 0x81, 0x00, 0x00, 0x07)
	}
	b = append(b, 0x08, 0x00, 0x45, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(28+len(payload)))
	b = append(b, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2)
	b = binary.BigEndian.AppendUint16(b, sport)
	b = binary.BigEndian.AppendUint16(b, 5060)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	return append(append(b, 0, 0), payload...)
}

func TestDuplicates(t *testing.T) {
	const ms = int64(1e6)
	sip, other := []byte("OPTIONS sip:a SIP/2.0\r\n\r\n"), []byte("OPTIONS sip:b SIP/2.0\r\n\r\n")
	rtp := append([]byte{0x80, 8}, make([]byte, 30)...)
	rtcp := append([]byte{0x80, 200}, make([]byte, 30)...)
	type frame struct {
		at    int64
		tags  int
		sport uint16
		data  []byte
	}
	tests := []struct {
		name   string
		frames []frame
		want   []bool
	}{
		{"tagged and untagged", []frame{{0, 0, 5060, sip}, {1, 1, 5060, sip}, {2, 3, 5060, sip}}, []bool{false, true, true}},
		{"just in time", []frame{{0, 0, 5060, sip}, {100, 0, 5060, sip}}, []bool{false, true}},
		{"sent again", []frame{{0, 0, 5060, sip}, {101, 0, 5060, sip}}, []bool{false, false}},
		{"clock steps back", []frame{{300, 0, 5060, sip}, {290, 0, 5060, sip}, {0, 0, 5060, sip}}, []bool{false, true, false}},
		{"other content", []frame{{0, 0, 5060, sip}, {1, 0, 5060, other}, {2, 0, 5060, sip}}, []bool{false, false, true}},
		{"other flow", []frame{{0, 0, 5060, sip}, {1, 0, 5061, sip}}, []bool{false, false}},
		{"RTP is told by its numbers", []frame{{0, 0, 5060, rtp}, {1, 0, 5060, rtp}}, []bool{false, false}},
		{"RTCP", []frame{{0, 0, 5060, rtcp}, {1, 1, 5060, rtcp}}, []bool{false, true}},
		{"empty", []frame{{0, 0, 5060, nil}, {1, 0, 5060, nil}}, []bool{false, true}},
	}
	for _, tt := range tests {
		var d Decoder
		var got []bool
		for i, f := range tt.frames {
			b := udpFrame(f.tags, f.sport, f.data)
			dgs, _ := d.Decode(nil, &pcapio.Frame{
				Pos: pcapio.Pos{Frame: uint64(i + 1)}, Nanos: 1700000000e9 + f.at*ms, Link: linkEthernet, Orig: len(b), Data: b,
			})
			if len(dgs) != 1 || !bytes.Equal(dgs[0].Payload, f.data) {
				t.Fatalf("%s: frame %d gives %v", tt.name, i, dgs)
			}
			got = append(got, dgs[0].Duplicate)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestDuplicatesAllocations(t *testing.T) {
	var d Decoder
	b := udpFrame(0, 5060, []byte("OPTIONS sip:a SIP/2.0\r\n\r\n"))
	f := pcapio.Frame{Link: linkEthernet, Orig: len(b), Data: b}
	dst := make([]Datagram, 0, 1)
	step := func() {
		f.Nanos += 1e6
		dst, _ = d.Decode(dst[:0], &f)
	}
	step()
	if n := testing.AllocsPerRun(100, step); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
