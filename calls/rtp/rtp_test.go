package rtp

import (
	"bytes"
	"errors"
	"testing"
)

// packet of RFC 3550 section 5.1 with what is asked for.
func packet(flags byte, words int, tail ...byte) []byte {
	b := []byte{0x80 | flags, 0x80 | 8, 0x12, 0x34, 1, 2, 3, 4, 0xca, 0xfe, 0xba, 0xbe}
	for range words {
		b = append(b, 9, 9, 9, 9)
	}
	return append(b, tail...)
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name    string
		in      []byte
		cut     bool
		payload []byte
		err     bool
	}{
		{"plain", packet(0, 0, 1, 2, 3), false, []byte{1, 2, 3}, false},
		{"empty", packet(0, 0), false, []byte{}, false},
		{"two sources", packet(2, 2, 1), false, []byte{1}, false},
		{"extension of one word", append(packet(0x10, 0), 0xbe, 0xde, 0, 1, 7, 7, 7, 7, 5), false, []byte{5}, false},
		{"empty extension and a source", append(packet(0x11, 1), 0xbe, 0xde, 0, 0, 5), false, []byte{5}, false},
		{"padding", packet(0x20, 0, 5, 6, 0, 0, 3), false, []byte{5, 6}, false},
		{"padding only", packet(0x20, 0, 0, 0, 3), false, []byte{}, false},
		{"padding of nothing", packet(0x20, 0, 5, 0), false, []byte{5, 0}, false},
		{"padding longer than the packet", packet(0x20, 0, 5, 9), false, []byte{5, 9}, false},
		{"padding cut off", packet(0x20, 0, 5, 2), true, []byte{5, 2}, false},
		{"short header", packet(0, 0)[:11], false, nil, true},
		{"sources missing", packet(15, 14), false, nil, true},
		{"extension header missing", packet(0x10, 0, 1, 2, 3), false, nil, true},
		{"extension missing", append(packet(0x10, 0), 0xbe, 0xde, 0, 2, 7, 7, 7, 7), false, nil, true},
		{"version 1", append([]byte{0x40}, packet(0, 0)[1:]...), false, nil, true},
	} {
		var p Packet
		err := Parse(&p, tt.in, tt.cut)
		if (err != nil) != tt.err || err != nil && !errors.Is(err, ErrNotRTP) {
			t.Errorf("%s: error %v", tt.name, err)
			continue
		}
		if err == nil && (!bytes.Equal(p.Payload, tt.payload) || p.Seq != 0x1234 || p.Timestamp != 0x01020304 || p.SSRC != 0xcafebabe || p.PayloadType != 8 || !p.Marker) {
			t.Errorf("%s: %+v, want payload %v", tt.name, p, tt.payload)
		}
	}
}

func TestIsRTCP(t *testing.T) {
	for _, tt := range []struct {
		in   []byte
		want bool
	}{
		{[]byte{0x80, 200, 0, 1, 0, 0, 0, 1}, true},       // SR
		{[]byte{0x81, 201, 0, 1, 0, 0, 0, 1}, true},       // RR
		{[]byte{0x80, 207, 0, 1, 0, 0, 0, 1}, true},       // XR
		{[]byte{0x80, 0x80 | 8, 0, 1, 0, 0, 0, 1}, false}, // RTP, PCMA with marker
		{[]byte{0x80, 0x80 | 96, 0, 1, 0, 0, 0, 1}, false},
		{[]byte{0x40, 200, 0, 1, 0, 0, 0, 1}, false},
		{[]byte{0x80, 200}, false},
	} {
		if got := IsRTCP(tt.in); got != tt.want {
			t.Errorf("% x: %v", tt.in, got)
		}
	}
}

// FuzzParse checks that a payload lies in its packet, behind the header.
func FuzzParse(f *testing.F) {
	f.Add(packet(0, 0, 1, 2, 3), false)
	f.Add(packet(0x3f, 15, 0, 1, 0, 1), true)
	f.Add(packet(0x30, 1, 0, 0, 0, 0, 4), false)
	f.Fuzz(func(t *testing.T, b []byte, cut bool) {
		var p Packet
		if Parse(&p, b, cut) != nil {
			return
		}
		if n := len(p.Payload); n > len(b)-HeaderLen || n > 0 && cap(p.Payload) > cap(b)-HeaderLen {
			t.Fatalf("payload of %d bytes in a packet of %d", n, len(b))
		}
		if !bytes.Contains(b[HeaderLen:], p.Payload) {
			t.Fatal("payload is not of the packet")
		}
	})
}
