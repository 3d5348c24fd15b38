package synth

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"
)

// A Big describes a capture of any size: G.711 calls, alternately A-law and
// mu-law, both directions in 20 ms packets, each with its signalling. It is
// written as it is made, in order of time.
type Big struct {
	Calls          int
	Seconds        int // of media in each call
	Concurrent     int // calls at a time; 0 lets all of them overlap
	LossPerMillion int // packets left out, never the first or last of a stream
	Seed           uint32
}

// BigStats says what was written.
type BigStats struct {
	Calls, Streams, RTP, Lost, SIP, Bytes int
	Duration                              time.Duration
}

const (
	tickMicros = 20_000
	bigPayload = 160
	bigHeaders = 16 + 14 + 20 + 8 + 12 // record, Ethernet, IPv4, UDP, RTP
	// Neighbours in time change places within groups of this many packets, so
	// that streams do not take turns in the same order for ever.
	shuffleGroup = 8
)

// A bigStream is one RTP stream on the wire: its headers are kept ready and
// only the fields that change are rewritten.
type bigStream struct {
	headers [bigHeaders]byte
	table   []byte // encoded audio, read in a circle
	cursor  int
	tick    int // of the first packet
	phase   int // microseconds within each tick
	sent    int // packets so far, lost ones included
	seq     uint16
	ts      uint32
	noise   uint32
}

type bigMessage struct {
	micros int64
	call   int
	step   int
}

type bigWriter struct {
	Big
	w        *bufio.Writer
	stats    BigStats
	messages []bigMessage
	active   []*bigStream // by phase
	total    int          // packets a stream
	stagger  int64        // microseconds between the starts of calls
	last     int64
}

// Write writes the capture: a pcap, little-endian, microseconds, Ethernet.
func (b Big) Write(w io.Writer) (BigStats, error) {
	if b.Calls < 1 || b.Seconds < 1 || b.Calls > 1<<20 {
		return BigStats{}, fmt.Errorf("%d calls of %d s: want 1 to %d calls of at least 1 s", b.Calls, b.Seconds, 1<<20)
	}
	bw := &bigWriter{Big: b, w: bufio.NewWriterSize(w, 1<<20), total: b.Seconds * 50}
	// All calls overlap if they begin within half of their length.
	bw.stagger = min(10_000_000, int64(b.Seconds)*500_000) / int64(b.Calls)
	if b.Concurrent > 0 {
		bw.stagger = int64(b.Seconds) * 1_000_000 / int64(b.Concurrent)
	}
	err := bw.run()
	return bw.stats, err
}

func (b *bigWriter) run() error {
	if err := b.emit(File{}.writePcap(Iface{Link: Ethernet}, nil)); err != nil {
		return err
	}
	tables := [2][]byte{b.table(PCMA), b.table(PCMU)}
	streams := b.plan(tables)
	for tick := 0; len(streams) > 0 || len(b.active) > 0; tick++ {
		for len(streams) > 0 && streams[0].tick <= tick {
			at, _ := slices.BinarySearchFunc(b.active, streams[0], byPhase)
			b.active = slices.Insert(b.active, at, streams[0])
			streams = streams[1:]
		}
		if err := b.tick(tick); err != nil {
			return err
		}
		b.active = slices.DeleteFunc(b.active, func(s *bigStream) bool { return s.sent == b.total })
	}
	if err := b.signalling(1 << 62); err != nil {
		return err
	}
	b.stats.Calls, b.stats.Streams = b.Calls, 2*b.Calls
	b.stats.Duration = time.Duration(b.last) * time.Microsecond
	return b.w.Flush()
}

func byPhase(x, y *bigStream) int { return cmp.Compare(x.phase, y.phase) }

// table is a minute of speech; streams begin at different places of it.
func (b *bigWriter) table(c Codec) []byte {
	return c.encode(source(b.Seed, c, 60*c.Clock))
}

// plan lays out all messages and streams, both in order of time.
func (b *bigWriter) plan(tables [2][]byte) []*bigStream {
	var streams []*bigStream
	for i := range b.Calls {
		c := b.call(i)
		// Senders' clocks have nothing to do with each other: without the second
		// term many streams would send at the same instants.
		start := int64(i)*b.stagger + int64(mix(b.Seed^uint32(i)<<1)%tickMicros)
		for n, s := range c.Steps {
			b.messages = append(b.messages, bigMessage{start + s.At.Microseconds(), i, n})
		}
		for _, s := range c.Streams {
			streams = append(streams, b.stream(&c, s, start, tables[i%2]))
		}
	}
	slices.SortStableFunc(b.messages, func(x, y bigMessage) int { return cmp.Compare(x.micros, y.micros) })
	slices.SortStableFunc(streams, func(x, y *bigStream) int { return cmp.Compare(x.tick, y.tick) })
	return streams
}

