package amrwb

// The modes, by frame type (TS 26.201 table 1a), and SID frames.
const (
	m660 = iota
	m885
	m1265
	m1425
	m1585
	m1825
	m1985
	m2305
	m2385
	mSID
)

const maxBits = 477

// params are the bits of one frame in the order of its parameters (TS 26.190
// section 7), and the next to be read.
type params struct {
	bits [maxBits]uint8
	at   int
}

// unpack reads the bits of a frame; octets holds as many as such frames have.
func (p *params) unpack(mode int, octets []byte) {
	p.at = 0
	if mode == mSID {
		for i := range sidBits {
			p.bits[i] = octets[i/8] >> (7 - i%8) & 1
		}
		return
	}
	for i, to := range orders[mode] {
		p.bits[to] = octets[i/8] >> (7 - i%8) & 1
	}
}

const sidBits = 35

// next returns the next parameter, of so many bits.
func (p *params) next(width int) int32 {
	v := int32(0)
	for _, b := range p.bits[p.at:][:width] {
		v = v<<1 | int32(b)
	}
	p.at += width
	return v
}
