package calls

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"callx/calls/sip"
	"callx/pcapio/wire"
)

// What fuzz input chooses from: four bytes make a message, or some RTP.
var (
	fuzzMessages = []string{
		"INVITE", "INVITE", "100 INVITE", "180 INVITE", "183 INVITE", "200 INVITE", "200 INVITE", "302 INVITE", "401 INVITE", "486 INVITE", "487 INVITE", "491 INVITE",
		"ACK", "BYE", "200 BYE", "CANCEL", "200 CANCEL", "REFER", "202 REFER", "603 REFER", "UPDATE", "200 UPDATE", "PRACK", "NOTIFY", "INFO", "OPTIONS", "rtp", "rtp",
	}
	fuzzHeaders = []string{
		"", "", "", "", "Replaces: x;to-tag=2;from-tag=1", "Replaces: y;to-tag=1;from-tag=2", "Join: x;to-tag=2;from-tag=1", "Refer-To: <sip:c@h>",
		"Refer-To: <sip:c@h?Replaces=y%3Bto-tag%3D2%3Bfrom-tag%3D1>", "Refer-To: <sip:a@h>", "Referred-By: <sip:b@h>", "X-CID: x", "X-CID: same", "Session-Expires: 90", "Reason: Q.850;cause=16",
		"Contact: <sip:c@h>",
	}
	// Who asks has a tag (RFC 3261 section 8.1.1.3), and nobody takes another's.
	fuzzFrom = map[string][]string{"a": {"1", "1", "1", "1"}, "b": {"2", "2", "3", "4"}}
	fuzzTo   = map[string][]string{"a": {"1", "1", "1", ""}, "b": {"", "2", "3", "4"}}
)

// played turns fuzz input into a scene.
func played(b []byte) (s scene) {
	now := 0.0
	for ; len(b) >= 4 && len(s.list) < 400; b = b[4:] {
		now += float64(b[3]>>3) / 16
		from, to := 'a'+b[1]&3, 'a'+b[1]>>2&3
		what, id := fuzzMessages[int(b[0])%len(fuzzMessages)], []string{"x", "y", "z", "x"}[b[1]>>4&3]
		port := uint16(4000 + 2*int(b[1]>>6))
		if what == "rtp" {
			s.talk(now, from, 4000+2*uint16(b[2]&3), to, port, uint32(b[2]>>2&3), 16)
			continue
		}
		media := 0
		switch b[3] & 7 {
		case 0, 1, 2:
			media = int(port)
		case 3:
			media = -int(port)
		}
		asker, answerer := "a", "b"
		if b[2]&0x10 != 0 {
			asker, answerer = answerer, asker
		}
		asker, answerer = asker+":"+fuzzFrom[asker][b[2]&3], answerer+":"+fuzzTo[answerer][b[2]>>2&3]
		var headers []string
		if h := fuzzHeaders[int(b[2]>>5|b[3]&1<<3)]; h != "" {
			headers = append(headers, h)
		}
		s.sip(now, string([]byte{from, '>', to}), what, id, 1+int(b[0]>>6), asker, answerer, media, headers...)
	}
	return s
}

// FuzzDialogs plays messages of a few dialogs in any order, with any tags, from
// anywhere, among some RTP. Whatever was said, every frame is counted, every
// Call-ID is in one call, what happened did so in the call's time and by one of
// its parties, and a second look finds the same.
func FuzzDialogs(f *testing.F) {
	f.Add([]byte{0, 4, 0x04, 0, 3, 1, 0x09, 0x87, 5, 1, 0x09, 0x80, 12, 4, 0x09, 0x87, 26, 4, 0, 0x80, 26, 1, 4, 0, 13, 4, 9, 0xff})
	f.Add([]byte{0, 4, 0x04, 0, 5, 1, 0x09, 0, 17, 1, 0xf6, 0x8f, 18, 4, 0x06, 0x8f, 0, 0x18, 0x01, 0x80, 5, 0x12, 0x0d, 0x80, 13, 4, 9, 0xff})
	f.Add([]byte{0, 4, 0x04, 0, 4, 1, 0x09, 0, 4, 2, 0x0d, 0x80, 6, 2, 0x0d, 0x80, 64, 4, 0x09, 0x83, 70, 1, 9, 0x83, 15, 4, 1, 0x87, 10, 1, 9, 0x87})
	f.Fuzz(func(t *testing.T, b []byte) {
		s := played(b)
		ix := s.index()
		checkDialogs(t, &s, ix)
		want := callsJSON(t, ix)
		if got := callsJSON(t, s.index()); got != want {
			t.Fatalf("a second look finds something else: %s", firstDifference(got, want))
		}
	})
}

