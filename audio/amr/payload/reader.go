package payload

import (
	"errors"
	"fmt"
)

// Frame types that both codecs share.
const (
	SpeechLost = 14 // AMR-WB only
	NoData     = 15
)

// NoRequest is the codec mode request of a sender that asks for nothing.
const NoRequest = 15

var (
	// ErrTruncated says that a payload ends before what its table of contents
	// announces.
	ErrTruncated = errors.New("payload ends within the frames that it announces")
	// ErrFrameType says that the table of contents holds a frame type that is
	// reserved; the length of its frames is not known.
	ErrFrameType = errors.New("reserved frame type")
	// ErrFrames says that a payload announces more than a second of sound, or
	// not as many frames for each channel.
	ErrFrames = errors.New("number of frames")
)

// A Frame is one codec frame: 20 ms of one channel.
type Frame struct {
	Type    uint8 // FT: a mode, SID, SpeechLost or NoData
	Good    bool  // Q is set and the CRC, if there is one, is right
	Channel int
	// Bits are the frame's bits in the order of the payload, the first one in
	// the most significant bit, unused ones at the end zero. They are borrowed
	// until the next call of Next or Reset.
	Bits []byte
}

// A Reader reads the frames of payloads of one format. It is used again and
// again and allocates nothing.
//
//	for r.Reset(payload); r.Next(); {
//		use(r.Frame())
//	}
//	err := r.Err()
type Reader struct {
	format  Format
	payload []byte
	at      int // bits of payload that are read
	toc     [maxFrames]entry
	frames  int // in toc
	next    int // in toc
	request uint8
	frame   Frame
	bits    [maxOctets]byte
	err     error
}

// An entry is one of the table of contents, with its CRC.
type entry struct {
	frameType uint8
	good      bool
	crc       uint8
}

// NewReader returns a Reader; it has no payload yet.
func NewReader(f Format) *Reader { return &Reader{format: f} }

// Reset begins to read a payload, which is borrowed until Next returns false.
// An empty payload has no frames and is no error.
func (r *Reader) Reset(payload []byte) {
	r.payload, r.at, r.frames, r.next, r.err = payload, 0, 0, 0, nil
	r.request = NoRequest
	if len(payload) == 0 {
		return
	}
	r.request = r.take(4)
	r.align()
	r.readContents()
}

// Request returns the codec mode request of the payload, NoRequest if there
// is none.
func (r *Reader) Request() uint8 { return r.request }

// Err returns why the frames ended before the payload did, or nil. It is
// ErrTruncated, ErrFrameType or ErrFrames.
func (r *Reader) Err() error { return r.err }

// Frame returns the frame that Next has read.
func (r *Reader) Frame() Frame { return r.frame }

// Next reads the next frame. It returns false after the last one and at an
// error.
func (r *Reader) Next() bool {
	if r.err != nil || r.next == r.frames {
		return false
	}
	e := r.toc[r.next]
	k := r.format.kind(e.frameType)
	octets := (k.bits + 7) / 8
	r.frame = Frame{Type: e.frameType, Good: e.good, Channel: r.next % r.format.Channels, Bits: r.bits[:octets]}
	if r.format.Robust {
		if !r.sorted(octets) {
			return r.fail(ErrTruncated)
		}
	} else {
		if r.at+k.bits > 8*len(r.payload) {
			return r.fail(ErrTruncated)
		}
		r.copy(k.bits)
		r.align()
	}
	if k.bits%8 != 0 {
		r.bits[octets-1] &^= 0xff >> (k.bits % 8)
	}
	if r.format.CRC && k.classA > 0 && crc(r.frame.Bits, k.classA) != e.crc {
		r.frame.Good = false
	}
	r.next++
	return true
}

// readContents reads the table of contents and the CRCs behind it (RFC 4867
// sections 4.3.2 and 4.4.2).
func (r *Reader) readContents() {
	for more := true; more; {
		if r.frames == maxBlocks*r.format.Channels {
			r.refuse(ErrFrames)
			return
		}
		if r.at+6 > 8*len(r.payload) {
			r.refuse(ErrTruncated)
			return
		}
		v := r.take(6)
		r.align()
		more = v&0x20 != 0
		e := entry{frameType: v >> 1 & 15, good: v&1 != 0}
		if !r.format.kind(e.frameType).known {
			r.refuse(fmt.Errorf("%w %d", ErrFrameType, e.frameType))
			return
		}
		r.toc[r.frames] = e
		r.frames++
	}
	if r.frames%r.format.Channels != 0 {
		r.refuse(ErrFrames)
		return
	}
	if r.format.CRC {
		for i := range r.toc[:r.frames] {
			if r.format.kind(r.toc[i].frameType).classA > 0 {
				if r.at+8 > 8*len(r.payload) {
					r.refuse(ErrTruncated)
					return
				}
				r.toc[i].crc = r.take(8)
			}
		}
	}
}

// sorted copies the next frame out of octets that are sorted robustly: the
// first octet of every frame, then the second of every frame that has one and
// so on (RFC 4867 section 4.4.3). It reports whether they are all there.
func (r *Reader) sorted(octets int) bool {
	at := r.at / 8
	for i := range octets {
		before, all := 0, 0 // frames that have an octet i: before this one, at all
		for n := range r.frames {
			if (r.format.kind(r.toc[n].frameType).bits+7)/8 > i {
				all++
				if n < r.next {
					before++
				}
			}
		}
		if at+before >= len(r.payload) {
			return false
		}
		r.bits[i] = r.payload[at+before]
		at += all
	}
	return true
}

// copy copies the next n bits, which are there, to r.bits.
func (r *Reader) copy(n int) {
	first, shift := r.at/8, r.at%8
	for i := range (n + 7) / 8 {
		v := r.payload[first+i] << shift
		if first+i+1 < len(r.payload) {
			v |= byte(uint16(r.payload[first+i+1]) << shift >> 8)
		}
		r.bits[i] = v
	}
	r.at += n
}

// take returns the next n bits, at most 8, which are there.
func (r *Reader) take(n int) uint8 {
	two := uint16(r.payload[r.at/8]) << 8
	if r.at/8+1 < len(r.payload) {
		two |= uint16(r.payload[r.at/8+1])
	}
	v := two << (r.at % 8) >> (16 - n)
	r.at += n
	return uint8(v)
}

// align goes on to the next octet in octet-aligned mode.
func (r *Reader) align() {
	if r.format.OctetAligned {
		r.at = (r.at + 7) &^ 7
	}
}

func (r *Reader) fail(err error) bool {
	r.err = err
	return false
}

// refuse ends a payload before its first frame.
func (r *Reader) refuse(err error) { r.frames, r.err = 0, err }

// crc returns the CRC of the first n bits (RFC 4867 section 4.4.2.1): the
// generator is 1 + x^2 + x^3 + x^4 + x^8, with the lowest power in the most
// significant bit.
func crc(bits []byte, n int) uint8 {
	var v uint8
	for i := range n {
		feedback := v&1 ^ bits[i/8]>>(7-i%8)&1
		v >>= 1
		if feedback != 0 {
			v ^= 0xb8
		}
	}
	return v
}
