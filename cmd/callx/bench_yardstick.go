package main

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
)

// A yardstick does with a capture the least that anyone could who wants to
// know its RTP packets: it reads the file in large blocks, hops over the
// records and loads addresses, ports and the RTP header, where they stand in
// an ordinary frame. It checks nothing.
type yardstick struct {
	ctx     context.Context
	buf     []byte
	swap    bool
	packets uint64
	sum     uint64 // of what was loaded, so that it is
}

const (
	yardBlock = 1 << 20
	yardMost  = 1 << 20 // the longest record that it can hop over

	yardRTP = 20 + 8 + 12 // bytes of the headers from IPv4 to RTP
)

var errYardstick = errors.New("a record of this file is too long to hop over: it may be damaged")

// Write serves io.Copy's sake only.
func (y *yardstick) Write([]byte) (int, error) { return 0, errors.ErrUnsupported }

// ReadFrom reads one capture file.
func (y *yardstick) ReadFrom(r io.Reader) (total int64, err error) {
	if y.buf == nil {
		y.buf = make([]byte, yardBlock+yardMost)
	}
	var hop func([]byte) int
	for keep := 0; ; {
		n, err := io.ReadFull(r, y.buf[keep:keep+yardBlock])
		total += int64(n)
		if err := y.ctx.Err(); err != nil {
			return total, err
		}
		b := y.buf[:keep+n]
		if hop == nil {
			if len(b) < 24 {
				return total, nil
			}
			if hop = y.pcapng; binary.LittleEndian.Uint32(b) != 0x0a0d0d0a {
				hop = y.pcap(b)
				b = b[24:]
			}
		}
		keep = copy(y.buf, b[hop(b):])
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return total, nil
		case err != nil:
			return total, err
		case keep > yardMost:
			return total, errYardstick
		}
	}
}

// pcap returns the loop over records, for the file header at the start of b.
func (y *yardstick) pcap(b []byte) func([]byte) int {
	y.swap = b[0] == 0xa1
	head := 16
	if y.word(b) == 0xa1b2cd34 {
		head = 24
	}
	ip := yardLink(uint16(y.word(b[20:])))
	return func(b []byte) int {
		i, packets, sum, swap := 0, y.packets, y.sum, y.swap
		for i+head <= len(b) {
			n := binary.LittleEndian.Uint32(b[i+8:])
			if swap {
				n = bits.ReverseBytes32(n)
			}
			if uint64(n) > uint64(len(b)-i-head) {
				break
			}
			i += head
			if f := b[i:]; int(n) >= ip+yardRTP {
				sum += yardLoad(f[ip:])
			}
			packets++
			i += int(n)
		}
		y.packets, y.sum = packets, sum
		return i
	}
}

// pcapng is the loop over blocks; it takes frames to be Ethernet.
func (y *yardstick) pcapng(b []byte) int {
	const ip = 14
	i, packets, sum, swap := 0, y.packets, y.sum, y.swap
	for i+12 <= len(b) {
		typ, n := binary.LittleEndian.Uint32(b[i:]), binary.LittleEndian.Uint32(b[i+4:])
		if typ == 0x0a0d0d0a {
			swap = b[i+8] == 0x1a
		}
		if swap {
			typ, n = bits.ReverseBytes32(typ), bits.ReverseBytes32(n)
		}
		if n < 12 || uint64(n) > uint64(len(b)-i) {
			break
		}
		if typ == 6 {
			if n >= 32+ip+yardRTP {
				sum += yardLoad(b[i+28+ip:])
			}
			packets++
		}
		i += int(n)
	}
	y.packets, y.sum, y.swap = packets, sum, swap
	return i
}

func (y *yardstick) word(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if y.swap {
		return bits.ReverseBytes32(v)
	}
	return v
}

// yardLoad loads both addresses, both ports and the RTP header behind an IPv4
// header without options.
func yardLoad(ip []byte) uint64 {
	_ = ip[yardRTP-1]
	return binary.LittleEndian.Uint64(ip[12:]) + uint64(binary.LittleEndian.Uint32(ip[20:])) +
		binary.LittleEndian.Uint64(ip[28:]) + uint64(binary.LittleEndian.Uint32(ip[36:]))
}

// yardLink is where the network layer begins in frames of a link type.
func yardLink(link uint16) int {
	switch link {
	case 12, 14, 101, 228, 229:
		return 0
	case 0, 108:
		return 4
	case 113:
		return 16
	case 276:
		return 20
	}
	return 14
}
