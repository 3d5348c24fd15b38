package output

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// A PCMReader reads a finished PCMFile from its beginning, in memory that
// does not depend on its length. Its descriptor counts with its Pool's.
type PCMReader struct {
	info Info
	file *pooled
	off  int64
	left int64 // values still to be read
	buf  *[bufferSize]byte
}

// OpenPCM returns a reader for the file that info, of a closed PCMFile,
// describes. The file is opened by the first Read.
func OpenPCM(pool *Pool, info Info) *PCMReader {
	r := &PCMReader{info: info, left: info.Samples * int64(info.Channels), buf: pool.buffer()}
	r.file = &pooled{pool: pool, path: info.Path}
	if info.Format == "wav" {
		r.off = wavHeader
	}
	return r
}

// Read fills pcm with values, channels interleaved, and returns how many
// there were: as many as fit, but for the end of the file. After the last
// value the error is io.EOF; a file that is shorter than its Info says gives
// io.ErrUnexpectedEOF.
func (r *PCMReader) Read(pcm []int16) (n int, err error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	pcm = pcm[:min(int64(len(pcm)), r.left)]
	for n < len(pcm) {
		b := r.buf[:min(2*(len(pcm)-n), bufferSize)]
		err := r.file.use(func(fd *os.File) error {
			_, err := fd.ReadAt(b, r.off)
			return err
		})
		if errors.Is(err, io.EOF) {
			err = fmt.Errorf("%s: %w", r.info.Path, io.ErrUnexpectedEOF)
		}
		if err != nil {
			return n, fmt.Errorf("output: %w", err)
		}
		for i := 0; i+1 < len(b); i += 2 {
			pcm[n] = int16(binary.LittleEndian.Uint16(b[i:]))
			n++
		}
		r.off += int64(len(b))
		r.left -= int64(len(b) / 2)
	}
	return n, nil
}

// Info describes the file.
func (r *PCMReader) Info() Info { return r.info }

// Close closes the file. It must be called once.
func (r *PCMReader) Close() error {
	r.file.pool.buffers.Put(r.buf)
	r.buf = nil
	return r.file.close()
}
