package calls

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"callx/pcapio/wire"
)

// addr makes an address of the documentation's network.
func addr(host, port int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(host)}), uint16(port))
}

func flowOf(src, dst netip.AddrPort) wire.Flow { return wire.Flow{Src: src, Dst: dst, Proto: wire.UDP} }

// A stream of a scenario: what one flow shows of a voice.
type shown struct {
	flow     wire.Flow
	voice    [][]byte
	ssrc     uint32
	seq      uint16
	ts       uint32
	pt       byte
	lag      int64
	from, to int
	without  func(i int) bool // packets that are lost
}

func (s shown) datagrams() (list []wire.Datagram) {
	for i := s.from; i < s.to; i++ {
		if s.without != nil && s.without(i) {
			continue
		}
		b := append(rtpBytes(s.pt, s.seq+uint16(i), s.ts+160*uint32(i), s.ssrc, 0), s.voice[i]...)
		list = append(list, wire.Datagram{Nanos: 1700000003e9 + int64(i)*20e6 + s.lag, Flow: s.flow, Payload: b})
	}
	return list
}

// play indexes datagrams of several sources in order of time.
func play(lists ...[]wire.Datagram) *Index {
	all := slices.Concat(lists...)
	slices.SortStableFunc(all, func(a, b wire.Datagram) int { return int((a.Nanos - b.Nanos) >> 1) })
	return index(all)
}

// answered is the signalling of a call between 192.0.2.1:4000 and 192.0.2.2:4002.
func answered(more ...message) (list []wire.Datagram) {
	for _, m := range append([]message{
		{caller, 0, invite, "1 INVITE", "m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000"},
		{callee, 2, "SIP/2.0 200 OK", "1 INVITE", "m=audio 4002 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000"},
		{caller, 2.1, "ACK sip:bob@h SIP/2.0", "1 ACK", ""},
		{caller, 100, "BYE sip:bob@h SIP/2.0", "2 BYE", ""},
	}, more...) {
		list = append(list, m.datagram())
	}
	return list
}

func every(n, off int) func(int) bool { return func(i int) bool { return i%n == off } }

// TestRelayedVoice has the caller's voice pass a relay that gives it another
// SSRC and other numbers, both of which reach the callee's address.
func TestRelayedVoice(t *testing.T) {
	voice := speech(1, 1000)
	near := shown{flow: flowOf(addr(1, 4000), addr(2, 4002)), voice: voice, ssrc: 1, seq: 65000, ts: 7, pt: 8, to: 1000}
	far := near
	far.flow, far.ssrc, far.seq, far.ts, far.lag = flowOf(addr(9, 7000), addr(2, 4002)), 2, 12, 0xfffff000, 3e6
	for _, tt := range []struct {
		name                   string
		near, far              func(int) bool
		packets, lost, skipped uint64
		filled                 string
	}{
		{"nothing lost", nil, nil, 2000, 0, 1000, ""},
		{"behind the relay", nil, every(10, 5), 1900, 0, 900, ""},
		{"on both sides", every(100, 50), every(10, 5), 1890, 0, 890, "10 packets that it lacks"},
		{"the same ones", every(10, 5), every(10, 5), 1800, 100, 900, ""},
	} {
		near.without, far.without = tt.near, tt.far
		c := play(answered(), near.datagrams(), far.datagrams()).Calls[0]
		if len(c.Legs) != 1 || len(c.Legs[0].Parts) != 1 {
			t.Errorf("%s: %d legs", tt.name, len(c.Legs))
			continue
		}
		l := c.Legs[0]
		if l.Party != "caller" || l.Packets != tt.packets || l.Lost != tt.lost || l.Duplicates != tt.skipped {
			t.Errorf("%s: %s has %d packets, %d lost, %d duplicates; want %d %d %d", tt.name, l.Party, l.Packets, l.Lost, l.Duplicates, tt.packets, tt.lost, tt.skipped)
		}
		if len(l.Streams) != 2 || l.Streams[0].Hops != 2 || l.Streams[1].Hops != 2 {
			t.Errorf("%s: streams %+v", tt.name, l.Streams)
		}
		var text []string
		for _, n := range c.Notes {
			if n.Kind == "hop" {
				text = append(text, n.Text)
			}
			if n.Kind == "overlap" {
				t.Errorf("%s: %v", tt.name, n)
			}
		}
		if len(text) != 2 || !strings.Contains(text[0], tt.filled) || tt.filled == "" && strings.Contains(text[0], "lacks") {
			t.Errorf("%s: notes %q, want %q", tt.name, text, tt.filled)
		}
	}
}

// TestRelayedPackets routes both hops of a relayed voice: each packet of one has
// the place of its copy at the other.
func TestRelayedPackets(t *testing.T) {
	voice := speech(2, 500)
	near := shown{flow: flowOf(addr(1, 4000), addr(2, 4002)), voice: voice, ssrc: 1, seq: 65400, ts: 7, pt: 8, to: 500, without: every(9, 2)}
	far := near
	far.flow, far.ssrc, far.seq, far.ts, far.lag, far.without = flowOf(addr(9, 7000), addr(2, 4002)), 2, 12, 0xfffff000, 3e6, every(7, 3)
	all := slices.Concat(answered(), near.datagrams(), far.datagrams())
	slices.SortStableFunc(all, func(a, b wire.Datagram) int { return int((a.Nanos - b.Nanos) >> 1) })
	rt := index(all).Router(nil)
	place := map[string][2]int64{}
	var out Routed
	twice := 0
	for i := range all {
		if !rt.Route(&all[i], &out) {
			continue
		}
		k := string(out.Packet.Payload)
		p, seen := place[k]
		if now := [2]int64{out.Seq, out.TS}; seen && p != now {
			t.Fatalf("a copy is at %v, the packet at %v", now, p)
		} else if seen {
			twice++
		} else {
			place[k] = now
		}
	}
	both, some := 0, 0
	for i := range 500 {
		a, b := i%9 != 2, i%7 != 3
		if a || b {
			some++
		}
		if a && b {
			both++
		}
	}
	if len(place) != some || twice != both {
		t.Errorf("%d packets routed, %d twice; want %d, %d", len(place), twice, some, both)
	}
}

