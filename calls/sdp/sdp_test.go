package sdp_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"callx/calls/sdp"
)

const offer = "v=0\r\no=alice 2890844526 2890844527 IN IP4 host.atlanta.example\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n" +
	"m=audio 49170 RTP/AVP 0 8 97 101\r\na=rtpmap:97 iLBC/8000\r\na=fmtp:97 mode=20\r\n" +
	"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendonly\r\n"

// summary writes what matters for a call in one line.
func summary(s *sdp.Session) string {
	var b strings.Builder
	for i := range s.Media {
		m := &s.Media[i]
		fmt.Fprintf(&b, "%s %v %s", m.Kind, m.Target(), m.Direction)
		for _, f := range m.Formats {
			fmt.Fprintf(&b, " %d=%s/%d/%d", f.PayloadType, f.Name, f.Clock, f.Channels)
			if f.Fmtp != "" {
				fmt.Fprintf(&b, "(%s)", f.Fmtp)
			}
		}
		b.WriteString("; ")
	}
	fmt.Fprintf(&b, "skipped %d", s.Skipped)
	return b.String()
}

const (
	offerFormats = "0=PCMU/8000/1 8=PCMA/8000/1 97=iLBC/8000/1(mode=20) 101=telephone-event/8000/1(0-16); "
	offerMedia   = "audio 192.0.2.7:49170 sendonly " + offerFormats
)

