package pcapio

import (
	"io"
	"os"
)

// Copy writes the bytes of input i, as it lies on disk (compressed if it is)
// or came through the pipe, to w. It may run
// beside a pass.
func (s *Source) Copy(w io.Writer, i int) error {
	if i >= len(s.inputs) {
		return os.ErrClosed
	}
	in := s.inputs[i]
	if in.raw != nil {
		_, err := io.Copy(w, in.raw.reader())
		return err
	}
	f, err := os.Open(in.path)
	if err != nil {
		return openError(in.path, err)
	}
	defer f.Close()
	_, err = io.Copy(w, io.LimitReader(f, in.disk))
	return err
}
