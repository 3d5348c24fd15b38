package sdp_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	pion "github.com/pion/sdp/v3"

	"callx/calls/sdp"
	"callx/calls/sip/siptest"
)

// TestAgainstPion compares every session description of the captures that
// pion/sdp can parse with what it finds there.
func TestAgainstPion(t *testing.T) {
	compared, media, maps, refused := 0, 0, 0, 0
	for _, p := range siptest.Payloads(t) {
		at := bytes.Index(p.Data, []byte("\r\n\r\nv=0"))
		if at < 0 || !bytes.Contains(p.Data[:at], []byte("SIP/2.0")) {
			continue
		}
		body := p.Data[at+4:]
		got, err := sdp.Parse(body)
		if err != nil {
			t.Errorf("%s frame %d: %v", p.File, p.Frame, err)
			continue
		}
		var want pion.SessionDescription
		if err := want.Unmarshal(body); err != nil {
			refused++
			if len(got.Media) == 0 && bytes.Contains(body, []byte("\nm=")) {
				t.Errorf("%s frame %d: no media in %q", p.File, p.Frame, body)
			}
			continue
		}
		compared++
		if got.Skipped != 0 {
			t.Errorf("%s frame %d: %d lines skipped of %q", p.File, p.Frame, got.Skipped, body)
		}
		for _, d := range differences(got, &want) {
			t.Errorf("%s frame %d: %s", p.File, p.Frame, d)
		}
		media += len(want.MediaDescriptions)
		for _, m := range want.MediaDescriptions {
			maps += len(values(m.Attributes, "rtpmap"))
		}
	}
	t.Logf("%d descriptions compared, %d media, %d rtpmaps; the oracle refused %d", compared, media, maps, refused)
	if compared < 500 || media < compared || maps < media {
		t.Error("too few to tell")
	}
}

func values(attributes []pion.Attribute, name string) (list []string) {
	for _, a := range attributes {
		if a.Key == name {
			list = append(list, a.Value)
		}
	}
	return list
}

func connection(c *pion.ConnectionInformation) string {
	if c == nil || c.Address == nil {
		return ""
	}
	addr, err := netip.ParseAddr(c.Address.Address)
	if err != nil {
		return c.Address.Address
	}
	return addr.Unmap().String()
}

func address(addr netip.Addr, name string) string {
	if addr.IsValid() {
		return addr.String()
	}
	return name
}

func direction(attributes []pion.Attribute) string {
	for _, a := range attributes {
		if slices.Contains([]string{"sendrecv", "sendonly", "recvonly", "inactive"}, a.Key) {
			return a.Key
		}
	}
	return ""
}

func differences(got *sdp.Session, want *pion.SessionDescription) (diffs []string) {
	diff := func(what string, got, want any) {
		if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
			diffs = append(diffs, fmt.Sprintf("%s: got %s, the oracle %s", what, g, w))
		}
	}
	diff("session id", got.OriginID, want.Origin.SessionID)
	diff("session version", got.OriginVersion, want.Origin.SessionVersion)
	diff("session address", address(got.Addr, got.AddrName), connection(want.ConnectionInformation))
	diff("media", len(got.Media), len(want.MediaDescriptions))
	for i, w := range want.MediaDescriptions {
		if i >= len(got.Media) {
			break
		}
		g := &got.Media[i]
		diff("kind", g.Kind, w.MediaName.Media)
		diff("port", g.Port, w.MediaName.Port.Value)
		diff("proto", g.Proto, strings.Join(w.MediaName.Protos, "/"))
		addr := connection(w.ConnectionInformation)
		if addr == "" {
			addr = connection(want.ConnectionInformation)
		}
		diff("address", address(g.Addr, g.AddrName), addr)
		dir := direction(w.Attributes)
		if dir == "" {
			dir = direction(want.Attributes)
		}
		if dir == "" {
			dir = "sendrecv"
		}
		diff("direction", g.Direction, dir)
		formatDifferences(diff, g, w)
		for name, got := range map[string]string{
			"mid": g.MID, "ptime": strings.Trim(strconv.Itoa(g.Ptime), "0"),
		} {
			want, _ := w.Attribute(name)
			diff(name, got, strings.Trim(want, "0"))
		}
		_, mux := w.Attribute("rtcp-mux")
		diff("rtcp-mux", g.RTCPMux, mux)
		_, own := w.Attribute("fingerprint")
		_, common := want.Attribute("fingerprint")
		diff("fingerprint", g.Fingerprint, own || common)
		_, zrtp := w.Attribute("zrtp-hash")
		diff("zrtp-hash", g.ZRTPHash, zrtp)
		var keys []string
		for _, c := range g.Crypto {
			keys = append(keys, strings.TrimSpace(fmt.Sprint(c.Tag, " ", c.Suite, " ", c.Key, " ", c.Params)))
		}
		diff("crypto", keys, values(w.Attributes, "crypto"))
		if v, ok := w.Attribute("rtcp"); ok {
			diff("rtcp port", g.RTCP.Port(), strings.Fields(v)[0])
		}
		candidates := 0
		for _, v := range values(w.Attributes, "candidate") {
			if f := strings.Fields(v); f[1] == "1" && strings.EqualFold(f[2], "udp") {
				if a, err := netip.ParseAddr(f[4]); err == nil {
					candidates++
					port, _ := strconv.Atoi(f[5])
					if ap := netip.AddrPortFrom(a, uint16(port)); !slices.Contains(g.Candidates, ap) {
						diffs = append(diffs, "candidate missing: "+v)
					}
				}
			}
		}
		if len(g.Candidates) > candidates {
			diffs = append(diffs, fmt.Sprint("candidates: ", g.Candidates))
		}
	}
	return diffs
}

// formatDifferences compares payload types in order, and what a=rtpmap and
// a=fmtp say about them.
func formatDifferences(diff func(string, any, any), g *sdp.Media, w *pion.MediaDescription) {
	if !strings.Contains(g.Proto, "RTP") {
		diff("formats of "+g.Proto, len(g.Formats), 0)
		return
	}
	var listed []string
	for _, f := range g.Formats {
		listed = append(listed, strconv.Itoa(int(f.PayloadType)))
	}
	// What is mapped but not listed comes behind, of which the oracle, that
	// reports lines only, says nothing.
	n := min(len(listed), len(w.MediaName.Formats))
	diff("payload types", listed[:n], w.MediaName.Formats)
	find := func(pt string) sdp.Format {
		if i := slices.Index(listed, pt); i >= 0 {
			return g.Formats[i]
		}
		return sdp.Format{}
	}
	for _, v := range values(w.Attributes, "rtpmap") {
		pt, encoding, _ := strings.Cut(v, " ")
		f := find(pt)
		want := strings.Split(strings.TrimSpace(encoding), "/")
		diff("encoding of "+pt, f.Name, want[0])
		diff("clock of "+pt, f.Clock, want[1])
		if len(want) > 2 {
			diff("channels of "+pt, f.Channels, want[2])
		}
	}
	for _, v := range values(w.Attributes, "fmtp") {
		pt, params, _ := strings.Cut(v, " ")
		if f := find(pt); !strings.Contains(f.Fmtp, strings.TrimSpace(params)) {
			diff("fmtp of "+pt, f.Fmtp, params)
		}
	}
}
