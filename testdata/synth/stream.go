package synth

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// A packet is one RTP packet on its way into the capture.
type packet struct {
	index   int   // of the stream, from 0: the unwrapped sequence
	pos     int   // samples after the stream's first
	nanos   int64 // capture time, counted from the call's start
	copies  int   // earlier copies in the capture
	payload []byte
}

func (s Stream) frameSamples() int {
	if s.Frame > 0 {
		return s.Frame
	}
	return s.Codec.Clock / 50
}

// voiceSeed makes every stream of a capture sound different.
func (s Stream) voiceSeed() uint32 { return mix(s.SSRC) }

// packets returns what is captured, in order of capture.
func (s Stream) packets() ([]packet, error) {
	n := s.frameSamples()
	pcm := source(s.voiceSeed(), s.Codec, s.Packets*n)
	var sent []packet
	pos := 0
	for i := range s.Packets {
		for _, e := range s.Events {
			if e.Kind == Pause && e.First == i {
				gap, err := samples(e.By, s.Codec.Clock)
				if err != nil {
					return nil, err
				}
				pos += gap
			}
		}
		width := n * s.Codec.Channels
		p := packet{index: i, pos: pos, payload: s.Codec.encode(pcm[i*width : (i+1)*width])}
		p.nanos = int64(s.At) + int64(pos)*int64(time.Second)/int64(s.Codec.Clock)
		sent = append(sent, s.impair(p)...)
		pos += n
	}
	slices.SortStableFunc(sent, func(a, b packet) int { return cmp.Compare(a.nanos, b.nanos) })
	return sent, nil
}

// impair returns the copies of p that reach the capture.
func (s Stream) impair(p packet) []packet {
	var again []packet
	for _, e := range s.Events {
		if p.index < e.First || p.index > e.Last {
			continue
		}
		switch e.Kind {
		case Lose:
			return nil
		case Delay:
			p.nanos += int64(e.By)
		case Jitter:
			if (p.index-e.First)%5 != 0 {
				p.nanos += int64(mix(s.SSRC+uint32(p.index))) % int64(e.By/time.Microsecond) * 1000
			}
		case Duplicate:
			c := p
			c.copies, c.nanos = 1, p.nanos+int64(e.By)
			again = append(again, c)
		}
	}
	return append([]packet{p}, again...)
}

// rtp writes a packet of the stream (RFC 3550 section 5.1).
func (s Stream) rtp(p packet) []byte {
	marker := byte(0)
	if p.index == 0 {
		marker = 0x80 // RFC 3551 section 4.1: a talkspurt begins
	}
	b := []byte{0x80, marker | s.Codec.PT}
	b = binary.BigEndian.AppendUint16(b, s.Seq+uint16(p.index))
	b = binary.BigEndian.AppendUint32(b, s.TS+uint32(p.pos))
	b = binary.BigEndian.AppendUint32(b, s.SSRC)
	return append(b, p.payload...)
}

// truth counts what was captured of the stream.
func (s Stream) truth(src, dst netip.AddrPort, sent []packet) *StreamTruth {
	t := &StreamTruth{
		SSRC: fmt.Sprintf("0x%08x", s.SSRC), Src: src.String(), Dst: dst.String(),
		Codec: s.Codec.String(), PayloadType: int(s.Codec.PT), Packets: len(sent),
	}
	first, last := s.Packets, -1
	for _, p := range sent {
		switch {
		case p.copies > 0:
			t.Duplicates++
		case p.index < last:
			t.Reordered++
		}
		first, last = min(first, p.index), max(last, p.index)
	}
	if len(sent) > 0 {
		t.Lost = last - first + 1 - (len(sent) - t.Duplicates)
	}
	return t
}

func (c Codec) String() string {
	if c.Channels > 1 {
		return fmt.Sprintf("%s/%d/%d", c.Name, c.Clock, c.Channels)
	}
	return fmt.Sprintf("%s/%d", c.Name, c.Clock)
}

// samples converts a time to whole samples: a script whose times fall between
// samples would have no exact truth.
func samples(d time.Duration, rate int) (int, error) {
	n := int64(d) * int64(rate)
	if n%int64(time.Second) != 0 {
		return 0, fmt.Errorf("%s is no whole number of samples at %d Hz", d, rate)
	}
	return int(n / int64(time.Second)), nil
}
