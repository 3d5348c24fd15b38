package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"callx/calls"
	"callx/calls/sdp"
)

// callRules are asked of the call, partyRules of each of its parties, in this
// order: what explains most comes first.
var (
	callRules = []func(*inquiry) []finding{
		(*inquiry).notAnswered, (*inquiry).unattributed, (*inquiry).captureEdges, (*inquiry).damaged,
	}
	partyRules = []func(*inquiry, string) []finding{
		(*inquiry).encrypted, (*inquiry).undecodable, (*inquiry).refusedMedia, (*inquiry).oneWay, (*inquiry).privateAddress,
		(*inquiry).startsLate, (*inquiry).endsEarly, (*inquiry).held, (*inquiry).lost, (*inquiry).quiet, (*inquiry).noted,
	}
)

// parties lists who should be heard.
func (q *inquiry) parties() (list []string) {
	if q.call.State != calls.Unattributed {
		list = []string{"caller", "callee"}
	}
	for _, l := range q.call.Legs {
		if !slices.Contains(list, l.Party) {
			list = append(list, l.Party)
		}
	}
	return list
}

func (q *inquiry) leg(party string) *calls.Leg {
	for _, l := range q.call.Legs {
		if l.Party == party {
			return l
		}
	}
	return nil
}

// peer names who talks with a party.
func peer(party string) string {
	switch party {
	case "caller":
		return "callee"
	case "a":
		return "b"
	case "b":
		return "a"
	}
	return "caller"
}

