package ws

import (
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/go-audio/wav"
)

// A content is what a file of PCM holds.
type content struct {
	rate, channels int
	bytes          int64  // of PCM
	crc            uint32 // CRC-32C of them
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// reread reads a finished WAV with go-audio/wav, which has no code in common
// with the writer. A bare PCM file has no rate and channels: want's are taken.
func reread(path, format string, want content) (got content, err error) {
	f, err := os.Open(path)
	if err != nil {
		return got, err
	}
	defer f.Close()
	got.rate, got.channels = want.rate, want.channels
	var pcm io.Reader = f
	if format == "wav" {
		d := wav.NewDecoder(f)
		if err := d.FwdToPCM(); err != nil {
			return got, err
		}
		if d.PCMChunk == nil || d.WavAudioFormat != 1 || d.BitDepth != 16 {
			return got, fmt.Errorf("%s: not a WAV with 16-bit PCM (%v)", path, d.Err())
		}
		got.rate, got.channels = int(d.SampleRate), int(d.NumChans)
		pcm = d.PCMChunk
	}
	sum := crc32.New(castagnoli)
	got.bytes, err = io.Copy(sum, pcm)
	got.crc = sum.Sum32()
	return got, err
}

// verify returns what the file at path holds, and an error unless that is what
// was received.
func verify(path, format string, want content) (content, error) {
	got, err := reread(path, format, want)
	switch {
	case err != nil:
		return got, fmt.Errorf("reading %s again: %w", path, err)
	case got.rate != want.rate || got.channels != want.channels || got.bytes != want.bytes:
		return got, fmt.Errorf("%s holds %d bytes of PCM, %d Hz, %d channels; received were %d, %d, %d",
			path, got.bytes, got.rate, got.channels, want.bytes, want.rate, want.channels)
	case got.crc != want.crc:
		return got, fmt.Errorf("%s does not hold the samples that were received", path)
	}
	return got, nil
}
