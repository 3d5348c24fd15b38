//go:build unix

package pcapio

import (
	"errors"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

const (
	// mapStep is how many bytes of a mapping a window shows at a time: as many
	// as stay in the processor's cache.
	mapStep = 256 << 10

	// dropStep is how far a window goes before the pages behind it are given
	// back: the resident set stays at about this size however long the file.
	dropStep = 32 << 20

	cacheLine = 64
)

// A mapping is a file mapped for reading.
//
// If the file becomes shorter, touching the pages behind its new end raises
// SIGBUS: Source.Guard makes an error of that.
type mapping struct {
	data    []byte
	step    int
	dropped int // bytes [0, dropped) are given back; a multiple of the page size
	page    int
	sum     byte // of the bytes touched in advance: keeps the loads alive
}

// newMapWindow maps size bytes of f from off, a multiple of the page size, and
// returns the window with the mapped bytes. f may be closed at once.
func newMapWindow(f *os.File, off, size int64, step int) (*window, []byte, error) {
	if size <= 0 || size > math.MaxInt {
		return nil, nil, errors.ErrUnsupported
	}
	data, err := unix.Mmap(int(f.Fd()), off, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, os.NewSyscallError("mmap", err)
	}
	// Only advice: what it changes is speed.
	_ = unix.Madvise(data, unix.MADV_SEQUENTIAL)
	m := &mapping{data: data, step: step, page: os.Getpagesize()}
	return &window{size: size, src: m}, data, nil
}

func (m *mapping) load(off int64, n int) ([]byte, error) {
	i := int(off)
	if behind := i &^ (m.page - 1); behind >= m.dropped+dropStep {
		// The pages come back from the file if anyone still looks at them.
		_ = unix.Madvise(m.data[m.dropped:behind], unix.MADV_DONTNEED)
		m.dropped = behind
	}
	b := m.data[i : i+min(max(2*n, m.step), len(m.data)-i)]
	// Where a record begins is known only when the one before has been read,
	// so hopping from record to record waits for main memory every time. These
	// loads wait for nothing; they bring the step into the cache beforehand,
	// which makes the walk three times as fast.
	for line := b; len(line) > 0; line = line[min(cacheLine, len(line)):] {
		m.sum += line[0]
	}
	return b[:len(b):len(b)], nil
}

func (m *mapping) close() error {
	if m.data == nil {
		return nil
	}
	err := unix.Munmap(m.data)
	m.data = nil
	return os.NewSyscallError("munmap", err)
}
