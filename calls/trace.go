package calls

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"

	"callx/calls/rtp"
	"callx/calls/sdp"
	"callx/calls/sip"
	"callx/pcapio"
	"callx/pcapio/wire"
)

// A Message is one SIP message of a call as the capture holds it.
type Message struct {
	pcapio.Pos
	Nanos     int64 // capture time
	Flow      wire.Flow
	Transport string // udp, tcp or ws
	CallID    string
	Party     string // who sent it, as Leg.Party; known only within a Trace

	StartLine  string // as it stands, cut at maxStartLine bytes
	Method     string // of a request; empty for a response
	Status     int    // of a response; 0 for a request
	Reason     string // the words beside Status
	CSeq       uint32
	CSeqMethod string
	SDP        *sdp.Session // nil if it carries none

	Repeat bool       // sent again on the same flow (RFC 3261 section 17),
	Copied bool       // or sent once and captured again, as by a mirror of both directions;
	Of     pcapio.Pos // either way, where it stood first
	Cut    Cut        // why it is not whole

	Raw []byte // the message; borrowed for the call in what a Tracer hands out
}

// A Cut says why bytes of a datagram or message are not there.
type Cut string

const (
	Whole          Cut = ""
	CutSnaplen     Cut = "snaplen"  // the capture kept only the beginning of the frame
	CutFragment    Cut = "fragment" // fragments of the datagram are missing
	CutStream      Cut = "stream"   // segments of the TCP stream are missing
	maxStartLine       = 512
	maxTracedKeys      = 1 << 20 // messages that a Tracer knows again
	maxTracedBytes     = 64 << 20
)

// IsRequest reports whether m is a request.
func (m *Message) IsRequest() bool { return m.Status == 0 }

// A Tracer takes a second look at a capture and finds the SIP messages of some
// calls. It sees the datagrams of the same Source as the Indexer did, from a
// wire.Decoder that has Streams, too.
type Tracer struct {
	each  func(*Call, *Message)
	byID  map[string]*Call
	tcp   tcpStreams
	msg   sip.Message // reused, as is
	out   Message
	seed  maphash.Seed
	known map[uint64]pcapio.Pos
}

// NewTracer returns a Tracer that hands every message of cs to each, in the
// order in which the capture completes them: a fragmented one, or one that TCP
// brought out of order, may come after later ones. The Message is borrowed for
// the call.
func NewTracer(cs []*Call, each func(*Call, *Message)) *Tracer {
	t := &Tracer{each: each, byID: map[string]*Call{}, seed: maphash.MakeSeed(), known: map[uint64]pcapio.Pos{}}
	for _, c := range cs {
		for _, id := range c.CallIDs {
			t.byID[id] = c
		}
	}
	return t
}

// Frame takes what wire found in a frame; f may be nil after the last one.
func (t *Tracer) Frame(f *pcapio.Frame, dgs []wire.Datagram) {
	for i := range dgs {
		d := &dgs[i]
		if d.Flow.Proto == wire.TCP {
			t.tcp.take(d, t.framed)
			continue
		}
		if rtp.IsRTCP(d.Payload) || !sip.Sniff(d.Payload) {
			continue
		}
		t.out = Message{Pos: d.Pos, Nanos: d.Nanos, Flow: d.Flow, Transport: "udp", Raw: d.Payload, Copied: d.Duplicate, Cut: whyCut(f, d)}
		t.message()
	}
}

// whyCut says why bytes of d are missing; f is the frame in hand.
func whyCut(f *pcapio.Frame, d *wire.Datagram) Cut {
	switch {
	case d.Cut == 0:
		return Whole
	case f != nil && f.Pos == d.Pos && f.Orig > len(f.Data):
		return CutSnaplen
	}
	return CutFragment
}

