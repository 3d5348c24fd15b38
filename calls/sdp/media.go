package sdp

import (
	"net/netip"
	"strconv"
	"strings"
)

// A Media is one media description: an m= line and what belongs to it.
type Media struct {
	Kind        string           // audio, video, image, ...; lower case
	Proto       string           // RTP/AVP, RTP/SAVP, udptl, ...; as written
	Addr        netip.Addr       // of this description's c=, else of the session's; may be unspecified (0.0.0.0)
	AddrName    string           // host name where c= holds no address
	Formats     []Format         // in the order of the m= line, then those that only a=rtpmap mentions; none unless Proto is an RTP profile
	RTCP        netip.AddrPort   // of a=rtcp (RFC 3605), with Addr if that gives a port only; invalid without
	Crypto      []Crypto         // a=crypto (RFC 4568)
	Candidates  []netip.AddrPort // ICE candidates over UDP of component 1 that are addresses (RFC 8839)
	SSRCs       []uint32         // a=ssrc (RFC 5576), each once
	MID         string           // a=mid (RFC 5888)
	Ports       int              // number of ports, 1 if not given
	Ptime       int              // milliseconds of audio in a packet; 0 if not given
	Port        uint16           // 0: refused, ended, or not readable
	Direction   Direction        // of this description, else of the session
	RTCPMux     bool             // a=rtcp-mux (RFC 5761)
	Fingerprint bool             // a=fingerprint here or in the session: DTLS-SRTP (RFC 5763)
	ZRTPHash    bool             // a=zrtp-hash here or in the session (RFC 6189)
}

// A Crypto is one offered key of SDES (RFC 4568 section 4).
type Crypto struct {
	Tag    int
	Suite  string // e.g. AES_CM_128_HMAC_SHA1_80
	Key    string // key parameters as written: inline:<base64>[|lifetime][|MKI:length][;...]
	Params string // session parameters, separated by blanks; mostly empty
}

// Target returns where this party receives the media; invalid if the port is
// 0 or the address is unknown or unspecified.
func (m *Media) Target() netip.AddrPort {
	if m.Port == 0 || !m.Addr.IsValid() || m.Addr.IsUnspecified() {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(m.Addr, m.Port)
}

// Hold reports whether this party does not want to receive: it sends only, or
// nothing, or gives the unspecified address (the way of RFC 2543, RFC 3264
// section 8.4).
func (m *Media) Hold() bool {
	return m.Direction == SendOnly || m.Direction == Inactive || m.Addr.IsValid() && m.Addr.IsUnspecified()
}

// A section holds what the lines of a media description, or those before the
// first one, say.
type section struct {
	media        Media   // lists and flags; the rest is filled in by finish
	listed       []uint8 // payload types of the m= line, each once
	maps         formatSet
	addr         netip.Addr
	addrName     string
	direction    Direction
	hasDirection bool
	fingerprint  bool
	zrtp         bool
	ptime        int
	rtcpPort     uint16
	discard      bool // an m= line that is not kept
}

// media opens a media description (RFC 8866 section 5.14). Also a line that
// cannot be read ends the one before, lest its attributes go there.
//
//	m=<media> <port>["/"<number of ports>] <proto> <fmt> ...
func (p *parser) media(value string) bool {
	p.finish()
	p.open, p.current = true, section{}
	sec := &p.current
	kind, rest := cutField(value)
	ports, rest := cutField(rest)
	if ports == "" || len(p.session.Media) >= maxMedia {
		sec.discard = true
		return false
	}
	m := &sec.media
	m.Kind, m.Ports = strings.ToLower(kind), 1
	m.Proto, rest = cutField(rest)
	port, count, several := strings.Cut(ports, "/")
	n, err := strconv.ParseUint(port, 10, 16)
	// Without a protocol the line is cut, and so, maybe, the port.
	ok := err == nil && m.Proto != ""
	if ok {
		m.Port = uint16(n)
	}
	if several {
		if n, err := strconv.ParseUint(count, 10, 16); err == nil && n > 0 {
			m.Ports = int(n)
		} else {
			ok = false
		}
	}
	if !isRTP(m.Proto) {
		return ok
	}
	var seen [128]bool
	for f := range strings.FieldsSeq(rest) {
		if pt, err := payloadType(f); err == nil && !seen[pt] {
			seen[pt] = true
			sec.listed = append(sec.listed, pt)
		} else {
			ok = ok && err == nil
		}
	}
	return ok
}

// isRTP tells the profiles whose formats are payload types: RTP/AVP,
// RTP/SAVPF, UDP/TLS/RTP/SAVPF, ..., and what is left of them when damaged.
func isRTP(proto string) bool {
	proto = strings.ToUpper(proto)
	return strings.Contains(proto, "RTP") || strings.Contains(proto, "AVP")
}

// finish completes the open media description and appends it.
func (p *parser) finish() {
	if !p.open {
		return
	}
	p.open = false
	if p.current.discard {
		return
	}
	own, common := &p.current, &p.common
	m := own.media
	m.Addr, m.AddrName = own.addr, own.addrName
	if !m.Addr.IsValid() && m.AddrName == "" {
		m.Addr, m.AddrName = common.addr, common.addrName
	}
	m.Direction = common.direction
	if own.hasDirection {
		m.Direction = own.direction
	}
	if m.Ptime = own.ptime; m.Ptime == 0 {
		m.Ptime = common.ptime
	}
	m.Fingerprint = own.fingerprint || common.fingerprint
	m.ZRTPHash = own.zrtp || common.zrtp
	if own.rtcpPort != 0 && !m.RTCP.IsValid() && m.Addr.IsValid() && !m.Addr.IsUnspecified() {
		m.RTCP = netip.AddrPortFrom(m.Addr, own.rtcpPort)
	}
	if isRTP(m.Proto) {
		m.Formats = formats(m.Kind, own.listed, &own.maps, &common.maps)
	}
	p.session.Media = append(p.session.Media, m)
}

// cutField takes the first field off s.
func cutField(s string) (field, rest string) {
	s = strings.TrimLeft(s, " \t")
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i], strings.TrimLeft(s[i:], " \t")
	}
	return s, ""
}
