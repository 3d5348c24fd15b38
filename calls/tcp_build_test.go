package calls

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"callx/pcapio"
	"callx/pcapio/wire"
)

// Builders of captures with TCP: Ethernet and IPv4, one connection a pair of
// addresses.

const (
	tcpFIN = 1
	tcpSYN = 2
	tcpPSH = 8
	tcpACK = 16
)

// tcpFrame builds a segment.
func tcpFrame(src, dst netip.AddrPort, seq, ack uint32, flags byte, data []byte) []byte {
	be := binary.BigEndian
	b := []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0}
	b = be.AppendUint16(b, uint16(40+len(data)))
	b = append(b, 0, 1, 0, 0, 64, 6, 0, 0)
	b = append(b, src.Addr().AsSlice()...)
	b = append(b, dst.Addr().AsSlice()...)
	b = be.AppendUint16(b, src.Port())
	b = be.AppendUint16(b, dst.Port())
	b = be.AppendUint32(b, seq)
	b = be.AppendUint32(b, ack)
	b = append(b, 5<<4, flags, 0x80, 0, 0, 0, 0, 0)
	return append(b, data...)
}

// udpFrame builds a datagram.
func udpFrame(src, dst netip.AddrPort, data []byte) []byte {
	b := tcpFrame(src, dst, 0, 0, 0, data)
	binary.BigEndian.PutUint16(b[16:], uint16(28+len(data)))
	b[23] = 17
	b = append(b[:38], b[54-4:]...)
	binary.BigEndian.PutUint16(b[38:], uint16(8+len(data)))
	return append(b[:40], append([]byte{0, 0}, data...)...)
}

// A tcpConn writes both streams of one connection as frames.
type tcpConn struct {
	client, server netip.AddrPort
	seq            [2]uint32 // of the next byte of client and server
	frames         *[][]byte
}

// dial opens a connection.
func dial(frames *[][]byte, client, server netip.AddrPort) *tcpConn {
	c := &tcpConn{client: client, server: server, seq: [2]uint32{4294967000, 77}, frames: frames}
	c.frame(0, tcpSYN, nil)
	c.seq[0]++
	c.frame(1, tcpSYN|tcpACK, nil)
	c.seq[1]++
	c.frame(0, tcpACK, nil)
	return c
}

func (c *tcpConn) frame(side int, flags byte, data []byte) {
	src, dst := c.client, c.server
	if side == 1 {
		src, dst = dst, src
	}
	*c.frames = append(*c.frames, tcpFrame(src, dst, c.seq[side], c.seq[1-side], flags, data))
}

// send writes bytes in one segment.
func (c *tcpConn) send(side int, data []byte) {
	c.frame(side, tcpPSH|tcpACK, data)
	c.seq[side] += uint32(len(data))
}

// close ends both streams.
func (c *tcpConn) close() {
	for side := range 2 {
		c.frame(side, tcpFIN|tcpACK, nil)
		c.seq[side]++
	}
	c.frame(0, tcpACK, nil)
}

// segments sends bytes in segments of random length, in disorder within few of
// them, some twice.
func (c *tcpConn) segments(rng *rand.Rand, side int, data []byte, longest int) {
	first := len(*c.frames)
	for len(data) > 0 {
		n := min(1+rng.IntN(longest), len(data))
		c.send(side, data[:n])
		data = data[n:]
	}
	sent := (*c.frames)[first:]
	for block := range slices.Chunk(sent, 4) {
		rng.Shuffle(len(block), func(i, j int) { block[i], block[j] = block[j], block[i] })
	}
	for range len(sent) / 8 {
		*c.frames = append(*c.frames, sent[rng.IntN(len(sent))])
	}
}

// writePcap writes frames as a pcap file, a millisecond apart.
func writePcap(t *testing.T, frames [][]byte) string {
	t.Helper()
	le := binary.LittleEndian
	b := []byte{0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0}
	for i, f := range frames {
		b = le.AppendUint32(b, uint32(1700000000+i/1000))
		b = le.AppendUint32(b, uint32(i%1000*1000))
		b = le.AppendUint32(b, uint32(len(f)))
		b = le.AppendUint32(b, uint32(len(f)))
		b = append(b, f...)
	}
	path := filepath.Join(t.TempDir(), "tcp.pcap")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// capturedFrames numbers frames, a millisecond apart.
func capturedFrames(frames [][]byte) (list []pcapio.Frame) {
	for i, b := range frames {
		list = append(list, pcapio.Frame{
			Pos: pcapio.Pos{Frame: uint64(i + 1)}, Nanos: 1700000000e9 + int64(i)*1e6, Link: 1, Orig: len(b), Data: b,
		})
	}
	return list
}

// indexFrames runs pass 1 over frames.
func indexFrames(frames []pcapio.Frame) *Index {
	x := NewIndexer(Options{Decodable: func(c Codec) bool { return c.Name == "PCMA" }})
	d := wire.Decoder{Streams: Streams}
	var room []wire.Datagram
	for i := range frames {
		var class wire.Class
		room, class = d.Decode(room[:0], &frames[i])
		x.Frame(&frames[i], class, room)
	}
	x.Frame(nil, 0, d.Flush(room[:0]))
	return x.Finish([]string{"capture"})
}
