// Package amrwb decodes AMR-WB speech (3GPP TS 26.171 and ITU-T G.722.2, the
// adaptive multi-rate wideband codec) as RTP carries it (RFC 4867): nine modes
// of 6.6 to 23.85 kbit/s, comfort noise, and concealment of frames that are
// marked as bad or missing. A frame is 20 ms or 320 samples at 16000 Hz.
//
// The arithmetic is that of the standard, 16 and 32 bits with saturation, so
// the samples equal those of every other right decoder.
package amrwb

import (
	"slices"

	"callx/audio"
	"callx/audio/amr/payload"
)

const rate, outSamples = 16000, 4 * highSamples

// New returns a decoder for AMR-WB. The error is that of payload.ParseFormat.
func New(s audio.Spec) (audio.Decoder, error) {
	format, err := payload.ParseFormat(true, s)
	if err != nil {
		return nil, err
	}
	d := &decoder{reader: payload.NewReader(format), channels: make([]*channel, format.Channels)}
	for i := range d.channels {
		d.channels[i] = newChannel()
	}
	return d, nil
}

type decoder struct {
	reader   *payload.Reader
	channels []*channel
}

func (d *decoder) Rate() int     { return rate }
func (d *decoder) Channels() int { return len(d.channels) }

// Decode appends 320 samples for every frame of payload, bad ones and such
// without data included. The error is one of package payload; the frames
// before it are decoded.
func (d *decoder) Decode(dst []int16, payload []byte) ([]int16, error) {
	var pcm [4]part
	n := len(d.channels)
	end := len(dst)
	for d.reader.Reset(payload); d.reader.Next(); {
		f := d.reader.Frame()
		d.channels[f.Channel].frame(&f, &pcm)
		dst = slices.Grow(dst[:end], n*outSamples)
		block := dst[end:][:n*outSamples]
		for i := range pcm {
			for k, v := range pcm[i] {
				block[(i*highSamples+k)*n+f.Channel] = int16(v &^ 3) // the codec has 14 bits
			}
		}
		if f.Channel == n-1 {
			end += len(block)
		}
	}
	return dst[:end], d.reader.Err()
}

// frame decodes one frame of one channel.
func (c *channel) frame(f *payload.Frame, pcm *[4]part) {
	var p params
	r := c.read(f, &p)
	next := c.comfort.receive(r)
	bad := r == speechBad || r == speechLost || r == noData
	c.badness(bad)
	if next == speaking {
		c.speech(&p, bad, r != speechBad && bad, pcm)
	} else {
		c.comfortNoise(next, &p, bad, pcm)
	}
	c.comfort.state = next
}

// read reads the bits of a frame and its mode, and says what it is.
func (c *channel) read(f *payload.Frame, p *params) reception {
	switch {
	case f.Type < mSID:
		c.mode = int(f.Type)
		p.unpack(c.mode, f.Bits)
		if !f.Good {
			return speechBad
		}
		return speechGood
	case f.Type == mSID:
		p.unpack(mSID, f.Bits)
		switch {
		case !f.Good:
			return sidBad
		case f.Bits[4]&0x10 != 0: // bit 35 (TS 26.201 section 4.2.3)
			return sidUpdate
		}
		return sidFirst
	case f.Type == payload.SpeechLost:
		return speechLost
	}
	return noData
}