func callsJSON(t *testing.T, ix *Index) string {
	t.Helper()
	for _, c := range ix.Calls {
		for i := range c.Notes {
			c.Notes[i].Frame = 0
		}
	}
	b, err := json.MarshalIndent(ix.Calls, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func checkDialogs(t *testing.T, s *scene, ix *Index) {
	t.Helper()
	if p := ix.Packets; p.Total != uint64(len(s.list)) || p.Sum() != p.Total {
		t.Fatalf("%d frames, accounting %+v", len(s.list), p)
	}
	// A dialog begins with a message about an INVITE.
	begun := map[string]bool{}
	messages, others := 0, 0
	for i := range s.list {
		var m sip.Message
		if sip.Parse(&m, s.list[i].Payload) != nil {
			continue
		}
		if messages++; m.IsMethod("INVITE") || string(m.CSeqMethod) == "INVITE" {
			begun[string(m.CallID)] = true
		} else if !begun[string(m.CallID)] {
			others++
		}
	}
	if ix.Packets.SIP != uint64(messages) {
		t.Fatalf("%d messages, %d counted", messages, ix.Packets.SIP)
	}
	for _, n := range ix.Other {
		others -= n
	}
	if others != 0 {
		t.Fatalf("%d messages outside of calls are not counted", others)
	}
	for _, c := range ix.Calls {
		for _, id := range c.CallIDs {
			if !begun[id] {
				t.Fatalf("dialog %s is in two calls, or in none of the messages", id)
			}
			delete(begun, id)
		}
		checkCall(t, c)
	}
	if len(begun) > 0 {
		t.Fatalf("dialogs %v are in no call", begun)
	}
}

func checkCall(t *testing.T, c *Call) {
	t.Helper()
	parties := []string{"caller", "callee", "a", "b"}
	for n := range 2 * maxForks {
		parties = append(parties, fmt.Sprintf("callee-%d", n+2))
	}
	if !slices.IsSortedFunc(c.Events, func(a, b Event) int { return a.At.Compare(b.At.Time) }) {
		t.Fatalf("events %+v", c.Events)
	}
	for _, e := range c.Events {
		if !slices.Contains(parties, e.Party) || e.Kind == "" {
			t.Fatalf("event %+v", e)
		}
		if e.At.Before(c.Start.Time) && c.State != Unattributed && e.Kind != "ssrc" && e.Kind != "codec" {
			t.Fatalf("event %+v, the call began at %v", e, c.Start)
		}
	}
	var seen []string
	for _, l := range c.Legs {
		if !slices.Contains(parties, l.Party) || slices.Contains(seen, l.Party) {
			t.Fatalf("leg of %s behind those of %v", l.Party, seen)
		}
		seen = append(seen, l.Party)
		checkLeg(t, l)
	}
	if c.State == Unattributed {
		return
	}
	for what, at := range map[string]Time{"ringing": c.Ringing, "answer": c.Answer, "end": c.End} {
		if !at.IsZero() && at.Before(c.Start.Time) {
			t.Fatalf("%s at %v, start at %v", what, at, c.Start)
		}
	}
	if c.State == Completed && c.End.IsZero() || c.State == InProgress && len(c.CallIDs) == 1 && !c.End.IsZero() {
		t.Fatalf("%s, end %v", c.State, c.End)
	}
}

// talk sends n packets of RTP.
func (s *scene) talk(seconds float64, from byte, fromPort uint16, to byte, toPort uint16, ssrc uint32, n int) {
	flow := wire.Flow{Src: host(from, fromPort), Dst: host(to, toPort), Proto: wire.UDP}
	for i := range n {
		s.list = append(s.list, wire.Datagram{Nanos: at(seconds) + int64(i)*20e6, Flow: flow, Payload: rtpBytes(8, uint16(i), uint32(i)*160, ssrc, 160)})
	}
}
