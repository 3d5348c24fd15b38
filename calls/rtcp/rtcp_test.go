package rtcp

import (
	"encoding/hex"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A compound of SR with one block, SDES and BYE, put together by hand after the
// figures of RFC 3550 section 6.
const compound = "81c8000c 11223344 e1a2b3c4 80000000 00001f40 00000064 00003e80" + // SR
	"55667788 40ffffff 0001fffe 00000010 b3c48000 00010000" + // its block: lost -1
	"81ca0003 11223344 01026162 00000000" + // SDES CNAME "ab"
	"81cb0001 11223344" // BYE

func bytesOf(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParse(t *testing.T) {
	var got []Packet
	var p Packet
	err := Parse(bytesOf(t, compound), &p, func(p *Packet) {
		c := *p
		c.Reports, c.Byes, c.VoIP = slices.Clone(p.Reports), slices.Clone(p.Byes), slices.Clone(p.VoIP)
		got = append(got, c)
	})
	if err != nil || len(got) != 3 {
		t.Fatalf("%d packets, %v", len(got), err)
	}
	if want := (Sender{NTP: 0xe1a2b3c480000000, RTP: 8000, Packets: 100, Octets: 16000}); got[0].Sender != want || got[0].SSRC != 0x11223344 {
		t.Errorf("SR %+v", got[0])
	}
	if want := []Report{{SSRC: 0x55667788, Fraction: 0x40, Lost: -1, Highest: 0x1fffe, Jitter: 16, LSR: 0xb3c48000, DLSR: 65536}}; !reflect.DeepEqual(got[0].Reports, want) {
		t.Errorf("reports %+v", got[0].Reports)
	}
	if got[2].Type != TypeBYE || !slices.Equal(got[2].Byes, []uint32{0x11223344}) {
		t.Errorf("BYE %+v", got[2])
	}
}

func TestVoIPMetrics(t *testing.T) {
	xr := "80cf000a 11223344 07000008 55667788 0a140000 00000000 0050 0060 00 00 00 00 5d 7f 2a 29 00 00 0000 0000 0000"
	var p Packet
	n := 0
	if err := Parse(bytesOf(t, xr), &p, func(p *Packet) {
		n++
		if want := []VoIP{{SSRC: 0x55667788, LossRate: 10, Discards: 20, RoundTrip: 80, RFactor: 93, MOSLQ: 42, MOSCQ: 41}}; !reflect.DeepEqual(p.VoIP, want) {
			t.Errorf("%+v", p.VoIP)
		}
	}); err != nil || n != 1 {
		t.Fatalf("%d packets, %v", n, err)
	}
}

// TestUnsound: nothing is taken from what does not add up: cut anywhere, a
// block too many, padding in the middle, the tag of SRTCP behind it.
func TestUnsound(t *testing.T) {
	whole := bytesOf(t, compound)
	edges := []int{52, 68, 76} // a packet ends there
	for n := range len(whole) {
		if err := Parse(whole[:n], new(Packet), func(*Packet) {}); (err == nil) != slices.Contains(edges, n) {
			t.Errorf("%d octets: %v", n, err)
		}
	}
	for name, b := range map[string][]byte{
		"a block too many":  append([]byte{0x82}, whole[1:]...),
		"padding in middle": append([]byte{0xa1}, whole[1:]...),
		"SRTCP":             append(slices.Clone(whole), 0x80, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
		"version":           append([]byte{0x41}, whole[1:]...),
	} {
		if err := Parse(b, new(Packet), func(*Packet) { t.Errorf("%s: taken", name) }); !errors.Is(err, ErrNotRTCP) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAllocations(t *testing.T) {
	b := bytesOf(t, compound)
	var p Packet
	sum := uint32(0)
	each := func(p *Packet) { sum += p.SSRC }
	Parse(b, &p, each)
	if n := testing.AllocsPerRun(100, func() { Parse(b, &p, each) }); n > 0 {
		t.Errorf("%v allocations a datagram", n)
	}
}

// FuzzParse: every octet of a datagram that is taken belongs to one packet, and
// no list is longer than its octets allow.
func FuzzParse(f *testing.F) {
	f.Add(bytesOf(f, compound))
	f.Add(bytesOf(f, "80c90001 00000001"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		err := Parse(b, new(Packet), func(p *Packet) {
			n++
			if 24*len(p.Reports)+4*len(p.Byes)+36*len(p.VoIP) > len(b) {
				t.Errorf("%d reports, %d byes, %d metrics of %d octets", len(p.Reports), len(p.Byes), len(p.VoIP), len(b))
			}
		})
		if (err == nil) != (n > 0) || 4*n > len(b) {
			t.Errorf("%d packets of %d octets, %v", n, len(b), err)
		}
	})
}
