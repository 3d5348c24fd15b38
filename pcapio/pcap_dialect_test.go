package pcapio

import (
	"fmt"
	"os/exec"
	"testing"
)

// A dialect is a way in which some writer's classic files differ.
type dialect struct {
	name         string
	magic        uint32
	major, minor uint16
	unit         int64  // of the sub-second field, nanoseconds
	lead         int    // further bytes in the file header
	extra        []byte // further bytes in each record header
	exchanged    bool   // the length comes before the captured length
}

// What the variants of libpcap's patched ancestors add is interface index u32,
// protocol u16, packet type u8 and, from some, two processors and padding.
var dialects = []dialect{
	{name: "microseconds", magic: pcapMicros, major: 2, minor: 4, unit: 1000},
	{name: "nanoseconds", magic: pcapNanos, major: 2, minor: 4, unit: 1},
	{name: "Kuznetzov", magic: pcapKuznetzov, major: 2, minor: 4, unit: 1000, extra: []byte{1, 0, 0, 0, 8, 0, 4, 0}},
	{name: "SuSE 6.3", magic: pcapKuznetzov, major: 2, minor: 4, unit: 1000, extra: []byte{1, 0, 0, 0, 8, 0, 4, 0, 0, 0, 0, 0}},
	{name: "Red Hat 6.1", magic: pcapMicros, major: 2, minor: 4, unit: 1000, extra: []byte{2, 0, 0, 0, 8, 0, 0, 0}},
	{name: "Nokia", magic: pcapMicros, major: 2, minor: 4, unit: 1000, extra: []byte{0, 0, 0, 3}},
	{name: "Ixia hardware", magic: pcapIxiaHW, major: 2, minor: 4, unit: 1000, lead: 4},
	{name: "Ixia software", magic: pcapIxiaSW, major: 2, minor: 4, unit: 1000, lead: 4},
	{name: "version 2.3", magic: pcapMicros, major: 2, minor: 3, unit: 1000},
	{name: "version 2.3, lengths exchanged", magic: pcapMicros, major: 2, minor: 3, unit: 1000, exchanged: true},
	{name: "version 2.0, lengths exchanged", magic: pcapMicros, major: 2, minor: 0, unit: 1000, exchanged: true},
	{name: "DG/UX", magic: pcapMicros, major: 543, minor: 0, unit: 1000, exchanged: true},
}

// file makes a capture of n records, each cut by 9 bytes, and returns its parts.
func (d *dialect) file(o order, n int) [][]byte {
	head := pcapFile(o, d.magic, 65535, 1)
	o.PutUint16(head[4:], d.major)
	o.PutUint16(head[6:], d.minor)
	parts := [][]byte{append(head, make([]byte, d.lead)...)}
	for i := range n {
		data := payload(50+i*3, byte(i))
		captured, length := uint32(len(data)), uint32(len(data)+9)
		if d.exchanged {
			captured, length = length, captured
		}
		parts = append(parts, join(words(o, sec0+uint32(i), uint32(i)*10+7, captured, length), d.extra, data))
	}
	return parts
}

// TestPcapDialects checks the frames of every dialect against what was written,
// and against tshark where it is installed.
func TestPcapDialects(t *testing.T) {
	_, missing := exec.LookPath("tshark")
	for _, d := range dialects {
		for _, o := range []order{le, be} {
			t.Run(fmt.Sprintf("%s/%v", d.name, o), func(t *testing.T) {
				const n = 8
				file := join(nil, d.file(o, n)...)
				frames, w := walkBytes(t, file, 64)
				if len(frames) != n || len(w.notes) != 0 {
					t.Fatalf("%d frames, notes %v", len(frames), w.notes)
				}
				for i, f := range frames {
					nanos := (sec0+int64(i))*1e9 + (int64(i)*10+7)*d.unit
					if data := payload(50+i*3, byte(i)); f.Nanos != nanos || f.Orig != len(data)+9 || f.data != string(data) {
						t.Errorf("frame %d: time %d, length %d, data %q", i+1, f.Nanos, f.Orig, f.data)
					}
				}
				if missing != nil {
					return
				}
				theirs, failed := tshark(t, writeFile(t, "dialect", file))
				if failed || len(theirs) != n {
					t.Fatalf("tshark: %d frames, failed %v", len(theirs), failed)
				}
				for i, f := range theirs {
					if f.nanos != frames[i].Nanos || f.length != frames[i].Orig || f.caplen != len(frames[i].data) {
						t.Errorf("frame %d: tshark %+v, we %+v", i+1, f, frames[i].Frame)
					}
				}
			})
		}
	}
	if missing != nil {
		t.Skip("tshark is not installed")
	}
}

// TestPcapWrongSnaplen walks a file all of whose records are longer than its
// header says, with damage inside: it is found all the same.
func TestPcapWrongSnaplen(t *testing.T) {
	file := pcapFile(le, pcapMicros, 40, 1)
	for i := range uint32(20) {
		if i == 10 {
			file = append(file, make([]byte, 333)...)
		}
		file = append(file, pcapRec(le, sec0+i, 0, 1500, payload(100+int(i), byte(i)))...)
	}
	frames, w := walkBytes(t, file, 64)
	if len(frames) != 20 || len(w.notes) != 1 || w.notes[0].Kind != "damaged" {
		t.Errorf("%d frames, notes %v", len(frames), w.notes)
	}
}
