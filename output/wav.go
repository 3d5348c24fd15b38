package output

import (
	"encoding/binary"
	"math"
)

// wavHeader is the length of what stands before the PCM of a WAV.
const wavHeader = 80

// NewWAV creates a WAV with PCM of rate Hz and channels at path, or rather
// path.part until it is closed. A file beyond 4 GiB becomes an RF64.
func NewWAV(pool *Pool, path string, rate, channels int, opts FileOptions) (*PCMFile, error) {
	info := Info{Path: path, Format: "wav", Rate: rate, Channels: channels}
	return newPCMFile(pool, info, opts, headWAV)
}

// headWAV returns the header of a WAV (RIFF with chunks JUNK, fmt, data), or
// of an RF64 (EBU Tech 3306) where 32 bits cannot hold the length: the JUNK
// chunk has kept the place of its ds64.
//
//	 0  RIFF  size              or  RF64  ffffffff
//	 8  WAVE
//	12  JUNK  28  zeros         or  ds64  28  riff size  data size  samples  0
//	48  fmt   16  PCM, channels, rate, bytes a second, bytes a sample, 16 bits
//	72  data  size              or  data  ffffffff
func headWAV(rate, channels int, samples int64) []byte {
	le := binary.LittleEndian
	size := uint64(samples) * uint64(2*channels)
	riff := size + wavHeader - 8
	h := make([]byte, 0, wavHeader)
	if riff <= math.MaxUint32 {
		h = append(h, "RIFF"...)
		h = le.AppendUint32(h, uint32(riff))
		h = append(h, "WAVEJUNK"...)
		h = le.AppendUint32(h, 28)
		h = append(h, make([]byte, 28)...)
	} else {
		h = append(h, "RF64\xff\xff\xff\xffWAVEds64"...)
		h = le.AppendUint32(h, 28)
		h = le.AppendUint64(h, riff)
		h = le.AppendUint64(h, size)
		h = le.AppendUint64(h, uint64(samples))
		h = le.AppendUint32(h, 0) // no table of further chunk sizes
	}
	h = append(h, "fmt "...)
	h = le.AppendUint32(h, 16)
	h = le.AppendUint16(h, 1) // WAVE_FORMAT_PCM
	h = le.AppendUint16(h, uint16(channels))
	h = le.AppendUint32(h, uint32(rate))
	h = le.AppendUint32(h, uint32(rate*channels*2))
	h = le.AppendUint16(h, uint16(channels*2))
	h = le.AppendUint16(h, 16)
	h = append(h, "data"...)
	if riff > math.MaxUint32 {
		size = math.MaxUint32
	}
	return le.AppendUint32(h, uint32(size))
}
