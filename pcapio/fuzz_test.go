//go:build unix

package pcapio

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func FuzzPcap(f *testing.F) {
	f.Add(seconds(1, 0, 1, 2))
	f.Add(pcapFile(be, pcapNanos, 96, 113, pcapRec(be, sec0, 999, 1500, payload(96, 0))))
	f.Add(join(seconds(1, 0, 1), make([]byte, 64), seconds(2, 3, 4, 5, 6)[24:]))
	f.Add(join(seconds(1, 0, 1), seconds(2, 3, 4)))
	f.Add(pcapFile(le, pcapKuznetzov, 0, 1, pcapRec(le, sec0, 1<<31, 40, payload(48, 0))))
	fuzzWalk(f, formatPcap, []byte("\xd4\xc3\xb2\xa1"))
}

func FuzzPcapng(f *testing.F) {
	for _, o := range []order{le, be} {
		head := join(shb(o), idb(o, 1, 96, option(o, 9, 9), option(o, 14, make([]byte, 8)...)), idb(o, 113, 0, option(o, 9, 0x83)))
		f.Add(join(head, epb(o, 0, sec0, 60, payload(60, 0)), epb(o, 1, sec0, 60, payload(61, 0)), spb(o, 200, payload(96, 0))))
		f.Add(join(head, make([]byte, 40), epb(o, 0, sec0, 60, payload(60, 0)), epb(o, 7, sec0, 60, payload(60, 0))))
		f.Add(join(head, block(o, blockEnhanced, words(o, 0, 0, 1, 4, 4), payload(4, 0), option(o, optComment, []byte("one")...), option(o, optDropCount, make([]byte, 8)...)),
			isb(o, 0, sec0, 100, 2, 3), block(o, blockSecrets, words(o, 7, 4), payload(4, 0)), block(o, blockCustom, words(o, 32473))))
		f.Add(join(head, block(o, blockNames, option(o, recordIPv4, []byte("\x0a\x00\x00\x01pbx\x00")...), words(o, 0), option(o, optComment, []byte("two")...))))
		f.Add(join(head, block(o, blockPacket, halves(o, 1, 0), words(o, 1, 2, 8, 8), payload(8, 0)), shb(o), spb(o, 4, payload(4, 0))))
	}
	fuzzWalk(f, formatPcapng, []byte("\x0a\x0d\x0d\x0a"))
}

// fuzzWalk checks that a walk keeps its promises whatever the file holds: both
// windows give the same; frames are numbered upwards, lie in the file behind
// each other, and their bytes are the file's; what is not read is noted.
func fuzzWalk(f *testing.F, format string, magic []byte) {
	path := filepath.Join(f.TempDir(), "capture")
	f.Fuzz(func(t *testing.T, file []byte) {
		if have, _ := sniff(file); have != format {
			file = join(nil, magic, file)
			if have, _ := sniff(file); have != format {
				t.Skip() // cannot get as far as a walk
			}
		}
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		frames, w := bothWindows(t, path, format)
		var in Input
		w.report(&in)
		checkAbout(t, in, w.frames)
		var number uint64
		var end int64
		for _, g := range frames {
			if g.Frame.Frame <= number || g.Off < end || g.File != 0 {
				t.Fatalf("frame %+v after number %d, offset %d", g.Frame, number, end)
			}
			number = g.Frame.Frame
			i := strings.Index(string(file[g.Off:]), g.data)
			if i < 0 || i > 28 && len(g.data) > 0 {
				t.Fatalf("frame %+v: its bytes are not there", g.Frame)
			}
			end = g.Off + int64(len(g.data))
		}
		if w.err != nil || !w.ended || w.off != int64(len(file)) || w.frames != uint64(len(frames)) {
			t.Fatalf("ended %v at %d of %d with %d frames: %v", w.ended, w.off, len(file), w.frames, w.err)
		}
	})
}
