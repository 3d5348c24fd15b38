package pcapio

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"time"
)

// An input is one file of a Source.
type input struct {
	path   string
	format string
	size   int64
	info   fs.FileInfo
	spool  *spool // nil for a regular file
	first  int64  // time of its first frame in nanoseconds; the limit if it has none
	ends   []byte // hash of its first and last bytes, made when it is needed
}

// A fileKey is what the same file, found twice, has in common at least. It
// saves comparing every file with every other.
type fileKey struct {
	size int64
	mod  time.Time
}

// openInput finds out what path is. seen holds the regular files so far.
func openInput(path string, opt Options, seen map[fileKey][]*input) (*input, error) {
	in := &input{path: path}
	if path == "-" {
		for _, o := range seen[fileKey{}] {
			if o.path == path {
				return nil, fmt.Errorf("%s: %w", name(path), ErrDuplicate)
			}
		}
		seen[fileKey{}] = append(seen[fileKey{}], in)
		return in, in.fill(opt.Stdin, opt)
	}

	info, err := os.Stat(path)
	if err != nil {
		return nil, openError(path, err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s: %w; name the capture files in it", path, ErrDirectory)
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
		return in, in.fill(f, opt)
	}
	in.info, in.size = info, info.Size()
	head := make([]byte, min(in.size, sniffLen))
	if _, err := f.ReadAt(head, 0); err != nil {
		return nil, openError(path, err)
	}
	if in.format, err = classify(head, path); err != nil {
		return nil, err
	}
	return in, in.peek(f)
}

// fill spools r.
func (in *input) fill(r io.Reader, opt Options) (err error) {
	in.spool, in.format, err = newSpool(r, opt.SpoolDir, in.path)
	if err != nil {
		return err
	}
	in.size = in.spool.size
	if err := in.peek(in.spool.file); err != nil {
		return errors.Join(err, in.spool.close())
	}
	return nil
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
	if in.spool != nil {
		win, data, err = newMapWindow(in.spool.file, in.size, mapStep)
		if err != nil {
			return newReadWindow(in.spool.file, nil, in.size, readChunk), nil, nil
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
	if win, data, err = newMapWindow(f, in.size, mapStep); err != nil {
		return newReadWindow(f, f, in.size, readChunk), nil, nil
	}
	f.Close()
	return win, data, nil
}

func (in *input) describe() Input {
	return Input{Path: in.path, Size: in.size, Format: in.format, Compression: "none"}
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
