// Package payload takes the RTP payloads of AMR and AMR-WB apart into codec
// frames (RFC 4867 section 4): bandwidth-efficient and octet-aligned, with
// frame CRC, robust sorting, several frames and several channels.
package payload

import (
	"errors"
	"fmt"
	"strings"

	"callx/audio"
)

var (
	// ErrInterleaving says that the format parameters ask for interleaving,
	// which is not undone.
	ErrInterleaving = errors.New("interleaved frames are not put in order")
	// ErrParameters says that clock, channels or format parameters are none of
	// RFC 4867 section 8.
	ErrParameters = errors.New("parameters are none of the AMR payload format")
)

// A Format is how a stream packs its frames; Channels is never 0.
type Format struct {
	Wide         bool // AMR-WB
	Channels     int  // 1 to 6
	OctetAligned bool
	CRC          bool // implies OctetAligned
	Robust       bool // robust sorting, implies OctetAligned
}

// ParseFormat reads the format of AMR-WB, if wide, or AMR from what SDP says.
// Parameters that do not change the packing are passed over (RFC 4867 sections
// 8.1 and 8.2). The error is ErrInterleaving or ErrParameters.
func ParseFormat(wide bool, s audio.Spec) (Format, error) {
	f := Format{Wide: wide, Channels: s.Channels}
	if s.Channels < 1 || s.Channels > maxChannels || s.Clock != f.Rate() {
		return Format{}, fmt.Errorf("%w: clock or channels", ErrParameters)
	}
	for param := range strings.SplitSeq(s.Fmtp, ";") {
		name, value, _ := strings.Cut(param, "=")
		value = strings.TrimSpace(value)
		var err error
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "interleaving":
			return Format{}, ErrInterleaving
		case "octet-align":
			err = flag(&f.OctetAligned, value)
		case "crc":
			err = flag(&f.CRC, value)
		case "robust-sorting":
			err = flag(&f.Robust, value)
		}
		if err != nil {
			return Format{}, fmt.Errorf("%w: %s", err, strings.TrimSpace(name))
		}
	}
	f.OctetAligned = f.OctetAligned || f.CRC || f.Robust
	return f, nil
}

func flag(on *bool, value string) error {
	if value != "0" && value != "1" {
		return ErrParameters
	}
	*on = value == "1"
	return nil
}

// Rate returns the sampling rate in Hz, which is the RTP clock too.
func (f Format) Rate() int {
	if f.Wide {
		return 16000
	}
	return 8000
}

const (
	maxChannels = 6
	// maxBlocks bounds the frame-blocks of one payload, 20 ms each: the RFC
	// has no bound, but no sender packs a second, and a table of contents costs
	// a hostile one six bits a frame.
	maxBlocks = 50
	maxFrames = maxBlocks * maxChannels
	maxOctets = 60 // of a frame: AMR-WB 23.85 kbit/s
)

// A kind is what a frame type stands for: how many bits its frames have and
// how many of them, from the first on, the CRC covers. A frame type that is
// not known makes a payload unreadable (RFC 4867 section 4.3.2).
type kind struct {
	bits, classA int
	known        bool
}

// narrow are the frame types of AMR (TS 26.101 tables 1a, 2 and 5). The
// comfort noise of other codecs, types 9 to 11, is not allowed in RTP.
var narrow = [16]kind{
	0:      {95, 42, true},
	1:      {103, 49, true},
	2:      {118, 55, true},
	3:      {134, 58, true},
	4:      {148, 61, true},
	5:      {159, 75, true},
	6:      {204, 65, true},
	7:      {244, 81, true},
	8:      {39, 39, true},
	NoData: {0, 0, true},
}

// wide are the frame types of AMR-WB (TS 26.201 tables 1a, 2 and 5).
var wide = [16]kind{
	0:          {132, 54, true},
	1:          {177, 64, true},
	2:          {253, 72, true},
	3:          {285, 72, true},
	4:          {317, 72, true},
	5:          {365, 72, true},
	6:          {397, 72, true},
	7:          {461, 72, true},
	8:          {477, 72, true},
	9:          {40, 40, true},
	SpeechLost: {0, 0, true},
	NoData:     {0, 0, true},
}

func (f Format) kind(frameType uint8) kind {
	if f.Wide {
		return wide[frameType&15]
	}
	return narrow[frameType&15]
}
