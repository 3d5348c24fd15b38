package g729

// A frame holds the codes of 10 ms of speech (table 8).
type frame struct {
	predictor int // L0: of the LSP quantizer
	lsp       [3]int
	subframes [2]subframe
	badPitch  bool // the parity bit disagrees with the first pitch delay
}

// A subframe holds the codes of one half of a frame.
type subframe struct {
	pitch  int // P1 or P2
	pulses int // C: positions
	signs  int // S
	first  int // GA
	second int // GB
}

// parse takes a frame apart, most significant bit first.
func parse(octets *[frameSize]byte) frame {
	b := bitReader{octets: octets[:]}
	var f frame
	f.predictor = b.next(1)
	f.lsp = [3]int{b.next(7), b.next(5), b.next(5)}
	for i := range f.subframes {
		s := &f.subframes[i]
		if i == 0 {
			s.pitch = b.next(8)
			f.badPitch = !odd(s.pitch>>2<<1 | b.next(1))
		} else {
			s.pitch = b.next(5)
		}
		s.pulses = b.next(13)
		s.signs = b.next(4)
		s.first = b.next(3)
		s.second = b.next(4)
	}
	return f
}

// odd reports whether an odd number of bits of v are set.
func odd(v int) bool {
	n := 0
	for ; v > 0; v >>= 1 {
		n += v & 1
	}
	return n%2 != 0
}

// A sid holds the codes of a silence insertion descriptor (table B.2).
type sid struct {
	predictor int
	lsp       [2]int
	gain      int
}

func parseSID(octets *[sidSize]byte) sid {
	b := bitReader{octets: octets[:]}
	return sid{predictor: b.next(1), lsp: [2]int{b.next(5), b.next(4)}, gain: b.next(5)}
}

// A bitReader reads codes, most significant bit first.
type bitReader struct {
	octets []byte
	at     int // next bit
}

func (b *bitReader) next(n int) int {
	v := 0
	for range n {
		v = v<<1 | int(b.octets[b.at/8]>>(7-b.at%8))&1
		b.at++
	}
	return v
}
