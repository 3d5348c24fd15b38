package calls

import (
	"cmp"
	"encoding/binary"

	"callx/calls/rtp"
	"callx/calls/sip"
	"callx/calls/srtp"
	"callx/pcapio"
	"callx/pcapio/wire"
)

// Options says what pass 1 cannot know by itself. The zero value decodes nothing.
type Options struct {
	// Decodable reports whether audio can be made of a codec; its packets
	// are counted as undecodable if not.
	Decodable func(Codec) bool
	// Correlate names the headers by which calls are grouped; nil means
	// CorrelateHeaders.
	Correlate []string
	// NoRouter says that pass 1 is all: the Index takes less room then, and
	// cannot serve a Router.
	NoRouter bool
	// Keys returns the SRTP keys that the user gave: those for an SSRC, whose
	// packets then are encrypted, and those for all that seem to be. nil is none.
	Keys func(ssrc uint32) (own, all []srtp.Key)
}

// An Indexer is pass 1: it takes the datagrams of a capture in order of
// capture time and keeps dialogs and RTP runs, never media.
//
// It works in two goroutines, on any number of processors with the same
// result: the caller's reads RTP headers, a second one, which takes them and
// all other datagrams in batches in the same order, does the rest.
type Indexer struct {
	opt Options

	// The caller's side.
	count       Accounting
	first, last int64
	started     bool
	packet      rtp.Packet  // reused
	batch       *batch      // being filled
	full        chan *batch // nil until the first batch is full
	spare       chan *batch
	done        chan struct{}

	// The other side's, until done.
	told    Accounting // by datagrams
	signal  dialogs
	streams table
	cur     []*run    // the run in hand of each stream, by number in the table
	rest    []*stream // what else there is to each
	slab    []run     // room for further runs
	touched uint8     // keeps loads alive
	tcp     tcpStreams
	reports reports
	drops   []interval // of the capture itself, by its counters
	zrtp    map[wire.Flow]bool
	dtls    handshakes
	dtmf    []digitEvent
	copied  uint64     // datagrams that wire found to be there before,
	copy    pcapio.Pos // the first of them
	notes   []pcapio.Note
}

// NewIndexer returns an empty Indexer.
func NewIndexer(opt Options) *Indexer {
	if opt.Decodable == nil {
		opt.Decodable = func(Codec) bool { return false }
	}
	if opt.Correlate == nil {
		opt.Correlate = CorrelateHeaders
	}
	return &Indexer{
		opt:    opt,
		batch:  newBatch(),
		signal: newDialogs(opt.Correlate),
		zrtp:   map[wire.Flow]bool{},
	}
}

// Frame counts one frame and takes what wire found in it. Payloads are
// borrowed for the call. A frame is what its own first datagram is; datagrams
// of earlier frames, which it completed, do not count for it. After the last
// frame f may be nil, for datagrams that only the capture's end completed.
func (x *Indexer) Frame(f *pcapio.Frame, class wire.Class, dgs []wire.Datagram) {
	own := false
	if f != nil {
		if !x.started {
			x.first, x.last, x.started = f.Nanos, f.Nanos, true
		}
		x.first, x.last = min(x.first, f.Nanos), max(x.last, f.Nanos)
		x.count.Total++
	}
	for i := range dgs {
		d := &dgs[i]
		if d.Flow.Proto == wire.UDP && !rtp.IsRTCP(d.Payload) && rtp.Parse(&x.packet, d.Payload, d.Cut > 0) == nil {
			if own && f != nil { // 802.11 packs several datagrams into one frame
				x.count.Total++
			}
			x.batch.take(d, &x.packet, x.count.Total)
			own = true // Finish counts it, when it knows the owners
		} else {
			counts := !own && f != nil && d.Pos == f.Pos
			x.batch.keep(d, counts)
			own = own || counts
		}
		if x.batch.full() {
			x.send()
		}
	}
	if !own && f != nil {
		x.countClass(class)
	}
}