// TestRelayRenumbers has the relay number what it sends without the holes of
// what it got: the voice is heard once, the copies are counted.
func TestRelayRenumbers(t *testing.T) {
	voice := speech(3, 1000)
	near := shown{flow: flowOf(addr(1, 4000), addr(2, 4002)), voice: voice, ssrc: 1, seq: 5, ts: 7, pt: 8, to: 1000}
	var kept [][]byte
	var when []int64
	for i, d := range near.datagrams() {
		if i%50 != 10 {
			kept, when = append(kept, voice[i]), append(when, d.Nanos+2e6)
		}
	}
	far := shown{flow: flowOf(addr(9, 7000), addr(2, 4002)), voice: kept, ssrc: 2, seq: 900, ts: 70, pt: 8, to: len(kept)}.datagrams()
	for i := range far {
		far[i].Nanos = when[i]
	}
	l := play(answered(), near.datagrams(), far).Calls[0].Legs[0]
	if len(l.Parts) != 1 || l.Packets != 1980 || l.Duplicates != 980 || l.Lost != 0 {
		t.Errorf("%d parts, %d packets, %d duplicates, %d lost", len(l.Parts), l.Packets, l.Duplicates, l.Lost)
	}
}

// TestTwoVoices has two different voices of one party at once: none is a hop.
func TestTwoVoices(t *testing.T) {
	a := shown{flow: flowOf(addr(1, 4000), addr(2, 4002)), voice: speech(4, 300), ssrc: 1, seq: 5, ts: 7, pt: 8, to: 300}
	b := shown{flow: flowOf(addr(1, 4000), addr(2, 4002)), voice: speech(5, 300), ssrc: 2, seq: 5, ts: 7, pt: 8, to: 300}
	l := play(answered(), a.datagrams(), b.datagrams()).Calls[0].Legs[0]
	if len(l.Parts) != 2 || l.Packets != 600 || l.Duplicates != 0 {
		t.Errorf("%d parts, %d packets, %d duplicates", len(l.Parts), l.Packets, l.Duplicates)
	}
}

// missingRun makes a run of the packets [0, n) that has those of have.
func missingRun(t testing.TB, n int, have func(int) bool) *run {
	t.Helper()
	var r *run
	for i := range n {
		if !have(i) {
			continue
		}
		s := &sample{nanos: int64(i) * 20e6, seq: uint16(i), ts: 160 * uint32(i), pt: 8, size: 160, digest: noDigest}
		if r == nil {
			r = new(run)
			r.begin(0, s)
		} else if !r.add(s) {
			t.Fatal(i)
		}
	}
	return r
}

// TestIntersect compares with sets.
func TestIntersect(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for round := range 300 {
		n := 20 + rnd.IntN(200)
		share := 1 + rnd.IntN(9)
		a, b := make([]bool, n), make([]bool, n)
		for i := range n {
			a[i], b[i] = rnd.IntN(10) < share, rnd.IntN(10) < share
		}
		a[rnd.IntN(n)], b[rnd.IntN(n)] = true, true
		ra := missingRun(t, n, func(i int) bool { return a[i] })
		rb := missingRun(t, n, func(i int) bool { return b[i] })
		add := int64(rnd.IntN(2000) - 1000)
		for i := range rb.gaps {
			rb.gaps[i].seq -= add
		}
		rb.seqMin, rb.seqMax = rb.seqMin-add, rb.seqMax-add
		var got []int64
		for _, g := range intersect(ra.gaps, rb, add) {
			for k := range g.n {
				got = append(got, g.seq+k)
			}
			if g.n > 0 && g.to-g.from != 160*g.n {
				t.Fatalf("round %d: gap %+v", round, g)
			}
		}
		var want []int64
		for i := slices.Index(a, true); i < n; i++ {
			if !a[i] && !b[i] && slices.Contains(a[i:], true) {
				want = append(want, int64(i))
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("round %d: missing %v, want %v", round, got, want)
		}
	}
}

// BenchmarkIntersect has as many gaps without missing packets as others: what
// one gap costs must not grow with their number.
func BenchmarkIntersect(b *testing.B) {
	for _, n := range []int{1 << 10, 1 << 13, 1 << 16} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r, holes := manyGaps(n)
			for b.Loop() {
				intersect(holes, r, 0)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/gap")
		})
	}
}

// manyGaps makes a run with n silences and then n holes, and a list of n holes
// that it fills.
func manyGaps(n int) (*run, []gap) {
	r := &run{seqMax: int64(4 * n)}
	var holes []gap
	for i := range n {
		r.gaps = append(r.gaps, gap{seq: int64(2*i + 1), from: int64(i), to: int64(i + 1)})
		holes = append(holes, gap{seq: int64(2*i + 1), n: 1})
	}
	return r, holes
}
