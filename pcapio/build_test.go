package pcapio

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The builders below write captures byte by byte, as the format's documents
// lay them out, so that the tests do not depend on another writer.

type order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

var (
	le order = binary.LittleEndian
	be order = binary.BigEndian
)

func pcapFile(o order, magic, snaplen, network uint32, records ...[]byte) []byte {
	b := o.AppendUint32(nil, magic)
	b = o.AppendUint16(b, 2)
	b = o.AppendUint16(b, 4)
	b = o.AppendUint32(b, 0)
	b = o.AppendUint32(b, 0)
	b = o.AppendUint32(b, snaplen)
	b = o.AppendUint32(b, network)
	return join(b, records...)
}

func pcapRec(o order, sec, sub, length uint32, data []byte) []byte {
	b := o.AppendUint32(nil, sec)
	b = o.AppendUint32(b, sub)
	b = o.AppendUint32(b, uint32(len(data)))
	b = o.AppendUint32(b, length)
	return append(b, data...)
}

func block(o order, typ uint32, body ...[]byte) []byte {
	data := join(nil, body...)
	for len(data)%4 != 0 {
		data = append(data, 0)
	}
	n := uint32(len(data) + 12)
	b := o.AppendUint32(nil, typ)
	b = o.AppendUint32(b, n)
	b = append(b, data...)
	return o.AppendUint32(b, n)
}

func words(o order, v ...uint32) []byte {
	var b []byte
	for _, v := range v {
		b = o.AppendUint32(b, v)
	}
	return b
}

func halves(o order, v ...uint16) []byte {
	var b []byte
	for _, v := range v {
		b = o.AppendUint16(b, v)
	}
	return b
}

func shb(o order) []byte {
	return block(o, blockSection, words(o, sectionMagic), halves(o, 1, 0), words(o, 0xffffffff, 0xffffffff))
}

func idb(o order, link uint16, snap uint32, options ...[]byte) []byte {
	return block(o, blockInterface, halves(o, link, 0), words(o, snap), join(nil, options...))
}

func option(o order, code uint16, v ...byte) []byte {
	b := join(halves(o, code, uint16(len(v))), v)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func epb(o order, id uint32, ts uint64, length uint32, data []byte) []byte {
	return block(o, blockEnhanced, words(o, id, uint32(ts>>32), uint32(ts), uint32(len(data)), length), data)
}

func epbOptions(o order, id uint32, ts uint64, length uint32, data []byte, options ...[]byte) []byte {
	padded := slices.Concat(data, make([]byte, -len(data)&3))
	return block(o, blockEnhanced, words(o, id, uint32(ts>>32), uint32(ts), uint32(len(data)), length), padded, join(nil, options...))
}

func spb(o order, length uint32, data []byte) []byte {
	return block(o, blockSimple, words(o, length), data)
}

func join(b []byte, more ...[]byte) []byte {
	for _, m := range more {
		b = append(b, m...)
	}
	return b
}

// payload returns n bytes that look like no header of anything.
func payload(n int, seed byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = 0x55 + byte(i)*7 + seed
	}
	return b
}

// got is a frame that was read, with its data copied.
type got struct {
	Frame
	data string
}

func drain(tb testing.TB, next func(*Frame) bool) []got {
	tb.Helper()
	var all []got
	var f Frame
	for next(&f) {
		g := got{f, string(f.Data)}
		g.Data = nil
		all = append(all, g)
	}
	return all
}

// walkBytes walks a file through a read window with small chunks.
func walkBytes(tb testing.TB, file []byte, chunk int) ([]got, *walk) {
	tb.Helper()
	format, _ := sniff(file)
	if format == "" {
		tb.Fatal("not sniffed as a capture")
	}
	w := newWalker(format, newReadWindow(readerAt(file), nil, int64(len(file)), chunk), 0)
	frames := drain(tb, w.next)
	return frames, w.base()
}

type readerAt []byte

func (r readerAt) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(r)) {
		return 0, io.EOF
	}
	n := copy(p, r[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func writeFile(tb testing.TB, name string, data []byte) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// readAll reads one pass over a source.
func readAll(tb testing.TB, s *Source) []got {
	tb.Helper()
	r, err := s.Open()
	if err != nil {
		tb.Fatal(err)
	}
	frames := drain(tb, r.Next)
	if err := r.Err(); err != nil {
		tb.Fatal(err)
	}
	if off := r.Offset(); off != s.Size() {
		tb.Errorf("Offset = %d at the end, Size = %d", off, s.Size())
	}
	if err := r.Close(); err != nil {
		tb.Fatal(err)
	}
	return frames
}

func openSource(tb testing.TB, paths ...string) *Source {
	tb.Helper()
	s, err := Open(paths, Options{SpoolDir: tb.TempDir()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}
