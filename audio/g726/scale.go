package g726

// scale mixes the fast and the slow scale factor (LIMA, MIX).
func (s *state) scale() int32 {
	slow := s.slow >> 6
	if s.speed >= 256 {
		return s.fast
	}
	// The product is cut off towards 0, as the division of Go does it.
	return slow + (s.fast-slow)*(s.speed>>2)/64
}

// adaptScale brings both scale factors up to date with the weight of a code
// (FILTD, LIMB, FILTE). y is what scale returned.
func (s *state) adaptScale(y, weight int32) {
	s.fast = min(max(y+(weight<<5-y)>>5, 544), 5120)
	s.slow += s.fast + -s.slow>>6
}

// adaptSpeed decides how fast the scale may move: fast while the size of the
// codes changes, for a tone, and in silence (FILTA, FILTB, SUBTC, FILTC,
// TRIGA).
func (s *state) adaptSpeed(y, size int32, transition bool) {
	s.short += (size<<9 - s.short) >> 5
	s.long += (size<<11 - s.long) >> 7
	if transition {
		s.speed = 256
		return
	}
	change := s.short<<2 - s.long
	target := int32(0)
	if y < 1536 || s.tone || max(change, -change) >= s.long>>3 {
		target = 512
	}
	s.speed += (target - s.speed) >> 4
}

// transition reports whether a difference is so big, in the midst of a tone,
// that another signal must have begun (TRANS).
func (s *state) transition(magnitude int32) bool {
	whole, fraction := s.slow>>15, s.slow>>10&31
	threshold := int32(31) << 10
	if whole <= 9 {
		threshold = (32 + fraction) << whole
	}
	return s.tone && magnitude > (threshold+threshold>>1)>>1
}
