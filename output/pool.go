package output

import (
	"container/list"
	"errors"
	"io/fs"
	"os"
	"sync"
)

// DefaultMaxOpen is the number of files that a Pool has open at most, unless
// told otherwise: well below the usual limit of a process (256 to 1024).
const DefaultMaxOpen = 128

// bufferSize is the number of bytes that a file collects before it writes.
const bufferSize = 32 << 10

// A Pool lets thousands of files be written side by side with few
// descriptors: where there are too many, the one that has rested longest is
// closed, and opened again when its turn comes. Its methods may be used by
// several goroutines at once, each with files of its own. The zero value is
// ready for use.
type Pool struct {
	// MaxOpen is the number of descriptors in use at most;
	// 0 means DefaultMaxOpen. It must not change once the Pool is in use.
	MaxOpen int

	mu      sync.Mutex
	wake    sync.Cond
	open    list.List           // of *pooled, the one that has rested longest first
	paths   map[string]struct{} // of files not yet complete
	buffers sync.Pool           // of *[bufferSize]byte
}

// A pooled file is opened by a Pool when it is used, by one goroutine at a
// time.
type pooled struct {
	pool *Pool
	path string
	// The rest is guarded by pool.mu.
	fd   *os.File      // nil while the Pool has it closed
	elem *list.Element // of pool.open
	busy bool          // at work: must stay open
	err  error         // of a Close that the Pool did
}

// create opens a new file; replace says that one on the disk is to make way.
// Two unfinished files of one path are refused all the same: it would mean
// that two legs have one name.
func (p *Pool) create(path string, replace bool) (*pooled, error) {
	p.mu.Lock()
	if _, taken := p.paths[path]; taken {
		p.mu.Unlock()
		return nil, &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	if p.paths == nil {
		p.paths = map[string]struct{}{}
	}
	p.paths[path] = struct{}{}
	p.mu.Unlock()

	if replace {
		os.Remove(path) // if that fails, so does what follows
	}
	f := &pooled{pool: p, path: path}
	err := p.do(f, os.O_CREATE|os.O_EXCL, func(*os.File) error { return nil })
	if err != nil {
		p.forget(f)
		return nil, err
	}
	return f, nil
}

// use calls work with the file's descriptor, which is open meanwhile.
func (f *pooled) use(work func(*os.File) error) error { return f.pool.do(f, 0, work) }

func (p *Pool) do(f *pooled, flags int, work func(*os.File) error) error {
	fd, err := p.acquire(f, flags)
	if err != nil {
		return err
	}
	err = work(fd)
	p.mu.Lock()
	f.busy = false
	p.open.MoveToBack(f.elem)
	p.wake.Broadcast()
	p.mu.Unlock()
	return err
}

// acquire marks the file as busy, and opens it if need be, in the place of the
// one that has rested longest.
func (p *Pool) acquire(f *pooled, flags int) (*os.File, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wake.L == nil {
		p.wake.L = &p.mu
	}
	for f.fd == nil && p.open.Len() >= p.limit() {
		if oldest := p.resting(); oldest != nil {
			p.shut(oldest)
		} else {
			p.wake.Wait()
		}
	}
	if f.err != nil {
		return nil, f.err
	}
	if f.fd == nil {
		fd, err := os.OpenFile(f.path, os.O_RDWR|flags, 0o644)
		if err != nil {
			return nil, err
		}
		f.fd, f.elem = fd, p.open.PushBack(f)
	}
	f.busy = true
	return f.fd, nil
}

// resting returns the file that has not been at work for longest, or nil if
// all that are open are.
func (p *Pool) resting() *pooled {
	for e := p.open.Front(); e != nil; e = e.Next() {
		if f := e.Value.(*pooled); !f.busy {
			return f
		}
	}
	return nil
}

func (p *Pool) limit() int {
	if p.MaxOpen > 0 {
		return p.MaxOpen
	}
	return DefaultMaxOpen
}

// shut closes a resting file. What its descriptor has to say (a network disk
// may report only here that it is full) is kept for the file's owner.
func (p *Pool) shut(f *pooled) {
	p.open.Remove(f.elem)
	f.err = errors.Join(f.err, f.fd.Close())
	f.fd, f.elem = nil, nil
	p.wake.Broadcast()
}

// close ends the use of the file.
func (f *pooled) close() error {
	p := f.pool
	p.mu.Lock()
	if f.fd != nil {
		p.shut(f)
	}
	p.mu.Unlock()
	p.forget(f)
	return f.err
}

func (p *Pool) forget(f *pooled) {
	p.mu.Lock()
	delete(p.paths, f.path)
	p.mu.Unlock()
}

func (p *Pool) buffer() *[bufferSize]byte {
	if b, ok := p.buffers.Get().(*[bufferSize]byte); ok {
		return b
	}
	return new([bufferSize]byte)
}
