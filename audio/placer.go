package audio

// A placer writes PCM at positions of one timeline to a Sink as blocks that
// follow each other: it fills with silence, trims what overlaps, and brings
// every rate and channel count to those of the leg.
type placer struct {
	dst      Sink
	rate     int
	channels int
	at       int64 // next sample to be written
	lane     *lane
	wide     []int16 // reused for channel conversion
}

// zeros is the PCM of silence blocks.
var zeros [8192]int16

// A lane is a stretch of PCM at a rate other than the leg's: it runs through
// its own resampler, from a position of the leg's timeline on.
type lane struct {
	base int64 // position of its first sample, at the leg's rate
	rate int
	at   int64 // samples given so far, at its own rate
	sink Sink
}

// put writes pcm at position at, at most up to limit. It reports whether
// anything had to be trimmed.
func (p *placer) put(at, limit int64, pcm []int16, rate, channels int) (trimmed bool, err error) {
	pcm = p.widen(pcm, channels)
	if rate != p.rate {
		return p.putLane(at, limit, pcm, rate)
	}
	if err := p.closeLane(); err != nil {
		return false, err
	}
	pcm, at, trimmed = p.trim(pcm, at, p.at, limit)
	if len(pcm) == 0 {
		return trimmed, nil
	}
	if err := p.silence(at); err != nil {
		return trimmed, err
	}
	return trimmed, p.write(Decoded, pcm)
}

// trim cuts off what of pcm, which begins at position at, lies before next or
// behind limit, and returns what is left with its position.
func (p *placer) trim(pcm []int16, at, next, limit int64) ([]int16, int64, bool) {
	n := int64(len(pcm) / p.channels)
	from, to := min(max(next-at, 0), n), max(min(limit-at, n), 0)
	if from >= to {
		return nil, at, true
	}
	return pcm[from*int64(p.channels) : to*int64(p.channels)], at + from, from > 0 || to < n
}

// putLane is put for PCM at another rate.
func (p *placer) putLane(at, limit int64, pcm []int16, rate int) (trimmed bool, err error) {
	if p.lane == nil || p.lane.rate != rate {
		if err := p.closeLane(); err != nil {
			return false, err
		}
		if err := p.silence(at); err != nil {
			return false, err
		}
		p.lane = &lane{base: p.at, rate: rate}
		p.lane.sink = NewResampler(laneSink{p}, rate, p.rate, p.channels)
	}
	l := p.lane
	from := scale(at-l.base, int64(rate), int64(p.rate))
	pcm, from, trimmed = p.trim(pcm, from, l.at, scale(limit-l.base, int64(rate), int64(p.rate)))
	if len(pcm) == 0 {
		return trimmed, nil
	}
	for l.at < from {
		k := min(from-l.at, int64(len(zeros)/p.channels))
		if err := l.sink.Write(Block{At: l.at, Kind: Silence, PCM: zeros[:k*int64(p.channels)]}); err != nil {
			return trimmed, err
		}
		l.at += k
	}
	err = l.sink.Write(Block{At: l.at, Kind: Decoded, PCM: pcm})
	l.at += int64(len(pcm) / p.channels)
	return trimmed, err
}

// A laneSink takes what a lane's resampler gives at the leg's rate.
type laneSink struct{ p *placer }

func (s laneSink) Write(b Block) error { return s.p.write(b.Kind, b.PCM) }
func (s laneSink) Close() error        { return nil }

func (p *placer) closeLane() error {
	if p.lane == nil {
		return nil
	}
	l := p.lane
	p.lane = nil
	return l.sink.Close()
}

// silence fills up to position end.
func (p *placer) silence(end int64) error {
	if p.lane != nil && end > p.at {
		if err := p.closeLane(); err != nil {
			return err
		}
	}
	for p.at < end {
		n := min(end-p.at, int64(len(zeros)/p.channels))
		if err := p.write(Silence, zeros[:n*int64(p.channels)]); err != nil {
			return err
		}
	}
	return nil
}

func (p *placer) write(k Kind, pcm []int16) error {
	err := p.dst.Write(Block{At: p.at, Kind: k, PCM: pcm})
	p.at += int64(len(pcm) / p.channels)
	return err
}

// widen brings pcm to the leg's channel count: a mono codec in a leg that is
// stereo elsewhere is heard on both channels.
func (p *placer) widen(pcm []int16, channels int) []int16 {
	if channels == p.channels {
		return pcm
	}
	p.wide = p.wide[:0]
	for i := 0; i+channels <= len(pcm); i += channels {
		for c := range p.channels {
			p.wide = append(p.wide, pcm[i+min(c, channels-1)])
		}
	}
	return p.wide
}

func (p *placer) close() error {
	err := p.closeLane()
	if e := p.dst.Close(); err == nil {
		err = e
	}
	return err
}
