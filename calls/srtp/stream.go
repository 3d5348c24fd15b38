package srtp

import (
	"encoding/binary"
	"errors"

	"github.com/pion/rtp"
)

// ErrAuthentication: no key fits the packet, or the packet was altered.
var ErrAuthentication = errors.New("SRTP authentication fails")

const (
	// maxROC is up to which roll-over counter a stream is searched that the
	// capture begins in the middle of: of 20 ms packets it counts 93 hours.
	maxROC = 256
	// maxAway is how many of its rounds a stream may be away.
	maxAway = 4
	// patience is how many packets in a row each key is searched for; then
	// more and more seldom, so that what has no key costs little.
	patience = 16
)

// A Stream decrypts the packets of one party. Its keys may be several, as
// after a re-INVITE: the first is believed most; which one a packet needs is
// found by its authentication. A Stream is for one goroutine.
type Stream struct {
	keys    []opener // the one that fitted last in front
	sources map[uint32]*source
	header  rtp.Header // reused
}

// A source is what is known of one SSRC. A new key does not change the
// roll-over counter (RFC 3711 section 3.3.1), so this is of all keys; some
// senders begin at 0 again all the same.
type source struct {
	found  bool  // a packet was authenticated:
	index  int64 // the highest packet index, roc << 16 | sequence number
	failed uint  // packets since that were not
	missed uint  // packets that never were
}

// NewStream returns a Stream with these keys, best first.
func NewStream(keys []Key) (*Stream, error) {
	s := &Stream{sources: map[uint32]*source{}}
	for i := range keys {
		o, err := keys[i].openers()
		if err != nil {
			return nil, errors.Join(ErrKey, err)
		}
		s.keys = append(s.keys, o...)
	}
	return s, nil
}

// Decrypt appends the RTP packet that the SRTP packet b protects to dst, which
// must be empty. The order of packets does not matter within 2^15 of each
// other (RFC 3711 section 3.3.1). The error is [ErrAuthentication].
func (s *Stream) Decrypt(dst, b []byte) ([]byte, error) {
	if len(b) < 12 {
		return dst, ErrAuthentication
	}
	seq, ssrc := int64(binary.BigEndian.Uint16(b[2:])), binary.BigEndian.Uint32(b[8:])
	src := s.sources[ssrc]
	if src == nil {
		src = &source{}
		s.sources[ssrc] = src
	}
	// The index nearest to the highest one.
	near := src.index + int64(int16(seq-src.index))
	if !src.found {
		near = seq
	}
	if out, ok := s.try(dst, b, ssrc, near>>16, src); ok {
		return out, nil
	}
	src.failed++
	src.missed++
	often := src.failed <= patience || src.failed&(src.failed-1) == 0
	if src.found && often {
		// It may have been away for more than 2^15 packets, or begun again.
		for roc := near>>16 + 1; roc <= near>>16+maxAway; roc++ {
			if out, ok := s.try(dst, b, ssrc, roc, src); ok {
				return out, nil
			}
		}
		if out, ok := s.try(dst, b, ssrc, 0, src); ok {
			return out, nil
		}
	}
	if !src.found && often || src.missed&(src.missed-1) == 0 {
		for roc := range int64(maxROC) {
			if out, ok := s.try(dst, b, ssrc, roc, src); ok {
				return out, nil
			}
		}
	}
	return dst, ErrAuthentication
}

// try tries all keys with one roll-over counter.
func (s *Stream) try(dst, b []byte, ssrc uint32, roc int64, src *source) ([]byte, bool) {
	if roc < 0 || roc > 1<<32-1 {
		return dst, false
	}
	for i, k := range s.keys {
		out, ok := k.open(dst, b, &s.header, ssrc, uint32(roc))
		if !ok {
			continue
		}
		if index := roc<<16 | int64(s.header.SequenceNumber); !src.found || src.failed > 0 || index > src.index {
			src.index = index
		}
		src.found, src.failed = true, 0
		copy(s.keys[1:i+1], s.keys[:i])
		s.keys[0] = k
		return out, true
	}
	return dst, false
}
