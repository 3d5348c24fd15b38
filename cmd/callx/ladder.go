package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"callx/calls"
)

func (a *app) ladderCommand() *cobra.Command {
	var (
		in           inputOptions
		ascii, quiet bool
		width        int
		svg          string
	)
	cmd := &cobra.Command{
		Use:   "ladder FILE... CALL",
		Short: "Draw the messages and media of a call as a ladder diagram",
		Long: `Ladder draws a call between the hosts that took part: its SIP messages with
frame numbers, repetitions folded, its RTP streams as double lines, and holds.
CALL is a call's number, id or Call-ID.`,
		Example: `  callx ladder dump.pcap 3
  callx ladder dump.pcap 3 --svg call3.svg`,
		Args: filesAndCall,
		RunE: func(cmd *cobra.Command, args []string) error {
			if width != 0 && (width < 40 || width > 1000) {
				return usagef("--width %d: use 40 to 1000", width)
			}
			q, err := a.inquire(cmd.Context(), args, &in, quiet)
			if err != nil {
				return err
			}
			l := newLadder(q)
			if svg != "" {
				return os.WriteFile(svg, l.svg(), 0o666)
			}
			_, err = a.stdout.Write(l.text(cmp.Or(width, 100), ascii))
			return err
		},
	}
	in.flags(cmd)
	f := cmd.Flags()
	f.BoolVar(&ascii, "ascii", false, "draw with ASCII only")
	f.IntVar(&width, "width", 0, "columns of the drawing (default 100)")
	f.StringVar(&svg, "svg", "", "write an SVG picture to this file instead")
	f.BoolVarP(&quiet, "quiet", "q", false, "no progress bar")
	return cmd
}

// A ladder is a call between hosts, in order of time.
type ladder struct {
	title string
	hosts []string // what stands above each line
	steps []step
}

// A step is a message from one host to another, or a stream of media.
type step struct {
	at       time.Duration // from the first step
	frame    uint64
	from, to int // index in hosts; equal for what concerns one host
	label    string
	media    bool
}

// newLadder lays out what the inquiry found.
func newLadder(q *inquiry) *ladder {
	l := &ladder{title: fmt.Sprintf("call %d: %s", q.call.Number, q.summary())}
	p := q.places()
	l.hosts = p.names
	var origin int64
	if len(q.trace.Messages) > 0 {
		origin = q.trace.Messages[0].Nanos
	}
	for _, leg := range q.call.Legs {
		for _, s := range leg.Streams {
			if t := s.First.UnixNano(); origin == 0 || t < origin {
				origin = t
			}
		}
	}
	add := func(nanos int64, s step) {
		s.at = time.Duration(nanos - origin)
		l.steps = append(l.steps, s)
	}
	repeats := map[string]int{} // where the first copy stands in steps
	for _, m := range q.trace.Messages {
		key := fmt.Sprint(m.Flow, m.StartLine, m.CSeq, m.CSeqMethod)
		if i, ok := repeats[key]; ok && (m.Repeat || m.Copied) {
			l.steps[i].label = again(l.steps[i].label)
			continue
		}
		repeats[key] = len(l.steps)
		add(m.Nanos, step{frame: m.Frame, from: p.of(m.Flow.Src, m.Party), to: p.of(m.Flow.Dst, peer(m.Party)), label: messageLabel(m)})
	}
	for _, leg := range q.call.Legs {
		for _, s := range leg.Streams {
			label := fmt.Sprintf("RTP %s %s, %d packets, %s", leg.Party, codecOf(leg, s), s.Packets, seconds(s.Last.Sub(s.First.Time)))
			if s.Lost > 0 {
				label += fmt.Sprintf(", %d lost", s.Lost)
			}
			add(s.First.UnixNano(), step{from: p.of(s.Src, leg.Party), to: p.of(s.Dst, peer(leg.Party)), label: label, media: true})
		}
	}
	for _, e := range q.call.Events {
		if e.Kind == "hold" || e.Kind == "resume" {
			i := p.party[e.Party]
			add(e.At.UnixNano(), step{from: i, to: i, label: "[" + e.Party + ": " + e.Kind + "]"})
		}
	}
	slices.SortStableFunc(l.steps, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	return l
}

// again counts up the xN of a folded label.
func again(label string) string {
	n := 1
	if i := strings.LastIndex(label, " x"); i >= 0 {
		if _, err := fmt.Sscanf(label[i:], " x%d", &n); err == nil {
			label = label[:i]
		}
	}
	return fmt.Sprintf("%s x%d", label, n+1)
}

func messageLabel(m *calls.Message) string {
	s := m.Method
	if !m.IsRequest() {
		s = fmt.Sprintf("%d %s", m.Status, m.Reason)
		if m.CSeqMethod != "INVITE" {
			s += " (" + m.CSeqMethod + ")"
		}
	}
	if m.SDP != nil {
		var what []string
		for i := range m.SDP.Media {
			media := &m.SDP.Media[i]
			switch {
			case media.Port == 0:
				what = append(what, media.Kind+" off")
			case media.Hold():
				what = append(what, media.Kind+" hold")
			case len(media.Formats) > 0:
				what = append(what, cmp.Or(media.Formats[0].Name, media.Kind))
			default:
				what = append(what, media.Kind)
			}
		}
		s += " SDP(" + strings.Join(what, " ") + ")"
	}
	if m.Cut != calls.Whole {
		s += " (cut)"
	}
	return s
}

// codecOf names the first audio codec of a stream.
func codecOf(l *calls.Leg, s *calls.Stream) string {
	for _, c := range l.Codecs {
		if slices.Contains(s.PayloadTypes, int(c.PayloadType)) && c.Name != "" {
			return c.Name
		}
	}
	return "?"
}

// places are the lines of a ladder: hosts by address, or by address and port
// where several user agents share a host.
type places struct {
	names []string
	index map[string]int
	party map[string]int // where each party sends its SIP from
	ports bool
}

// maxHosts is how many lines are drawn; further hosts share the last.
const maxHosts = 12

func (q *inquiry) places() *places {
	p := &places{index: map[string]int{}, party: map[string]int{}}
	for _, m := range q.trace.Messages {
		p.ports = p.ports || m.Flow.Src.Addr() == m.Flow.Dst.Addr()
	}
	for _, m := range q.trace.Messages {
		from := p.add(m.Flow.Src)
		if _, ok := p.party[m.Party]; !ok && m.Party != "" {
			p.party[m.Party] = from
		}
		p.add(m.Flow.Dst)
	}
	for _, l := range q.call.Legs {
		for _, s := range l.Streams {
			p.of(s.Src, l.Party)
			p.of(s.Dst, peer(l.Party))
		}
	}
	for party, i := range p.party {
		if !strings.Contains(p.names[i], " (") {
			p.names[i] += " (" + party + ")"
		}
	}
	return p
}

func (p *places) key(at netip.AddrPort) string {
	if p.ports {
		return at.String()
	}
	return at.Addr().String()
}

func (p *places) add(at netip.AddrPort) int {
	k := p.key(at)
	i, ok := p.index[k]
	if !ok {
		if i = len(p.names); i == maxHosts {
			i--
		} else {
			p.names = append(p.names, k)
		}
		p.index[k] = i
	}
	return i
}

// of returns the line of an address. Media has ports of its own: where ports
// tell user agents apart it stands with its party.
func (p *places) of(at netip.AddrPort, party string) int {
	if i, ok := p.index[p.key(at)]; ok {
		return i
	}
	if i, ok := p.party[party]; ok && p.ports {
		return i
	}
	return p.add(at)
}