// framed takes a message of a TCP stream.
func (t *Tracer) framed(f *wire.Flow, m *sip.Frame[place]) {
	if len(m.Data) == 0 {
		return
	}
	t.out = Message{Pos: m.At.Pos, Nanos: m.At.nanos, Flow: *f, Transport: "tcp", Raw: m.Data}
	if m.WebSocket {
		t.out.Transport = "ws"
	}
	if m.Err != nil {
		t.out.Cut = CutStream
	}
	t.message()
}

// message completes t.out and hands it on if it belongs to one of the calls.
func (t *Tracer) message() {
	m, out := &t.msg, &t.out
	sip.Parse(m, out.Raw) // what can be read of a damaged one counts
	c := t.byID[text(m.CallID)]
	if c == nil {
		return
	}
	out.CallID = text(m.CallID)
	out.StartLine = startLine(out.Raw)
	out.Method, out.Status, out.Reason = text(m.Method), m.Status, text(m.Reason)
	out.CSeq, out.CSeqMethod = m.CSeq, text(m.CSeqMethod)
	if body := m.SDP(); len(body) > 0 {
		out.SDP, _ = sdp.Parse(body)
	}
	k := t.key()
	first, again := t.known[k]
	switch {
	case again:
		out.Of = first
		out.Repeat = !out.Copied
	case len(t.known) < maxTracedKeys:
		t.known[k] = out.Pos
	}
	t.each(c, out)
}

// key tells messages apart that are not the same one sent again: by flow,
// transaction and dialog (RFC 3261 section 17.1.3), reliable provisional
// responses by their number (RFC 3262), and by the body.
func (t *Tracer) key() uint64 {
	var h maphash.Hash
	h.SetSeed(t.seed)
	f := &t.out.Flow
	maphash.WriteComparable(&h, *f)
	m := &t.msg
	for _, part := range [][]byte{m.CallID, m.Method, m.CSeqMethod, m.From.Tag, m.To.Tag, m.Header("Via"), m.Header("RSeq"), m.Body} {
		h.Write(part)
		h.WriteByte(0)
	}
	maphash.WriteComparable(&h, [2]int{m.Status, int(m.CSeq)})
	return h.Sum64()
}

// startLine returns the first line that is not empty.
func startLine(b []byte) string {
	b = bytes.TrimLeft(b, "\r\n\x00 \t")
	if i := bytes.IndexAny(b, "\r\n"); i >= 0 {
		b = b[:i]
	}
	return text(b[:min(len(b), maxStartLine)])
}

// A Trace is the signalling of one call, kept whole.
type Trace struct {
	Call     *Call
	Messages []*Message // in order of capture time, once Finish was called
	Left     int        // messages beyond what a Trace keeps

	bytes int
}

// Take keeps a copy of m.
func (t *Trace) Take(m *Message) {
	if t.bytes+len(m.Raw) > maxTracedBytes {
		t.Left++
		return
	}
	t.bytes += len(m.Raw) + 512 // about what a Message takes
	c := *m
	c.Raw = bytes.Clone(m.Raw)
	t.Messages = append(t.Messages, &c)
}

// Finish puts the messages in order and names who sent them.
func (t *Trace) Finish() {
	slices.SortStableFunc(t.Messages, func(a, b *Message) int { return cmp.Compare(a.Nanos, b.Nanos) })
	ds := newDialogs(nil)
	for _, m := range t.Messages {
		if !m.Copied {
			ds.add(m.datagram()) // an error is the Indexer's to note
		}
	}
	people := ds.conversations(ds.joins())
	for _, m := range t.Messages {
		d := ds.byID[string(bytes.Clone(callID(&ds.msg, m)))]
		if d == nil {
			continue
		}
		who := d.from(&ds.msg)
		for _, c := range people {
			if p := c.person(who); p != nil {
				m.Party = p.name
			}
		}
	}
}

func callID(into *sip.Message, m *Message) []byte {
	sip.Parse(into, m.Raw)
	return into.CallID
}

func (m *Message) datagram() *wire.Datagram {
	return &wire.Datagram{Pos: m.Pos, Nanos: m.Nanos, Flow: m.Flow, Payload: m.Raw}
}
