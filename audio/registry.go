package audio

import (
	"errors"
	"fmt"
	"strings"
)

// ErrPartial is returned by decoders of uncompressed PCM for a payload that
// ends within a sample; what came before it is decoded.
var ErrPartial = errors.New("payload ends within a sample")

// Bounds of what Registry.New accepts. Clock and channels come from the SDP
// of a capture, and the work and the memory that a packet costs grow with
// them.
const (
	MinClock    = 1000
	MaxClock    = 384000
	MaxChannels = 32
)

// A Registry says which codecs can be decoded: it maps an encoding name in
// lower case to the constructor of its decoder. A constructor may rely on
// clock and channels being within the bounds above.
type Registry map[string]func(Spec) (Decoder, error)

// New returns a fresh decoder for s. Encoding names are case-insensitive
// (RFC 4855 section 3). Every error wraps ErrUnsupported and names the codec.
func (r Registry) New(s Spec) (Decoder, error) {
	if s.Clock < MinClock || s.Clock > MaxClock || s.Channels < 1 || s.Channels > MaxChannels {
		return nil, fmt.Errorf("%w: %s: clock or channels out of range", ErrUnsupported, s)
	}
	construct, ok := r[strings.ToLower(s.Name)]
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrUnsupported, s)
	}
	d, err := construct(s)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrUnsupported, s, err)
	}
	return d, nil
}

// Rate returns the sampling rate in Hz and the channels of the PCM that s
// decodes to: neither needs to be what the RTP clock and the rtpmap say
// (G722 has a clock of 8000 Hz and PCM at 16000 Hz, RFC 3551 section 4.5.2).
func (r Registry) Rate(s Spec) (hz, channels int, err error) {
	d, err := r.New(s)
	if err != nil {
		return 0, 0, err
	}
	return d.Rate(), d.Channels(), nil
}

// String returns s as in an rtpmap, with the name quoted where it holds
// anything but letters, digits and the like: it comes from a packet.
func (s Spec) String() string {
	name := s.Name
	if q := fmt.Sprintf("%+q", name); q != `"`+name+`"` || name == "" || strings.ContainsAny(name, " /") {
		name = q
	}
	if s.Channels == 1 {
		return fmt.Sprintf("%s/%d", name, s.Clock)
	}
	return fmt.Sprintf("%s/%d/%d", name, s.Clock, s.Channels)
}
