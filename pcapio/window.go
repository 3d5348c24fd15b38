package pcapio

import (
	"errors"
	"io"
)

// readChunk is how much a window reads at once: few calls of the system, and
// little enough to be in the processor's cache when the walker comes to it.
const readChunk = 256 << 10

// A window shows a file's bytes to a walker: a slice that slides over the
// file. A walker's check whether its next record lies in the slice is the only
// cost that a record has.
//
// The file is read, not mapped. Measured over 2.76 GB in the page cache of a
// virtual machine, mapping costs a page fault every 64 KiB and took five times
// as long as reading in chunks (3.2 s against 0.5 s); elsewhere both were
// alike. And a file that is cut short while it is mapped ends the process.
type window struct {
	buf   []byte // bytes [base, base+len(buf)) of the file
	base  int64
	size  int64 // of the file
	err   error // of the system; sticky
	r     io.ReaderAt
	c     io.Closer // nil if the file outlives the window
	chunk int
	room  []byte // what buf is a part of
}

func newWindow(r io.ReaderAt, c io.Closer, size int64, chunk int) *window {
	return &window{size: size, r: r, c: c, chunk: chunk}
}

// at returns n bytes from off, or fewer if the file ends before (or cannot be
// read: then err is set). They are borrowed until the next call of at. Callers
// bound n: a buffer of that size may have to be made.
func (w *window) at(off int64, n int) []byte {
	if i := off - w.base; uint64(i) <= uint64(len(w.buf)) && n <= len(w.buf)-int(i) {
		return w.buf[i : int(i)+n]
	}
	return w.slide(off, n)
}

func (w *window) slide(off int64, n int) []byte {
	n = int(min(int64(n), w.size-off))
	if n <= 0 || w.err != nil {
		return nil
	}
	b, err := w.load(off, n)
	if err != nil {
		w.err, w.buf = err, nil // a failed load may have overwritten it
		return nil
	}
	w.buf, w.base = b, off
	return b[:n]
}

// load reads at least n bytes from off, which lie within the file.
func (w *window) load(off int64, n int) ([]byte, error) {
	// Twice what is asked for: whoever looks ahead at every record does not
	// read every byte many times.
	want := int(min(int64(max(2*n, w.chunk)), w.size-off))
	if cap(w.room) < want {
		w.room = make([]byte, want)
	}
	b := w.room[:want]
	m, err := w.r.ReadAt(b, off)
	switch {
	case m == want:
		return b, nil
	case errors.Is(err, io.EOF):
		return nil, ErrChanged
	case err == nil:
		err = io.ErrNoProgress
	}
	return nil, err
}

func (w *window) close() error {
	w.buf = nil
	if w.c == nil {
		return nil
	}
	return w.c.Close()
}
