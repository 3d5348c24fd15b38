package synth

import (
	"net/netip"
	"slices"
	"time"
)

// signallingScripts are about when and how SIP and SDP say what is spoken.
func signallingScripts() []Script {
	return []Script{
		{Name: "early-media-183.pcap", About: "The callee's voice begins after a 183, one second before the answer.", Calls: []Call{earlyMedia()}},
		{Name: "hold.pcap", About: "The caller puts the callee on hold for two seconds: its packets stop, its timestamps go on; then it resumes.", Calls: []Call{hold()}},
		{Name: "reinvite-codec.pcap", About: "A re-INVITE moves both parties to new ports and from A-law to mu-law.", Calls: []Call{reinvite()}},
		{Name: "ssrc-change.pcap", About: "The callee's SSRC, sequence and timestamp change in mid-call, after 80 ms of nothing.", Calls: []Call{ssrcChange()}},
		{Name: "delayed-offer.pcap", About: "The INVITE has no SDP: the offer is in the 200, the answer in the ACK.", Calls: []Call{delayedOffer()}},
		{Name: "cancelled.pcap", About: "The caller gives up while it rings: CANCEL, 487.", Calls: []Call{refused("cancelled@192.0.2.10", "cancelled")}},
		{Name: "busy.pcap", About: "486 Busy Here.", Calls: []Call{refused("busy@192.0.2.10", "busy")}},
		{Name: "no-sip.pcap", About: "Bare RTP in both directions.", Calls: []Call{noSIP()}},
		{Name: "media-before-sip.pcap", About: "The signalling reaches the capture 1.2 s after the first media.", Calls: []Call{mediaFirst()}},
		{Name: "no-bye.pcap", About: "The capture stops while the call goes on.", Calls: []Call{noBye()}},
	}
}

func earlyMedia() Call {
	c := ordinary("early@192.0.2.10", aliceBob(), PCMA, 150)
	const answer = 1700 * ms
	c.Steps = slices.Concat([]Step{
		{At: 0, By: Caller, Line: "INVITE", SDP: &SDP{Codecs: []Codec{PCMA, PCMU}}},
		{At: 4 * ms, By: Callee, Line: "100 Trying"},
		{At: 650 * ms, By: Callee, Line: "183 Session Progress", SDP: &SDP{Codecs: []Codec{PCMA}}},
		{At: answer, By: Callee, Line: "200 OK", SDP: &SDP{Codecs: []Codec{PCMA}}},
		{At: answer + 7*ms, By: Caller, Line: "ACK"},
	}, hangUp(3800*ms, Callee, 1))
	c.leg(Callee).At = 700 * ms
	c.leg(Caller).At = answer + 15*ms
	c.leg(Caller).Packets = 100
	return c
}

func hold() Call {
	c := ordinary("hold@192.0.2.10", aliceBob(), PCMA, 300)
	dir := func(d string) *SDP { return &SDP{Codecs: []Codec{PCMA}, Dir: d} }
	reinvite := func(at time.Duration, cseq int, offer, answer string) []Step {
		return []Step{
			{At: at, By: Caller, Line: "INVITE", CSeq: cseq, SDP: dir(offer)},
			{At: at + 8*ms, By: Callee, Line: "200 OK", CSeq: cseq, SDP: dir(answer)},
			{At: at + 14*ms, By: Caller, Line: "ACK", CSeq: cseq},
		}
	}
	c.Steps = slices.Concat(setUp(500*ms, []Codec{PCMA}, []Codec{PCMA}),
		reinvite(2400*ms, 2, "sendonly", "recvonly"), reinvite(4400*ms, 3, "sendrecv", "sendrecv"), hangUp(6600*ms, Caller, 4))
	// From 2.515 s and 2.510 s on nothing for two seconds.
	c.leg(Caller).Packets, c.leg(Callee).Packets = 200, 200
	c.leg(Caller).Events = []Event{{Kind: Pause, First: 100, By: 2 * time.Second}}
	c.leg(Callee).Events = []Event{{Kind: Pause, First: 100, By: 2 * time.Second}}
	return c
}

