package output

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"

	"callx/audio"
)

// FileOptions says how a PCMFile is written.
type FileOptions struct {
	// Overwrite replaces an existing file, and a part file that a run has
	// left behind.
	Overwrite bool
	// SHA256 computes the hash of the finished file. Close reads the file
	// once more for that: a WAV begins with its length, which is known last.
	// As a rule it comes from the page cache, at the speed of the hash.
	SHA256 bool
}

// Info describes a finished PCMFile.
type Info struct {
	Path     string
	Format   string // "wav" or "l16"
	Rate     int    // Hz
	Channels int
	Samples  int64  // instants of all channels
	SHA256   string // of the whole file in hexadecimal, if asked for
}

// A PCMFile is an audio.Sink that writes signed 16-bit little-endian PCM to
// path.part, renamed to path by Close. After an error nothing is left under
// either name. It is used by one goroutine at a time; files of one Pool may be
// used by several.
type PCMFile struct {
	info   Info
	opts   FileOptions
	header func(rate, channels int, samples int64) []byte // of constant length
	pool   *Pool
	file   *pooled
	buf    *[bufferSize]byte
	n      int   // bytes in buf
	off    int64 // in the file, where buf goes
	closed bool
	err    error // the first
}

func newPCMFile(pool *Pool, info Info, opts FileOptions, header func(rate, channels int, samples int64) []byte) (*PCMFile, error) {
	if info.Rate < 1 || info.Rate > audio.MaxClock || info.Channels < 1 || info.Channels > audio.MaxChannels {
		return nil, fmt.Errorf("output: %s: %d Hz with %d channels cannot be written", info.Path, info.Rate, info.Channels)
	}
	w := &PCMFile{info: info, opts: opts, header: header, pool: pool}
	if err := w.vacant(); err != nil {
		return nil, fmt.Errorf("output: %w", err)
	}
	var err error
	if w.file, err = pool.create(w.part(), opts.Overwrite); err != nil {
		return nil, fmt.Errorf("output: %w", err)
	}
	w.buf = pool.buffer()
	w.n = copy(w.buf[:], header(info.Rate, info.Channels, 0))
	return w, nil
}

func (w *PCMFile) part() string { return w.info.Path + ".part" }

// vacant returns an error if there is a file that must not be replaced.
func (w *PCMFile) vacant() error {
	if w.opts.Overwrite {
		return nil
	}
	if _, err := os.Lstat(w.info.Path); err == nil {
		return &fs.PathError{Op: "create", Path: w.info.Path, Err: fs.ErrExist}
	}
	return nil
}

// Write appends a block. PCM is borrowed until it returns. Blocks must follow
// each other and hold whole samples. An error stays: Close returns it again.
func (w *PCMFile) Write(b audio.Block) error {
	switch {
	case w.closed:
		return fmt.Errorf("output: %s: %w", w.info.Path, audio.ErrClosed)
	case w.err != nil:
		return w.err
	case b.At != w.info.Samples:
		w.err = fmt.Errorf("output: %s: block at sample %d after %d", w.info.Path, b.At, w.info.Samples)
		return w.err
	case len(b.PCM)%w.info.Channels != 0:
		w.err = fmt.Errorf("output: %s: %d values in a block of %d channels", w.info.Path, len(b.PCM), w.info.Channels)
		return w.err
	}
	w.info.Samples += int64(len(b.PCM) / w.info.Channels)
	for pcm := b.PCM; len(pcm) > 0; {
		k := min(len(pcm), (bufferSize-w.n)/2)
		putSamples(w.buf[w.n:], pcm[:k])
		w.n += 2 * k
		pcm = pcm[k:]
		if w.n == bufferSize {
			if w.err = w.flush(); w.err != nil {
				return w.err
			}
		}
	}
	return nil
}

// flush writes the buffer to the file.
func (w *PCMFile) flush() error {
	err := w.file.use(func(fd *os.File) error {
		_, err := fd.WriteAt(w.buf[:w.n], w.off)
		return err
	})
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	w.off += int64(w.n)
	w.n = 0
	return nil
}

// Close completes the file and gives it its name. Where anything has failed
// it removes what was written and returns the first error.
func (w *PCMFile) Close() error {
	if w.closed {
		return nil
	}
	if w.err == nil {
		w.err = w.finish()
	}
	w.release()
	if w.err == nil {
		w.err = w.rename()
	}
	if w.err != nil {
		os.Remove(w.part())
	}
	return w.err
}

// Abort removes what was written. After Close it does nothing.
func (w *PCMFile) Abort() {
	if !w.closed {
		w.release()
		os.Remove(w.part())
	}
}

// Info describes the file; it is complete after Close.
func (w *PCMFile) Info() Info { return w.info }

// finish brings the file to its final content.
func (w *PCMFile) finish() error {
	if err := w.flush(); err != nil {
		return err
	}
	head := w.header(w.info.Rate, w.info.Channels, w.info.Samples)
	err := w.file.use(func(fd *os.File) error {
		if len(head) > 0 {
			if _, err := fd.WriteAt(head, 0); err != nil {
				return err
			}
		}
		if !w.opts.SHA256 {
			return nil
		}
		sum := sha256.New()
		_, err := io.CopyBuffer(onlyWriter{sum}, io.NewSectionReader(fd, 0, w.off), w.buf[:])
		w.info.SHA256 = hex.EncodeToString(sum.Sum(nil))
		return err
	})
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	return nil
}

// onlyWriter hides the ReadFrom of what it wraps, so that CopyBuffer uses its
// buffer.
type onlyWriter struct{ io.Writer }

// release gives back the descriptor and the buffer.
func (w *PCMFile) release() {
	w.closed = true
	if err := w.file.close(); err != nil && w.err == nil {
		w.err = fmt.Errorf("output: %w", err)
	}
	w.pool.buffers.Put(w.buf)
	w.buf = nil
}

func (w *PCMFile) rename() error {
	err := w.vacant()
	if err == nil {
		err = os.Rename(w.part(), w.info.Path)
	}
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	return nil
}
