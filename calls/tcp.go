package calls

import (
	"fmt"

	"callx/calls/sip"
	"callx/pcapio"
	"callx/pcapio/wire"
)

// SIP over TCP, plain or in WebSockets.

// maxPartial bounds what is held of messages that are not complete, in bytes.
const maxPartial = 32 << 20

// sipsPort is for SIP over TLS (RFC 3261 section 19.1.2).
const sipsPort = 5061

// maxTLS bounds how many TLS connections are told from each other.
const maxTLS = 1 << 16

// Streams tells a wire.Decoder which TCP connections the Indexer wants: those
// with SIP, and of TLS on the port of SIP the first flight.
func Streams(f wire.Flow, b []byte) wire.Interest {
	switch sip.SniffStream(b) {
	case sip.Yes:
		return wire.Follow
	case sip.Maybe:
		return wire.Undecided
	}
	if isTLS(&f, b) {
		return wire.Glance
	}
	return wire.Ignore
}

// isTLS knows a handshake record with a ClientHello (RFC 8446 sections 4 and
// 5.1).
func isTLS(f *wire.Flow, b []byte) bool {
	return f.Dst.Port() == sipsPort && len(b) >= 6 && b[0] == 22 && b[1] == 3 && b[5] == 1
}

// A place is where in the capture a message began.
type place struct {
	pcapio.Pos
	nanos int64
}

// tcpStreams holds what the Indexer knows of TCP. The zero value is empty.
type tcpStreams struct {
	framers map[wire.Flow]*sip.Framer[place]
	partial int // bytes that they hold
	tls     map[wire.Flow]struct{}
	first   pcapio.Pos       // of tls
	message sip.Frame[place] // reused
}

// stretch takes the next bytes of a TCP stream and returns the counter that
// their frame belongs to.
func (x *Indexer) stretch(d *wire.Datagram) *uint64 {
	if x.tcp.take(d, x.frame) {
		return &x.told.SIP
	}
	return &x.told.OtherTCP
}

// frame takes a message of a stream.
func (x *Indexer) frame(f *wire.Flow, m *sip.Frame[place]) {
	var dlg *dialog
	if len(m.Data) > 0 {
		err := x.signal.add(&wire.Datagram{Pos: m.At.Pos, Nanos: m.At.nanos, Flow: *f, Payload: m.Data})
		if id := x.signal.msg.CallID; len(id) > 0 {
			dlg = x.signal.byID[string(id)]
		} else if err != nil {
			x.note(m.At.Pos, "sip", "SIP message could not be read: "+err.Error())
		}
	}
	if m.Err == nil {
		return
	}
	kind := "tcp"
	if m.WebSocket {
		kind = "websocket"
	}
	text := "SIP message is not whole: " + m.Err.Error()
	if dlg != nil {
		dlg.note(m.At.Pos, kind, text)
	} else {
		x.note(m.At.Pos, kind, text)
	}
}

// take hands the messages that d completes to each and reports whether its
// stream has carried SIP so far.
func (t *tcpStreams) take(d *wire.Datagram, each func(*wire.Flow, *sip.Frame[place])) bool {
	fr := t.framers[d.Flow]
	switch {
	case fr != nil:
	case len(d.Payload) == 0:
		return false
	case isTLS(&d.Flow, d.Payload):
		t.addTLS(d)
		return false
	default:
		if t.framers == nil {
			t.framers = map[wire.Flow]*sip.Framer[place]{}
		}
		fr = new(sip.Framer[place])
		t.framers[d.Flow] = fr
	}
	held := fr.Buffered()
	drain := func() {
		for fr.Next(&t.message) {
			each(&d.Flow, &t.message)
		}
	}
	if d.Hole {
		fr.Gap()
		drain()
	}
	fr.Feed(d.Payload, place{d.Pos, d.Nanos})
	if d.Cut > 0 || d.End {
		fr.Gap()
	}
	drain()
	if t.partial+fr.Buffered()-held > maxPartial {
		fr.Gap()
		drain()
	}
	t.partial += fr.Buffered() - held
	if d.End {
		delete(t.framers, d.Flow)
	}
	return fr.Found()
}

func (t *tcpStreams) addTLS(d *wire.Datagram) {
	if t.tls == nil {
		t.tls, t.first = map[wire.Flow]struct{}{}, d.Pos
	}
	if len(t.tls) < maxTLS {
		t.tls[d.Flow] = struct{}{}
	}
}

// finish says what could not be read.
func (t *tcpStreams) finish(x *Indexer) {
	switch n := len(t.tls); n {
	case 0:
	case 1:
		x.note(t.first, "tls", "a TLS connection to the port of SIP cannot be read")
	default:
		x.note(t.first, "tls", fmt.Sprintf("%d TLS connections to the port of SIP cannot be read", n))
	}
}
