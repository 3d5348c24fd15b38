package pcapio

import (
	"errors"
	"io"
)

// readChunk is how much a read backing fetches at once.
const readChunk = 1 << 20

// A readBacking fills a buffer by reading. It serves where files cannot be
// mapped, and wherever only the first frames of a file are wanted.
type readBacking struct {
	r     io.ReaderAt
	c     io.Closer // nil if the file outlives the window
	size  int64
	chunk int
	buf   []byte
}

func newReadWindow(r io.ReaderAt, c io.Closer, size int64, chunk int) *window {
	return &window{size: size, src: &readBacking{r: r, c: c, size: size, chunk: chunk}}
}

func (s *readBacking) load(off int64, n int) ([]byte, error) {
	// Twice what is asked for: whoever looks ahead at every record does not
	// read every byte many times.
	want := int(min(int64(max(2*n, s.chunk)), s.size-off))
	if cap(s.buf) < want {
		s.buf = make([]byte, want)
	}
	b := s.buf[:want]
	m, err := s.r.ReadAt(b, off)
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

func (s *readBacking) close() error {
	if s.c == nil {
		return nil
	}
	return s.c.Close()
}
