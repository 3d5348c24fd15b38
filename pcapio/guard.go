package pcapio

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"unsafe"
)

// Guard runs walk, which reads frames of s, and returns its error. Frame.Data
// points into mapped files; if another process cuts such a file short, looking
// at its lost bytes faults wherever that happens, in Next or long after in a
// decoder. Guard makes an error that wraps ErrChanged and names the file out of
// it. It protects the calling goroutine only: others get copies of what they need.
//
//	err := src.Guard(func() error {
//		for r.Next(&f) { ... }
//		return r.Err()
//	})
//
// Other panics pass through.
func (s *Source) Guard(walk func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		fault, ok := v.(interface {
			runtime.Error
			Addr() uintptr
		})
		if !ok {
			panic(v)
		}
		path, ok := s.mappedAt(fault.Addr())
		if !ok {
			panic(v)
		}
		err = fmt.Errorf("%s: %w", name(path), ErrChanged)
	}()
	return walk()
}

// A region is where an input is, or lately was, mapped.
type region struct {
	start, end uintptr
	path       string
}

// remember keeps where an input is mapped. Regions outlive their mapping until
// another takes their place: a walk that faults closes its Reader (deferred)
// before Guard gets to ask.
func (s *Source) remember(b []byte, path string) {
	start := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	r := region{start, start + uintptr(len(b)), path}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mapped = slices.DeleteFunc(s.mapped, func(o region) bool {
		return o.start < r.end && r.start < o.end
	})
	s.mapped = append(s.mapped, r)
}

func (s *Source) mappedAt(addr uintptr) (path string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.mapped {
		if addr >= r.start && addr < r.end {
			return r.path, true
		}
	}
	return "", false
}
