package calls

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"testing"

	"callx/pcapio/wire"
)

// eventsOf lists the events of a kind.
func eventsOf(c *Call, kind string) (list []Event) {
	for _, e := range c.Events {
		if e.Kind == kind {
			list = append(list, e)
		}
	}
	return list
}

// TestCodecSwitch changes the payload type in mid-stream, with a digit between,
// which is no change.
func TestCodecSwitch(t *testing.T) {
	voice := speech(1, 300)
	s := shown{flow: flowOf(addr(1, 4000), addr(2, 4002)), voice: voice, ssrc: 1, seq: 65500, ts: 7, pt: 8, to: 300}
	list := s.datagrams()
	for i := range list {
		switch {
		case i >= 50 && i < 53: // RFC 4733: the digit 5
			list[i].Payload = append(list[i].Payload[:12:12], 5, 0, byte((i-49)*160>>8), byte((i-49)*160))
			list[i].Payload[1] = 101
			binary.BigEndian.PutUint32(list[i].Payload[4:], 7+160*50)
		case i >= 200:
			list[i].Payload[1] = 0
		}
	}
	c := play(answered(), list).Calls[0]
	if len(c.Legs) != 1 || len(c.Legs[0].Parts) != 1 || c.Legs[0].Packets != 300 || c.Legs[0].Lost != 0 {
		t.Fatalf("legs %+v", c.Legs[0])
	}
	got := eventsOf(c, "codec")
	if len(got) != 1 || got[0].Offset != 4e9 || got[0].Party != "caller" || !strings.Contains(got[0].Text, "PCMA/8000") || !strings.Contains(got[0].Text, "PCMU/8000") {
		t.Errorf("events %+v", got)
	}
}

// TestSSRCChange has a sender begin anew with another SSRC: one leg, in order.
func TestSSRCChange(t *testing.T) {
	voice := speech(1, 300)
	a := shown{flow: flowOf(addr(1, 4000), addr(2, 4002)), voice: voice, ssrc: 9, seq: 65500, ts: 7, pt: 8, to: 100}
	b, c := a, a
	b.ssrc, b.seq, b.ts, b.from, b.to = 1, 3, 0xfffffff0, 100, 200
	c.ssrc, c.seq, c.ts, c.from, c.to = 5, 4000, 5, 200, 300
	call := play(answered(), a.datagrams(), b.datagrams(), c.datagrams()).Calls[0]
	l := call.Legs[0]
	if len(call.Legs) != 1 || len(l.Parts) != 3 || l.Packets != 300 || len(l.Gaps) != 0 || call.Duration != 6e9 {
		t.Fatalf("leg %+v", l)
	}
	for i, want := range []uint32{9, 1, 5} {
		if p := l.Parts[i]; p.keys[0].ssrc != want || p.Start != Seconds(i)*2e9 {
			t.Errorf("part %d: SSRC %d at %v", i, p.keys[0].ssrc, p.Start)
		}
	}
	if got := eventsOf(call, "ssrc"); len(got) != 2 || got[0].Offset != 2e9 || got[1].Offset != 4e9 {
		t.Errorf("events %+v", got)
	}
}

// TestSameSSRCBothWays has both parties use one SSRC and the same numbers.
func TestSameSSRCBothWays(t *testing.T) {
	a := shown{flow: flowOf(addr(1, 4000), addr(2, 4002)), voice: speech(1, 200), ssrc: 0xca110000, pt: 8, to: 200}
	b := a
	b.flow, b.voice = a.flow.Reverse(), speech(2, 200)
	if got := whose(play(answered(), a.datagrams(), b.datagrams())); !slices.Equal(got, []string{"caller sdp 200", "callee sdp 200"}) {
		t.Error(got)
	}
	b.voice = a.voice // an echo is a voice of its own
	b.lag = 5e6
	if got := whose(play(answered(), a.datagrams(), b.datagrams())); !slices.Equal(got, []string{"caller sdp 200", "callee sdp 200"}) {
		t.Errorf("echoed: %q", got)
	}
}

// TestFax goes over to T.38 on the addresses of the audio: UDPTL packets, whose
// sequence numbers look like RTP's first octets from 0x8000 on, leave the audio
// alone.
func TestFax(t *testing.T) {
	image := "m=image %d udptl t38\r\na=T38FaxVersion:0"
	a := shown{flow: flowOf(addr(1, 4000), addr(2, 4002)), voice: speech(1, 200), ssrc: 1, seq: 5, ts: 7, pt: 8, to: 200}
	b := a
	b.flow, b.voice, b.ssrc = a.flow.Reverse(), speech(2, 200), 2
	var fax []wire.Datagram
	for i := range 2000 {
		p := binary.BigEndian.AppendUint16(nil, uint16(0x7f00+i)) // ITU-T T.38 section 9.1
		p = append(p, 11, 0xc0, 1, 0x80, 0, 4, byte(i), 2, 3, 4, 0, 0)
		d := wire.Datagram{Nanos: 1700000012e9 + int64(i)*20e6, Flow: a.flow, Payload: p}
		fax = append(fax, d)
	}
	signalling := answered(
		message{callee, 10, "INVITE sip:alice@h SIP/2.0", "7 INVITE", strings.Replace(image, "%d", "4002", 1)},
		message{caller, 10.5, "SIP/2.0 200 OK", "7 INVITE", strings.Replace(image, "%d", "4000", 1)},
	)
	ix := play(signalling, a.datagrams(), b.datagrams(), fax)
	if got := whose(ix); !slices.Equal(got, []string{"caller sdp 200", "callee sdp 200"}) {
		t.Fatal(got)
	}
	c := ix.Calls[0]
	if c.Duration != 4e9 || c.Legs[0].Undecodable != 0 {
		t.Errorf("lasts %v s, %d packets undecodable", c.Duration, c.Legs[0].Undecodable)
	}
	if got := eventsOf(c, "fax"); len(got) != 1 || got[0].At.UnixMilli() != 1700000010500 || got[0].Party != "caller" {
		t.Errorf("events %+v", c.Events)
	}
}

// TestVideoAside has many video streams beside the audio: one event, also
// where both use one payload type.
func TestVideoAside(t *testing.T) {
	for _, pt := range []string{"97", "8"} {
		offer := "m=audio 4000 RTP/AVP 8\r\nm=video 4100 RTP/AVP " + pt + "\r\na=rtpmap:" + pt + " VP8/90000"
		number, _ := strconv.Atoi(pt)
		a := shown{flow: flowOf(addr(1, 4000), addr(2, 4002)), voice: speech(1, 200), ssrc: 1, seq: 5, ts: 7, pt: 8, to: 200}
		lists := [][]wire.Datagram{a.datagrams(), {
			message{caller, 0, invite, "1 INVITE", offer}.datagram(),
			message{callee, 2, "SIP/2.0 200 OK", "1 INVITE", strings.NewReplacer("4000", "4002", "4100", "4102").Replace(offer)}.datagram(),
		}}
		for i := range 50 {
			lists = append(lists, shown{flow: flowOf(addr(1, 4100), addr(2, 4102)), voice: speech(3, 20), ssrc: uint32(100 + i), pt: uint8(number), to: 20}.datagrams())
		}
		ix := play(lists...)
		if got := whose(ix); !slices.Equal(got, []string{"caller sdp 200"}) {
			t.Fatalf("payload type %s: %v", pt, got)
		}
		if got := eventsOf(ix.Calls[0], "video"); len(got) != 1 || !strings.Contains(got[0].Text, "50 video streams of 1000 packets") {
			t.Errorf("payload type %s: events %+v", pt, got)
		}
	}
}
