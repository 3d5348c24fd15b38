package payload_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"callx/audio"
	"callx/audio/amr/payload"
)

func TestParseFormat(t *testing.T) {
	for _, c := range []struct {
		wide bool
		spec audio.Spec
		want payload.Format
		err  error
	}{
		{spec: audio.Spec{Clock: 8000, Channels: 1}, want: payload.Format{Channels: 1}},
		{spec: audio.Spec{Clock: 8000, Channels: 2, Fmtp: "mode-set=0,2,7; octet-align=0;"}, want: payload.Format{Channels: 2}},
		{wide: true, spec: audio.Spec{Clock: 16000, Channels: 1, Fmtp: " Octet-Align = 1 ;mode-change-capability=2"}, want: payload.Format{Wide: true, Channels: 1, OctetAligned: true}},
		{spec: audio.Spec{Clock: 8000, Channels: 1, Fmtp: "crc=1"}, want: payload.Format{Channels: 1, OctetAligned: true, CRC: true}},
		{spec: audio.Spec{Clock: 8000, Channels: 6, Fmtp: "robust-sorting=1;octet-align=0"}, want: payload.Format{Channels: 6, OctetAligned: true, Robust: true}},
		{spec: audio.Spec{Clock: 8000, Channels: 1, Fmtp: "octet-align=1; interleaving=5"}, err: payload.ErrInterleaving},
		{spec: audio.Spec{Clock: 8000, Channels: 1, Fmtp: "octet-align=yes"}, err: payload.ErrParameters},
		{spec: audio.Spec{Clock: 8000, Channels: 1, Fmtp: "crc"}, err: payload.ErrParameters},
		{spec: audio.Spec{Clock: 16000, Channels: 1}, err: payload.ErrParameters},
		{wide: true, spec: audio.Spec{Clock: 8000, Channels: 1}, err: payload.ErrParameters},
		{spec: audio.Spec{Clock: 8000, Channels: 7}, err: payload.ErrParameters},
		{spec: audio.Spec{Clock: 8000}, err: payload.ErrParameters},
	} {
		got, err := payload.ParseFormat(c.wide, c.spec)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%+v: %+v, %v", c.spec, got, err)
		}
	}
}

// pack reads bits from the words of a text as the figures of RFC 4867 have
// them: 0 and 1 are bits, "a*n" is n bits of the pattern 0110 1 repeated, and
// "|" fills up the octet.
func pack(text string) []byte {
	var bits []byte
	for _, w := range strings.Fields(text) {
		var n int
		switch {
		case w == "|":
			for len(bits)%8 != 0 {
				bits = append(bits, '0')
			}
		case strings.HasPrefix(w, "a*"):
			fmt.Sscanf(w, "a*%d", &n)
			bits = append(bits, strings.Repeat("01101", n/5+1)[:n]...)
		case strings.HasPrefix(w, "b*"):
			fmt.Sscanf(w, "b*%d", &n)
			bits = append(bits, strings.Repeat("1", n)...)
		default:
			bits = append(bits, w...)
		}
	}
	for len(bits)%8 != 0 {
		bits = append(bits, '0')
	}
	out := make([]byte, len(bits)/8)
	for i, b := range bits {
		out[i/8] |= (b - '0') << (7 - i%8)
	}
	return out
}

type want struct {
	frameType uint8
	good      bool
	channel   int
	bits      string // as pack reads them
}

