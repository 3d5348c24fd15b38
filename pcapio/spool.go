package pcapio

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// A spool is a temporary file that holds what came through a pipe, so that it
// can be read twice. It is private (0600), and where the system permits it has
// no name any more: even a crash leaves nothing behind.
type spool struct {
	file *os.File
	size int64
	left string // its name, if that could not be removed while it is open
}

// newSpool copies r to a spool in dir. The first bytes are sniffed before the
// rest is copied, so that an endless stream of something else is refused at
// once. path names the input in errors.
func newSpool(r io.Reader, dir, path string) (*spool, string, error) {
	head := make([]byte, sniffLen)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, "", openError(path, err)
	}
	head = head[:n]
	format, err := classify(head, path)
	if err != nil {
		return nil, "", err
	}

	f, err := os.CreateTemp(dir, "callx-spool-*")
	if err != nil {
		return nil, "", fmt.Errorf("%s: cannot be spooled: %w", name(path), err)
	}
	s := &spool{file: f}
	if os.Remove(f.Name()) != nil {
		s.left = f.Name()
	}
	if err := s.fill(head, r); err != nil {
		err = fmt.Errorf("%s: cannot be spooled to %s: %w", name(path), f.Name(), err)
		return nil, "", errors.Join(err, s.close())
	}
	return s, format, nil
}

func (s *spool) fill(head []byte, rest io.Reader) error {
	n, err := s.file.Write(head)
	if err != nil {
		return err
	}
	m, err := io.Copy(s.file, rest)
	s.size = int64(n) + m
	return err
}

func (s *spool) close() error {
	err := s.file.Close()
	if s.left != "" {
		err = errors.Join(err, os.Remove(s.left))
	}
	return err
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
