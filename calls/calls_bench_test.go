package calls

import (
	"fmt"
	"net/netip"
	"testing"

	"callx/pcapio"
	"callx/pcapio/wire"
)

// BenchmarkCalls indexes whole calls, signalling and a second of both voices,
// and reports what one costs. It must not depend on how many there are.
func BenchmarkCalls(b *testing.B) {
	for _, n := range []int{1000, 10000, 100000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				x := NewIndexer(Options{NoRouter: true})
				f := pcapio.Frame{}
				feed := func(nanos int64, flow wire.Flow, payload []byte) {
					f.Frame++
					f.Nanos = nanos
					x.Frame(&f, wire.ClassUDP, []wire.Datagram{{Pos: f.Pos, Nanos: nanos, Flow: flow, Payload: payload}})
				}
				// Up to 500 calls at a time, each 2 ms after the one before.
				for first := 0; first < n; first += 500 {
					benchCalls(feed, first, min(first+500, n))
				}
				if got := len(x.Finish(nil).Calls); got != n {
					b.Fatalf("%d calls, want %d", got, n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/call")
		})
	}
}

// benchCalls sends the datagrams of some calls in order of time.
func benchCalls(feed func(int64, wire.Flow, []byte), from, to int) {
	start := int64(1700000000e9) + int64(from)*2e6
	flows := make([]wire.Flow, 0, to-from)
	for i := from; i < to; i++ {
		a := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 4000)
		z := netip.AddrPortFrom(netip.AddrFrom4([4]byte{11, byte(i >> 16), byte(i >> 8), byte(i)}), 4000)
		flow := wire.Flow{Src: a, Dst: z, Proto: wire.UDP}
		flows = append(flows, flow)
		say := func(first string, sdp string, to string) []byte {
			return fmt.Appendf(nil, "%s\r\nCall-ID: %d@h\r\nFrom: <sip:%d@h>;tag=1\r\nTo: <sip:%d@h>%s\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\n\r\n"+
				"v=0\r\no=- 1 1 IN IP4 %[6]s\r\ns=-\r\nc=IN IP4 %[6]s\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n", first, i, i, i+1, to, sdp)
		}
		feed(start, flow, say("INVITE sip:x@h SIP/2.0", a.Addr().String(), ""))
		feed(start+1e6, flow.Reverse(), say("SIP/2.0 200 OK", z.Addr().String(), ";tag=2"))
	}
	packet := rtpBytes(8, 0, 0, 0, 160)
	for k := range 50 {
		for i, flow := range flows {
			for side, f := range []wire.Flow{flow, flow.Reverse()} {
				ssrc := uint32(from+i)*2 + uint32(side)
				copy(packet, rtpBytes(8, uint16(k), uint32(k)*160, ssrc, 0))
				for j := 12; j < 28; j++ {
					packet[j] = byte((uint32(j)*31 + uint32(k)*77 + ssrc) * 2654435761 >> 20)
				}
				feed(start+2e6+int64(k)*20e6, f, packet)
			}
		}
	}
}
