package pcapio

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"time"
)

// An input is one file of a Source.
type input struct {
	path        string
	format      string
	compression string // "none"
	size        int64  // bytes of the capture in it
	disk        int64  // bytes of the file as it is, compressed or not
	info        fs.FileInfo
	raw         *section // what came through a pipe; nil for a regular file
	data        *section // the capture, if it is not simply the file
	notes       []Note   // on the file as a whole
	first       int64    // time of its first frame in nanoseconds; the limit if it has none
	ends        []byte   // hash of its first and last bytes, made when it is needed
}

// A fileKey is what the same file, found twice, has in common at least. It
// saves comparing every file with every other.
type fileKey struct {
	size int64
	mod  time.Time
}

// openInput finds out what path is. seen holds the regular files so far.
func openInput(path string, opt Options, sp *spool, seen map[fileKey][]*input) (*input, error) {
	in := &input{path: path, compression: "none"}
	if path == "-" {
		for _, o := range seen[fileKey{}] {
			if o.path == path {
				return nil, fmt.Errorf("%s: %w", name(path), ErrDuplicate)
			}
		}
		seen[fileKey{}] = append(seen[fileKey{}], in)
		return in, in.receive(opt.Stdin, sp)
	}

	info, err := os.Stat(path)
	if err != nil {
		return nil, openError(path, err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s: %w; name the capture files in it, or all of them with --recursive", path, ErrDirectory)
	}
	if info.Mode().IsRegular() {
		key := fileKey{info.Size(), info.ModTime()}
		for _, o := range seen[key] {
			if os.SameFile(o.info, info) {
				return nil, fmt.Errorf("%s: %w (also as %s); give it once", path, ErrDuplicate, o.path)
			}
		}
		seen[key] = append(seen[key], in)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, openError(path, err)
	}
	defer f.Close()
	if !info.Mode().IsRegular() {
		return in, in.receive(f, sp)
	}
	in.info, in.disk = info, info.Size()
	return in, in.look(io.NewSectionReader(f, 0, in.disk), sp)
}

// receive spools what comes through a pipe. Its first bytes are looked at
// before the rest is copied, so that an endless stream of something else is
// refused at once.
func (in *input) receive(r io.Reader, sp *spool) error {
	b := bufio.NewReaderSize(r, sniffLen)
	head, err := b.Peek(sniffLen)
	if err != nil && err != io.EOF {
		return openError(in.path, err)
	}
	if compressionOf(head) == nil {
		if _, err := classify(head, in.path); err != nil {
			return err
		}
	}
	if in.raw, err = sp.add(b, 0, in.path); err != nil {
		return err
	}
	in.disk, in.data = in.raw.size, in.raw
	return in.look(in.raw.reader(), sp)
}

// look finds out what the bytes of an input are, decompresses them if need be,
// and reads the first frame.
func (in *input) look(r *io.SectionReader, sp *spool) error {
	head := make([]byte, min(in.disk, sniffLen))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return openError(in.path, err)
	}
	in.size = in.disk
	if compressionOf(head) == nil {
		var err error
		if in.format, err = classify(head, in.path); err != nil {
			return err
		}
		return in.peek(r)
	}
	e, err := expand(r, in.path)
	if err != nil {
		return err
	}
	// Hardly any capture becomes longer when it is decompressed by less.
	if in.data, err = sp.add(e, in.disk, in.path); err != nil {
		return err
	}
	in.format, in.compression, in.size = e.format, e.compression(), in.data.size
	if n := e.note(); n != nil {
		n.Off = in.size
		in.notes = append(in.notes, *n)
	}
	return in.peek(in.data.reader())
}

// classify names the format of an input that begins with head, or says why it
// cannot be read.
func classify(head []byte, path string) (string, error) {
	if len(head) == 0 {
		return "", fmt.Errorf("%s: %w (0 bytes); nothing was captured, or it was not copied", name(path), ErrEmpty)
	}
	format, looks := sniff(head)
	if format == "" {
		return "", formatError(path, looks)
	}
	return format, nil
}

// peek reads the first frame for its time.
func (in *input) peek(r io.ReaderAt) error {
	const chunk = 4 << 10
	w := newWalker(in.format, newReadWindow(r, nil, in.size, chunk), 0)
	var f Frame
	in.first = math.MaxInt64
	if w.next(&f) {
		in.first = f.Nanos
	}
	if err := w.base().err; err != nil {
		return openError(in.path, err)
	}
	return nil
}

// window opens the input for a pass. data is what is mapped, nil if the file
// is read.
func (in *input) window() (win *window, data []byte, err error) {
	if in.data != nil {
		win, data, err = newMapWindow(in.data.file, in.data.off, in.size, mapStep)
		if err != nil {
			return newReadWindow(in.data.reader(), nil, in.size, readChunk), nil, nil
		}
		return win, data, nil
	}
	f, err := os.Open(in.path)
	if err != nil {
		return nil, nil, openError(in.path, err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		err = openError(in.path, err)
	case !os.SameFile(info, in.info) || info.Size() < in.size:
		err = fmt.Errorf("%s: %w", in.path, ErrChanged)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	if win, data, err = newMapWindow(f, 0, in.size, mapStep); err != nil {
		return newReadWindow(f, f, in.size, readChunk), nil, nil
	}
	f.Close()
	return win, data, nil
}

func (in *input) describe() Input {
	return Input{Path: in.path, Size: in.disk, Format: in.format, Compression: in.compression}
}

// compare orders inputs by first capture time, then by content, and by path
// only if the content is the same as far as it is looked at.
func (in *input) compare(o *input) (int, error) {
	if c := cmp.Or(cmp.Compare(in.first, o.first), cmp.Compare(in.size, o.size)); c != 0 {
		return c, nil
	}
	for _, i := range []*input{in, o} {
		if err := i.hash(); err != nil {
			return 0, err
		}
	}
	return cmp.Or(bytes.Compare(in.ends, o.ends), cmp.Compare(in.path, o.path)), nil
}

// hash makes in.ends.
func (in *input) hash() error {
	if in.ends != nil {
		return nil
	}
	win, _, err := in.window()
	if err != nil {
		return err
	}
	defer win.close()
	const most = 64 << 10
	h := sha256.New()
	n := int(min(in.size, most))
	h.Write(win.at(0, n))
	h.Write(win.at(in.size-int64(n), n))
	if win.err != nil {
		return openError(in.path, win.err)
	}
	in.ends = h.Sum(nil)
	return nil
}
