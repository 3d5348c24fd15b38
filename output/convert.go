package output

import (
	"errors"
	"io"

	"callx/audio"
)

// Convert writes a finished file's PCM at another rate as L16 to path.
func Convert(pool *Pool, info Info, path string, rate int) (out Info, err error) {
	w, err := NewL16(pool, path, rate, info.Channels, FileOptions{Overwrite: true})
	if err != nil {
		return Info{}, err
	}
	r := OpenPCM(pool, info)
	sink := audio.NewResampler(w, info.Rate, rate, info.Channels)
	err = copyPCM(sink, r, info.Channels)
	if e := r.Close(); err == nil {
		err = e
	}
	if err != nil {
		w.Abort()
		return Info{}, err
	}
	err = sink.Close()
	return w.Info(), err
}

func copyPCM(dst audio.Sink, r *PCMReader, channels int) error {
	pcm := make([]int16, mixSamples*channels)
	for at := int64(0); ; {
		n, err := r.Read(pcm)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := dst.Write(audio.Block{At: at, PCM: pcm[:n]}); err != nil {
			return err
		}
		at += int64(n / channels)
	}
}
