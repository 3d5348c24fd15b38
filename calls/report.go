package calls

import (
	"net/netip"

	"callx/calls/rtcp"
	"callx/pcapio/wire"
)

// What RTCP says of the streams, constant in size for each.

// maxReported bounds the streams that RTCP may speak of; what is beyond is not
// kept. Some 200 octets each.
const maxReported = 1 << 18

// A RTCP is what both ends of a stream report of it (RFC 3550 section 6.4).
type RTCP struct {
	SenderReports uint64 `json:"sender_reports"`
	SenderPackets uint32 `json:"sender_packets"` // sent in all, as the last report says
	SenderOctets  uint32 `json:"sender_octets"`
	// SenderTime is the sender's own clock at timestamp SenderTimestamp: both of
	// the last report (RFC 3550 section 6.4.1). The clock may be set to anything.
	SenderTime      Time   `json:"sender_ntp"`
	SenderTimestamp uint32 `json:"sender_rtp"`
	ReceiverReports uint64 `json:"receiver_reports"`
	// ReceiverLost is how many packets the receiver missed in all; negative if
	// it got more copies than it missed packets.
	ReceiverLost   int32    `json:"receiver_lost"`
	ReceiverJitter *Decimal `json:"receiver_jitter_max_ms"`
	// RoundTrip is the mean time from the capture point to the receiver and back.
	RoundTrip *Decimal `json:"receiver_round_trip_ms"`
	// RFactor and MOS are the receiver's own last judgement (RFC 3611 section
	// 4.7.5: R of the E-model, MOS of listening quality).
	RFactor *Decimal `json:"receiver_r_factor"`
	MOS     *Decimal `json:"receiver_mos_lq"`
	Bye     bool     `json:"bye"` // the sender said that it stops
}

// senderState is what SRs say of one SSRC on one flow.
type senderState struct {
	count       uint64
	first, last rtcp.Sender
	nanos       int64 // of the last
	bye         bool
}

// receiverState is what report blocks about one SSRC say on one flow.
type receiverState struct {
	count       uint64
	first, last rtcp.Report
	jitter      uint32
	trips       uint64
	trip        int64 // nanoseconds, sum
	voip        rtcp.VoIP
}

// reports holds all that RTCP said. Keys are the flows that RTCP took; the SSRC
// is the one that is spoken of. The zero value is empty.
type reports struct {
	senders   map[packedKey]*senderState
	receivers map[packedKey]*receiverState
	packet    rtcp.Packet // reused
}

// take reads a datagram. Encrypted ones are left alone.
func (rs *reports) take(d *wire.Datagram) {
	if d.Cut > 0 {
		return
	}
	if rs.senders == nil {
		rs.senders, rs.receivers = map[packedKey]*senderState{}, map[packedKey]*receiverState{}
	}
	rtcp.Parse(d.Payload, &rs.packet, func(p *rtcp.Packet) {
		if p.Type == rtcp.TypeSR {
			rs.sent(d, p)
		}
		for i := range p.Reports {
			rs.received(d, &p.Reports[i])
		}
		for _, v := range p.VoIP {
			if s := rs.receivers[pack(&d.Flow, v.SSRC)]; s != nil {
				s.voip = v
			}
		}
		for _, ssrc := range p.Byes {
			if s := rs.senders[pack(&d.Flow, ssrc)]; s != nil {
				s.bye = true
			}
		}
	})
}

func (rs *reports) sent(d *wire.Datagram, p *rtcp.Packet) {
	k := pack(&d.Flow, p.SSRC)
	s := rs.senders[k]
	if s == nil {
		if len(rs.senders) >= maxReported {
			return
		}
		s = &senderState{first: p.Sender}
		rs.senders[k] = s
	}
	s.count++
	s.last, s.nanos = p.Sender, d.Nanos
}

func (rs *reports) received(d *wire.Datagram, r *rtcp.Report) {
	k := pack(&d.Flow, r.SSRC)
	s := rs.receivers[k]
	if s == nil {
		if len(rs.receivers) >= maxReported {
			return
		}
		s = &receiverState{first: *r}
		rs.receivers[k] = s
	}
	s.count++
	s.last = *r
	s.jitter = max(s.jitter, r.Jitter)
	back := d.Flow.Reverse()
	if sr := rs.senders[pack(&back, r.SSRC)]; sr != nil && r.LSR != 0 && r.LSR == uint32(sr.last.NTP>>16) {
		if trip := d.Nanos - sr.nanos - int64(r.DLSR)*1e9>>16; trip >= 0 {
			s.trips++
			s.trip += trip
		}
	}
}

// of returns what was said of the stream of a run: on the next higher port or
// on the stream's own (RFC 3550 section 11, RFC 5761).
func (rs *reports) of(k streamKey) (s *senderState, r *receiverState) {
	for _, up := range []uint16{1, 0} {
		flow := wire.Flow{
			Src: netip.AddrPortFrom(k.flow.Src.Addr(), k.flow.Src.Port()+up), Dst: netip.AddrPortFrom(k.flow.Dst.Addr(), k.flow.Dst.Port()+up),
			Proto: k.flow.Proto,
		}
		if s == nil {
			s = rs.senders[pack(&flow, k.ssrc)]
		}
		flow = flow.Reverse()
		if r == nil {
			r = rs.receivers[pack(&flow, k.ssrc)]
		}
	}
	return s, r
}

// rtcpOf makes the report of a run's stream, nil if RTCP is silent about it.
func (b *builder) rtcpOf(r *run) *RTCP {
	s, back := b.reports.of(b.key(r))
	if s == nil && back == nil {
		return nil
	}
	out := &RTCP{}
	if s != nil {
		out.SenderReports, out.SenderPackets, out.SenderOctets, out.Bye = s.count, s.last.Packets, s.last.Octets, s.bye
		out.SenderTime, out.SenderTimestamp = ntpTime(s.last.NTP), s.last.RTP
	}
	if back != nil {
		out.ReceiverReports, out.ReceiverLost = back.count, back.last.Lost
		out.ReceiverJitter = decimal(float64(back.jitter) * 1e3 / float64(r.clock.hz()))
		if back.trips > 0 {
			out.RoundTrip = decimal(float64(back.trip) / float64(back.trips) / 1e6)
		}
		const unknown = 127
		if v := back.voip; v.SSRC != 0 && v.RFactor != unknown {
			out.RFactor = decimal(float64(v.RFactor))
		}
		if v := back.voip; v.SSRC != 0 && v.MOSLQ != unknown {
			out.MOS = decimal(float64(v.MOSLQ) / 10)
		}
	}
	return out
}

// ntpTime returns the instant of an NTP timestamp, unknown where it is 0. The
// era is that of 1968 to 2104 (RFC 4330 section 3).
func ntpTime(ntp uint64) Time {
	if ntp == 0 {
		return Time{}
	}
	const to1970 = 2208988800
	seconds := int64(ntp>>32) - to1970
	if ntp>>63 == 0 {
		seconds += 1 << 32
	}
	return timeOf(seconds*1e9 + int64(ntp&0xffffffff*1e9>>32))
}

func decimal(v float64) *Decimal {
	d := Decimal(v)
	return &d
}