// TestReader goes through the layouts of RFC 4867 sections 4.3.5 and 4.4.5.
func TestReader(t *testing.T) {
	for _, c := range []struct {
		name    string
		format  payload.Format
		in      []byte
		request uint8
		want    []want
		err     error
	}{
		{name: "empty", format: payload.Format{Channels: 1}, request: 15},
		{name: "one frame", format: payload.Format{Channels: 1},
			in: pack("1111 0 0100 1 a*148"), request: 15, want: []want{{4, true, 0, "a*148"}}},
		{name: "request, damaged frame", format: payload.Format{Channels: 1},
			in: pack("0110 0 0010 0 a*118"), request: 6, want: []want{{2, false, 0, "a*118"}}},
		{name: "two frames, wide", format: payload.Format{Channels: 1, Wide: true},
			in: pack("0000 1 0000 1 0 0001 1 a*132 b*177"), want: []want{{0, true, 0, "a*132"}, {1, true, 0, "b*177"}}},
		{name: "SID, lost, no data, wide", format: payload.Format{Channels: 1, Wide: true},
			in: pack("1111 1 1001 1 1 1110 1 0 1111 1 b*40"), request: 15, want: []want{{9, true, 0, "b*40"}, {14, true, 0, ""}, {15, true, 0, ""}}},
		{name: "octet-aligned", format: payload.Format{Channels: 1, OctetAligned: true},
			in: pack("0101 0000 1 0101 1 00 0 1000 1 00 a*159 | b*39 |"), request: 5, want: []want{{5, true, 0, "a*159"}, {8, true, 0, "b*39"}}},
		{name: "two channels", format: payload.Format{Channels: 2, OctetAligned: true},
			in:      pack("1111 0000 1 0000 1 00 1 0001 1 00 1 1111 1 00 0 1000 1 00 a*95 | b*103 | b*39"),
			request: 15, want: []want{{0, true, 0, "a*95"}, {1, true, 1, "b*103"}, {15, true, 0, ""}, {8, true, 1, "b*39"}}},
		{name: "bits behind the frame are not of it", format: payload.Format{Channels: 1, OctetAligned: true},
			in: pack("1111 1111 0 1000 1 11 b*48"), request: 15, want: []want{{8, true, 0, "b*39"}}},
		{name: "robust sorting", format: payload.Format{Channels: 1, OctetAligned: true, Robust: true},
			in: append(pack("1111 0000 1 1000 1 00 1 0000 1 00 0 1000 1 00"),
				0x81, 1, 0x91, 0x82, 2, 0x92, 0x83, 3, 0x93, 0x84, 4, 0x94, 0x86, 5, 0x96, 6, 7, 8, 9, 10, 11, 12),
			request: 15, want: []want{
				{8, true, 0, "10000001 10000010 10000011 10000100 1000011"},
				{0, true, 0, "00000001 00000010 00000011 00000100 00000101 00000110 00000111 00001000 00001001 00001010 00001011 0000110"},
				{8, true, 0, "10010001 10010010 10010011 10010100 1001011"}}},
		{name: "cut in the second frame", format: payload.Format{Channels: 1},
			in: pack("1111 1 0000 1 0 0000 1 a*95 a*80"), request: 15, want: []want{{0, true, 0, "a*95"}}, err: payload.ErrTruncated},
		{name: "cut in the contents", format: payload.Format{Channels: 1, OctetAligned: true},
			in: pack("1111 0000 1 0000 1 00"), request: 15, err: payload.ErrTruncated},
		{name: "one octet", format: payload.Format{Channels: 1}, in: []byte{0xf0}, request: 15, err: payload.ErrTruncated},
		{name: "cut in robust sorting", format: payload.Format{Channels: 1, OctetAligned: true, Robust: true},
			in: pack("1111 0000 0 1000 1 00 b*39")[:6], request: 15, err: payload.ErrTruncated},
		{name: "reserved type", format: payload.Format{Channels: 1, OctetAligned: true},
			in: pack("1111 0000 1 0000 1 00 0 1001 1 00 a*95 | b*40"), request: 15, err: payload.ErrFrameType},
		{name: "AMR has no lost speech", format: payload.Format{Channels: 1, OctetAligned: true},
			in: pack("1111 0000 0 1110 1 00"), request: 15, err: payload.ErrFrameType},
		{name: "a channel is missing", format: payload.Format{Channels: 2, OctetAligned: true},
			in: pack("1111 0000 0 1111 1 00"), request: 15, err: payload.ErrFrames},
		{name: "more than a second", format: payload.Format{Channels: 1, OctetAligned: true},
			in: bytes.Repeat([]byte{0xfc}, 1000), request: 15, err: payload.ErrFrames},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := payload.NewReader(c.format)
			r.Reset(c.in)
			if r.Request() != c.request {
				t.Errorf("request %d", r.Request())
			}
			n := 0
			for ; r.Next(); n++ {
				f := r.Frame()
				if n < len(c.want) {
					w := c.want[n]
					if f.Type != w.frameType || f.Good != w.good || f.Channel != w.channel || !slices.Equal(f.Bits, pack(w.bits)) {
						t.Errorf("frame %d: %+v, want %+v", n, f, w)
					}
				}
			}
			if n != len(c.want) || !errors.Is(r.Err(), c.err) {
				t.Errorf("%d frames, want %d; error %v, want %v", n, len(c.want), r.Err(), c.err)
			}
		})
	}
}

