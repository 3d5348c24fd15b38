package calls

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"callx/calls/sip"
	"callx/pcapio"
	"callx/pcapio/wire"
)

var (
	phone = netip.MustParseAddrPort("192.0.2.1:40000")
	proxy = netip.MustParseAddrPort("192.0.2.2:5060")
)

// dialogue is a call in messages, by side.
func dialogue(transport string) (list []struct {
	side int
	text string
}) {
	add := func(side int, first, cseq, sdp string) {
		toTag := ";tag=2"
		if strings.HasPrefix(cseq, "1 INVITE") && !strings.HasPrefix(first, "SIP/2.0 200") {
			toTag = ""
		}
		head := fmt.Sprintf("%s\r\nVia: SIP/2.0/%s 192.0.2.1;branch=z9hG4bK1\r\nCall-ID: one@call\r\nFrom: <sip:alice@x>;tag=1\r\nTo: <sip:bob@x>%s\r\nCSeq: %s\r\n", first, transport, toTag, cseq)
		if sdp != "" {
			head += "Content-Type: application/sdp\r\n"
		}
		list = append(list, struct {
			side int
			text string
		}{side, head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(sdp), sdp)})
	}
	sdp := "v=0\r\no=- 1 1 IN IP4 192.0.2.%d\r\ns=-\r\nc=IN IP4 192.0.2.%[1]d\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\na=x:" + strings.Repeat("y", 3000) + "\r\n"
	add(0, "INVITE sip:bob@x SIP/2.0", "1 INVITE", fmt.Sprintf(sdp, 1))
	add(1, "SIP/2.0 180 Ringing", "1 INVITE", "")
	add(1, "SIP/2.0 200 OK", "1 INVITE", fmt.Sprintf(sdp, 2))
	add(0, "ACK sip:bob@x SIP/2.0", "1 ACK", "")
	add(1, "BYE sip:alice@x SIP/2.0", "7 BYE", "")
	add(0, "SIP/2.0 200 OK", "7 BYE", "")
	return list
}

