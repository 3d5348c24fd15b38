package g726

// predict returns what the zeros expect of the next sample and what zeros and
// poles do (FMULT and ACCUM: SEZ and SE).
func (s *state) predict() (byZeros, estimate int32) {
	sum := int32(0)
	for i, b := range s.zeros {
		sum += s.dq[i].times(b)
	}
	sum = int32(int16(sum))
	all := int32(int16(sum + s.sr[0].times(s.poles[0]) + s.sr[1].times(s.poles[1])))
	return sum >> 1, all >> 1
}

// adaptZeros brings the six zeros up to date with a difference (XOR, UPB).
func (s *state) adaptZeros(negative bool, magnitude int32, leak uint) {
	for i, b := range s.zeros {
		b -= b >> leak
		switch {
		case magnitude == 0:
		case s.dq[i].negative == negative:
			b += 128
		default:
			b -= 128
		}
		s.zeros[i] = int32(int16(b))
	}
}

// adaptPoles brings the two poles up to date with a partially reconstructed
// sample and looks for a tone (UPA2, LIMC, UPA1, LIMD, TONE).
func (s *state) adaptPoles(partial int32) {
	a1, a2 := s.poles[0], s.poles[1]
	first, second := (partial < 0) == s.negative[0], (partial < 0) == s.negative[1]
	slope := min(max(a1, -8191), 8191) << 2
	a1 -= a1 >> 8
	a2 -= a2 >> 7
	if partial != 0 {
		if first {
			slope = -slope
			a1 += 192
		} else {
			a1 -= 192
		}
		if second {
			a2 += (slope + 16384) >> 7
		} else {
			a2 += (slope - 16384) >> 7
		}
	}
	a2 = min(max(a2, -12288), 12288)
	a1 = min(max(a1, a2-15360), 15360-a2)
	s.poles = [2]int32{a1, a2}
	s.tone = a2 < -11776
}
