package amrwb

// A pulses is the vector of the fixed codebook for one subframe, in Q9.
type pulses [subframeSamples]int32

const pulse = 512

// A track is how the pulses of one track are coded: how many there are, and
// the bits of their index, which may come in two parts.
type track struct{ pulses, high, low int }

// tracks are those of the four tracks of a subframe, by mode. The high parts
// of all tracks come first, then the low ones (TS 26.190 section 5.8.2).
var tracks = [mSID][4]track{
	m885:  {{1, 0, 5}, {1, 0, 5}, {1, 0, 5}, {1, 0, 5}},
	m1265: {{2, 0, 9}, {2, 0, 9}, {2, 0, 9}, {2, 0, 9}},
	m1425: {{3, 0, 13}, {3, 0, 13}, {2, 0, 9}, {2, 0, 9}},
	m1585: {{3, 0, 13}, {3, 0, 13}, {3, 0, 13}, {3, 0, 13}},
	m1825: {{4, 2, 14}, {4, 2, 14}, {4, 2, 14}, {4, 2, 14}},
	m1985: {{5, 10, 10}, {5, 10, 10}, {4, 2, 14}, {4, 2, 14}},
	m2305: {{6, 11, 11}, {6, 11, 11}, {6, 11, 11}, {6, 11, 11}},
	m2385: {{6, 11, 11}, {6, 11, 11}, {6, 11, 11}, {6, 11, 11}},
}

// fixedCodebook reads the pulses of a subframe.
func fixedCodebook(mode int, p *params) (c pulses) {
	if mode == m660 { // two tracks of 32 places
		index := p.next(12)
		c.add(index>>6&31*2, index>>11&1)
		c.add(index&31*2+1, index>>5&1)
		return c
	}
	var index [4]int32
	for i, t := range tracks[mode] {
		index[i] = p.next(t.high)
	}
	for i, t := range tracks[mode] {
		var s signedPlaces
		s.decode(t.pulses, index[i]<<t.low|p.next(t.low))
		for _, place := range s.at[:s.count] {
			c.add(place&15*4+int32(i), place>>4&1)
		}
	}
	return c
}

// add adds a pulse, negative if sign is 1.
func (c *pulses) add(place, sign int32) { c[place] += pulse - 2*pulse*sign }

// signedPlaces are the places of the pulses of one track, 0 to 15, with the
// sign in bit 4.
type signedPlaces struct {
	at    [6]int32
	count int
}

func (s *signedPlaces) append(places ...int32) {
	s.count += copy(s.at[s.count:], places)
}

// decode decodes an index of n pulses on 16 places.
func (s *signedPlaces) decode(n int, index int32) {
	switch n {
	case 1:
		s.one(index, 4, 0)
	case 2:
		s.two(index, 4, 0)
	case 3:
		s.three(index, 4, 0)
	case 4:
		s.four(index, 4, 0)
	case 5:
		s.five(index, 4, 0)
	case 6:
		s.six(index, 4, 0)
	}
}

// one decodes a pulse on 1<<n places from the one at offset on, in n+1 bits.
// The functions below are alike for more pulses; they look at no bits but
// their own, the lowest of index.
func (s *signedPlaces) one(index int32, n uint, offset int32) {
	s.append(index&(1<<n-1) + offset + index>>n&1<<4)
}

// two needs 2n+1 bits. There is one bit for the signs: it is that of the first
// pulse, and the second has the other sign if its place comes first.
func (s *signedPlaces) two(index int32, n uint, offset int32) {
	mask := int32(1)<<n - 1
	first, second := index>>n&mask+offset, index&mask+offset
	sign := index >> (2 * n) & 1
	other := sign
	if second < first {
		other = 1 - sign
	}
	s.append(first+sign<<4, second+other<<4)
}

// three needs 3n+1 bits: two pulses are in one half of the places.
func (s *signedPlaces) three(index int32, n uint, offset int32) {
	s.two(index, n-1, offset+index>>(2*n-1)&1<<(n-1))
	s.one(index>>(2*n), n, offset)
}

// fourAnywhere needs 4n+1 bits: two pulses are in one half, two anywhere.
func (s *signedPlaces) fourAnywhere(index int32, n uint, offset int32) {
	s.two(index, n-1, offset+index>>(2*n-1)&1<<(n-1))
	s.two(index>>(2*n), n, offset)
}

// four needs 4n bits: the highest two say how many pulses are in the first
// half.
func (s *signedPlaces) four(index int32, n uint, offset int32) {
	n--
	upper := offset + 1<<n
	switch index >> (4*n + 2) & 3 {
	case 0: // all in one half
		s.fourAnywhere(index, n, offset+index>>(4*n+1)&1<<n)
	case 1:
		s.one(index>>(3*n+1), n, offset)
		s.three(index, n, upper)
	case 2:
		s.two(index>>(2*n+1), n, offset)
		s.two(index, n, upper)
	case 3:
		s.three(index>>(n+1), n, offset)
		s.one(index, n, upper)
	}
}

// five needs 5n bits: three pulses are in one half.
func (s *signedPlaces) five(index int32, n uint, offset int32) {
	s.three(index>>(2*n+1), n-1, offset+index>>(5*n-1)&1<<(n-1))
	s.two(index, n, offset)
}

// six needs 6n-2 bits: the highest two say how many pulses are in the fuller
// half, the next which half it is.
func (s *signedPlaces) six(index int32, n uint, offset int32) {
	kind, swap := index>>(6*n-4)&3, index>>(6*n-5)&1
	n--
	fuller, other := offset+swap<<n, offset+(1-swap)<<n
	switch kind {
	case 0:
		s.five(index>>(n+1), n, fuller)
		s.one(index, n, fuller)
	case 1:
		s.five(index>>(n+1), n, fuller)
		s.one(index, n, other)
	case 2:
		s.four(index>>(2*n+1), n, fuller)
		s.two(index, n, other)
	case 3:
		s.three(index>>(3*n+1), n, offset)
		s.three(index, n, offset+1<<n)
	}
}
