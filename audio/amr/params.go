package amr

// The modes, by frame type (TS 26.101 table 1a), and SID frames.
const (
	m475 = iota
	m515
	m59
	m67
	m74
	m795
	m102
	m122
	mSID
)

const (
	maxBits   = 244
	maxParams = 57
)

// params are the parameters of one frame in the order of TS 26.090 section 7,
// and the next to be read.
type params struct {
	values [maxParams]int32
	at     int
}

// next returns the next parameter.
func (p *params) next() int32 {
	p.at++
	return p.values[p.at-1]
}

// unpack reads the parameters of a frame of one mode or of a SID frame; bits
// holds as many octets as such frames have.
func (p *params) unpack(mode int, bits []byte) {
	l := &layouts[mode]
	var ordered [maxBits]uint8
	for i, to := range l.order {
		ordered[to] = bits[i/8] >> (7 - i%8) & 1
	}
	p.at = 0
	at := 0
	for i, width := range l.widths {
		v := int32(0)
		for range width {
			v = v<<1 | int32(ordered[at])
			at++
		}
		p.values[i] = v
	}
}

// invent fills in the parameters of a frame that was not received, so that
// what is made of them has no tone. seed goes from one such frame to the next.
func (p *params) invent(mode int, seed *int32) {
	*seed = int32(int16(*seed*31821 + 13849))
	p.at = 0
	for i, width := range layouts[mode].widths {
		p.values[i] = int32(lostParameters[int(*seed&0x7f)+i]) & (1<<width - 1)
	}
}