// A call over TCP, in whatever segments, is the same call as over UDP.
func TestCallOverTCP(t *testing.T) {
	describe := func(ix *Index) string {
		for _, c := range ix.Calls {
			c.ID, c.Start, c.Ringing, c.Answer, c.End, c.Duration, c.Origin = "", Time{}, Time{}, Time{}, Time{}, 0, Time{}
			for i := range c.Events {
				c.Events[i].At, c.Events[i].Offset = Time{}, 0
			}
		}
		b, err := json.Marshal(ix.Calls)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	var udp [][]byte
	for _, m := range dialogue("TCP") {
		from, to := phone, proxy
		if m.side == 1 {
			from, to = to, from
		}
		udp = append(udp, udpFrame(from, to, []byte(m.text)))
	}
	ix := indexFrames(capturedFrames(udp))
	if len(ix.Calls) != 1 || ix.Calls[0].State != Completed || ix.Packets.SIP != 6 {
		t.Fatalf("over UDP: %+v, %d calls", ix.Packets, len(ix.Calls))
	}
	want := describe(ix)
	for round := range 50 {
		rng := rand.New(rand.NewPCG(2, uint64(round)))
		var frames [][]byte
		c := dial(&frames, phone, proxy)
		for _, m := range dialogue("TCP") {
			c.segments(rng, m.side, []byte(m.text), 1+rng.IntN(1460))
		}
		if round%2 == 0 {
			c.close()
		}
		ix := indexFrames(capturedFrames(frames))
		if got := describe(ix); got != want || len(ix.Notes) > 0 {
			t.Fatalf("round %d:\ngot  %s %v\nwant %s", round, got, ix.Notes, want)
		}
		// Not SIP: the handshakes, and what comes before the first bytes.
		a := ix.Packets
		if a.Sum() != a.Total || a.Total != uint64(len(frames)) || a.OtherTCP > 12 || a.SIP+a.OtherTCP != a.Total {
			t.Errorf("round %d: %d frames counted as %+v", round, len(frames), a)
		}
	}
}

// Positions are those of the segment with the first byte of the message.
func TestCallOverTCPPositions(t *testing.T) {
	var frames [][]byte
	c := dial(&frames, phone, proxy)
	text := []byte(dialogue("TCP")[0].text)
	c.send(0, []byte("\r\n\r\n"))
	c.send(0, text[:1000])
	c.seq[0] += 1000 // never captured
	c.send(0, text[2000:])
	list := capturedFrames(frames)
	ix := indexFrames(list)
	if len(ix.Calls) != 1 {
		t.Fatalf("%d calls", len(ix.Calls))
	}
	call := ix.Calls[0]
	if len(call.Notes) != 1 || call.Notes[0].Frame != 5 || call.Notes[0].Kind != "tcp" {
		t.Errorf("notes %v, want one at frame 5", call.Notes)
	}
	if got, want := call.Start.UnixNano(), list[4].Nanos; got != want {
		t.Errorf("starts at %d, its INVITE began at %d", got, want)
	}
}

func TestTLSNoted(t *testing.T) {
	hello := []byte{22, 3, 1, 0, 5, 1, 0, 0, 1, 0}
	var frames [][]byte
	for i := range 3 {
		c := dial(&frames, netip.AddrPortFrom(phone.Addr(), uint16(50000+i)), netip.AddrPortFrom(proxy.Addr(), 5061))
		c.send(0, hello)
		c.seq[0] -= uint32(len(hello))
		c.send(0, hello) // sent again
		c.send(1, []byte{22, 3, 3, 0, 1, 2})
	}
	dial(&frames, phone, netip.AddrPortFrom(proxy.Addr(), 443)).send(0, hello)
	ix := indexFrames(capturedFrames(frames))
	if len(ix.Notes) != 1 || ix.Notes[0].Frame != 4 || !strings.Contains(ix.Notes[0].Text, "3 TLS connections") {
		t.Errorf("notes %v", ix.Notes)
	}
	if a := ix.Packets; a.OtherTCP != uint64(len(frames)) || a.Sum() != a.Total {
		t.Errorf("%d frames counted as %+v", len(frames), a)
	}
}

// What is held of messages that do not end stays within its bound, over all
// streams.
func TestPartialMessages(t *testing.T) {
	var streams tcpStreams
	part := []byte("INVITE sip:b SIP/2.0\r\nContent-Length: 200000\r\n\r\n" + strings.Repeat("x", 150_000))
	cut := 0
	for i := range 1000 {
		d := wire.Datagram{
			Flow:    wire.Flow{Src: netip.AddrPortFrom(phone.Addr(), uint16(i)), Dst: proxy, Proto: wire.TCP},
			Payload: part,
		}
		streams.take(&d, func(_ *wire.Flow, m *sip.Frame[place]) {
			if m.Err != nil {
				cut++
			}
		})
		held := 0
		for _, fr := range streams.framers {
			held += fr.Buffered()
		}
		if held != streams.partial || held > maxPartial {
			t.Fatalf("%d bytes held, %d counted", held, streams.partial)
		}
	}
	if cut == 0 || cut == 1000 {
		t.Errorf("%d of 1000 messages given up", cut)
	}
	for f := range streams.framers {
		streams.take(&wire.Datagram{Flow: f, End: true}, func(*wire.Flow, *sip.Frame[place]) {})
	}
	if len(streams.framers) != 0 || streams.partial != 0 {
		t.Errorf("%d streams, %d bytes after the end", len(streams.framers), streams.partial)
	}
}

// A message a segment costs the stream nothing beside the message.
func TestStreamAllocations(t *testing.T) {
	var streams tcpStreams
	text := []byte(dialogue("TCP")[0].text)
	d := wire.Datagram{Pos: pcapio.Pos{Frame: 1}, Flow: wire.Flow{Src: phone, Dst: proxy, Proto: wire.TCP}, Payload: text}
	found := 0
	each := func(_ *wire.Flow, m *sip.Frame[place]) {
		if bytes.Equal(m.Data, text) {
			found++
		}
	}
	if n := testing.AllocsPerRun(1000, func() { streams.take(&d, each) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if found != 1001 {
		t.Errorf("%d messages", found)
	}
}
