package amr

// A pulses is the vector of the fixed codebook for one subframe: a few pulses
// of full scale in Q13, at 12.2 kbit/s in Q12.
type pulses [subframeSamples]int32

// positive and negative are a pulse of the small codebooks.
const positive, negative = 8191, -8192

// fixedCodebook reads the pulses of a subframe, 0 to 3 (TS 26.090 sections
// 5.7.1 and 6.1).
func fixedCodebook(mode, subframe int, p *params) (c pulses) {
	switch mode {
	case m475, m515, m59, m67, m74, m795:
		var places [4]int32
		n := places2to4(mode, subframe, p.next(), &places)
		signs := p.next()
		for i, place := range places[:n] {
			c[place] = negative
			if signs>>i&1 != 0 {
				c[place] = positive
			}
		}
	case m102:
		c.read8(p)
	case m122:
		c.read10(p)
	}
	return c
}

// places2to4 decodes the places of the pulses of the small codebooks and
// returns how many there are.
func places2to4(mode, subframe int, index int32, at *[4]int32) int {
	switch mode {
	case m475, m515:
		tracks := &pulseTracks[subframe+int(index>>6&1)*4]
		at[0] = index&7*5 + int32(tracks[0])
		at[1] = index>>3&7*5 + int32(tracks[1])
		return 2
	case m59:
		at[0] = index>>1&7*5 + index&1*2 + 1
		track := index >> 4 & 3
		if track == 3 {
			track = 4
		}
		at[1] = index>>6&7*5 + track
		return 2
	case m67:
		at[0] = index & 7 * 5
		at[1] = index>>4&7*5 + 1 + index>>3&1*2
		at[2] = index>>8&7*5 + 2 + index>>7&1*2
		return 3
	}
	at[0] = int32(gray[index&7]) * 5
	at[1] = int32(gray[index>>3&7])*5 + 1
	at[2] = int32(gray[index>>6&7])*5 + 2
	at[3] = int32(gray[index>>10&7])*5 + 3 + index>>9&1
	return 4
}

// pair adds two pulses of one track: the second has the sign of the first,
// unless its place comes before.
func (c *pulses) pair(first, second, amplitude int32) {
	c[first] = amplitude
	if second < first {
		amplitude = -amplitude
	}
	c[second] += amplitude
}

// read8 reads the codebook of 10.2 kbit/s: two pulses on each of four tracks.
func (c *pulses) read8(p *params) {
	var signs [4]int32
	for i := range signs {
		signs[i] = p.next()
	}
	var at [8]int32
	at[0], at[4], at[1] = three(p.next())
	at[2], at[6], at[5] = three(p.next())
	at[3], at[7] = two(p.next())
	for track := range int32(4) {
		amplitude := int32(positive)
		if signs[track] != 0 {
			amplitude = -positive
		}
		c.pair(at[track]*4+track, at[track+4]*4+track, amplitude)
	}
}

// three takes the places of three pulses, 0 to 9, out of 10 bits: their lowest
// bits stand apart, the rest is a number of three digits to base 5.
func three(index int32) (a, b, c int32) {
	digits := min(index>>3, 124)
	return digits%5*2 + index&1, digits/5%5*2 + index>>1&1, digits/25*2 + index>>2&1
}

// two takes the places of two pulses out of 7 bits; the digits are stretched
// over the 32 values, and every other row of them runs backwards.
func two(index int32) (a, b int32) {
	digits := (index>>2*25 + 12) >> 5
	column, row := digits%5, digits/5
	if row&1 != 0 {
		column = 4 - column
	}
	return column*2 + index&1, row*2 + index>>1&1
}

// read10 reads the codebook of 12.2 kbit/s: two pulses on each of five tracks.
func (c *pulses) read10(p *params) {
	var index [10]int32
	for i := range index {
		index[i] = p.next()
	}
	for track := range int32(5) {
		amplitude := int32(4096)
		if index[track]&8 != 0 {
			amplitude = -4096
		}
		c.pair(int32(gray[index[track]&7])*5+track, int32(gray[index[track+5]&7])*5+track, amplitude)
	}
}
