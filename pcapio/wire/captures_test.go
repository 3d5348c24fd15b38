package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"callx/pcapio"
)

var errNoCapture = errors.New("neither pcap nor pcapng")

// captures lists the files below CALLX_CAPTURES, and the small ones that come
// with the sources, that pcapgo takes for captures.
func captures(t *testing.T) []string {
	t.Helper()
	root := os.Getenv("CALLX_CAPTURES")
	if root == "" {
		t.Skip("CALLX_CAPTURES is not set")
	}
	var paths []string
	for _, dir := range []string{root, filepath.Join("..", "..", "testdata")} {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			if _, err := readCapture(path); err == nil {
				paths = append(paths, path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(paths) < 100 {
		t.Fatalf("only %d captures below %s", len(paths), root)
	}
	return paths
}

// readCapture reads the frames of a capture with pcapgo, as far as that gets.
// Frame i of the file is frames[i].
func readCapture(path string) ([]pcapio.Frame, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(file) < 28 {
		return nil, errNoCapture
	}
	var read func() ([]byte, gopacket.CaptureInfo, error)
	var link func(gopacket.CaptureInfo) pcapio.LinkType
	switch {
	case bytes.HasPrefix(file, []byte{0x0a, 0x0d, 0x0d, 0x0a}):
		r, err := pcapgo.NewNgReader(bytes.NewReader(file), pcapgo.NgReaderOptions{WantMixedLinkType: true})
		if err != nil {
			return nil, err
		}
		read = r.ReadPacketData
		link = func(ci gopacket.CaptureInfo) pcapio.LinkType {
			l := pcapio.LinkType(ci.AncillaryData[0].(layers.LinkType))
			if l == linkSLL2&0xff { // gopacket keeps eight bits; 20 itself is no link type
				l = linkSLL2
			}
			return l
		}
	default:
		r, err := pcapgo.NewReader(bytes.NewReader(file))
		if err != nil {
			return nil, err
		}
		l := pcapio.LinkType(binary.LittleEndian.Uint16(file[20:]))
		if file[0] == 0xa1 {
			l = pcapio.LinkType(binary.BigEndian.Uint16(file[22:]))
		}
		read = r.ReadPacketData
		link = func(gopacket.CaptureInfo) pcapio.LinkType { return l }
	}
	var frames []pcapio.Frame
	for {
		data, ci, err := read()
		if err != nil {
			return frames, nil // the end, or damage that pcapgo stops at
		}
		frames = append(frames, pcapio.Frame{
			Pos: pcapio.Pos{Frame: uint64(len(frames) + 1)}, Nanos: ci.Timestamp.UnixNano(),
			Link: link(ci), Orig: ci.Length, Data: data,
		})
	}
}

// writeRules writes the rules of one link type as a capture.
func writeRules(t *testing.T, link pcapio.LinkType, list []rule) string {
	t.Helper()
	file := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	file = append(file, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0)
	file = binary.LittleEndian.AppendUint32(file, uint32(link))
	for _, r := range list {
		file = append(file, 0, 0, 0, 0, 0, 0, 0, 0)
		for range 2 {
			file = binary.LittleEndian.AppendUint32(file, uint32(len(r.data)))
		}
		file = append(file, r.data...)
	}
	path := filepath.Join(t.TempDir(), "rules.pcap")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
