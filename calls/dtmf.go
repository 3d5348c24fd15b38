package calls

import "encoding/binary"

// A digitEvent is one RFC 4733 event as its packets tell it; whether the
// payload type really is telephone-event is known only in Finish.
type digitEvent struct {
	run      *run
	ts       int64
	event    uint8
	pt       uint8
	duration uint16 // ticks, the longest said
	nanos    int64
}

// isEvent reports whether a packet may carry a telephone-event (RFC 4733
// section 2.3): a dynamic payload type, four bytes, reserved bit 0.
func (s *sample) isEvent() bool {
	return s.size == 4 && s.pt >= 96 && s.head[0] <= 16 && s.head[1]&0x40 == 0
}

// maxDigits bounds the events kept of one capture against hostile input.
const maxDigits = 1 << 20

// event takes a packet that may be a telephone-event; its repetitions share
// the timestamp and prolong the event.
func (x *Indexer) event(s *sample, r *run) {
	duration := binary.BigEndian.Uint16(s.head[2:])
	ts := r.tsTop + int64(int32(s.ts-uint32(r.tsTop)))
	for i := len(x.dtmf) - 1; i >= max(0, len(x.dtmf)-64); i-- {
		if e := &x.dtmf[i]; e.run == r && e.ts == ts && e.event == s.head[0] {
			e.duration = max(e.duration, duration)
			return
		}
	}
	if len(x.dtmf) < maxDigits {
		x.dtmf = append(x.dtmf, digitEvent{r, ts, s.head[0], s.pt, duration, s.nanos})
	}
}

const digits = "0123456789*#ABCD"

// digit names an event; 16 is a hook flash.
func (e *digitEvent) digit() string {
	if int(e.event) < len(digits) {
		return digits[e.event : e.event+1]
	}
	return "flash"
}