func (x *Indexer) countClass(class wire.Class) {
	switch class {
	case wire.ClassTCP:
		x.count.OtherTCP++
	case wire.ClassFragment:
		x.count.Fragment++
	case wire.ClassTruncated:
		x.count.Truncated++
	case wire.ClassUndecodable:
		x.count.UndecodableFrame++
	case wire.ClassUDP:
		x.count.OtherUDP++
	default:
		x.count.Other++
	}
}

// send hands the batch over.
func (x *Indexer) send() {
	if x.full == nil {
		x.full = make(chan *batch, batchQueue)
		x.spare = make(chan *batch, batchQueue+2)
		x.done = make(chan struct{})
		go x.work()
	}
	x.full <- x.batch
	select {
	case x.batch = <-x.spare:
	default:
		x.batch = newBatch()
	}
}

// work is the other goroutine.
func (x *Indexer) work() {
	defer close(x.done)
	for b := range x.full {
		x.lookUp(b.media)
		i := 0
		for k := range b.other {
			d := &b.other[k]
			x.allMedia(b.media[i:d.before])
			i = d.before
			if c := x.datagram(&d.Datagram); d.counts {
				*c++
			}
		}
		x.allMedia(b.media[i:])
		b.reset()
		select {
		case x.spare <- b:
		default:
		}
	}
}

// Close ends an Indexer whose Index is not wanted; after Finish it does nothing.
func (x *Indexer) Close() {
	if x.full == nil {
		return
	}
	close(x.full)
	<-x.done
	x.full = nil
}

// flush lets the other goroutine do what is left, and end.
func (x *Indexer) flush() {
	x.send()
	x.Close()
	x.count.add(&x.told)
}

// datagram takes one datagram that is no RTP and returns the counter it
// belongs to.
func (x *Indexer) datagram(d *wire.Datagram) *uint64 {
	b := d.Payload
	if d.Duplicate {
		if x.copied == 0 || cmp.Or(cmp.Compare(d.Pos.File, x.copy.File), cmp.Compare(d.Pos.Frame, x.copy.Frame)) < 0 {
			x.copy = d.Pos
		}
		x.copied++
	}
	switch {
	case d.Flow.Proto == wire.TCP:
		return x.stretch(d)
	case rtp.IsRTCP(b):
		if !d.Duplicate {
			x.reports.take(d)
		}
		return &x.told.RTCP
	case sip.Sniff(b):
		if d.Duplicate {
			return &x.told.SIP
		}
		if err := x.signal.add(d); err != nil && len(x.signal.msg.CallID) == 0 {
			x.note(d.Pos, "sip", "SIP message could not be read: "+err.Error())
		}
		return &x.told.SIP
	case isDTLS(b):
		if !d.Duplicate {
			x.dtls.take(d)
		}
		return &x.told.DTLSSTUN
	case isSTUN(b):
		return &x.told.DTLSSTUN
	case isZRTP(b):
		if len(x.zrtp) < maxHandshakes {
			x.zrtp[d.Flow] = true
		}
	}
	return &x.told.OtherUDP
}

// isSTUN knows the magic cookie of RFC 8489 section 5.
func isSTUN(b []byte) bool {
	return len(b) >= 20 && b[0]>>6 == 0 && binary.BigEndian.Uint32(b[4:]) == 0x2112a442
}

// isDTLS knows content type and version of RFC 9147 (RFC 7983 section 7 for
// the first byte on a shared port).
func isDTLS(b []byte) bool {
	return len(b) >= 13 && b[0] >= 20 && b[0] <= 25 && b[1] == 0xfe
}

// isZRTP knows the magic cookie of RFC 6189 section 5.
func isZRTP(b []byte) bool {
	return len(b) >= 16 && b[0]>>4 == 1 && binary.BigEndian.Uint32(b[4:]) == 0x5a525450
}

func (x *Indexer) note(pos pcapio.Pos, kind, text string) {
	if len(x.notes) < maxNotes {
		x.notes = append(x.notes, pcapio.Note{Pos: pos, Kind: kind, Text: text})
	}
}
