package synth

import (
	"net/netip"
	"slices"
	"time"
)

// Catalog returns the scripts of the captures that are committed in testdata.
func Catalog() []Script {
	return slices.Concat(basicScripts(), signallingScripts(), containerScripts())
}

// epoch is when the synthetic calls begin.
var epoch = time.Date(2024, 3, 5, 9, 30, 0, 0, time.UTC)

// party makes an endpoint of one host: SIP on 5060, media on the given port.
func party(user, addr string, port uint16) Endpoint {
	a := netip.MustParseAddr(addr)
	return Endpoint{User: user, SIP: netip.AddrPortFrom(a, 5060), Media: netip.AddrPortFrom(a, port)}
}

func aliceBob() [2]Endpoint {
	return [2]Endpoint{party("alice", "192.0.2.10", 10000), party("bob", "192.0.2.20", 20000)}
}

func carolDave() [2]Endpoint {
	return [2]Endpoint{party("carol", "198.51.100.7", 16384), party("dave", "203.0.113.9", 32768)}
}

// ordinary is an answered call: 500 ms of ringing, the callee's media from the
// answer on, the caller's 5 ms later, then BYE by the caller.
func ordinary(id string, ends [2]Endpoint, c Codec, packets int) Call {
	const answer = 500 * ms
	talk := time.Duration(packets) * 20 * ms
	return Call{
		ID: id, State: "completed", Ends: ends, Start: epoch,
		Steps: slices.Concat(setUp(answer, []Codec{c}, []Codec{c}), hangUp(answer+talk+50*ms, Caller, 2)),
		Streams: []Stream{
			{By: Callee, At: answer + 10*ms, Codec: c, Packets: packets, SSRC: hash(id + "callee"), Seq: 2000, TS: 160000},
			{By: Caller, At: answer + 15*ms, Codec: c, Packets: packets, SSRC: hash(id + "caller"), Seq: 1000, TS: 80000},
		},
	}
}

// leg returns the first stream of a party.
func (c *Call) leg(p Party) *Stream {
	i := slices.IndexFunc(c.Streams, func(s Stream) bool { return s.By == p })
	return &c.Streams[i]
}

func basicScripts() []Script {
	one := ordinary("a84b4c76e66710@192.0.2.10", aliceBob(), PCMA, 300)
	one.leg(Caller).Events = []Event{{Kind: Lose, First: 120, Last: 122}}
	two := ordinary("f81d4fae-7dec-11d0@198.51.100.7", carolDave(), PCMU, 280)
	two.Start = epoch.Add(1700 * ms)
	two.leg(Callee).Events = []Event{{Kind: Lose, First: 60, Last: 60}, {Kind: Lose, First: 200, Last: 204}}

	wraps := ordinary("wraps@192.0.2.10", aliceBob(), PCMA, 150)
	wraps.leg(Caller).Seq, wraps.leg(Caller).TS = 65530, 1<<32-8000
	wraps.leg(Callee).Seq, wraps.leg(Callee).TS = 65535, 1<<32-160
	wraps.leg(Callee).Events = []Event{{Kind: Lose, First: 1, Last: 2}} // the hole spans the wrap

	rough := ordinary("rough@192.0.2.10", aliceBob(), PCMU, 200)
	rough.leg(Callee).Events = []Event{
		{Kind: Lose, First: 30, Last: 34},
		{Kind: Duplicate, First: 50, Last: 59, By: 1 * ms},
		{Kind: Duplicate, First: 70, Last: 71, By: 150 * ms},
		{Kind: Delay, First: 90, Last: 90, By: 25 * ms},
		{Kind: Delay, First: 100, Last: 102, By: 110 * ms},
		{Kind: Jitter, First: 120, Last: 180, By: 45 * ms},
	}
	rough.leg(Caller).Seq = 65500
	rough.leg(Caller).Events = []Event{
		{Kind: Delay, First: 0, Last: 0, By: 30 * ms}, // the first packet is not the first to arrive
		{Kind: Delay, First: 35, Last: 36, By: 65 * ms},
		{Kind: Lose, First: 150, Last: 159},
	}

	return []Script{
		{Name: "g711-two-calls.pcap", About: "Two ordinary calls that overlap: alice to bob in A-law, carol to dave in mu-law, with some loss.", Calls: []Call{one, two}},
		{Name: "wraps.pcap", About: "Sequence numbers and timestamps wrap on both legs.", Calls: []Call{wraps}},
		{Name: "loss-dup-reorder.pcap", About: "Loss, duplicates, late and swapped packets and jitter.", Calls: []Call{rough}},
		{Name: "l16-wide.pcap", About: "L16 at 16 kHz one way and 8 kHz calls beside it.", Calls: []Call{
			ordinary("wide@192.0.2.10", aliceBob(), L16Wide, 60), ordinary("narrow@198.51.100.7", carolDave(), L16Narrow, 60)}},
		{Name: "l16-stereo.pcap", About: "L16/44100/2 in packets of 176 samples.", Calls: []Call{stereo()}},
	}
}

