package forms

import "callx/testdata/synth"

const (
	micro = int64(1e3)
	milli = int64(1e6)
)

// again captures every frame another time, later by so many nanoseconds, as
// other makes it look.
func again(later int64, other func(n int, frame []byte) []byte) step {
	return chain(spread(func(n int, fr synth.Frame) []synth.Frame {
		c := fr
		c.Nanos, c.Data = fr.Nanos+later, other(n, fr.Data)
		return []synth.Frame{fr, c}
	}), inOrder)
}

func same(_ int, frame []byte) []byte { return frame }

func tagOnce(_ int, frame []byte) []byte { return tagged(frame, etherVLAN) }

// routed is the frame behind a router: other hardware addresses, one hop less.
func routed(_ int, frame []byte) []byte {
	p := mustPeel(frame)
	b := append([]byte{}, p.data...)
	if p.v6() {
		b[7]--
	} else {
		b[8]--
		sumIPv4(b[:p.header()])
	}
	return ethernet(p.ether, b)
}

// cutSIP captures all of a SIP message but its last bytes: the end of a line.
func cutSIP(c Capture) Capture {
	for i := range c.Frames {
		fr := &c.Frames[i]
		if _, _, payload, ok := mustPeel(fr.Data).udp(); ok && isSIP(payload) {
			fr.Orig = len(fr.Data)
			fr.Data = fr.Data[:len(fr.Data)-cutBytes]
		}
	}
	return c
}

const cutBytes = 2
