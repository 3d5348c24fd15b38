package calls

import (
	"callx/calls/rtp"
	"callx/pcapio"
	"callx/pcapio/wire"
)

// A sample is what pass 1 looks at of one RTP packet.
type sample struct {
	key    packedKey
	nanos  int64 // arrival
	pos    pcapio.Pos
	ord    uint64 // ordinal of the frame in the pass: positions in several files have no order
	ts     uint32
	size   int32 // of the payload in octets
	stream int32 // number of key in the table
	digest uint32
	head   [4]byte
	seq    uint16
	pt     uint8
}

// A batch is a run of datagrams in order of capture on the way from the
// goroutine that reads the capture to the one that indexes it. Of RTP it holds
// the samples, of anything else a copy.
type batch struct {
	media []sample
	other []datagram
	room  []byte // of the copies
}

// A datagram is one that is no RTP.
type datagram struct {
	wire.Datagram
	before int  // so many samples of the batch come before it
	counts bool // it decides what its frame was
}

const (
	batchSamples = 2048
	batchRoom    = 128 << 10
	// batchQueue bounds how far the reading runs ahead.
	batchQueue = 4
)

func newBatch() *batch {
	return &batch{media: make([]sample, 0, batchSamples)}
}

func (b *batch) full() bool { return len(b.media) == cap(b.media) || len(b.room) >= batchRoom }

// take adds a sample of p, which d holds.
func (b *batch) take(d *wire.Datagram, p *rtp.Packet, ord uint64) {
	n := len(b.media)
	b.media = b.media[:n+1]
	s := &b.media[n]
	s.key = pack(&d.Flow, p.SSRC)
	s.nanos, s.pos, s.ord = d.Nanos, d.Pos, ord
	s.ts, s.seq, s.pt, s.size = p.Timestamp, p.Seq, p.PayloadType, int32(len(p.Payload))
	s.digest = digest(p.Payload)
	if len(p.Payload) == len(s.head) {
		s.head = [4]byte(p.Payload)
	}
}

// keep adds a copy of d.
func (b *batch) keep(d *wire.Datagram, counts bool) {
	at := len(b.room)
	b.room = append(b.room, d.Payload...)
	c := datagram{Datagram: *d, before: len(b.media), counts: counts}
	c.Payload = b.room[at:len(b.room):len(b.room)]
	b.other = append(b.other, c)
}

func (b *batch) reset() {
	clear(b.other)
	b.media, b.other, b.room = b.media[:0], b.other[:0], b.room[:0]
}
