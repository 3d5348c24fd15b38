// Package amr decodes AMR speech (3GPP TS 26.071, the adaptive multi-rate
// codec) as RTP carries it (RFC 4867): eight modes of 4.75 to 12.2 kbit/s,
// comfort noise, and concealment of frames that are marked as bad or missing.
// A frame is 20 ms or 160 samples at 8000 Hz.
//
// The arithmetic is that of the standard, 16 and 32 bits with saturation, so
// the samples equal those of every other right decoder.
package amr

import (
	"slices"

	"callx/audio"
	"callx/audio/amr/payload"
)

// New returns a decoder for AMR. The error is that of payload.ParseFormat.
func New(s audio.Spec) (audio.Decoder, error) {
	format, err := payload.ParseFormat(false, s)
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

func (d *decoder) Rate() int     { return 8000 }
func (d *decoder) Channels() int { return len(d.channels) }

// Decode appends 160 samples for every frame of payload, bad ones and such
// without data included. The error is one of package payload; the frames
// before it are decoded.
func (d *decoder) Decode(dst []int16, payload []byte) ([]int16, error) {
	var pcm [frameSamples]int32
	n := len(d.channels)
	end := len(dst)
	for d.reader.Reset(payload); d.reader.Next(); {
		f := d.reader.Frame()
		d.channels[f.Channel].frame(&f, &pcm)
		dst = slices.Grow(dst[:end], n*frameSamples)
		block := dst[end:][:n*frameSamples]
		for i, v := range pcm {
			block[i*n+f.Channel] = int16(v)
		}
		if f.Channel == n-1 {
			end += len(block)
		}
	}
	return dst[:end], d.reader.Err()
}

// frame decodes one frame of one channel.
func (c *channel) frame(f *payload.Frame, pcm *[frameSamples]int32) {
	var p params
	r := c.read(f, &p)
	next := c.comfort.receive(r)
	var filters [4]filter
	if next == speaking {
		if r == noData {
			p.invent(c.mode, &c.seed)
		}
		c.speech(&p, r != speechGood, pcm, &filters)
	} else {
		c.restart()
		c.comfortNoise(next, &p, pcm, &filters)
	}
	c.comfort.state = next
	c.post.filter(c.mode, pcm, &filters)
	for i, v := range pcm {
		pcm[i] = v &^ 7 // the codec has 13 bits
	}
}

// read reads the parameters of a frame and its mode, and says what it is.
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
		// Bit 35 tells the two kinds of SID frame apart, the last three are the
		// mode, lowest bit first (TS 26.101 section 4.2.3).
		last := f.Bits[4]
		c.mode = int(last>>3&1 | last>>2&1<<1 | last>>1&1<<2)
		p.unpack(mSID, f.Bits)
		switch {
		case !f.Good:
			return sidBad
		case last&0x10 != 0:
			return sidUpdate
		}
		return sidFirst
	}
	return noData
}