// verdict is the answer in one line.
func (q *inquiry) verdict(party string) string {
	l := q.leg(party)
	switch {
	case l == nil && q.call.Answer.IsZero() && q.call.State != calls.Unattributed && q.call.State != calls.Completed:
		return "not heard: the call was not answered"
	case l == nil:
		return "silent: none of its audio is in the capture"
	case l.Undecodable >= l.Packets-l.Duplicates:
		return fmt.Sprintf("not heard: %d packets are there, and no audio can be made of them", l.Packets)
	}
	s := "heard, " + seconds(time.Duration(l.End.Sub(l.Start.Time)))
	var missing []string
	if l.Lost > 0 {
		missing = append(missing, fmt.Sprintf("%d packets lost (%.2f%%)", l.Lost, float64(l.LossPercent)))
	}
	if l.Undecodable > 0 {
		missing = append(missing, fmt.Sprintf("%d packets undecodable", l.Undecodable))
	}
	for _, kind := range []string{"hold", "dtx", "no_media"} {
		if d, _ := gapsOf(l, kind); d > 0 {
			missing = append(missing, seconds(d)+" "+kind)
		}
	}
	if len(missing) == 0 {
		return s + ", nothing missing"
	}
	return s + "; " + strings.Join(missing, ", ")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func gapsOf(l *calls.Leg, kind string) (total time.Duration, n int) {
	for _, g := range l.Gaps {
		if g.Kind == kind {
			total += time.Duration(g.Duration)
			n++
		}
	}
	return total, n
}

// A statement is one audio description in a message.
type statement struct {
	m     *calls.Message
	media *sdp.Media
}

// says lists what a party said of its audio.
func (q *inquiry) says(party string) (list []statement) {
	for _, m := range q.trace.Messages {
		if m.SDP == nil || m.Party != party || m.Repeat || m.Copied {
			continue
		}
		for i := range m.SDP.Media {
			if a := &m.SDP.Media[i]; a.Kind == "audio" {
				list = append(list, statement{m, a})
			}
		}
	}
	return list
}

func (q *inquiry) notAnswered() []finding {
	c := q.call
	if !c.Answer.IsZero() || c.State == calls.Unattributed || c.State == calls.Completed {
		return nil
	}
	f := finding{Kind: "not_answered", Text: "nobody answered: no final response is in the capture"}
	for _, m := range q.trace.Messages {
		switch {
		case m.Status >= 300 && m.Status == c.FinalStatus && m.CSeqMethod == "INVITE" && len(f.Frames) == 0:
			f.Text, f.Frames = fmt.Sprintf("the call was not answered: %d %s", m.Status, m.Reason), []uint64{m.Frame}
		case m.Method == "CANCEL" && c.State == calls.Cancelled && len(f.Frames) == 0:
			f.Text, f.Frames = "the caller gave up before anybody answered (CANCEL)", []uint64{m.Frame}
		}
	}
	return []finding{f}
}

func (q *inquiry) unattributed() []finding {
	if q.call.State != calls.Unattributed {
		return nil
	}
	return []finding{{Kind: "no_signalling", Text: "no SIP of this media is in the capture (or it is encrypted): names, codecs of dynamic payload types and keys are not known"}}
}

// captureEdges tells that the call was longer than the capture.
func (q *inquiry) captureEdges() (list []finding) {
	for _, n := range q.call.Notes {
		if n.Kind == "incomplete" {
			list = append(list, finding{Kind: "capture_starts", Text: "the call was already being set up or running where the capture starts", Frames: []uint64{n.Frame}})
		}
	}
	if q.call.State == calls.InProgress {
		list = append(list, finding{Kind: "capture_ends", Text: "the call was not over where the capture ends: no BYE"})
	}
	return list
}

// damaged tells of messages that are not whole.
func (q *inquiry) damaged() (list []finding) {
	why := map[calls.Cut]string{
		calls.CutSnaplen:  "the capture kept only the beginning of these SIP messages (snaplen); their SDP may be missing",
		calls.CutFragment: "IP fragments of these SIP messages are missing; their SDP may be among what is missing",
		calls.CutStream:   "TCP segments of these SIP messages are missing; their SDP may be among what is missing",
	}
	for _, cut := range []calls.Cut{calls.CutSnaplen, calls.CutFragment, calls.CutStream} {
		var at []uint64
		for _, m := range q.trace.Messages {
			if m.Cut == cut {
				at = append(at, m.Frame)
			}
		}
		if len(at) > 0 {
			list = append(list, finding{Kind: string(cut), Text: why[cut], Frames: at})
		}
	}
	var cut uint64
	for _, f := range q.seen.flows {
		cut += f.cut
	}
	if cut > 0 {
		list = append(list, finding{Kind: "snaplen", Text: fmt.Sprintf("%d media packets of the call were cut by the capture (snaplen); capture again with -s 0", cut)})
	}
	return list
}

func (q *inquiry) encrypted(party string) []finding {
	l := q.leg(party)
	if l == nil || l.Encryption == "none" || l.Decrypted {
		return nil
	}
	text := map[string]string{
		"sdes": "the media is SRTP; the SDP names keys, but none that callx can use",
		"dtls": "the media is SRTP whose keys were agreed upon by DTLS: they are not in the capture",
		"zrtp": "the media is SRTP whose keys were agreed upon by ZRTP: they are not in the capture",
		"srtp": "the packets are as long as SRTP with its authentication tag, and no key is known; --srtp-key takes one",
	}[l.Encryption]
	var at []uint64
	for _, s := range q.says(party) {
		if len(s.media.Crypto) > 0 || s.media.Fingerprint {
			at = append(at, s.m.Frame)
		}
	}
	return []finding{{Kind: "encrypted", Text: text, Frames: at}}
}

func (q *inquiry) undecodable(party string) (list []finding) {
	l := q.leg(party)
	if l == nil || l.Undecodable == 0 || l.Encryption != "none" && !l.Decrypted {
		return nil
	}
	for _, c := range l.Codecs {
		if q.decodable(c) || slices.Contains([]string{"telephone-event", "cn"}, strings.ToLower(c.Name)) {
			continue
		}
		text := fmt.Sprintf("payload type %d is %s/%d, which callx does not decode; the payload is saved by extract", c.PayloadType, c.Name, c.ClockRate)
		if c.Name == "" {
			text = fmt.Sprintf("payload type %d was sent, and no SDP in the capture says what it is", c.PayloadType)
		}
		list = append(list, finding{Kind: "codec", Text: text})
	}
	return list
}

// refusedMedia tells of audio that was declined or ended: port 0.
func (q *inquiry) refusedMedia(party string) (list []finding) {
	for _, who := range []string{party, peer(party)} {
		var at []uint64
		for _, s := range q.says(who) {
			if s.media.Port == 0 {
				at = append(at, s.m.Frame)
			}
		}
		if len(at) > 0 {
			list = append(list, finding{Kind: "refused", Text: fmt.Sprintf("the %s declined the audio in its SDP (port 0)", who), Frames: at})
		}
	}
	return list
}

// oneWay explains a party of which nothing is in the capture.
func (q *inquiry) oneWay(party string) (list []finding) {
	if q.leg(party) != nil || q.call.Answer.IsZero() {
		return nil
	}
	heard := q.says(peer(party))
	if len(heard) == 0 {
		return []finding{{Kind: "no_sdp", Text: fmt.Sprintf("no SDP of the %s is in the capture, so it is not known where the %s was to send", peer(party), party)}}
	}
	told := map[netip.AddrPort]bool{}
	for _, s := range heard {
		at := s.media.Target()
		if !at.IsValid() || told[at] {
			continue
		}
		told[at] = true
		came := q.seen.to(at)
		if len(came) == 0 {
			list = append(list, finding{Kind: "nothing_came", Frames: []uint64{s.m.Frame}, Text: fmt.Sprintf(
				"the %s asked for audio at %v, and the capture holds no packet to there: the %s sent none, or its direction was not captured (one-way mirror, another path)", peer(party), at, party)})
			continue
		}
		for _, f := range came[:min(3, len(came))] {
			list = append(list, finding{Kind: "came", Frames: []uint64{f.firstFrame}, Text: fmt.Sprintf(
				"to %v, where the %s asked for audio, went %s from %v; they are no audio stream of this call", at, peer(party), f.what(), f.flow.Src)})
		}
	}
	if other := q.leg(peer(party)); other != nil {
		for _, st := range other.Streams {
			if back := q.seen.from(st.Dst); len(back) == 0 {
				list = append(list, finding{Kind: "one_way", Text: fmt.Sprintf(
					"the %s's audio goes to %v, and the capture holds nothing from there: it seems to show one direction only", peer(party), st.Dst)})
				break
			}
		}
	}
	return list
}

// privateAddress tells of an SDP that names an address which the media does not come from.
func (q *inquiry) privateAddress(party string) (list []finding) {
	l := q.leg(party)
	for _, s := range q.says(party) {
		at := s.media.Target()
		if !at.IsValid() || at.Addr() == s.m.Flow.Src.Addr() || !private(at.Addr()) || private(s.m.Flow.Src.Addr()) {
			continue
		}
		text := fmt.Sprintf("the %s advertised the private address %v, and sent its SIP from %v: it is behind a NAT", party, at, s.m.Flow.Src.Addr())
		if l != nil && len(l.Streams) > 0 {
			text += fmt.Sprintf("; its media came from %v, attached by rule %q", l.Streams[0].Src, l.Rule)
		}
		return []finding{{Kind: "nat", Text: text, Frames: []uint64{s.m.Frame}}}
	}
	if l != nil && len(l.Streams) > 0 && l.Rule != "sdp" && l.Rule != "unattributed" {
		list = append(list, finding{Kind: "attached", Text: fmt.Sprintf("no SDP names %v as the target of this media; it was attached by rule %q", l.Streams[0].Dst, l.Rule)})
	}
	return list
}

func private(a netip.Addr) bool { return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() }

// odd is by how much a leg may begin after the answer, or end before the call,
// and nobody wonders.
const odd = 1500 * time.Millisecond

func (q *inquiry) startsLate(party string) []finding {
	l, c := q.leg(party), q.call
	if l == nil || c.Answer.IsZero() {
		return nil
	}
	if late := l.Start.Sub(c.Answer.Time); late > odd {
		return []finding{{Kind: "late", Text: fmt.Sprintf("its first packet comes %s after the answer; until then it sent nothing that the capture holds", seconds(late))}}
	}
	return nil
}

func (q *inquiry) endsEarly(party string) []finding {
	l, c := q.leg(party), q.call
	if l == nil || c.End.IsZero() || c.Answer.IsZero() {
		return nil
	}
	early := c.End.Sub(l.End.Time)
	if early <= odd {
		return nil
	}
	f := finding{Kind: "early", Text: fmt.Sprintf("its last packet comes %s before the end of the call", seconds(early))}
	for _, m := range q.trace.Messages {
		if m.Method == "BYE" && !m.Repeat {
			f.Text += fmt.Sprintf(" (BYE of the %s)", m.Party)
			f.Frames = []uint64{m.Frame}
			break
		}
	}
	return []finding{f}
}

func (q *inquiry) held(party string) (list []finding) {
	for i, e := range q.call.Events {
		if e.Kind != "hold" || e.Party == party {
			continue
		}
		text := fmt.Sprintf("the %s put it on hold at %s", e.Party, seconds(time.Duration(e.Offset)))
		for _, r := range q.call.Events[i:] {
			if r.Kind == "resume" && r.Party == e.Party {
				text += fmt.Sprintf(", until %s", seconds(time.Duration(r.Offset)))
				break
			}
		}
		list = append(list, finding{Kind: "hold", Text: text})
	}
	return list
}

func (q *inquiry) lost(party string) (list []finding) {
	l := q.leg(party)
	if l == nil || l.Lost == 0 {
		return nil
	}
	d, n := gapsOf(l, "lost")
	drops, m := gapsOf(l, "capture_drop")
	text := fmt.Sprintf("%d of %d packets are not in the capture: %s, %s in all", l.Lost, l.Expected, count(n+m, "gap"), seconds(d+drops))
	for _, k := range []struct {
		n    uint64
		text string
	}{
		{l.Loss.BeforeCapture, "lost in front of the capture point, as the receiver's reports say"},
		{l.Loss.Capture, "lost by the capture itself"},
		{l.Loss.Unknown, "lost where nothing tells"},
	} {
		if k.n > 0 {
			text += fmt.Sprintf("; %d %s", k.n, k.text)
		}
	}
	list = append(list, finding{Kind: "lost", Text: text})
	if l.Loss.AfterCapture > 0 {
		list = append(list, finding{Kind: "lost_after", Text: fmt.Sprintf("the receiver missed %d packets that the capture holds", l.Loss.AfterCapture)})
	}
	return list
}

func (q *inquiry) quiet(party string) []finding {
	l := q.leg(party)
	if l == nil {
		return nil
	}
	if d, n := gapsOf(l, "dtx"); d > 0 {
		return []finding{{Kind: "dtx", Text: fmt.Sprintf("in %s, %s in all, it sent nothing and lost nothing: silence suppression (DTX)", count(n, "pause"), seconds(d))}}
	}
	return nil
}

// noted tells of notes about the leg that no other rule has told.
func (q *inquiry) noted(party string) (list []finding) {
	for _, n := range q.call.Notes {
		if strings.HasPrefix(n.Text, party+": ") && !slices.Contains([]string{"encrypted", "no_media"}, n.Kind) {
			list = append(list, finding{Kind: n.Kind, Text: strings.TrimPrefix(n.Text, party+": ")})
		}
	}
	return list
}
