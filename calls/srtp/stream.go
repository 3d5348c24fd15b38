package srtp

import (
	"encoding/binary"
	"errors"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// ErrAuthentication: no key fits the packet, or the packet was altered.
var ErrAuthentication = errors.New("SRTP authentication fails")

// maxROC is up to which roll-over counter a stream is searched that the
// capture begins in the middle of: of 20 ms packets it counts 22 minutes.
const maxROC = 256

// maxAway is how many of its rounds a stream may be away.
const maxAway = 4

// A Stream decrypts the packets of one party. Its keys may be several, as
// after a re-INVITE: the first is believed most; which one a packet needs is
// found by its authentication. A Stream is for one goroutine.
type Stream struct {
	contexts []*context
	counters map[uint32]uint32 // the latest roll-over counter of each SSRC, under any key
	header   rtp.Header        // reused
}

// A context is one key at work on the SSRCs of the stream.
type context struct {
	*srtp.Context
	key     Key
	sources map[uint32]*source
}

// A source is what is known of one SSRC under one key.
type source struct {
	found  bool // a packet was authenticated: the roll-over counter is known
	failed uint // packets that were not
}

// NewStream returns a Stream with these keys, best first.
func NewStream(keys []Key) (*Stream, error) {
	s := &Stream{counters: map[uint32]uint32{}}
	for _, k := range keys {
		var options []srtp.ContextOption
		if k.mki != "" {
			options = append(options, srtp.MasterKeyIndicator([]byte(k.mki)))
		}
		if k.clear {
			options = append(options, srtp.SRTPNoEncryption())
		}
		c, err := srtp.CreateContext([]byte(k.master), []byte(k.salt), k.suite.profile, options...)
		if err != nil {
			return nil, errors.Join(ErrKey, err)
		}
		s.contexts = append(s.contexts, &context{Context: c, key: k, sources: map[uint32]*source{}})
	}
	return s, nil
}

// Decrypt appends the RTP packet that the SRTP packet b protects to dst. The
// order of packets does not matter within 2^15 of each other (RFC 3711 section
// 3.3.1). The error is [ErrAuthentication].
func (s *Stream) Decrypt(dst, b []byte) ([]byte, error) {
	if len(b) < 12 {
		return dst, ErrAuthentication
	}
	ssrc := binary.BigEndian.Uint32(b[8:])
	for i, c := range s.contexts {
		out, ok := c.decrypt(dst, b, ssrc, s.counters[ssrc], &s.header)
		if ok {
			s.counters[ssrc], _ = c.ROC(ssrc)
			if i > 0 { // the next packet will need the same
				copy(s.contexts[1:i+1], s.contexts[:i])
				s.contexts[0] = c
			}
			return out, nil
		}
	}
	return dst, ErrAuthentication
}

func (c *context) decrypt(dst, b []byte, ssrc, counter uint32, header *rtp.Header) ([]byte, bool) {
	src := c.sources[ssrc]
	if src == nil {
		src = &source{}
		c.sources[ssrc] = src
	}
	roc, _ := c.ROC(ssrc)
	if src.found {
		if out, err := c.DecryptRTP(dst, b, header); err == nil {
			return out, true
		}
		// The counter may have gone on while the stream was away for more than
		// 2^15 packets.
		if out, ok := c.search(dst, b, ssrc, header, roc, roc+maxAway); ok {
			return out, true
		}
		c.SetROC(ssrc, roc)
		return nil, false
	}
	// A new key does not change the counter (RFC 3711 section 3.3.1). Of a stream
	// that is met in the middle it is not known; the search is repeated ever more
	// seldom, as long as nothing is found.
	out, ok := c.search(dst, b, ssrc, header, counter, counter+2)
	if src.failed++; !ok && src.failed&(src.failed-1) == 0 {
		out, ok = c.search(dst, b, ssrc, header, 0, maxROC)
	}
	src.found = ok
	return out, ok
}

// search tries the roll-over counters from one to another.
func (c *context) search(dst, b []byte, ssrc uint32, header *rtp.Header, from, to uint32) ([]byte, bool) {
	for roc := from; roc < to; roc++ {
		c.SetROC(ssrc, roc)
		if out, err := c.DecryptRTP(dst, b, header); err == nil {
			return out, true
		}
	}
	return nil, false
}
