// Package siptest supplies tests with SIP as real senders wrote it.
package siptest

import (
	"bufio"
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// CapturesEnv names the folder of captures.
const CapturesEnv = "CALLX_CAPTURES"

// A Payload is what one UDP datagram or TCP segment carried.
type Payload struct {
	File  string // relative to the folder
	Frame int    // from 1
	TCP   bool
	Data  []byte
}

// Payloads returns the payloads of the captures below the folder that
// CALLX_CAPTURES names; the test is skipped if it is unset. The captures are
// read with gopacket, so that nothing of this project stands between them and
// the test. What gopacket cannot read is left out, and fragments stay apart.
func Payloads(t testing.TB) []Payload {
	t.Helper()
	root := os.Getenv(CapturesEnv)
	if root == "" {
		t.Skip(CapturesEnv + " is not set")
	}
	var all []Payload
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		all = appendPayloads(all, name, bufio.NewReaderSize(f, 1<<16))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatalf("no payloads below %s", root)
	}
	return all
}

type reader interface {
	gopacket.PacketDataSource
	LinkType() layers.LinkType
}

func appendPayloads(all []Payload, name string, r *bufio.Reader) []Payload {
	magic, err := r.Peek(4)
	if err != nil {
		return all
	}
	var src reader
	if bytes.Equal(magic, []byte{0x0a, 0x0d, 0x0d, 0x0a}) {
		src, err = pcapgo.NewNgReader(r, pcapgo.DefaultNgReaderOptions)
	} else {
		src, err = pcapgo.NewReader(r)
	}
	if err != nil {
		return all
	}
	for frame := 1; ; frame++ {
		data, _, err := src.ReadPacketData()
		if err != nil {
			return all
		}
		p := gopacket.NewPacket(data, src.LinkType(), gopacket.DecodeOptions{Lazy: true, NoCopy: true})
		for _, layer := range p.Layers() {
			switch l := layer.(type) {
			case *layers.UDP:
				all = append(all, Payload{name, frame, false, l.Payload})
			case *layers.TCP:
				all = append(all, Payload{name, frame, true, l.Payload})
			}
		}
	}
}