// call describes call i. Up to 2^20 calls have addresses of their own.
func (b *bigWriter) call(i int) Call {
	addr := func(net, low int) string { return fmt.Sprintf("10.%d.%d.%d", net+i>>16, i>>8&0xff, i&0xff) }
	ends := [2]Endpoint{
		party(fmt.Sprintf("%d", 100000+i), addr(16, i), uint16(10000+i%10000*2)),
		party(fmt.Sprintf("%d", 900000+i), addr(96, i), uint16(30000+i%10000*2)),
	}
	c := ordinary(fmt.Sprintf("%08x-%d@callx-synth", mix(b.Seed+uint32(i)), i), ends, []Codec{PCMA, PCMU}[i%2], b.total)
	c.leg(Caller).SSRC = mix(b.Seed ^ uint32(2*i))
	c.leg(Callee).SSRC = mix(b.Seed ^ uint32(2*i+1))
	return c
}

func (b *bigWriter) stream(c *Call, s Stream, start int64, table []byte) *bigStream {
	first := start + s.At.Microseconds()
	r := mix(s.SSRC)
	bs := &bigStream{
		table: table, cursor: int(r%uint32(len(table)/bigPayload)) * bigPayload,
		tick: int(first / tickMicros), phase: int(first % tickMicros),
		seq: uint16(r), ts: mix(r), noise: r | 1,
	}
	s.Seq, s.TS = bs.seq, bs.ts
	src, dst := c.Ends[s.By].Media, c.Ends[s.By.other()].Media
	copy(bs.headers[16:], rtpFrame(src, dst, s.rtp(packet{payload: table[:bigPayload]})))
	binary.LittleEndian.PutUint32(bs.headers[8:], bigHeaders-16+bigPayload)
	binary.LittleEndian.PutUint32(bs.headers[12:], bigHeaders-16+bigPayload)
	// Without an UDP checksum (RFC 768 allows that) no packet needs a new one.
	bs.headers[bigHeaders-12-2], bs.headers[bigHeaders-12-1] = 0, 0
	return bs
}

// rtpFrame frames a datagram whose addresses are known to be good.
func rtpFrame(src, dst netip.AddrPort, payload []byte) []byte {
	data, err := Iface{Link: Ethernet}.datagram(src, dst, 0, payload)
	if err != nil {
		panic(err)
	}
	return data
}

// tick writes the packets of one 20 ms.
func (b *bigWriter) tick(tick int) error {
	base := int64(tick) * tickMicros
	turn := mix(b.Seed + uint32(tick))
	for i := range b.active {
		// Times stay in order; who speaks at them changes, but only among
		// streams that are within a millisecond.
		j := i &^ (shuffleGroup - 1)
		who := i
		if end := j + shuffleGroup - 1; end < len(b.active) && b.active[end].phase-b.active[j].phase < 1000 {
			who = i ^ int(turn>>(j/shuffleGroup%8*3)&(shuffleGroup-1))
		}
		at := base + int64(b.active[i].phase)
		if len(b.messages) > 0 && b.messages[0].micros <= at {
			if err := b.signalling(at); err != nil {
				return err
			}
		}
		if err := b.packet(b.active[who], at); err != nil {
			return err
		}
	}
	return nil
}

// packet writes the next packet of a stream, or loses it.
func (b *bigWriter) packet(s *bigStream, at int64) error {
	s.sent++
	seq, ts, cursor := s.seq, s.ts, s.cursor
	s.seq, s.ts, s.cursor = s.seq+1, s.ts+bigPayload, s.cursor+bigPayload
	if s.cursor == len(s.table) {
		s.cursor = 0
	}
	if b.LossPerMillion > 0 && s.sent > 1 && s.sent < b.total {
		s.noise = s.noise*1664525 + 1013904223
		if int(uint64(s.noise)*1_000_000>>32) < b.LossPerMillion {
			b.stats.Lost++
			return nil
		}
	}
	h := s.headers[:]
	stamp(h, at)
	binary.BigEndian.PutUint16(h[bigHeaders-10:], seq)
	binary.BigEndian.PutUint32(h[bigHeaders-8:], ts)
	b.stats.RTP++
	b.last = at
	if err := b.emit(h); err != nil {
		return err
	}
	h[bigHeaders-11] &= 0x7f // the marker is the first packet's
	return b.emit(s.table[cursor : cursor+bigPayload])
}

// signalling writes the messages that are due.
func (b *bigWriter) signalling(until int64) error {
	for len(b.messages) > 0 && b.messages[0].micros <= until {
		m := b.messages[0]
		b.messages = b.messages[1:]
		c := b.call(m.call)
		s := c.Steps[m.step]
		data := rtpFrame(c.Ends[s.By].SIP, c.Ends[s.By.other()].SIP, c.message(m.step))
		record := make([]byte, 16, 16+len(data))
		stamp(record, m.micros)
		binary.LittleEndian.PutUint32(record[8:], uint32(len(data)))
		binary.LittleEndian.PutUint32(record[12:], uint32(len(data)))
		if err := b.emit(append(record, data...)); err != nil {
			return err
		}
		b.stats.SIP++
		b.last = max(b.last, m.micros)
	}
	return nil
}

func (b *bigWriter) emit(data []byte) error {
	b.stats.Bytes += len(data)
	_, err := b.w.Write(data)
	return err
}

// stamp writes a record's time, given in microseconds after the epoch of the
// synthetic calls.
func stamp(record []byte, micros int64) {
	binary.LittleEndian.PutUint32(record, uint32(epochUnix+micros/1_000_000))
	binary.LittleEndian.PutUint32(record[4:], uint32(micros%1_000_000))
}

var epochUnix = epoch.Unix()
