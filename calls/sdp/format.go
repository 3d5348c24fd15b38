package sdp

import (
	"errors"
	"strconv"
	"strings"
)

// A Format says what a payload type stands for.
type Format struct {
	PayloadType uint8  // 0 to 127
	Name        string // encoding name as written; empty if neither a=rtpmap nor RFC 3551 tells
	Clock       int    // RTP clock rate in Hz; 0 if unknown
	Channels    int    // of audio, 1 if not given; 0 where it does not apply, or is unknown
	Fmtp        string // the parameters of a=fmtp, of several lines joined by "; "
}

// Is reports whether f has that encoding name; case is ignored (RFC 4855
// section 3).
func (f *Format) Is(name string) bool { return strings.EqualFold(f.Name, name) }

// static holds RFC 3551 tables 4 and 5, and payload type 2, that RFC 1890 gave
// to G721 and RFC 3551 reserves: it is still in use for G726-32. MPA tells its
// channels in the payload.
var static = map[uint8]Format{
	0:  {Name: "PCMU", Clock: 8000, Channels: 1},
	2:  {Name: "G726-32", Clock: 8000, Channels: 1},
	3:  {Name: "GSM", Clock: 8000, Channels: 1},
	4:  {Name: "G723", Clock: 8000, Channels: 1},
	5:  {Name: "DVI4", Clock: 8000, Channels: 1},
	6:  {Name: "DVI4", Clock: 16000, Channels: 1},
	7:  {Name: "LPC", Clock: 8000, Channels: 1},
	8:  {Name: "PCMA", Clock: 8000, Channels: 1},
	9:  {Name: "G722", Clock: 8000, Channels: 1}, // sampled at 16 kHz all the same (section 4.5.2)
	10: {Name: "L16", Clock: 44100, Channels: 2},
	11: {Name: "L16", Clock: 44100, Channels: 1},
	12: {Name: "QCELP", Clock: 8000, Channels: 1},
	13: {Name: "CN", Clock: 8000, Channels: 1},
	14: {Name: "MPA", Clock: 90000},
	15: {Name: "G728", Clock: 8000, Channels: 1},
	16: {Name: "DVI4", Clock: 11025, Channels: 1},
	17: {Name: "DVI4", Clock: 22050, Channels: 1},
	18: {Name: "G729", Clock: 8000, Channels: 1},
	25: {Name: "CelB", Clock: 90000},
	26: {Name: "JPEG", Clock: 90000},
	28: {Name: "nv", Clock: 90000},
	31: {Name: "H261", Clock: 90000},
	32: {Name: "MPV", Clock: 90000},
	33: {Name: "MP2T", Clock: 90000},
	34: {Name: "H263", Clock: 90000},
}

// StaticFormat returns what RFC 3551 (tables 4 and 5) fixes for a payload
// type; false if it fixes nothing.
func StaticFormat(pt uint8) (Format, bool) {
	f, ok := static[pt]
	f.PayloadType = pt
	return f, ok
}

var errPayloadType = errors.New("payload type beyond 127")

func payloadType(s string) (uint8, error) {
	n, err := strconv.ParseUint(s, 10, 8)
	if err == nil && n > 127 {
		err = errPayloadType
	}
	return uint8(n), err
}

// A formatSet gathers a=rtpmap and a=fmtp of one section, in any order; the
// payload type bounds it.
type formatSet struct {
	list []mapped
}

type mapped struct {
	Format
	named bool // by a=rtpmap
}

func (s *formatSet) find(pt uint8) *mapped {
	for i := range s.list {
		if s.list[i].PayloadType == pt {
			return &s.list[i]
		}
	}
	return nil
}

func (s *formatSet) get(pt uint8) *mapped {
	if f := s.find(pt); f != nil {
		return f
	}
	s.list = append(s.list, mapped{Format: Format{PayloadType: pt}})
	return &s.list[len(s.list)-1]
}

// rtpmap reads a=rtpmap (RFC 8866 section 6.6); the first of a payload type
// counts.
//
//	<payload type> <encoding name>/<clock rate>[/<encoding parameters>]
func (s *formatSet) rtpmap(value string) bool {
	number, rest := cutField(value)
	pt, err := payloadType(number)
	name, rest, _ := strings.Cut(rest, "/")
	name = strings.TrimSpace(name)
	if err != nil || name == "" {
		return false
	}
	f := s.get(pt)
	if f.named {
		return true
	}
	f.named, f.Name = true, name
	rate, params, _ := strings.Cut(rest, "/")
	rate, _ = cutField(rate)
	n, err := strconv.ParseUint(rate, 10, 31)
	if err == nil {
		f.Clock = int(n)
	}
	params, _, _ = strings.Cut(params, "/")
	if c, err := strconv.ParseUint(strings.TrimSpace(params), 10, 8); err == nil && c > 0 {
		f.Channels = int(c)
	}
	return err == nil
}

// fmtp reads a=fmtp (RFC 8866 section 6.15).
//
//	<format> <format specific parameters>
func (s *formatSet) fmtp(value string) bool {
	number, params := cutField(value)
	pt, err := payloadType(number)
	if err != nil {
		return false
	}
	f := s.get(pt)
	switch {
	case f.Fmtp == "":
		f.Fmtp = params
	case params != "" && len(f.Fmtp)+len(params) <= maxFmtp:
		f.Fmtp += "; " + params
	}
	return true
}

// formats joins the m= line's payload types with what is said about them in
// the media description, else in the session, else in RFC 3551. A payload type
// that has an a=rtpmap but is not listed comes after the listed ones: the
// sender may use it all the same.
func formats(kind string, listed []uint8, own, common *formatSet) []Format {
	var list []Format
	var seen [128]bool
	add := func(pt uint8) {
		seen[pt] = true
		f, _ := StaticFormat(pt)
		for _, m := range [...]*mapped{common.find(pt), own.find(pt)} {
			if m != nil {
				f.apply(m)
			}
		}
		if kind == "audio" && f.Channels == 0 && f.Name != "" && !f.Is("MPA") {
			f.Channels = 1
		}
		list = append(list, f)
	}
	for _, pt := range listed {
		add(pt)
	}
	for i := range own.list {
		if m := &own.list[i]; m.named && !seen[m.PayloadType] {
			add(m.PayloadType)
		}
	}
	return list
}

// apply lays what a section says over f.
func (f *Format) apply(m *mapped) {
	if m.Fmtp != "" {
		f.Fmtp = m.Fmtp
	}
	if !m.named {
		return
	}
	same := f.Is(m.Name)
	f.Name = m.Name
	if m.Clock != 0 || !same {
		f.Clock = m.Clock
	}
	if m.Channels != 0 || !same {
		f.Channels = m.Channels
	}
}
