// Package audio turns the packets of one leg into PCM on an exact timeline:
// it orders them, places them by timestamp, decodes, fills and resamples.
//
// PCM is signed 16-bit, channels interleaved. A "sample" is one instant of
// all channels, so positions and lengths do not depend on the channel count.
package audio

import "errors"

// A Spec names a codec as SDP does (RFC 8866 section 6.6).
type Spec struct {
	Name     string // encoding name as registered, e.g. "PCMA", "L16", "opus"
	Clock    int    // RTP clock rate in Hz
	Channels int    // 1 unless the rtpmap says otherwise
	Fmtp     string // format parameters, may be empty
}

// A Decoder decodes the packets of one RTP stream in order of their
// timestamps. It keeps state between calls and is used by one goroutine.
type Decoder interface {
	// Decode appends the PCM of one packet's payload to dst and returns the
	// extended slice. The payload is borrowed for the call. On an error the
	// returned slice holds what could be decoded before it.
	Decode(dst []int16, payload []byte) ([]int16, error)
	// Rate is the sampling rate of the PCM in Hz; it is constant.
	Rate() int
	// Channels is the number of interleaved channels; it is constant.
	Channels() int
}

// ErrUnsupported says that no decoder is registered for a codec.
var ErrUnsupported = errors.New("codec not supported")

// A Kind says where the samples of a Block come from.
type Kind uint8

const (
	Decoded Kind = iota
	Concealed
	Comfort // comfort noise, RFC 3389 or the codec's own
	Silence
)

// A Block is a run of PCM at a position of the leg's timeline.
//
// At counts samples from the call's origin. The blocks of a leg follow each
// other without gap or overlap from At = 0. PCM is borrowed: it is valid until
// Write returns.
type Block struct {
	At   int64
	Kind Kind
	PCM  []int16
}

// A Sink takes the blocks of one leg in order. Close completes what was
// written; after an error of Write the owner still calls Close.
type Sink interface {
	Write(Block) error
	Close() error
}