func stereo() Call {
	c := ordinary("stereo@192.0.2.10", aliceBob(), L16Stereo, 200)
	for i := range c.Streams {
		c.Streams[i].Frame = 176
		c.Streams[i].At = (510 + 10*time.Duration(i)) * ms // whole samples at 44.1 kHz
	}
	c.Steps = slices.Concat(setUp(500*ms, []Codec{L16Stereo}, []Codec{L16Stereo}), hangUp(1400*ms, Callee, 1))
	return c
}

func containerScripts() []Script {
	six := func(user, addr string, port uint16, iface int) Endpoint {
		e := party(user, addr, port)
		e.Iface = iface
		return e
	}
	v6 := [2]Endpoint{six("alice", "2001:db8::10", 10000, 0), six("bob", "2001:db8:1::20", 20000, 0)}
	plain := func(id string) []Call { return []Call{ordinary(id, aliceBob(), PCMA, 100)} }

	var mixed []Call
	links := []Iface{
		{Link: Ethernet},
		{Link: SLL, TSResol: 9},
		{Link: SLL2, TSOffset: 1_700_000_000},
		{Link: Raw, TSResol: 9},
		{Link: Null},
		{Link: Loop},
		{Link: Ethernet, VLANs: []uint16{100, 7}, TSResol: 0x80 | 20},
		{Link: Ethernet, TSResol: 0x80 | 10}, // signalling only: too coarse to place audio
	}
	for i, pair := range [][2]int{{0, 1}, {2, 3}, {4, 5}, {6, 0}} {
		ends := [2]Endpoint{six("u"+string(rune('0'+i)), "192.0.2.1", uint16(10000+2*i), pair[0]), six("v"+string(rune('0'+i)), "192.0.2.2", uint16(20000+2*i), pair[1])}
		if i >= 2 { // IPv6 over half of the links
			ends[0].SIP, ends[0].Media = netip.MustParseAddrPort("[2001:db8::1]:5060"), netip.AddrPortFrom(netip.MustParseAddr("2001:db8::1"), ends[0].Media.Port())
			ends[1].SIP, ends[1].Media = netip.MustParseAddrPort("[2001:db8::2]:5060"), netip.AddrPortFrom(netip.MustParseAddr("2001:db8::2"), ends[1].Media.Port())
		}
		c := ordinary("mixed-"+string(rune('0'+i)), ends, []Codec{PCMA, PCMU}[i%2], 60)
		c.Start = epoch.Add(time.Duration(i) * 300 * ms)
		c.SIPIface = []int{7, 0, 3, 6}[i]
		mixed = append(mixed, c)
	}

	return []Script{
		{Name: "ipv6-vlan.pcap", About: "IPv6 under two VLAN tags.", Ifaces: []Iface{{Link: Ethernet, VLANs: []uint16{42, 1001}}}, Calls: []Call{ordinary("six@[2001:db8::10]", v6, PCMU, 100)}},
		{Name: "ns-be.pcap", About: "Nanosecond pcap, big-endian.", File: File{BigEndian: true, Nanos: true}, Calls: plain("ns-be@192.0.2.10")},
		{Name: "us-be.pcap", About: "Microsecond pcap, big-endian, cooked v1.", File: File{BigEndian: true}, Ifaces: []Iface{{Link: SLL}}, Calls: plain("us-be@192.0.2.10")},
		{Name: "cooked.pcap", About: "Linux cooked v2, nanoseconds.", File: File{Nanos: true}, Ifaces: []Iface{{Link: SLL2}}, Calls: plain("cooked@192.0.2.10")},
		{Name: "raw-ip.pcap", About: "No link header at all.", Ifaces: []Iface{{Link: Raw}}, Calls: plain("raw@192.0.2.10")},
		{Name: "loopback.pcap", About: "BSD loopback, host byte order, IPv6.", Ifaces: []Iface{{Link: Null}}, Calls: []Call{ordinary("null@[2001:db8::10]", v6, PCMA, 100)}},
		{Name: "mixed-links.pcapng", About: "Eight interfaces with six links and five time formats, two sections of opposite byte order, unknown blocks.",
			File: File{NG: true, Sections: 2}, Ifaces: links, Calls: mixed},
	}
}
