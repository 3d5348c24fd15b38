package calls

import (
	"fmt"
	"reflect"
	"testing"

	"callx/pcapio"
	"callx/pcapio/wire"
)

// index runs pass 1 over datagrams in order of time.
func index(list []wire.Datagram) *Index {
	return indexWith(NewIndexer(Options{Decodable: func(c Codec) bool { return c.Name == "PCMA" }}), list)
}

func indexWith(x *Indexer, list []wire.Datagram) *Index {
	for i := range list {
		list[i].Pos = pcapio.Pos{Frame: uint64(i + 1)}
		x.Frame(&pcapio.Frame{Pos: list[i].Pos, Nanos: list[i].Nanos}, wire.ClassUDP, list[i:i+1])
	}
	return x.Finish([]string{"capture"})
}

// TestReuse sends the same flow and SSRC again after a call that nobody hung
// up: within the hour it is the call's, after it another call.
func TestReuse(t *testing.T) {
	flow := datagrams(record(0, 0, nil))[0].Flow
	sdp := "v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
	ok := fmt.Sprintf("SIP/2.0 200 OK\r\nCall-ID: c\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>;tag=2\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\n\r\n%s", sdp)
	for _, tt := range []struct {
		pause int64 // seconds
		calls int
	}{{60, 1}, {3000, 1}, {4000, 2}, {86400 * 365, 2}} {
		list := []wire.Datagram{{Nanos: 1700000000e9, Flow: flow.Reverse(), Payload: []byte(ok)}}
		send := func(start int64, seq uint16, ts uint32) {
			for i := range 100 {
				list = append(list, wire.Datagram{Nanos: start + int64(i)*20e6, Flow: flow, Payload: rtpBytes(8, seq+uint16(i), ts+uint32(i)*160, 7, 160)})
			}
		}
		send(1700000001e9, 1, 1)
		send(1700000003e9+tt.pause*1e9, 30000, 0x70000000)
		ix := index(list)
		if len(ix.Calls) != tt.calls {
			t.Errorf("after %d s: %d calls, want %d", tt.pause, len(ix.Calls), tt.calls)
			continue
		}
		if tt.calls == 2 && (ix.Calls[0].State != InProgress || ix.Calls[1].State != Unattributed) {
			t.Errorf("after %d s: %s and %s", tt.pause, ix.Calls[0].State, ix.Calls[1].State)
		}
		if n := ix.Calls[0].Legs[0].Packets + ix.Calls[len(ix.Calls)-1].Legs[0].Packets; tt.calls == 2 && n != 200 || tt.calls == 1 && n != 400 {
			t.Errorf("after %d s: %d packets", tt.pause, n)
		}
	}
}

// TestWildArrival damages capture times: the legs of the call stay together.
func TestWildArrival(t *testing.T) {
	for _, wild := range []int64{-1e18, -86400e9, 86400e9, 1e18} {
		for _, at := range []int{0, 1, 50, 99} {
			var list []wire.Datagram
			flow := datagrams(record(0, 0, nil))[0].Flow
			for i := range 100 {
				now := 1700000000e9 + int64(i)*20e6
				list = append(list,
					wire.Datagram{Nanos: now, Flow: flow, Payload: rtpBytes(8, uint16(i), uint32(i)*160, 7, 160)},
					wire.Datagram{Nanos: now + 1e6, Flow: flow.Reverse(), Payload: rtpBytes(8, uint16(i), uint32(i)*160, 9, 160)})
			}
			list[2*at].Nanos += wild
			ix := index(list)
			if len(ix.Calls) != 1 || len(ix.Calls[0].Legs) != 2 {
				t.Fatalf("%d calls", len(ix.Calls))
			}
			c := ix.Calls[0]
			if d := c.Duration; d < 1.9e9 || d > 2.1e9 {
				t.Errorf("packet %d off by %d s: the call lasts %v s", at, wild/1e9, d)
			}
			for _, l := range c.Legs {
				if l.Offset > 2e6 || l.Packets != 100 || l.Lost != 0 {
					t.Errorf("packet %d off by %d s: leg %s offset %v, %d packets, %d lost", at, wild/1e9, l.Party, l.Offset, l.Packets, l.Lost)
				}
			}
		}
	}
}

// TestDuplicateSignalling has every frame twice: the same messages, counted
// all, used once.
func TestDuplicateSignalling(t *testing.T) {
	once, twice := NewIndexer(Options{}), NewIndexer(Options{})
	frames := uint64(0)
	for _, d := range datagrams(fuzzSeeds()[2]) {
		f := pcapio.Frame{Pos: d.Pos, Nanos: d.Nanos}
		once.Frame(&f, wire.ClassUDP, []wire.Datagram{d})
		twice.Frame(&f, wire.ClassUDP, []wire.Datagram{d})
		d.Duplicate = d.Payload[0]>>6 != 2 // as wire marks it
		twice.Frame(&f, wire.ClassUDP, []wire.Datagram{d})
		frames++
	}
	a, b := once.Finish([]string{"a"}), twice.Finish([]string{"a"})
	if len(a.Calls) != 1 || len(b.Calls) != 1 {
		t.Fatalf("%d and %d calls, want 1", len(a.Calls), len(b.Calls))
	}
	if !reflect.DeepEqual(a.Calls[0].Events, b.Calls[0].Events) || a.Calls[0].State != b.Calls[0].State {
		t.Errorf("events %v, want %v", b.Calls[0].Events, a.Calls[0].Events)
	}
	if b.Packets.Total != 2*frames || b.Packets.Sum() != b.Packets.Total || b.Packets.SIP != 2*a.Packets.SIP {
		t.Errorf("%d frames, accounting %+v", 2*frames, b.Packets)
	}
	if len(b.Notes) != 1 || b.Notes[0].Kind != "duplicate" {
		t.Errorf("notes %v, want one of duplicates", b.Notes)
	}
}