func TestVariants(t *testing.T) {
	replace := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(offer) }
	for _, tt := range []struct{ name, text, want string }{
		{"as it should be", offer, offerMedia + "skipped 0"},
		{"LF", replace("\r\n", "\n"), offerMedia + "skipped 0"},
		{"CR", replace("\r\n", "\r"), offerMedia + "skipped 0"},
		{"CR CR LF", replace("\r\n", "\r\r\n"), offerMedia + "skipped 0"},
		{"no v=, s=, t=", replace("v=0\r\n", "", "s=-\r\n", "", "t=0 0\r\n", ""), offerMedia + "skipped 0"},
		{"empty s= and t=", replace("s=-", "s=", "t=0 0", "t="), offerMedia + "skipped 0"},
		{"no o=", replace("o=alice 2890844526 2890844527 IN IP4 host.atlanta.example\r\n", ""), offerMedia + "skipped 0"},
		{"blanks around =", replace("=", " = "), strings.ReplaceAll(offerMedia, "mode=20", "mode = 20") + "skipped 0"},
		{"blanks at both ends", replace("\r\n", " \t\r\n  "), offerMedia + "skipped 0"},
		{"upper case", replace("m=audio", "M=AUDIO", "a=rtpmap", "A=RTPMAP", "a=fmtp", "a=Fmtp", "a=sendonly", "a=SendOnly", "c=IN IP4", "C=in ip4"), offerMedia + "skipped 0"},
		{"blanks after colons", replace("rtpmap:", "rtpmap: ", "fmtp:", "fmtp:  ", "ptime:", "ptime: "), offerMedia + "skipped 0"},
		{"several blanks between fields", replace("IN IP4 192", "IN  IP4\t192", "49170 RTP/AVP 0 8", "  49170  RTP/AVP\t0  8", "97 iLBC", "97   iLBC"), offerMedia + "skipped 0"},
		{"fmtp before rtpmap", replace("a=rtpmap:97 iLBC/8000\r\na=fmtp:97 mode=20\r\n", "a=fmtp:97 mode=20\r\na=ptime:20\r\na=rtpmap:97 iLBC/8000\r\n"), offerMedia + "skipped 0"},
		{"media address", replace("a=ptime", "c=IN IP4 192.0.2.8\r\na=ptime"), strings.ReplaceAll(offerMedia, "2.7", "2.8") + "skipped 0"},
		{"media address only", replace("c=IN IP4 192.0.2.7\r\n", "", "a=ptime", "c=IN IP4 192.0.2.8\r\na=ptime"), strings.ReplaceAll(offerMedia, "2.7", "2.8") + "skipped 0"},
		{"IPv6", replace("IN IP4 192.0.2.7", "IN IP6 2001:db8::7"), strings.ReplaceAll(offerMedia, "192.0.2.7", "[2001:db8::7]") + "skipped 0"},
		{"IPv6 in brackets", replace("IN IP4 192.0.2.7", "IN IP6 [2001:db8::7]"), strings.ReplaceAll(offerMedia, "192.0.2.7", "[2001:db8::7]") + "skipped 0"},
		{"IPv6 with zone", replace("IN IP4 192.0.2.7", "IN IP6 fe80::7%eth0"), strings.ReplaceAll(offerMedia, "192.0.2.7", "[fe80::7]") + "skipped 0"},
		{"IPv4 in IPv6", replace("IN IP4 192.0.2.7", "IN IP6 ::ffff:192.0.2.7"), offerMedia + "skipped 0"},
		{"wrong address type", replace("IN IP4 192.0.2.7", "IN IP6 192.0.2.7"), offerMedia + "skipped 0"},
		{"TTL", replace("192.0.2.7", "224.2.36.42/127"), strings.ReplaceAll(offerMedia, "192.0.2.7", "224.2.36.42") + "skipped 0"},
		{"TTL and number of addresses", replace("192.0.2.7", "224.2.1.1/127/3"), strings.ReplaceAll(offerMedia, "192.0.2.7", "224.2.1.1") + "skipped 0"},
		{"leading zeros", replace("192.0.2.7", "192.000.002.007"), offerMedia + "skipped 0"},
		{"no address type", replace("IN IP4 192", "192"), offerMedia + "skipped 0"},
		{"host name", replace("192.0.2.7", "media.example.com"), strings.ReplaceAll(offerMedia, "192.0.2.7:49170", "invalid AddrPort") + "skipped 0"},
		{"no address", replace("c=IN IP4 192.0.2.7\r\n", ""), strings.ReplaceAll(offerMedia, "192.0.2.7:49170", "invalid AddrPort") + "skipped 0"},
		{"damaged address", replace("192.0.2.7", "192.0.2.777"), strings.ReplaceAll(offerMedia, "192.0.2.7:49170", "invalid AddrPort") + "skipped 1"},
		{"port with count", replace("49170", "49170/2"), offerMedia + "skipped 0"},
		{"port 0", replace("49170", "0"), strings.ReplaceAll(offerMedia, "192.0.2.7:49170", "invalid AddrPort") + "skipped 0"},
		{"port beyond 16 bits", replace("49170", "491700"), strings.ReplaceAll(offerMedia, "192.0.2.7:49170", "invalid AddrPort") + "skipped 1"},
		{"port of MGCP", replace("49170", "$"), strings.ReplaceAll(offerMedia, "192.0.2.7:49170", "invalid AddrPort") + "skipped 1"},
		{"payload type beyond 127", replace("0 8 97", "0 8 300 97"), offerMedia + "skipped 1"},
		{"payload type twice", replace("0 8 97", "0 8 0 97"), offerMedia + "skipped 0"},
		{"garbage lines", replace("s=-\r\n", "s=-\r\n\x00\x01\xff\r\nnonsense\r\n=\r\nx=1\r\n", "a=ptime", "a=\r\na\r\na=ptime"), offerMedia + "skipped 6"},
		{"unknown attributes", replace("a=ptime", "a=x\r\na=y:z\r\na=ptime"), offerMedia + "skipped 0"},
		{"session-level direction", replace("a=sendonly\r\n", "", "t=0 0\r\n", "t=0 0\r\na=inactive\r\n"), strings.ReplaceAll(offerMedia, "sendonly", "inactive") + "skipped 0"},
		{"media direction over the session's", replace("t=0 0\r\n", "t=0 0\r\na=inactive\r\n"), offerMedia + "skipped 0"},
		{"sendrecv over the session's", replace("t=0 0\r\n", "t=0 0\r\na=inactive\r\n", "sendonly", "sendrecv"), strings.ReplaceAll(offerMedia, "sendonly", "sendrecv") + "skipped 0"},
		{"direction twice", replace("a=sendonly\r\n", "a=sendonly\r\na=sendrecv\r\n"), offerMedia + "skipped 0"},
		{"no direction", replace("a=sendonly\r\n", ""), strings.ReplaceAll(offerMedia, "sendonly", "sendrecv") + "skipped 0"},
		{"session-level rtpmap", replace("a=rtpmap:97 iLBC/8000\r\n", "", "t=0 0\r\n", "t=0 0\r\na=rtpmap:97 iLBC/8000\r\na=rtpmap:99 x/1\r\n"), offerMedia + "skipped 0"},
		{"rtpmap of nothing listed", replace("a=ptime", "a=rtpmap:102 opus/48000/2\r\na=ptime"), strings.ReplaceAll(offerMedia, "; ", " 102=opus/48000/2; ") + "skipped 0"},
		{"rtpmap twice", replace("a=ptime", "a=rtpmap:97 other/16000\r\na=ptime"), offerMedia + "skipped 0"},
		{"fmtp twice", replace("a=ptime", "a=fmtp:97 x=1\r\na=ptime"), strings.ReplaceAll(offerMedia, "mode=20", "mode=20; x=1") + "skipped 0"},
		{"odd channels", replace("iLBC/8000", "iLBC/8000/", "event/8000", "event/8000/x"), offerMedia + "skipped 0"},
		{"channels", replace("iLBC/8000", "L16/44100/2"), strings.ReplaceAll(offerMedia, "iLBC/8000/1", "L16/44100/2") + "skipped 0"},
		{"channels and more", replace("iLBC/8000", "opus/48000/2/3"), strings.ReplaceAll(offerMedia, "iLBC/8000/1", "opus/48000/2") + "skipped 0"},
		{"rtpmap without rate", replace("iLBC/8000", "iLBC"), strings.ReplaceAll(offerMedia, "iLBC/8000", "iLBC/0") + "skipped 1"},
		{"rtpmap of a static type without rate", replace("97 iLBC/8000", "8 pcma"), strings.NewReplacer("PCMA", "pcma", "iLBC/8000/1", "/0/0").Replace(offerMedia) + "skipped 1"},
		{"rtpmap over a static type", replace("97 iLBC", "8 G726-32"), strings.NewReplacer("PCMA", "G726-32", "iLBC/8000/1", "/0/0").Replace(offerMedia) + "skipped 0"},
		{"blank before the rate", replace("iLBC/8000", "iLBC / 8000"), offerMedia + "skipped 0"},
		{"damaged m= ends the one before", offer + "m=video\r\nc=IN IP4 192.0.2.9\r\na=inactive\r\n", offerMedia + "skipped 3"},
		{"several media", offer + "m=video 3456 RTP/AVP 31 96\r\na=rtpmap:96 H264/90000\r\na=recvonly\r\nm=image 4000 udptl t38\r\nm=audio 0 RTP/AVP 0\r\n",
			offerMedia + "video 192.0.2.7:3456 recvonly 31=H261/90000/0 96=H264/90000/0; image 192.0.2.7:4000 sendrecv; audio invalid AddrPort sendrecv 0=PCMU/8000/1; skipped 0"},
		{"another description behind", offer + offer, offerMedia + "skipped 0"},
		{"multipart delimiter behind", offer + "--boundary--\r\n", offerMedia + "skipped 1"},
		{"NULs behind", offer + "\x00\x00", offerMedia + "skipped 0"},
		{"media only", "m=audio 4000 RTP/AVP 8\nc=IN IP4 192.0.2.1", "audio 192.0.2.1:4000 sendrecv 8=PCMA/8000/1; skipped 0"},
		{"address only", "c=IN IP4 192.0.2.1", "skipped 0"},
	} {
		s, err := sdp.Parse([]byte(tt.text))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := summary(s); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestNotSDP(t *testing.T) {
	for _, text := range []string{"", "\r\n", "hello", "<xml a=\"b\"/>\r\n", "v=0\r\ns=-\r\nt=0 0\r\n", "c=IN IP4", "m=audio"} {
		if s, err := sdp.Parse([]byte(text)); !errors.Is(err, sdp.ErrNotSDP) || s != nil {
			t.Errorf("%q: %v, %v", text, s, err)
		}
	}
}

// Cut after any byte, a description gives what stood before the cut, and no
// port that was cut.
func TestCut(t *testing.T) {
	m := strings.Index(offer, "m=audio")
	for n := range len(offer) {
		s, err := sdp.Parse([]byte(offer[:n]))
		if err != nil && n > strings.Index(offer, "o=")+2 {
			t.Fatalf("cut at %d: %v", n, err)
		}
		if s == nil || len(s.Media) == 0 {
			if n > m+len("m=audio 4") {
				t.Fatalf("cut at %d: no media", n)
			}
			continue
		}
		if p := s.Media[0].Port; p != 0 && p != 49170 {
			t.Fatalf("cut at %d: port %d", n, p)
		}
		if n > m+len("m=audio 49170 R") && s.Media[0].Target() != netip.MustParseAddrPort("192.0.2.7:49170") {
			t.Fatalf("cut at %d: target %v", n, s.Media[0].Target())
		}
	}
}

func TestOrigin(t *testing.T) {
	for value, want := range map[string][2]string{
		"alice 2890844526 2890844527 IN IP4 host.example": {"2890844526", "2890844527"},
		"- 1 2 IN IP4 192.0.2.1":                          {"1", "2"},
		"Some SIP UA 1 2 IN IP4 192.0.2.1":                {"1", "2"},
		"- 123abc 99999999999999999999 in IP6 ::1":        {"123abc", "99999999999999999999"},
		"alice 5 6": {"5", "6"},
		"alice 5":   {"", ""},
	} {
		s, err := sdp.Parse([]byte("o=" + value + "\r\n"))
		if err != nil {
			t.Errorf("%s: %v", value, err)
			continue
		}
		if got := [2]string{s.OriginID, s.OriginVersion}; s.Origin != value || got != want {
			t.Errorf("%s: got %q of %q", value, got, s.Origin)
		}
	}
}

func TestHold(t *testing.T) {
	for text, want := range map[string]bool{
		"c=IN IP4 192.0.2.1\nm=audio 4 RTP/AVP 0\n":             false,
		"c=IN IP4 192.0.2.1\nm=audio 4 RTP/AVP 0\na=recvonly\n": false,
		"c=IN IP4 192.0.2.1\nm=audio 4 RTP/AVP 0\na=sendonly\n": true,
		"c=IN IP4 192.0.2.1\na=inactive\nm=audio 4 RTP/AVP 0\n": true,
		"c=IN IP4 0.0.0.0\nm=audio 4 RTP/AVP 0\n":               true,
		"c=IN IP6 ::\nm=audio 4 RTP/AVP 0\n":                    true,
		"m=audio 4 RTP/AVP 0\n":                                 false,
	} {
		s, err := sdp.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		m := &s.Media[0]
		if m.Hold() != want {
			t.Errorf("%q: Hold %v", text, m.Hold())
		}
		if hasTarget := strings.Contains(text, "192.0.2.1"); m.Target().IsValid() != hasTarget {
			t.Errorf("%q: target %v", text, m.Target())
		}
	}
}

// The attributes are the examples of the RFCs that define them.
func TestAttributes(t *testing.T) {
	s, err := sdp.Parse([]byte("v=0\no=- 1 1 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\na=group:BUNDLE foo bar\na=group:LS 1 2\na=group:BUNDLE baz\n" +
		"m=audio 49170 UDP/TLS/RTP/SAVPF 96\na=rtpmap:96 OPUS/48000/2\n" +
		"a=rtcp:53020 IN IP4 126.16.64.4\na=mid:foo\na=rtcp-mux\na=maxptime:60\na=ptime:20.5\n" +
		"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20|1:32 KDR=1 UNENCRYPTED_SRTCP\n" +
		"a=crypto:x\n" +
		"a=fingerprint:SHA-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB\n" +
		"a=candidate:1 1 UDP 2130706431 203.0.113.141 8998 typ host\n" +
		"a=candidate:1 2 UDP 2130706430 203.0.113.141 8999 typ host\n" +
		"a=candidate:2 1 udp 1694498815 2001:db8::1 45664 typ srflx raddr 203.0.113.141 rport 8998\n" +
		"a=candidate:3 1 TCP 1 203.0.113.141 9 typ host tcptype active\n" +
		"a=candidate:4 1 UDP 1 1f4a.local 9 typ host\n" +
		"a=candidate:5 1 UDP\n" +
		"a=ssrc:314159 cname:user@example.com\na=ssrc:314159 x:y\na=ssrc:4294967295\na=ssrc:4294967296 x\n" +
		"m=audio 5000/2 RTP/AVP 0\na=rtcp:5003\na=zrtp-hash:1.10 fe30efd02423cb054e50efd0248742ac7a52c8f91bc2df881ae642c371ba46df\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(s.Bundle), "[[foo bar] [baz]]"; got != want {
		t.Errorf("Bundle %s, want %s", got, want)
	}
	if s.Skipped != 3 {
		t.Errorf("skipped %d, want 3: a=crypto, a=candidate and a=ssrc cannot be read once each", s.Skipped)
	}
	if len(s.Media) != 2 {
		t.Fatalf("%d media", len(s.Media))
	}
	m := &s.Media[0]
	for name, pair := range map[string][2]string{
		"RTCP":  {m.RTCP.String(), "126.16.64.4:53020"},
		"MID":   {m.MID, "foo"},
		"Ptime": {strconv.Itoa(m.Ptime), "20"},
		"Crypto": {fmt.Sprintf("%+v", m.Crypto),
			"[{Tag:1 Suite:AES_CM_128_HMAC_SHA1_80 Key:inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20|1:32 Params:KDR=1 UNENCRYPTED_SRTCP}]"},
		"Candidates": {fmt.Sprint(m.Candidates), "[203.0.113.141:8998 [2001:db8::1]:45664]"},
		"SSRCs":      {fmt.Sprint(m.SSRCs), "[314159 4294967295]"},
		"flags":      {fmt.Sprint(m.RTCPMux, m.Fingerprint, m.ZRTPHash, s.Fingerprint), "true true false false"},
		"Format":     {fmt.Sprintf("%v %v %s", m.Formats[0].Is("opus"), m.Formats[0].Is("pus"), m.Formats[0].Name), "true false OPUS"},
		"RTCP 2":     {s.Media[1].RTCP.String(), "192.0.2.1:5003"},
		"Ports 2":    {strconv.Itoa(s.Media[1].Ports), "2"},
		"flags 2":    {fmt.Sprint(s.Media[1].RTCPMux, s.Media[1].Fingerprint, s.Media[1].ZRTPHash), "false false true"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %s, want %s", name, pair[0], pair[1])
		}
	}
}

func TestSessionFlags(t *testing.T) {
	s, err := sdp.Parse([]byte("a=fingerprint:sha-256 00\na=zrtp-hash:1.10 00\na=ptime:30\nc=IN IP4 media.example.com\nm=audio 4 RTP/AVP 0\nm=audio 6 RTP/AVP 0\na=ptime:10\n"))
	if err != nil {
		t.Fatal(err)
	}
	m, n := s.Media[0], s.Media[1]
	if !s.Fingerprint || !m.Fingerprint || !m.ZRTPHash || m.Ptime != 30 || n.Ptime != 10 || m.AddrName != "media.example.com" || s.AddrName != m.AddrName {
		t.Errorf("%+v", s)
	}
}

// RFC 3551 tables 4 and 5, and what RFC 1890 had for 2: G721, 32 kbit/s.
func TestStaticFormat(t *testing.T) {
	want := map[uint8]string{
		0: "PCMU/8000/1", 2: "G726-32/8000/1", 3: "GSM/8000/1", 4: "G723/8000/1", 5: "DVI4/8000/1", 6: "DVI4/16000/1", 7: "LPC/8000/1",
		8: "PCMA/8000/1", 9: "G722/8000/1", 10: "L16/44100/2", 11: "L16/44100/1", 12: "QCELP/8000/1", 13: "CN/8000/1",
		14: "MPA/90000/0", 15: "G728/8000/1", 16: "DVI4/11025/1", 17: "DVI4/22050/1", 18: "G729/8000/1",
		25: "CelB/90000/0", 26: "JPEG/90000/0", 28: "nv/90000/0", 31: "H261/90000/0", 32: "MPV/90000/0", 33: "MP2T/90000/0", 34: "H263/90000/0",
	}
	for pt := range uint8(255) {
		f, ok := sdp.StaticFormat(pt)
		got := fmt.Sprintf("%s/%d/%d", f.Name, f.Clock, f.Channels)
		if !ok {
			got = ""
		}
		if got != want[pt] || f.PayloadType != pt {
			t.Errorf("%d: got %q (%d), want %q", pt, got, f.PayloadType, want[pt])
		}
	}
}

// Hostile descriptions stay small.
func TestBounds(t *testing.T) {
	many := func(line string) string { return strings.Repeat(line, 5000) }
	numbered := func(format string) string {
		var b strings.Builder
		for i := range 5000 {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	media := "m=audio 4 RTP/AVP 0\n"
	for name, text := range map[string]string{
		"media":      many(media),
		"formats":    "m=audio 4 RTP/AVP" + numbered(" %d") + "\n" + numbered("a=rtpmap:%d x/8000\n"),
		"parameters": media + many("a=fmtp:0 abcdefghijklmnopqrstuvwxyz\n"),
		"candidates": media + numbered("a=candidate:1 1 UDP 1 192.0.2.1 %d typ host\n"),
		"SSRCs":      media + numbered("a=ssrc:%d\n"),
		"keys":       media + many("a=crypto:1 A inline:B\n"),
		"groups":     media + many("a=group:BUNDLE 1\n") + "a=group:BUNDLE " + many("a ") + "\n",
	} {
		s, err := sdp.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if s.Skipped == 0 && name != "parameters" {
			t.Errorf("%s: nothing skipped", name)
		}
		sizes := []int{len(s.Media), len(s.Bundle)}
		for _, m := range s.Media {
			sizes = append(sizes, len(m.Formats), len(m.Candidates), len(m.SSRCs), len(m.Crypto), len(m.Formats[0].Fmtp)/16)
		}
		for _, g := range s.Bundle {
			sizes = append(sizes, len(g))
		}
		if n := slices.Max(sizes); n > 128 || n < 50 {
			t.Errorf("%s: a list of %d", name, n)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(offer))
	f.Add([]byte("v=0\no=- 1 1 IN IP6 ::1\nc=IN IP6 ::1\nm=audio 4/2 RTP/SAVP 9 96\na=rtpmap:96 opus/48000/2\na=crypto:1 A inline:B\na=mid:0\nm=image 5 udptl t38\n"))
	f.Add([]byte("c=IN IP4 a.example\na=inactive\nm=video 4 AVP 31\na=candidate:1 1 UDP 1 192.0.2.1 9 typ host\na=ssrc:1 cname:x\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := sdp.Parse(b)
		if err != nil {
			if !errors.Is(err, sdp.ErrNotSDP) || s != nil {
				t.Fatalf("%v, %v", s, err)
			}
			return
		}
		if lines := len(b) + 1; s.Skipped > lines || len(s.Media) > 64 {
			t.Fatalf("skipped %d of at most %d lines, %d media", s.Skipped, lines, len(s.Media))
		}
		text := print(s)
		again, err := sdp.Parse([]byte(text))
		if err != nil {
			if len(s.Media) == 0 {
				return
			}
			t.Fatalf("printed as %q: %v", text, err)
		}
		if was, is := summary(s), summary(again); len(s.Media) > 0 && cutSkipped(was) != cutSkipped(is) {
			t.Fatalf("printed as %q:\nwas %s\n is %s", text, was, is)
		}
		if again.OriginID != s.OriginID || again.OriginVersion != s.OriginVersion {
			t.Fatalf("origin %q was %s %s, is %s %s", s.Origin, s.OriginID, s.OriginVersion, again.OriginID, again.OriginVersion)
		}
	})
}

func cutSkipped(summary string) string { return summary[:strings.LastIndex(summary, "skipped")] }

// print writes the key fields as a description of the plainest form.
func print(s *sdp.Session) string {
	var b strings.Builder
	if s.Origin != "" {
		fmt.Fprintf(&b, "o=%s\r\n", s.Origin)
	}
	for _, m := range s.Media {
		fmt.Fprintf(&b, "m=%s %d %s", m.Kind, m.Port, m.Proto)
		for _, f := range m.Formats {
			fmt.Fprintf(&b, " %d", f.PayloadType)
		}
		if m.Addr.IsValid() {
			fmt.Fprintf(&b, "\r\nc=IN IP4 %s", m.Addr)
		}
		fmt.Fprintf(&b, "\r\na=%s\r\n", m.Direction)
		for _, f := range m.Formats {
			if f.Name != "" {
				fmt.Fprintf(&b, "a=rtpmap:%d %s/%d/%d\r\n", f.PayloadType, f.Name, f.Clock, f.Channels)
			}
			if f.Fmtp != "" {
				fmt.Fprintf(&b, "a=fmtp:%d %s\r\n", f.PayloadType, f.Fmtp)
			}
		}
	}
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	text := []byte(offer)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sdp.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
