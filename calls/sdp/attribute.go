package sdp

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// attribute stores an a= line and reports whether it could be read; unknown
// attributes could. Names are compared without case.
//
//	a=<name>[:<value>]
func (p *parser) attribute(value string) bool {
	sec := p.section()
	name := value
	if i := strings.IndexAny(value, ": \t"); i >= 0 {
		name, value = value[:i], strings.TrimLeft(value[i:], ": \t")
	} else {
		value = ""
	}
	m := &sec.media
	name = strings.ToLower(name)
	switch name {
	case "":
		return false
	case "sendrecv", "sendonly", "recvonly", "inactive":
		if !sec.hasDirection {
			sec.direction = Direction(slices.Index(directions[:], name))
			sec.hasDirection = true
		}
	case "rtpmap":
		return sec.maps.rtpmap(value)
	case "fmtp":
		return sec.maps.fmtp(value)
	case "ptime":
		return sec.packetTime(value)
	case "rtcp":
		return sec.rtcp(value)
	case "rtcp-mux":
		m.RTCPMux = true
	case "crypto":
		return sec.crypto(value)
	case "fingerprint":
		sec.fingerprint = true
	case "zrtp-hash":
		sec.zrtp = true
	case "candidate":
		return sec.candidate(value)
	case "ssrc":
		return sec.ssrc(value)
	case "mid":
		m.MID = value
	case "group":
		return p.group(value)
	}
	return true
}

// packetTime reads a=ptime; some senders write a fraction.
func (sec *section) packetTime(value string) bool {
	whole, _, _ := strings.Cut(value, ".")
	n, err := strconv.ParseUint(strings.TrimSpace(whole), 10, 16)
	if err != nil {
		return false
	}
	sec.ptime = int(n)
	return true
}

// rtcp reads a=rtcp (RFC 3605 section 2.1).
//
//	<port> [<nettype> <addrtype> <connection-address>]
func (sec *section) rtcp(value string) bool {
	port, rest := cutField(value)
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return false
	}
	sec.rtcpPort = uint16(n)
	if rest == "" {
		return true
	}
	addr, _, ok := parseConnection(rest)
	if ok && addr.IsValid() {
		sec.media.RTCP = netip.AddrPortFrom(addr, uint16(n))
	}
	return ok
}

// crypto reads a=crypto (RFC 4568 section 9.1).
//
//	<tag> <crypto-suite> <key-params> [<session-params>]
func (sec *section) crypto(value string) bool {
	tag, rest := cutField(value)
	suite, rest := cutField(rest)
	key, params := cutField(rest)
	n, err := strconv.ParseUint(tag, 10, 31)
	if err != nil || key == "" || len(sec.media.Crypto) >= maxList {
		return false
	}
	sec.media.Crypto = append(sec.media.Crypto, Crypto{Tag: int(n), Suite: suite, Key: key, Params: params})
	return true
}

// candidate reads a=candidate (RFC 8839 section 5.1). Candidates of RTCP, over
// TCP, or that are names are readable, but not kept.
//
//	<foundation> <component-id> <transport> <priority> <connection-address> <port> ...
func (sec *section) candidate(value string) bool {
	var f [6]string
	for i := range f {
		f[i], value = cutField(value)
	}
	port, err := strconv.ParseUint(f[5], 10, 16)
	if err != nil {
		return false
	}
	addr, ok := parseAddr(f[4])
	if !ok || f[1] != "1" || !strings.EqualFold(f[2], "UDP") || port == 0 {
		return true
	}
	ap := netip.AddrPortFrom(addr, uint16(port))
	if slices.Contains(sec.media.Candidates, ap) {
		return true
	}
	if len(sec.media.Candidates) >= maxList {
		return false
	}
	sec.media.Candidates = append(sec.media.Candidates, ap)
	return true
}

// ssrc reads the number of a=ssrc (RFC 5576 section 4.1).
func (sec *section) ssrc(value string) bool {
	id, _ := cutField(value)
	n, err := strconv.ParseUint(id, 10, 32)
	if err != nil {
		return false
	}
	if slices.Contains(sec.media.SSRCs, uint32(n)) {
		return true
	}
	if len(sec.media.SSRCs) >= maxList {
		return false
	}
	sec.media.SSRCs = append(sec.media.SSRCs, uint32(n))
	return true
}

// group reads a=group:BUNDLE <mid> ...; other semantics are readable, but not
// kept.
func (p *parser) group(value string) bool {
	semantics, rest := cutField(value)
	if !strings.EqualFold(semantics, "BUNDLE") {
		return semantics != ""
	}
	mids := strings.Fields(rest)
	if len(p.session.Bundle) >= maxList || len(mids) > maxMedia {
		return false
	}
	if len(mids) > 0 {
		p.session.Bundle = append(p.session.Bundle, mids)
	}
	return true
}

// connection stores a c= line; of several in one section the first counts.
func (sec *section) connection(value string) bool {
	addr, name, ok := parseConnection(value)
	if ok && !sec.addr.IsValid() && sec.addrName == "" {
		sec.addr, sec.addrName = addr, name
	}
	return ok
}