// divide returns the remainder of the polynomial of bits times x^8 by
// x^8+x^4+x^3+x^2+1, the highest power first, by long division. The CRC octet
// carries it with the lowest power first.
func divide(bits []byte) (remainder [8]byte) {
	work := append(slices.Clone(bits), make([]byte, 8)...)
	for i := range bits {
		if work[i] == 1 {
			for j, g := range []byte{1, 0, 0, 0, 1, 1, 1, 0, 1} {
				work[i+j] ^= g
			}
		}
	}
	return [8]byte(work[len(bits):])
}

// TestCRC: a frame is good with the right CRC over its class A bits, bad with
// any other; bits behind class A do not count.
func TestCRC(t *testing.T) {
	frame := pack("a*95")
	var classA []byte
	for i := range 42 {
		classA = append(classA, frame[i/8]>>(7-i%8)&1)
	}
	var right byte
	for i, b := range divide(classA) {
		right |= b << i
	}
	format := payload.Format{Channels: 1, OctetAligned: true, CRC: true}
	read := func(crc byte, frame []byte) bool {
		in := append(pack("1111 0000 1 1111 1 00 0 0000 1 00"), crc)
		r := payload.NewReader(format)
		r.Reset(append(in, frame...))
		if !r.Next() || !r.Frame().Good || !r.Next() {
			t.Fatal(r.Err())
		}
		return r.Frame().Good
	}
	for crc := range 256 {
		if got := read(byte(crc), frame); got != (byte(crc) == right) {
			t.Errorf("CRC %02x, right is %02x: good %v", crc, right, got)
		}
	}
	for i := range 95 {
		bent := slices.Clone(frame)
		bent[i/8] ^= 0x80 >> (i % 8)
		if good := read(right, bent); good != (i >= 42) {
			t.Errorf("bit %d bent: good %v", i, good)
		}
	}
	r := payload.NewReader(format)
	r.Reset(pack("1111 0000 0 0000 1 00"))
	if r.Next() || !errors.Is(r.Err(), payload.ErrTruncated) {
		t.Errorf("without its CRC: %v", r.Err())
	}
}

func TestAllocations(t *testing.T) {
	r := payload.NewReader(payload.Format{Channels: 1})
	in := pack("1111 1 0000 1 0 0000 1 a*95 a*95")
	if n := testing.AllocsPerRun(100, func() {
		for r.Reset(in); r.Next(); {
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzReader: the frames of a payload never hold more bits than it, and each
// has the octets of its type.
func FuzzReader(f *testing.F) {
	f.Add(uint8(0), uint8(1), pack("1111 1 0000 1 0 0000 1 a*95 a*95"))
	f.Add(uint8(3), uint8(2), pack("1111 0000 1 0000 1 00 0 1001 1 00 a*132 | b*40"))
	f.Add(uint8(13), uint8(1), pack("1111 0000 1 1000 1 00 0 1000 1 00 b*96"))
	f.Fuzz(func(t *testing.T, flags, channels uint8, in []byte) {
		format := payload.Format{Wide: flags&1 != 0, OctetAligned: flags&2 != 0, Channels: int(channels%6) + 1}
		if format.OctetAligned {
			format.CRC, format.Robust = flags&4 != 0, flags&8 != 0
		}
		r := payload.NewReader(format)
		r.Reset(in)
		octets, frames := 0, 0
		sizes := map[uint8]int{}
		for ; r.Next(); frames++ {
			fr := r.Frame()
			octets += len(fr.Bits)
			if n, ok := sizes[fr.Type]; ok && n != len(fr.Bits) {
				t.Fatalf("frames of type %d have %d and %d octets", fr.Type, n, len(fr.Bits))
			}
			sizes[fr.Type] = len(fr.Bits)
			if fr.Channel != frames%format.Channels {
				t.Fatalf("frame %d is of channel %d", frames, fr.Channel)
			}
		}
		if octets > len(in)+frames {
			t.Fatalf("%d octets of frames in %d", octets, len(in))
		}
		if r.Err() == nil && frames%format.Channels != 0 {
			t.Fatal("a channel is missing")
		}
	})
}
