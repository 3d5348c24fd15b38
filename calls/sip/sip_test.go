package sip_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"callx/calls/sip"
)

// cost is the least of a few runs.
func cost(text []byte) time.Duration {
	least := time.Duration(1<<63 - 1)
	var m sip.Message
	for range 5 {
		start := time.Now()
		if err := sip.Parse(&m, text); err == nil {
			m.SDP()
		}
		m.Header("Nothing")
		m.From.DisplayName()
		least = min(least, time.Since(start))
	}
	return max(least, 20*time.Microsecond)
}

func TestSniffRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":           "",
		"line breaks":       "\r\n\r\n",
		"RTP":               "\x80\x08\x00\x01\x00\x00\x00\xa0\x11\x22\x33\x44INVITE sip:a@b SIP/2.0\r\n",
		"STUN":              "\x00\x01\x00\x00\x21\x12\xa4\x42SIP/2.0 200 OK\r\n",
		"DNS with letters":  "ab\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www",
		"HTTP":              "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"RTSP":              "DESCRIBE rtsp://a/b RTSP/1.0\r\n",
		"RTSP response":     "RTSP/1.0 200 OK\r\n",
		"SSDP":              "M-SEARCH * HTTP/1.1\r\n",
		"a Via header":      "Via: SIP/2.0/UDP 192.0.2.1\r\n",
		"words":             "the message was SIP/2.0 200 OK\r\n",
		"no URI":            "INVITE SIP/2.0\r\n",
		"version only":      "SIP/2.0\r\n",
		"status of 2 digit": "SIP/2.0 20\r\n",
		"version cut":       "INVITE sip:a@b SIP/2.",
		"second line":       "INVITE sip:a@b\r\nSIP/2.0\r\n",
		"keep-alive":        "jaK\x00",
	} {
		if sip.Sniff([]byte(text)) {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSniffAccepts(t *testing.T) {
	for _, text := range []string{
		"SIP/2.0 200", "SIP/2.0 200 OK\r\n", "\r\n\r\nSIP/2.0 100 Trying\r\n", "sip/2.0  486 Busy Here\n",
		"INVITE sip:a@b SIP/2.0", "x-unknown tel:1 SIP/2.0\r\n", "ACK\tsip:a@b\tSIP/2.0\r",
	} {
		if !sip.Sniff([]byte(text)) {
			t.Errorf("%q: refused", text)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	var m sip.Message
	for _, text := range []string{"", "\r\n", "INVITE sip:a@b HTTP/1.1\r\n\r\n", "Via: SIP/2.0/UDP a\r\n\r\n", "\x80\x00\x00"} {
		if err := sip.Parse(&m, []byte(text)); !errors.Is(err, sip.ErrNotSIP) {
			t.Errorf("%q: %v", text, err)
		}
		if m.IsRequest() || m.Status != 0 || m.ContentLength != -1 {
			t.Errorf("%q: something is set", text)
		}
	}
}

func TestIsMethod(t *testing.T) {
	var m sip.Message
	for text, want := range map[string]bool{
		"invite sip:a@b SIP/2.0\r\n\r\n":                    true,
		"SIP/2.0 200\r\nCSeq: 1 Invite\r\n\r\n":             true,
		"BYE sip:a@b SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n":     false,
		"SIP/2.0 200 OK\r\n\r\n":                            false,
		"INVITES sip:a@b SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n": false,
	} {
		if err := sip.Parse(&m, []byte(text)); err != nil || m.IsMethod("INVITE") != want {
			t.Errorf("%q: %v, error %v", text, !want, err)
		}
	}
}

func TestHeaders(t *testing.T) {
	text := "OPTIONS sip:a@b SIP/2.0\r\n" +
		"V: SIP/2.0/UDP one , SIP/2.0/TCP two\r\n" +
		"Subject:\r\n" +
		"via : SIP/2.0/UDP\r\n\t three;\r\n  branch=1 \r\n" +
		"Vi: no\r\nViax: no\r\n" +
		"s: hello\r\n" +
		"x-Custom:  a:b \r\n" +
		"\r\nVia: body\r\n"
	var m sip.Message
	if err := sip.Parse(&m, []byte(text)); err != nil {
		t.Fatal(err)
	}
	var got []string
	for v := range m.Headers("Via") {
		got = append(got, string(v))
	}
	if want := []string{"SIP/2.0/UDP one , SIP/2.0/TCP two", "SIP/2.0/UDP three; branch=1"}; !slices.Equal(got, want) {
		t.Errorf("Via: got %q, want %q", got, want)
	}
	for name, want := range map[string]string{"SUBJECT": "hello", "X-Custom": "a:b", "Nothing": "", "Vi": "no"} {
		if v := string(m.Header(name)); v != want {
			t.Errorf("%s: got %q, want %q", name, v, want)
		}
	}
}

func TestValues(t *testing.T) {
	for value, want := range map[string][]string{
		"":                                   nil,
		" , ,":                               nil,
		"a":                                  {"a"},
		"<sip:a@b;x=1,2> , sip:c@d ,,e":      {"<sip:a@b;x=1,2>", "sip:c@d", "e"},
		`"Doe, \", J" <sip:a@b>,"x" <sip:c>`: {`"Doe, \", J" <sip:a@b>`, `"x" <sip:c>`},
		"soft (a, (b), c), phone":            {"soft (a, (b), c)", "phone"},
		`"open, <sip:a@b>`:                   {`"open, <sip:a@b>`},
		`a\`:                                 {`a\`},
	} {
		var got []string
		for v := range sip.Values([]byte(value)) {
			got = append(got, string(v))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}

// The addresses are of RFC 3261 sections 19.1 and 20, RFC 3966 and RFC 5118,
// or are variants of these.
func TestParseAddress(t *testing.T) {
	for _, tt := range []struct{ value, display, uri, user, host, tag string }{
		{`"A. G. Bell" <sip:agb@bell-telephone.com> ;tag=a48s`, "A. G. Bell", "sip:agb@bell-telephone.com", "agb", "bell-telephone.com", "a48s"},
		{"sip:+12125551212@server.phone2net.com;tag=887s", "", "sip:+12125551212@server.phone2net.com", "+12125551212", "server.phone2net.com", "887s"},
		{"Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=hyh8", "Anonymous", "sip:c8oqz84zk7z@privacy.org", "c8oqz84zk7z", "privacy.org", "hyh8"},
		{"sip:alice:secretword@atlanta.com;transport=tcp", "", "sip:alice:secretword@atlanta.com", "alice", "atlanta.com", ""},
		{"<sips:alice:secretword@atlanta.com:5061;transport=tcp?subject=x&to=y>", "", "sips:alice:secretword@atlanta.com:5061;transport=tcp?subject=x&to=y", "alice", "atlanta.com", ""},
		{"<sip:+1-212-555-1212:1234@gateway.com;user=phone>;tag=x", "", "sip:+1-212-555-1212:1234@gateway.com;user=phone", "+1-212-555-1212", "gateway.com", "x"},
		{"<sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com>", "", "sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com", "", "atlanta.com", ""},
		{"<sip:alice;day=tuesday@atlanta.com>", "", "sip:alice;day=tuesday@atlanta.com", "alice", "atlanta.com", ""},
		{"<sip:+358;phone-context=x@h;user=phone>", "", "sip:+358;phone-context=x@h;user=phone", "+358", "h", ""},
		{"<tel:+1-201-555-0123>;tag=t", "", "tel:+1-201-555-0123", "+1-201-555-0123", "", "t"},
		{"<TEL:7042;phone-context=example.com>", "", "TEL:7042;phone-context=example.com", "7042", "", ""},
		{"tel:911;tag=1", "", "tel:911", "911", "", "1"},
		{"<sip:bob@[2001:db8::9:1]:5070;x=y>;tag=v6", "", "sip:bob@[2001:db8::9:1]:5070;x=y", "bob", "2001:db8::9:1", "v6"},
		{"<sip:[2001:db8::10]>", "", "sip:[2001:db8::10]", "", "2001:db8::10", ""},
		{"<sip:bob@2001:db8::1>", "", "sip:bob@2001:db8::1", "bob", "2001:db8::1", ""},
		{"*", "", "*", "", "", ""},
		{"", "", "", "", "", ""},
		{"<>", "", "", "", "", ""},
		{"<urn:service:sos>", "", "urn:service:sos", "", "", ""},
		{`"" <sip:a@b>`, "", "sip:a@b", "a", "b", ""},
		{`"a\"<b\\" <sip:a@b>;TAG="q"`, `a"<b\`, "sip:a@b", "a", "b", "q"},
		{`"x" y <sip:a@b>`, "x", "sip:a@b", "a", "b", ""},
		{"Support: Bob <sip:a@b>;tag=1", "Support: Bob", "sip:a@b", "a", "b", "1"},
		{"<sip:a@b>;nottag=1;tagged=2;tag;tag=3", "", "sip:a@b", "a", "b", "3"},
		{"<sip:a@b>, <sip:c@d>;tag=other", "", "sip:a@b", "a", "b", ""},
		{"sip:a@b, <sip:c@d>;tag=other", "", "sip:a@b", "a", "b", ""},
		{"<sip:alice@corp@proxy;lr>", "", "sip:alice@corp@proxy;lr", "alice@corp", "proxy", ""},
		{"< sip:a@b >;tag=1", "", "sip:a@b", "a", "b", "1"},
	} {
		a := sip.ParseAddress([]byte(tt.value))
		got := [...]string{a.DisplayName(), string(a.URI), string(a.User), string(a.Host), string(a.Tag)}
		if want := [...]string{tt.display, tt.uri, tt.user, tt.host, tt.tag}; got != want {
			t.Errorf("%s\n got %q\nwant %q", tt.value, got, want)
		}
	}
}

// Bodies are bounded by Content-Length unless that cannot be.
func TestBody(t *testing.T) {
	for _, tt := range []struct{ length, rest, want string }{
		{"5", "hello", "hello"},
		{"5", "hello world", "hello"},
		{"7", "  hello: world", "  hello"},
		{"0", "\r\nINVITE", ""},
		{"50", "hello", "hello"},
		{"x", "hello", "hello"},
		{"5, 5", "hello world", "hello"},
		{"18446744073709551621", "hello", "hello"},
		{"9", "v=0\r\ns=-\r\nINVITE", "v=0\r\ns=-\r"},
		{"10", "v=0\r\ns=-\r\nINVITE", "v=0\r\ns=-\r\n"},
		{"8", "v=0\r\ns=-\x00\x00", "v=0\r\ns=-"},
		{"2", "v=0\r\ns=-\r\n", "v=0\r\ns=-\r\n"},
		{"7", "v=0\r\ns=-\r\n", "v=0\r\ns=-\r\n"},
		{"5", "v=0\r\ns=-\r\n", "v=0\r\ns=-\r\n"},
	} {
		var m sip.Message
		if err := sip.Parse(&m, []byte("SIP/2.0 200 OK\r\nl: "+tt.length+"\r\n\r\n"+tt.rest)); err != nil {
			t.Fatal(err)
		}
		if string(m.Body) != tt.want {
			t.Errorf("Content-Length %s of %q: got %q, want %q", tt.length, tt.rest, m.Body, tt.want)
		}
	}
}

func TestSDP(t *testing.T) {
	const sdp = "v=0\r\ns=-"
	part := "Content-Type: application/sdp\r\nContent-Disposition: session\r\n\r\n" + sdp
	for _, tt := range []struct{ name, contentType, body, want string }{
		{"plain", "application/sdp", sdp, sdp},
		{"parameters, case", "Application/SDP;charset=utf-8", sdp, sdp},
		{"no type", "", sdp, sdp},
		{"wrong type", "text/html", "\r\n" + sdp, sdp},
		{"another type", "text/html", "<p>", ""},
		{"damaged SDP of the right type", "application/sdp", "o=x", "o=x"},
		{"empty", "application/sdp", "", ""},
		{"multipart", "multipart/mixed;boundary=b1", "--b1\r\nContent-Type: text/plain\r\n\r\nv = 0\r\n--b1\r\n" + part + "\r\n--b1--\r\n", sdp},
		{"quoted boundary", "multipart/mixed; boundary=\"b 1\"", "preamble\r\n--b 1\r\n" + part + "\r\n--b 1--\r\n", sdp},
		{"another boundary", "multipart/mixed; boundary=x", "--y\r\n" + part + "\r\n--y--\r\n", sdp},
		{"no boundary", "multipart/mixed", "--y\r\n" + part + "\r\n--y--\r\n", sdp},
		{"no final boundary", "multipart/mixed;boundary=b1", "--b1\r\n" + part, sdp},
		{"no type at all", "", "--b1\r\n" + part + "\r\n--b1--", sdp},
		{"LF", "multipart/mixed;boundary=b1", "--b1\nc: application/sdp\n\nv=0\n--b1--\n", "v=0"},
		{"part with folded type", "multipart/mixed;boundary=b1", "--b1\r\nContent-Type:\r\n application/sdp\r\n\r\n" + sdp + "\r\n--b1--", sdp},
		{"part without headers", "multipart/mixed;boundary=b1", "--b1\r\n\r\n" + sdp + "\r\n--b1--", sdp},
		{"part without blank line", "multipart/mixed;boundary=b1", "--b1\r\nContent-Type: application/sdp\r\n" + sdp + "\r\n--b1--", sdp},
		{"empty part", "multipart/mixed;boundary=b1", "--b1\r\nContent-Type: application/sdp\r\n\r\n--b1\r\n" + part + "\r\n--b1--", sdp},
		{"nested", "multipart/mixed;boundary=a", "--a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/related;boundary=c\r\n\r\n" +
			"--c\r\n" + part + "\r\n--c--\r\n--b--\r\n--a\r\nContent-Type: application/sdp\r\n\r\nv=0\r\nlast\r\n--a--\r\n", sdp},
		// RFC 7866 section 9.1: what a recording client sends.
		{"SIPREC", "multipart/mixed;boundary=foobar", "--foobar\r\nContent-Type: application/SDP\r\n\r\n" + sdp + "\r\n--foobar\r\n" +
			"Content-Type: application/rs-metadata\r\nContent-Disposition: recording-session\r\n\r\n<?xml version='1.0'?>\r\n<recording>\r\n</recording>\r\n--foobar--", sdp},
		{"SIPREC, metadata first", "multipart/mixed;boundary=foobar", "--foobar\r\nContent-Type: application/rs-metadata+xml\r\n\r\n<recording>v=0\r\n" +
			"</recording>\r\n--foobar\r\n" + part + "\r\n--foobar--", sdp},
		// RFC 3204 section 3.1: binary, so that it may hold anything.
		{"ISUP", "multipart/mixed; boundary=unique-boundary-1", "--unique-boundary-1\r\n" + part + "\r\n--unique-boundary-1\r\n" +
			"Content-Type: application/ISUP;version=nxv3;base=etsi121\r\nContent-Disposition: signal;handling=optional\r\n\r\n\x89\x8b\x0e\x95\x1e\r\x1e\x1e\x06\x26\x05\n\x0d\r\n--unique-boundary-1--", sdp},
		{"ISUP first", "multipart/mixed; boundary=unique-boundary-1", "--unique-boundary-1\r\nContent-Type: application/ISUP;version=itu-t92+\r\n\r\n" +
			"\x01\x00\r\n\r\nv=\x00\x0a\xff\r\n--unique-boundary-1\r\n" + part + "\r\n--unique-boundary-1--", sdp},
		{"cut within the SDP", "multipart/mixed;boundary=b1", "--b1\r\nContent-Type: text/plain\r\n\r\nx\r\n--b1\r\n" + part[:len(part)-2], sdp[:len(sdp)-2]},
		{"cut before the SDP", "multipart/mixed;boundary=b1", "--b1\r\nContent-Type: text/plain\r\n\r\nx\r\n--b1\r\nContent-Type: applica", ""},
		{"no SDP", "multipart/mixed;boundary=b1", "--b1\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b1--", ""},
	} {
		var m sip.Message
		if err := sip.Parse(&m, []byte("SIP/2.0 200 OK\r\nContent-Type: "+tt.contentType+"\r\n\r\n"+tt.body)); err != nil {
			t.Fatal(err)
		}
		if got := string(m.SDP()); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestAllocations(t *testing.T) {
	text, rtp := []byte(invite), []byte("\x80\x08\x00\x01\x00\x00\x00\xa0\x11\x22\x33\x44")
	mixed := []byte(strings.Replace(invite, "application/sdp\r\n", "multipart/mixed;boundary=b\r\n", 1) + "\r\n--b--")
	var m sip.Message
	for name, f := range map[string]func(){
		"Parse":  func() { _ = sip.Parse(&m, text) },
		"Sniff":  func() { sip.Sniff(text); sip.Sniff(rtp) },
		"SDP":    func() { _ = sip.Parse(&m, mixed); m.SDP() },
		"Header": func() { m.Header("Via"); m.Header("Nothing") },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	text := []byte(invite)
	var m sip.Message
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if err := sip.Parse(&m, text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSniff(b *testing.B) {
	for _, bm := range []struct{ name, text string }{
		{"RTP", "\x80\x08\x00\x01\x00\x00\x00\xa0\x11\x22\x33\x44"},
		{"DNS", "ab\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www"},
		{"SIP", invite},
	} {
		b.Run(bm.name, func(b *testing.B) {
			text := []byte(bm.text)
			b.ReportAllocs()
			for b.Loop() {
				sip.Sniff(text)
			}
		})
	}
}
