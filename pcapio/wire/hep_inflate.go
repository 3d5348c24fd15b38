package wire

import (
	"bytes"
	"compress/zlib"
	"io"
)

// An inflater undoes the compression that some agents send payloads in (zlib,
// RFC 1950). The zero value is ready.
type inflater struct {
	in   bytes.Reader
	zlib io.ReadCloser // nil until it was needed
}

// whole returns what b is the compressed form of, in memory of its own: a frame
// may yield more than one message. ok is false if b is damaged, or what it holds
// is longer than a datagram can be.
func (f *inflater) whole(b []byte) (payload []byte, ok bool) {
	f.in.Reset(b)
	var err error
	if f.zlib == nil {
		f.zlib, err = zlib.NewReader(&f.in)
	} else {
		err = f.zlib.(zlib.Resetter).Reset(&f.in, nil)
	}
	if err != nil {
		return nil, false
	}
	payload, err = io.ReadAll(io.LimitReader(f.zlib, maxReassembled+1))
	return payload, err == nil && len(payload) <= maxReassembled
}
