package wire

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"callx/pcapio"
)

// A seg is one TCP segment to build. back is of the other direction.
type seg struct {
	at    int64 // milliseconds
	seq   uint32
	data  string
	flags byte
	ack   uint32
	back  bool
	cut   int // bytes taken off the end by the snaplen
}

// frameOf builds the frame of a segment; n numbers it.
func (s *seg) frame(n int, client, server netip.AddrPort) *pcapio.Frame {
	src, dst := client, server
	if s.back {
		src, dst = dst, src
	}
	flags := s.flags
	if s.ack != 0 {
		flags |= flagACK
	}
	b := be16(int(src.Port()), int(dst.Port()))
	b = binary.BigEndian.AppendUint32(b, s.seq)
	b = binary.BigEndian.AppendUint32(b, s.ack)
	b = join(b, []byte{8 << 4, flags}, be16(1000, 0xdead, 0), make([]byte, 12), []byte(s.data))
	sa, da := src.Addr().As4(), dst.Addr().As4()
	b = join([]byte{0x45, 0}, be16(20+len(b), n, 0), []byte{64, byte(TCP), 0xbe, 0xef}, sa[:], da[:], b)
	b = eth(etherIPv4, b)
	return &pcapio.Frame{
		Pos: pcapio.Pos{Frame: uint64(n)}, Nanos: 1700000000e9 + s.at*1e6, Link: linkEthernet, Orig: len(b), Data: b[:len(b)-s.cut],
	}
}

var (
	client = netip.AddrPortFrom(src4, 40000)
	server = netip.AddrPortFrom(dst4, 5060)
)

// want is what the tests take for a stream to follow: text that begins with *.
func want(_ Flow, b []byte) Interest {
	switch {
	case len(b) > 0 && b[0] == '*':
		return Follow
	case len(b) > 0 && b[0] == '?':
		return Undecided
	case len(b) > 0 && b[0] == '!':
		return Glance
	}
	return Ignore
}

// follow decodes segments one by one, then flushes.
func follow(t testing.TB, segs []seg) (all [][]Datagram) {
	t.Helper()
	d := Decoder{Streams: want}
	for i := range segs {
		got, class := d.Decode(nil, segs[i].frame(i+1, client, server))
		if class != ClassTCP {
			t.Fatalf("segment %d: class %d", i+1, class)
		}
		all = append(all, got)
	}
	all = append(all, d.Flush(nil))
	if d.streams.bytes != 0 || len(d.streams.byFlow) != 0 {
		t.Errorf("%d bytes and %d connections after Flush", d.streams.bytes, len(d.streams.byFlow))
	}
	return all
}
