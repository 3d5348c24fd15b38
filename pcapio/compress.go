package pcapio

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// A compression is one way to make a file small.
type compression struct {
	name  string
	magic string // the first bytes
	open  func(io.Reader) (io.Reader, error)
}

// compressions is the table of those that are undone, by content: the name of
// a file says nothing.
var compressions = []compression{
	{"gzip", "\x1f\x8b", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	{"zstd", "\x28\xb5\x2f\xfd", openZstd},
	{"lz4", "\x04\x22\x4d\x18", func(r io.Reader) (io.Reader, error) { return lz4.NewReader(r), nil }},
	{"xz", "\xfd7zXZ\x00", func(r io.Reader) (io.Reader, error) { return xz.NewReader(r) }},
	{"bzip2", "BZh", func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }},
}

// zstdWindow bounds the memory that a file may ask for: the largest window of
// zstd without --ultra --long is 8 MiB, with --long=27 it is this.
const zstdWindow = 128 << 20

func openZstd(r io.Reader) (io.Reader, error) {
	d, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(zstdWindow), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

// maxLayers is how often a capture may be compressed: twice happens, where a
// compressed capture goes through a log rotation that compresses.
const maxLayers = 2

// skippable stands for frames that zstd and lz4 may have in front of their
// data, with anything in them (RFC 8878 section 3.1.2). What they hold is not
// the capture.
var skippable = compression{open: func(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	for {
		head, err := b.Peek(skipHeader)
		if err != nil && err != io.EOF {
			return nil, err
		}
		if !isSkippable(head) {
			return b, nil
		}
		if _, err := io.CopyN(io.Discard, b, skipHeader+int64(binary.LittleEndian.Uint32(head[4:]))); err != nil {
			return nil, err
		}
	}
}}

const skipHeader = 8

func isSkippable(b []byte) bool {
	return len(b) >= skipHeader && b[0]>>4 == 5 && b[1] == 0x2a && b[2] == 0x4d && b[3] == 0x18
}

func compressionOf(head []byte) *compression {
	if isSkippable(head) {
		return &skippable
	}
	for i := range compressions {
		if bytes.HasPrefix(head, []byte(compressions[i].magic)) {
			return &compressions[i]
		}
	}
	return nil
}

// An expanded input is what a compressed one holds.
type expanded struct {
	io.Reader
	format string
	layers []string // names of the compressions, the outer first
	raw    *faulty
	damage error // what ended the data before its end
}

// expand opens the compressed input r. Damage of the data ends it; what was
// decompressed until then can be read, and damage says why. Only where nothing
// can be read, or it is no capture, it is an error.
func expand(r io.Reader, path string) (*expanded, error) {
	e := &expanded{raw: &faulty{r: r}}
	inner := io.Reader(e.raw)
	for {
		b := bufio.NewReaderSize(inner, 64<<10)
		head, err := b.Peek(sniffLen)
		if e.raw.err != nil {
			return nil, openError(path, e.raw.err)
		}
		c := compressionOf(head)
		if c == nil || len(e.layers) == maxLayers {
			e.Reader = b
			e.format, err = e.classify(head, path, err)
			return e, err
		}
		if c != &skippable {
			e.layers = append(e.layers, c.name)
		}
		if inner, err = c.open(b); err != nil {
			if e.raw.err != nil {
				return nil, openError(path, e.raw.err)
			}
			return nil, e.spoilt(path, err)
		}
	}
}

// classify names the format of what was compressed. err is what ended head.
func (e *expanded) classify(head []byte, path string, err error) (string, error) {
	switch format, looks := sniff(head); {
	case format != "":
		return format, nil
	case err != nil && err != io.EOF:
		return "", e.spoilt(path, err)
	case len(head) == 0:
		return "", fmt.Errorf("%s: %w (%s data of 0 bytes)", name(path), ErrEmpty, e.compression())
	default:
		return "", formatError(path, strings.TrimSpace(e.compression()+" data "+looks))
	}
}

func (e *expanded) spoilt(path string, err error) error {
	return fmt.Errorf("%s: %w (%s data that is damaged from the start: %w)", name(path), ErrFormat, e.compression(), err)
}

func (e *expanded) compression() string {
	inner := slices.Clone(e.layers)
	slices.Reverse(inner)
	return strings.Join(inner, " in ")
}

// Read gives what can be decompressed. Damage is the end of it, as kept in
// e.damage; an error is one of the system.
func (e *expanded) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if err != nil && err != io.EOF {
		if e.raw.err != nil {
			return n, e.raw.err
		}
		e.damage, err = err, io.EOF
	}
	return n, err
}

// note says what damage has cost; nil if there was none.
func (e *expanded) note() *Note {
	if e.damage == nil {
		return nil
	}
	if errors.Is(e.damage, io.ErrUnexpectedEOF) {
		return &Note{Kind: "truncated", Text: "the " + e.compression() + " data ends early; all that could be decompressed before is used"}
	}
	return &Note{Kind: "damaged", Text: fmt.Sprintf("the %s data is damaged (%v); all that could be decompressed before is used, what follows is lost", e.compression(), e.damage)}
}

// A faulty reader remembers the system's error, which decompressors disguise.
type faulty struct {
	r   io.Reader
	err error
}

func (f *faulty) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}
