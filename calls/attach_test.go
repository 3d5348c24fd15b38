package calls

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"callx/pcapio/wire"
)

// whose tells which legs a call has, by which rule, with how many packets.
func whose(ix *Index) (list []string) {
	for _, c := range ix.Calls {
		for _, l := range c.Legs {
			list = append(list, fmt.Sprintf("%s %s %d", l.Party, l.Rule, l.Packets))
		}
	}
	return list
}

// TestRules attaches one stream by each rule.
func TestRules(t *testing.T) {
	const to = "m=audio 4000 RTP/AVP 8"
	ice := func(port int, candidates string) string {
		return fmt.Sprintf("m=audio %d UDP/TLS/RTP/SAVPF 8\r\nc=IN IP4 0.0.0.0\r\n%s", port, candidates)
	}
	bundle := "m=video 4002 RTP/AVP 97\r\na=mid:v\r\na=rtpmap:97 VP8/90000\r\nm=audio 0 RTP/AVP 8\r\na=mid:a\r\na=bundle-only"
	voice := speech(1, 100)
	one := func(src, dst netip.AddrPort, ssrc uint32) shown {
		return shown{flow: flowOf(src, dst), voice: voice, ssrc: ssrc, seq: 5, ts: 7, pt: 8, to: 100}
	}
	hop := one(addr(7, 7000), addr(8, 8000), 1)
	hop.lag = 1e6
	other := hop
	other.voice = speech(2, 100)
	private := "m=audio 4002 RTP/AVP 8\r\nc=IN IP4 10.0.0.1"
	for _, tt := range []struct {
		name          string
		offer, answer string
		streams       []shown
		want          []string
	}{
		{"to the address of the SDP", to, "m=audio 4002 RTP/AVP 8", []shown{one(addr(9, 9), addr(2, 4002), 1)}, []string{"caller sdp 100"}},
		{"the reverse", to, "m=audio 4002 RTP/AVP 8", []shown{one(addr(9, 9), addr(2, 4002), 1), one(addr(2, 4002), addr(9, 9), 2)}, []string{"caller sdp 100", "callee symmetric 100"}},
		{"from the address of the SDP", to, "m=audio 4002 RTP/AVP 8", []shown{one(addr(1, 4000), addr(9, 9), 1)}, []string{"caller symmetric 100"}},
		{"host candidate", to, ice(9, "a=candidate:1 1 UDP 2130706431 192.0.2.50 5000 typ host"), []shown{one(addr(9, 9), addr(50, 5000), 1)}, []string{"caller ice 100"}},
		{"mapped candidate", to, ice(9, "a=candidate:1 1 UDP 2130706431 10.0.0.1 5000 typ host\r\na=candidate:2 1 UDP 1694498815 192.0.2.51 6000 typ srflx raddr 10.0.0.1 rport 5000"),
			[]shown{one(addr(9, 9), addr(51, 6000), 1)}, []string{"caller ice 100"}},
		{"relayed candidate", to, ice(9, "a=candidate:3 1 UDP 5 192.0.2.52 7000 typ relay raddr 192.0.2.51 rport 6000"), []shown{one(addr(9, 9), addr(52, 7000), 1)}, []string{"caller ice 100"}},
		{"from a candidate", to, ice(9, "a=candidate:1 1 UDP 2130706431 192.0.2.50 5000 typ host"), []shown{one(addr(50, 5000), addr(9, 9), 1)}, []string{"callee ice 100"}},
		{"candidate for RTCP", to, ice(9, "a=candidate:1 2 UDP 2130706431 192.0.2.50 5001 typ host"), []shown{one(addr(9, 9), addr(50, 5001), 1)}, []string{"a unattributed 100"}},
		{"private address", to, private, []shown{one(addr(9, 9), addr(2, 4002), 1)}, []string{"caller nat 100"}},
		{"from behind the NAT", to, private, []shown{one(addr(2, 4002), addr(9, 9), 1)}, []string{"callee nat 100"}},
		{"host name", to, "m=audio 4002 RTP/AVP 8\r\nc=IN IP4 media.example", []shown{one(addr(9, 9), addr(2, 4002), 1)}, []string{"caller nat 100"}},
		{"bundled", to, "a=group:BUNDLE v a\r\n" + bundle, []shown{one(addr(9, 9), addr(2, 4002), 1)}, []string{"caller sdp 100"}},
		{"another hop", to, "m=audio 4002 RTP/AVP 8", []shown{one(addr(1, 4000), addr(2, 4002), 1), hop}, []string{"caller sdp 200"}},
		{"another voice with its SSRC", to, "m=audio 4002 RTP/AVP 8", []shown{one(addr(1, 4000), addr(2, 4002), 1), other}, []string{"caller sdp 100", "a unattributed 100"}},
	} {
		lists := [][]wire.Datagram{
			{message{caller, 0, invite, "1 INVITE", tt.offer}.datagram(), message{callee, 2, "SIP/2.0 200 OK", "1 INVITE", tt.answer}.datagram()},
		}
		for _, s := range tt.streams {
			lists = append(lists, s.datagrams())
		}
		ix := play(lists...)
		if got := whose(ix); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestHopRule has the hop alone at addresses that nobody named.
func TestHopRule(t *testing.T) {
	near := shown{flow: flowOf(addr(1, 4000), addr(2, 4002)), voice: speech(1, 100), ssrc: 1, seq: 5, ts: 7, pt: 8, to: 100, without: every(10, 4)}
	far := near
	far.flow, far.lag, far.without = flowOf(addr(7, 7000), addr(8, 8000)), -1e6, every(10, 5) // captured first
	ix := play(answered(), near.datagrams(), far.datagrams())
	if got := whose(ix); !slices.Equal(got, []string{"caller hop 180"}) {
		t.Fatal(got)
	}
	l := ix.Calls[0].Legs[0]
	if l.Lost != 0 || l.Duplicates != 80 || len(l.Streams) != 2 || l.Streams[0].Hops != 2 {
		t.Errorf("%d lost, %d duplicates, streams %+v", l.Lost, l.Duplicates, l.Streams)
	}
}

// TestBeforeAnswer has RTP flow before the SDP that says where to.
func TestBeforeAnswer(t *testing.T) {
	s := shown{flow: flowOf(addr(1, 4000), addr(2, 4002)), voice: speech(1, 600), ssrc: 1, seq: 5, ts: 7, pt: 8, to: 600}
	for _, answer := range []float64{4, 9, 20} { // the media is from 3 to 15
		ix := play([]wire.Datagram{
			message{caller, 0, invite, "1 INVITE", "m=audio 4000 RTP/AVP 8"}.datagram(),
			message{callee, answer, "SIP/2.0 200 OK", "1 INVITE", "m=audio 4002 RTP/AVP 8"}.datagram(),
		}, s.datagrams())
		if got := whose(ix); len(ix.Calls) != 1 || len(got) != 1 || ix.Calls[0].Legs[0].Party != "caller" || ix.Calls[0].Legs[0].Packets != 600 {
			t.Errorf("answer at %v: %q", answer, got)
		}
	}
}

// TestSourcePortChanges has a NAT give the caller another port in mid-call.
func TestSourcePortChanges(t *testing.T) {
	a := shown{flow: flowOf(addr(1, 4000), addr(2, 4002)), voice: speech(1, 600), ssrc: 1, seq: 5, ts: 7, pt: 8, to: 300}
	b := a
	b.flow, b.from, b.to = flowOf(addr(1, 4444), addr(2, 4002)), 300, 600
	c := play(answered(), a.datagrams(), b.datagrams()).Calls[0]
	if len(c.Legs) != 1 || c.Legs[0].Packets != 600 || c.Legs[0].Lost != 0 || len(c.Legs[0].Gaps) != 0 || len(c.Legs[0].Streams) != 2 {
		t.Errorf("legs %+v", c.Legs[0])
	}
	if d := c.Duration; d != 12e9 {
		t.Errorf("lasts %v s, want 12", d)
	}
	if !slices.ContainsFunc(c.Events, func(e Event) bool { return e.Kind == "ssrc" && e.Party == "caller" && e.Offset == 6e9 }) {
		t.Errorf("events %+v", c.Events)
	}
}

// TestAddressServesAgain has the address of a call that ended serve another,
// with the same SSRC, numbers from the start and no pause.
func TestAddressServesAgain(t *testing.T) {
	call := func(id string, at float64) (list []wire.Datagram) {
		for _, m := range []message{
			{caller, at, invite, "1 INVITE", "m=audio 4000 RTP/AVP 8"}, {callee, at + 0.5, "SIP/2.0 200 OK", "1 INVITE", "m=audio 4002 RTP/AVP 8"},
			{caller, at + 9, "BYE sip:bob@h SIP/2.0", "2 BYE", ""},
		} {
			d := m.datagram()
			d.Payload = bytes.ReplaceAll(d.Payload, []byte("x@y"), []byte(id))
			list = append(list, d)
		}
		return list
	}
	s := shown{flow: flowOf(addr(1, 4000), addr(2, 4002)), voice: speech(1, 400), ssrc: 0xca110000, pt: 8, to: 400}
	later := s
	later.voice, later.lag = speech(2, 400), 10e9
	ix := play(call("first", 2), call("second", 12), s.datagrams(), later.datagrams())
	if len(ix.Calls) != 2 {
		t.Fatalf("%d calls", len(ix.Calls))
	}
	for i, c := range ix.Calls {
		if len(c.Legs) != 1 || c.Legs[0].Packets != 400 || c.Legs[0].Start.Unix() != int64(1700000003+10*i) {
			t.Errorf("call %v: %q", c.CallIDs, whose(ix))
		}
	}
}

// TestBypass: a switch calls on, and lets the two talk directly: it passes the
// SDP of each on to the other. Both voices are in the call that began first.
func TestBypass(t *testing.T) {
	for _, reused := range []bool{false, true} {
		var s scene
		if reused { // the same ports were in use before, in a call that nobody hung up
			s.sip(-90, "a>s", "INVITE", "old", 1, "a:6", "b", 4000)
			s.message(-89.9, "s>a", "200 INVITE", "old", 1, "a:6", "b:7", 'b', 4002)
		}
		s.sip(0, "a>s", "INVITE", "x", 1, "a:1", "b", 4000)
		s.message(0.1, "s>b", "INVITE", "y", 1, "a:3", "b", 'a', 4000)
		s.sip(1, "b>s", "200 INVITE", "y", 1, "a:3", "b:4", 4002)
		s.message(1.1, "s>a", "200 INVITE", "x", 1, "a:1", "b:2", 'b', 4002)
		s.rtp(2, 'a', 4000, 'b', 4002, 11)
		s.rtp(2, 'b', 4002, 'a', 4000, 22)
		for _, c := range s.index().Calls {
			want := ""
			if c.CallIDs[0] == "x" {
				want = "caller=a/1 callee=b/1"
			}
			if got := legs(c); got != want {
				t.Errorf("reused %v, call %s: legs %q, want %q", reused, c.CallIDs[0], got, want)
			}
		}
	}
}
