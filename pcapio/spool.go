package pcapio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// A spool is a Source's temporary file: it holds, one behind the other, what
// came through pipes and what was decompressed, so that it can be read twice.
// It is private (0600), and where the system permits it has no name any more:
// even a crash leaves nothing behind. However many inputs it holds, it is one
// file descriptor.
type spool struct {
	dir  string
	most int64           // bytes; 0 is as many as there is room for
	ctx  context.Context // ends a copy

	file *os.File
	left string // its name, if that could not be removed while it is open
	end  int64
}

// A section is the part of a spool that holds one input.
type section struct {
	file      *os.File
	off, size int64
}

func (s *section) reader() *io.SectionReader { return io.NewSectionReader(s.file, s.off, s.size) }

const (
	// sectionAlign lets every section be mapped, on machines with the largest
	// pages in use.
	sectionAlign = 64 << 10

	spoolStep = 1 << 20
	// roomStep is how often the room that is left is looked at.
	roomStep = 64 << 20
	// roomReserve is what a spool leaves free, or a twentieth of a small disk:
	// a machine whose disk is full has other troubles than a capture.
	roomReserve = 256 << 20
)

// add copies r into a new section. expect is how many bytes will come at least,
// 0 if nobody knows; path names the input in errors.
func (s *spool) add(r io.Reader, expect int64, path string) (*section, error) {
	if err := s.open(); err != nil {
		return nil, fmt.Errorf("%s: cannot be spooled: %w", name(path), err)
	}
	sec := &section{file: s.file, off: (s.end + sectionAlign - 1) &^ (sectionAlign - 1)}
	err := s.check(expect)
	buf := make([]byte, spoolStep)
	for next := int64(roomStep); err == nil; {
		if err = s.ctx.Err(); err != nil {
			return nil, err
		}
		var n int
		n, err = io.ReadFull(r, buf)
		if n > 0 {
			if _, werr := s.file.WriteAt(buf[:n], sec.off+sec.size); werr != nil {
				err = fmt.Errorf("%w; name a folder with more room with --spool", werr)
				break
			}
			sec.size += int64(n)
			s.end = sec.off + sec.size
		}
		if s.most > 0 && s.end > s.most {
			err = fmt.Errorf("%w of %s", errSpoolFull, sizeName(s.most))
		}
		if err == nil && sec.size >= next {
			next += roomStep
			err = s.check(0)
		}
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return sec, nil
	}
	return nil, fmt.Errorf("%s: cannot be spooled to %s: %w", name(path), s.folder(), err)
}

var errSpoolFull = errors.New("the spool would exceed its limit")

func (s *spool) folder() string {
	if s.dir == "" {
		return os.TempDir()
	}
	return s.dir
}

func (s *spool) open() error {
	if s.file != nil {
		return nil
	}
	f, err := os.CreateTemp(s.dir, "callx-spool-*")
	if err != nil {
		return err
	}
	s.file = f
	if os.Remove(f.Name()) != nil {
		s.left = f.Name()
	}
	return nil
}

// check asks whether there is room for need more bytes.
func (s *spool) check(need int64) error {
	free, total, ok := freeRoom(s.file)
	if !ok {
		return nil
	}
	reserve := min(roomReserve, total/20)
	if free-reserve < need {
		return fmt.Errorf("%w: %s are free and %s must stay so, %s more are needed at least; name a folder with more room with --spool",
			ErrNoRoom, sizeName(free), sizeName(reserve), sizeName(max(need, roomStep)))
	}
	return nil
}

func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if s.left != "" {
		err = errors.Join(err, os.Remove(s.left))
	}
	s.file = nil
	return err
}

// sizeName prints a number of bytes for people.
func sizeName(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
