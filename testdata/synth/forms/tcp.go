package forms

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"callx/testdata/synth"
)

// isSIP reports whether an UDP payload is a SIP message (RFC 3261 section 7).
func isSIP(payload []byte) bool {
	line, _, _ := bytes.Cut(payload, []byte("\r\n"))
	return bytes.HasPrefix(line, []byte("SIP/2.0 ")) || bytes.HasSuffix(line, []byte(" SIP/2.0"))
}

// A transport sends the SIP of a capture over TCP. All segments of a message
// have its time, so that nothing but the transport differs.
type transport struct {
	rough     bool // segments of any size, repeated and out of order
	midway    bool // the capture begins after the connection: no handshake
	websocket bool // RFC 7118
}

// A half is one direction of a connection.
type half struct {
	model   synth.Frame // a frame whose link and addresses it uses
	packet  packet
	sport   uint16
	dport   uint16
	seq     uint32
	server  bool // it did not open the connection
	last    []byte
	lastSeq uint32
}

const webPort = 80

func (t transport) step(c Capture) Capture {
	rng := rand.New(rand.NewPCG(7, 118))
	halves := map[string]*half{}
	return spread(func(_ int, fr synth.Frame) []synth.Frame {
		p := mustPeel(fr.Data)
		src, dst, payload, ok := p.udp()
		if !ok || !isSIP(payload) {
			return []synth.Frame{fr}
		}
		var out []synth.Frame
		key, back := addresses(p, src, dst)
		h := halves[key]
		if h == nil {
			h = &half{model: fr, packet: p, sport: src, dport: dst, seq: rng.Uint32()}
			r := &half{model: fr, packet: p.reversed(), sport: dst, dport: src, seq: rng.Uint32(), server: true}
			if t.websocket {
				h.sport, h.dport, r.sport, r.dport = 49152+src%100, webPort, webPort, 49152+src%100
			}
			halves[key], halves[back] = h, r
			out = t.open(h, r, fr.Nanos)
		}
		return append(out, t.send(h, halves[back], fr.Nanos, payload, rng)...)
	})(c)
}

// addresses names a direction and the other.
func addresses(p packet, src, dst uint16) (key, back string) {
	a, b := p.ends()
	return fmt.Sprintf("%x:%d %x:%d", a, src, b, dst), fmt.Sprintf("%x:%d %x:%d", b, dst, a, src)
}

func (p packet) ends() (src, dst []byte) {
	if p.v6() {
		return p.data[8:24], p.data[24:40]
	}
	return p.data[12:16], p.data[16:20]
}

// reversed is p with its addresses exchanged.
func (p packet) reversed() packet {
	q := packet{p.ether, append([]byte{}, p.data...)}
	src, dst := p.ends()
	to, from := q.ends()
	copy(to, dst)
	copy(from, src)
	return q
}

// Flags of a TCP header (RFC 9293 section 3.1).
const (
	tcpSYN = 0x02
	tcpPSH = 0x08
	tcpACK = 0x10
)

// open is the handshake, and for WebSockets the upgrade of RFC 6455 section 4.
func (t transport) open(h, r *half, nanos int64) []synth.Frame {
	var out []synth.Frame
	if !t.midway {
		out = append(out, h.segment(nanos, tcpSYN, h.seq, 0, nil))
		h.seq++
		out = append(out, r.segment(nanos, tcpSYN|tcpACK, r.seq, h.seq, nil))
		r.seq++
		out = append(out, h.segment(nanos, tcpACK, h.seq, r.seq, nil))
	}
	if t.websocket {
		// The key and its answer are the example of RFC 6455 section 1.3.
		out = append(out, h.bytes(r, nanos, []byte("GET / HTTP/1.1\r\nHost: sip.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 13\r\n\r\n")))
		out = append(out, r.bytes(h, nanos, []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: sip\r\n\r\n")))
	}
	return out
}

// send sends one message.
func (t transport) send(h, r *half, nanos int64, payload []byte, rng *rand.Rand) []synth.Frame {
	name := "SIP/2.0/TCP"
	if t.websocket {
		name = "SIP/2.0/WS"
	}
	payload = bytes.ReplaceAll(payload, []byte("SIP/2.0/UDP"), []byte(name))
	if t.websocket {
		payload = h.websocket(payload, rng)
	}
	if !t.rough {
		return []synth.Frame{h.bytes(r, nanos, payload), r.segment(nanos, tcpACK, r.seq, h.seq, nil)}
	}
	var out []synth.Frame
	if h.last != nil { // the end of the message before, again
		n := rng.IntN(len(h.last))
		out = append(out, h.segment(nanos, tcpPSH|tcpACK, h.lastSeq+uint32(n), r.seq, h.last[n:]))
	}
	for left := payload; len(left) > 0; {
		n := min(1+rng.IntN(300), len(left))
		out = append(out, h.bytes(r, nanos, left[:n]))
		left = left[n:]
		if rng.IntN(3) == 0 { // some of it again, with what came before
			from := rng.IntN(len(payload) - len(left))
			size := min(1+rng.IntN(400), len(payload)-len(left)-from)
			at := h.seq - uint32(len(payload)-len(left)-from)
			out = append(out, h.segment(nanos, tcpPSH|tcpACK, at, r.seq, payload[from:from+size]))
		}
	}
	for i := range len(out) - 1 {
		if rng.IntN(3) == 0 {
			out[i], out[i+1] = out[i+1], out[i]
		}
	}
	h.last, h.lastSeq = payload, h.seq-uint32(len(payload))
	return out
}

// bytes sends new bytes in one segment.
func (h *half) bytes(r *half, nanos int64, b []byte) synth.Frame {
	f := h.segment(nanos, tcpPSH|tcpACK, h.seq, r.seq, b)
	h.seq += uint32(len(b))
	return f
}

func (h *half) segment(nanos int64, flags byte, seq, ack uint32, b []byte) synth.Frame {
	s := binary.BigEndian.AppendUint16(nil, h.sport)
	s = binary.BigEndian.AppendUint16(s, h.dport)
	s = binary.BigEndian.AppendUint32(s, seq)
	s = binary.BigEndian.AppendUint32(s, ack)
	s = append(s, 5<<4, flags, 0xff, 0xff, 0, 0, 0, 0)
	p := h.packet.with(protoTCP, append(s, b...))
	sumTransport(p, 16)
	return synth.Frame{Nanos: nanos, Iface: h.model.Iface, Data: replace(h.model.Data, p)}
}

// websocket is a text frame (RFC 6455 section 5.2); clients mask theirs.
func (h *half) websocket(b []byte, rng *rand.Rand) []byte {
	mask := byte(0x80)
	if h.server {
		mask = 0
	}
	f := []byte{0x81}
	if len(b) < 126 {
		f = append(f, mask|byte(len(b)))
	} else {
		f = binary.BigEndian.AppendUint16(append(f, mask|126), uint16(len(b)))
	}
	if h.server {
		return append(f, b...)
	}
	key := binary.BigEndian.AppendUint32(nil, rng.Uint32())
	f = append(f, key...)
	for i, c := range b {
		f = append(f, c^key[i%4])
	}
	return f
}