func reinvite() Call {
	c := ordinary("reinvite@192.0.2.10", aliceBob(), PCMA, 100)
	moved := [2]netip.AddrPort{netip.MustParseAddrPort("192.0.2.10:10010"), netip.MustParseAddrPort("192.0.2.21:20010")}
	c.Steps = slices.Concat(setUp(500*ms, []Codec{PCMA}, []Codec{PCMA}), []Step{
		{At: 2450 * ms, By: Callee, Line: "INVITE", SDP: &SDP{Addr: moved[Callee], Codecs: []Codec{PCMU}}},
		{At: 2460 * ms, By: Caller, Line: "200 OK", SDP: &SDP{Addr: moved[Caller], Codecs: []Codec{PCMU}}},
		{At: 2466 * ms, By: Callee, Line: "ACK"},
	}, hangUp(4700*ms, Caller, 2))
	c.Streams = append(c.Streams,
		Stream{By: Callee, At: 2550 * ms, Codec: PCMU, Packets: 100, SSRC: 0x5eed0001, Seq: 40000, TS: 7, Src: moved[Callee], Dst: moved[Caller]},
		Stream{By: Caller, At: 2560 * ms, Codec: PCMU, Packets: 100, SSRC: 0x5eed0002, Seq: 50000, TS: 1 << 31, Src: moved[Caller], Dst: moved[Callee]},
	)
	return c
}

func ssrcChange() Call {
	c := ordinary("ssrc@192.0.2.10", aliceBob(), PCMA, 200)
	c.leg(Callee).Packets = 90
	next := *c.leg(Callee)
	next.At += 90*20*ms + 80*ms
	next.Packets, next.SSRC, next.Seq, next.TS = 106, 0x0badcafe, 60123, 4_000_000_000
	c.Streams = append(c.Streams, next)
	return c
}

func delayedOffer() Call {
	c := ordinary("delayed@198.51.100.7", carolDave(), PCMU, 120)
	c.Steps[0].SDP = nil                           // INVITE
	c.Steps[4].SDP = &SDP{Codecs: []Codec{PCMU}}   // ACK
	c.Steps[3].SDP.Codecs = []Codec{PCMU, L16Wide} // 200
	return c
}

// refused is a call that never had media.
func refused(id, state string) Call {
	c := Call{ID: id, State: state, Ends: aliceBob(), Start: epoch, Steps: setUp(0, []Codec{PCMA}, nil)[:3]}
	if state == "cancelled" {
		c.Steps = append(c.Steps,
			Step{At: 2 * time.Second, By: Caller, Line: "CANCEL"},
			Step{At: 2003 * ms, By: Callee, Line: "200 OK", For: "CANCEL"},
			Step{At: 2005 * ms, By: Callee, Line: "487 Request Terminated"},
			Step{At: 2011 * ms, By: Caller, Line: "ACK"})
		return c
	}
	c.Steps = append(c.Steps,
		Step{At: 300 * ms, By: Callee, Line: "486 Busy Here"},
		Step{At: 306 * ms, By: Caller, Line: "ACK"})
	return c
}

func noSIP() Call {
	c := ordinary("no-sip", aliceBob(), PCMU, 120)
	c.State, c.Steps = "unattributed", nil
	// The first stream to begin is leg "a".
	c.leg(Caller).At = 500 * ms
	return c
}

func mediaFirst() Call {
	c := ordinary("late-sip@192.0.2.10", aliceBob(), PCMA, 150)
	for i := range c.Steps[:5] {
		c.Steps[i].At = 1710*ms + time.Duration(i)*3*ms
	}
	return c
}

func noBye() Call {
	c := ordinary("no-bye@192.0.2.10", aliceBob(), PCMA, 100)
	c.State = "in_progress"
	c.Steps = c.Steps[:5]
	return c
}
