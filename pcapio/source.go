package pcapio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
)

// Options are how Open treats its inputs. The zero value is fit for use.
type Options struct {
	SpoolDir string          // where pipes and compressed files are spooled; os.TempDir if empty
	MaxSpool int64           // bytes that may be spooled; 0 is what the disk has room for, less a reserve
	Stdin    io.Reader       // what the path "-" reads; os.Stdin if nil
	Context  context.Context // ends Open while it spools; never if nil
}

// A Source is a set of capture files that can be read again and again, each
// pass giving the same frames. Its methods may be called from several
// goroutines; each of its Readers belongs to one.
type Source struct {
	inputs []*input // in the order of Pos.File
	size   int64
	spool  spool

	mu     sync.Mutex
	found  []Input // as published by the passes
	whole  []bool  // found[i] is complete
	mapped []region
}

// Open prepares to read the capture files at paths as one sequence of frames.
//
// What a file is, its content tells, not its name. The path "-" is standard
// input; it and all other inputs that are no regular files (pipes, /dev/fd/N)
// are copied to a spool, and so is what compressed files hold. The order of paths does not matter: inputs are
// numbered by their first capture time, then by content.
//
// Errors name the path and wrap ErrEmpty, ErrFormat, ErrDirectory,
// ErrDuplicate, ErrNoRoom or the system's error.
func Open(paths []string, opt Options) (*Source, error) {
	if len(paths) == 0 {
		return nil, errors.New("no capture file given")
	}
	if opt.Stdin == nil {
		opt.Stdin = os.Stdin
	}
	if opt.Context == nil {
		opt.Context = context.Background()
	}
	s := &Source{spool: spool{dir: opt.SpoolDir, most: opt.MaxSpool, ctx: opt.Context}}
	seen := make(map[fileKey][]*input)
	for _, path := range paths {
		in, err := openInput(path, opt, &s.spool, seen)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.inputs = append(s.inputs, in)
		s.size += in.size
	}
	// Many paths may share a first time; the content is looked at for them only.
	var failed error
	slices.SortStableFunc(s.inputs, func(a, b *input) int {
		c, err := a.compare(b)
		failed = cmp.Or(failed, err)
		return c
	})
	if failed != nil {
		return nil, errors.Join(failed, s.Close())
	}
	s.whole = make([]bool, len(s.inputs))
	for _, in := range s.inputs {
		s.found = append(s.found, in.describe())
	}
	return s, nil
}

// Open begins a pass over all frames.
func (s *Source) Open() (Reader, error) {
	if s.inputs == nil {
		return nil, os.ErrClosed
	}
	if len(s.inputs) == 1 {
		t, err := s.open(0)
		if err != nil {
			return nil, err
		}
		return &single{track: t}, nil
	}
	return &merged{source: s}, nil
}

// Inputs describes the inputs as the passes so far have found them, in the
// order of Pos.File. After a complete pass it does not change any more.
func (s *Source) Inputs() []Input {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.found)
}

// Size is the number of bytes of all inputs together, decompressed.
func (s *Source) Size() int64 { return s.size }

// Close removes what was spooled. Readers must be closed before.
func (s *Source) Close() error {
	s.inputs = nil
	return s.spool.close()
}

// publish keeps what a pass has found out about an input, unless another has
// found out more.
func (s *Source) publish(t *track) {
	in := t.in.describe()
	w := t.base()
	w.report(&in)
	for _, n := range t.in.notes {
		n.File, n.Frame = w.file, w.number
		in.Notes = append(in.Notes, n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.whole[w.file] || in.Frames < s.found[w.file].Frames {
		return
	}
	s.found[w.file] = in
	s.whole[w.file] = w.ended && w.err == nil
}

// A track is an input that is being read.
type track struct {
	walker
	in     *input
	source *Source
	cur    Frame // used by merged
}

func (s *Source) open(i int) (*track, error) {
	in := s.inputs[i]
	win, data, err := in.window()
	if err != nil {
		return nil, err
	}
	if data != nil {
		s.remember(data, in.path)
	}
	return &track{walker: newWalker(in.format, win, i), in: in, source: s}, nil
}

// fail returns the error that ended the track, with its place.
func (t *track) fail() error {
	w := t.base()
	if w.err == nil {
		return nil
	}
	return fmt.Errorf("%s: after frame %d, at offset %d: %w", name(t.in.path), w.number, w.off, w.err)
}

func (t *track) close() error {
	t.source.publish(t)
	return t.base().win.close()
}
