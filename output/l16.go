package output

import (
	"encoding/binary"
	"unsafe"
)

// NewL16 creates a file of bare PCM, without any header, at path, or rather
// path.part until it is closed. It is little-endian, unlike L16 in RTP.
func NewL16(pool *Pool, path string, rate, channels int, opts FileOptions) (*PCMFile, error) {
	info := Info{Path: path, Format: "l16", Rate: rate, Channels: channels}
	return newPCMFile(pool, info, opts, func(int, int, int64) []byte { return nil })
}

// nativeLittle says that samples in memory look as they do in a file.
var nativeLittle = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// putSamples writes pcm to b, little-endian; b is long enough.
func putSamples(b []byte, pcm []int16) {
	if nativeLittle {
		copy(b, bytesOf(pcm))
		return
	}
	putPortable(b, pcm)
}

func putPortable(b []byte, pcm []int16) {
	for i, v := range pcm {
		binary.LittleEndian.PutUint16(b[2*i:], uint16(v))
	}
}

// bytesOf returns the memory of pcm as it is.
func bytesOf(pcm []int16) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(pcm))), 2*len(pcm))
}
