package pcapio

import (
	"bytes"
	"os"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/pcapgo"
)

// TestAgainstPcapgo compares the bytes of every frame of every real capture
// with what gopacket reads, as far as it gets: it gives up on records longer
// than the snapshot length, on unknown option layouts and on new sections.
func TestAgainstPcapgo(t *testing.T) {
	compared := 0
	for _, path := range captures(t) {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var read func() ([]byte, gopacket.CaptureInfo, error)
		ng := isPcapng(file)
		if ng {
			r, err := pcapgo.NewNgReader(bytes.NewReader(file), pcapgo.NgReaderOptions{WantMixedLinkType: true, SkipUnknownVersion: true})
			if err != nil {
				continue
			}
			read = r.ReadPacketData
		} else {
			r, err := pcapgo.NewReader(bytes.NewReader(file))
			if err != nil {
				continue
			}
			read = r.ReadPacketData
		}
		for i, f := range readAll(t, openSource(t, path)) {
			data, ci, err := read()
			if err != nil {
				break
			}
			compared++
			if string(data) != f.data || ci.Length != f.Orig {
				t.Errorf("%s: frame %d: %d of %d bytes, gopacket %d of %d", path, i+1, len(f.data), f.Orig, len(data), ci.Length)
				break
			}
			// It gives simple packets a time of its own making.
			if !ci.Timestamp.IsZero() && ci.Timestamp.UnixNano() != f.Nanos && ci.Timestamp.Unix() != 0 {
				t.Errorf("%s: frame %d: time %d, gopacket %d", path, i+1, f.Nanos, ci.Timestamp.UnixNano())
				break
			}
		}
	}
	t.Logf("%d frames compared", compared)
	if compared < 100_000 {
		t.Errorf("only %d frames compared", compared)
	}
}
