package pcapio

// A window shows a file's bytes to a walker. It is a plain slice that slides
// over the file: over a mapping of it where the system can map files, else
// over a buffer that is filled by reading. A walker's check whether its next
// record lies in the slice is the only cost that a record has.
type window struct {
	buf  []byte // bytes [base, base+len(buf)) of the file
	base int64
	size int64 // of the file
	err  error // of the system; sticky
	src  backing
}

// A backing is where a window's bytes come from.
type backing interface {
	// load returns at least n bytes from off, which the caller knows to lie
	// within the file. They are valid until the next load.
	load(off int64, n int) ([]byte, error)
	close() error
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
	b, err := w.src.load(off, n)
	if err != nil {
		w.err, w.buf = err, nil // a failed load may have overwritten it
		return nil
	}
	w.buf, w.base = b, off
	return b[:n]
}

func (w *window) close() error {
	w.buf = nil
	return w.src.close()
}
