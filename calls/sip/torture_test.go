package sip_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"callx/calls/sip"
)

// expected holds what must be found in a message.
type expected struct {
	method, uri           string
	status                int
	callID                string
	fromTag, toTag        string
	fromUser, toUser      string
	fromDisplay           string
	cseq                  uint32
	cseqMethod            string
	contact               string
	body                  int // length
	contentLength         int
	reason, fromHost, sdp string
	headers               string // lines "Name: value", each as Header returns it; "Name:" for none
}

func (want expected) check(t *testing.T, m *sip.Message) {
	t.Helper()
	got := expected{
		string(m.Method), string(m.URI), m.Status, string(m.CallID), string(m.From.Tag), string(m.To.Tag),
		string(m.From.User), string(m.To.User), m.From.DisplayName(), m.CSeq, string(m.CSeqMethod),
		string(m.Contact.URI), len(m.Body), m.ContentLength, string(m.Reason), string(m.From.Host), "", "",
	}
	if sdp := string(m.SDP()); sdp != "" {
		got.sdp, _, _ = strings.Cut(sdp, "\r\n")
	}
	for line := range strings.Lines(want.headers) {
		name, _, _ := strings.Cut(line, ":")
		got.headers += strings.TrimRight(name+": "+string(m.Header(name)), " ") + "\n"
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

const tortureSDP = `
v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.3
s=-
c=IN IP4 192.0.2.4
t=0 0
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
`

// A tortured message is one of RFC 4475; the number in its name is its section,
// and the expected values are what the text says that a receiver must make of
// it. Headers that carry no point of the message are left out.
type tortured struct {
	name, text string
	want       expected
}

var torture = slices.Concat(tortureValid, tortureInvalid, tortureMeaning)

// tortureValid holds section 3.1.1: unusual, but valid.
var tortureValid = []tortured{
	{"3.1.1.1 a short tortuous INVITE", `INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0
TO :
 sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n
from   : "J Rosenberg \\\""       <sip:jdrosen@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : 150
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:"Quoted string \"\"" <sip:jdrosen@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33
` + tortureSDP, expected{
		method: "INVITE", uri: "sip:vivekg@chair-dnrc.example.com;unknownparam", callID: "wsinv.ndaksdj@192.0.2.1",
		fromTag: "98asjd8", toTag: "1918181833n", fromUser: "jdrosen", fromHost: "example.com", toUser: "vivekg",
		fromDisplay: `J Rosenberg \"`, cseq: 9, cseqMethod: "INVITE", contact: "sip:jdrosen@example.com",
		body: 150, contentLength: 150, sdp: "v=0"}},
	{"3.1.1.2 wide range of valid characters", "!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0\n" +
		"To: \"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f\" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>\n" +
		"From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"\xd1\x80\xd0\xb0\";tag=_token~1'+`*%!-.\n" +
		"Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\n" +
		"CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~\n" +
		"extensionHeader-!.%*+_`'~:\xef\xbb\xbf\xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb\nContent-Length: 0\n\n", expected{
		method: "!interesting-Method0123456789_*+`.%indeed'~",
		uri:    "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
		callID: "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{", fromTag: "_token~1'+`*%!-.",
		fromUser: "mundane", fromHost: "example.com", fromDisplay: "token1~` token2'+_ token3*%!.-",
		toUser: "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/", cseq: 139122385,
		cseqMethod: "!interesting-Method0123456789_*+`.%indeed'~"}},
	{"3.1.1.3 escaped URI", `INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0
To: sip:%75se%72@example.com
From: <sip:I%20have%20spaces@example.net>;tag=938
i: esc01.239409asdfakjkn23onasd0-3234
CSeq: 234234 INVITE
C: application/sdp
Contact:
  <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>
Content-Length: 150
` + tortureSDP, expected{
		method: "INVITE", uri: "sip:sips%3Auser%40example.com@example.net", callID: "esc01.239409asdfakjkn23onasd0-3234",
		fromTag: "938", fromUser: "I%20have%20spaces", fromHost: "example.net", toUser: "%75se%72", cseq: 234234, cseqMethod: "INVITE",
		contact: "sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31", body: 150, contentLength: 150, sdp: "v=0"}},
	{"3.1.1.6 no LWS between display name and <", `OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: caller<sip:caller@example.com>;tag=323
Call-ID: lwsdisp.1234abcd@funky.example.com
CSeq: 60 OPTIONS
l: 0

`, expected{method: "OPTIONS", uri: "sip:user@example.com", callID: "lwsdisp.1234abcd@funky.example.com", fromTag: "323",
		fromUser: "caller", fromHost: "example.com", fromDisplay: "caller", toUser: "user", cseq: 60, cseqMethod: "OPTIONS"}},
	{"3.1.1.8 extra trailing octets", `REGISTER sip:example.com SIP/2.0
To: sip:j.user@example.com
From: sip:j.user@example.com;tag=43251j3j324
I: dblreq.0ha0isndaksdj99sdfafnl3lk233412
Contact: sip:j.user@host.example.com
CSeq: 8 REGISTER
Content-Length: 0


INVITE sip:joe@example.com SIP/2.0
t: sip:joe@example.com
From: sip:caller@example.net;tag=141334
Call-ID: dblreq.0ha0isnda977644900765@192.0.2.15
CSeq: 8 INVITE
Content-Length: 0

`, expected{method: "REGISTER", uri: "sip:example.com", callID: "dblreq.0ha0isndaksdj99sdfafnl3lk233412", fromTag: "43251j3j324",
		fromUser: "j.user", fromHost: "example.com", toUser: "j.user", cseq: 8, cseqMethod: "REGISTER", contact: "sip:j.user@host.example.com"}},
	{"3.1.1.9 semicolon-separated parameters in URI user part", `OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0
To: sip:j_user@example.com
From: sip:caller@example.org;tag=33242
Call-ID: semiuri.0ha0isndaksdj
CSeq: 8 OPTIONS
l: 0

`, expected{method: "OPTIONS", uri: "sip:user;par=u%40example.net@example.com", callID: "semiuri.0ha0isndaksdj", fromTag: "33242",
		fromUser: "caller", fromHost: "example.org", toUser: "j_user", cseq: 8, cseqMethod: "OPTIONS"}},
	{"3.1.1.12 unusual reason phrase", "SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe \x62\n" + `Call-ID: unreason.1234ksdfak3j2erwedfsASdf
CSeq: 35 INVITE
From: sip:user@example.com;tag=11141343
To: sip:user@example.edu;tag=2229
Content-Length: 154
Content-Type: application/sdp
Contact: <sip:user@host198.example.com>

` + "v=0\no=mhandley 29739 7272939 IN IP4 192.0.2.198\ns=-\nc=IN IP4 192.0.2.198\nt=0 0\nm=audio 49217 RTP/AVP 0 12\nm=video 3227 RTP/AVP 31\na=rtpmap:31 LPC\n", expected{
		status: 200, reason: "= 2**3 * 5**2 \xd0\xbd\xd0\xbe \x62", callID: "unreason.1234ksdfak3j2erwedfsASdf", fromTag: "11141343", toTag: "2229",
		fromUser: "user", fromHost: "example.com", toUser: "user", cseq: 35, cseqMethod: "INVITE", contact: "sip:user@host198.example.com",
		body: 154, contentLength: 154, sdp: "v=0"}},
	{"3.1.1.13 empty reason phrase", "SIP/2.0 100 \n" + `From: sip:user@example.com;tag=2343
To: sip:user@example.edu;tag=g5
Call-ID: noreason.asndj203insdf99223ndf
CSeq: 35 INVITE
Content-Length: 0

`, expected{status: 100, callID: "noreason.asndj203insdf99223ndf", fromTag: "2343", toTag: "g5", fromUser: "user",
		fromHost: "example.com", toUser: "user", cseq: 35, cseqMethod: "INVITE"}},
	{"3.1.1.4 escaped nulls in URIs", `REGISTER sip:example.com SIP/2.0
To: sip:null-%00-null@example.com
From: sip:null-%00-null@example.com;tag=839923423
Call-ID: escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd
CSeq: 14398234 REGISTER
Contact: <sip:%00@host5.example.com>
Contact: <sip:%00%00@host5.example.com>
L:0

`, expected{method: "REGISTER", uri: "sip:example.com", callID: "escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd", fromTag: "839923423",
		fromUser: "null-%00-null", fromHost: "example.com", toUser: "null-%00-null", cseq: 14398234, cseqMethod: "REGISTER",
		contact: "sip:%00@host5.example.com"}},
	{"3.1.1.5 use of % when it is not an escape", `RE%47IST%45R sip:registrar.example.com SIP/2.0
To: "%Z%45" <sip:resource@example.com>
From: "%Z%45" <sip:resource@example.com>;tag=f232jadfj23
Call-ID: esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf
CSeq: 29344 RE%47IST%45R
Contact: <sip:alias1@host1.example.com>
Content-Length: 0

`, expected{method: "RE%47IST%45R", uri: "sip:registrar.example.com", callID: "esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf", fromTag: "f232jadfj23",
		fromUser: "resource", fromHost: "example.com", fromDisplay: "%Z%45", toUser: "resource", cseq: 29344, cseqMethod: "RE%47IST%45R",
		contact: "sip:alias1@host1.example.com"}},
	{"3.1.1.7 long values in header fields", `INVITE sip:user@example.com SIP/2.0
To: "I have a user name of ` + strings.Repeat("extreme", 10) + ` proportion"
  <sip:user@example.com:6000;unknownparam1=very` + strings.Repeat("long", 20) + `value;longparam` + strings.Repeat("name", 25) + `=shortvalue;very` + strings.Repeat("long", 25) + `ParameterNameWithNoValue>
F: sip:` + strings.Repeat("amazinglylongcallername", 5) + `@example.net;tag=12` + strings.Repeat("982", 50) + `424;unknownheaderparam` + strings.Repeat("name", 20) + `=unknowheaderparam` + strings.Repeat("value", 15) + `;unknownValueless` + strings.Repeat("paramname", 10) + `
Call-ID: longreq.one` + strings.Repeat("really", 20) + `longcallid
CSeq: 3882340 INVITE
Unknown-` + strings.Repeat("Long", 20) + `-Name: unknown-` + strings.Repeat("long", 20) + `-value
Via: SIP/2.0/TCP sip33.example.com
v: SIP/2.0/TCP sip32.example.com
Max-Forwards: 70
Content-Length: 0

`, expected{method: "INVITE", uri: "sip:user@example.com", callID: "longreq.one" + strings.Repeat("really", 20) + "longcallid",
		fromTag: "12" + strings.Repeat("982", 50) + "424", fromUser: strings.Repeat("amazinglylongcallername", 5), fromHost: "example.net",
		toUser: "user", cseq: 3882340, cseqMethod: "INVITE",
		headers: "Via: SIP/2.0/TCP sip33.example.com\nUnknown-" + strings.Repeat("Long", 20) + "-Name: unknown-" + strings.Repeat("long", 20) + "-value\n"}},
	{"3.1.1.10 varied and unknown transport types", `OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: <sip:caller@example.com>;tag=323
Call-ID: transports.kijh4akdnaqjkwendsasfdj
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw
Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf
Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj
Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en
Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee
l: 0

`, expected{method: "OPTIONS", uri: "sip:user@example.com", callID: "transports.kijh4akdnaqjkwendsasfdj", fromTag: "323", fromUser: "caller",
		fromHost: "example.com", toUser: "user", cseq: 60, cseqMethod: "OPTIONS", headers: "Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw\n"}},
	// Its parts are text and binary, which is not the place to find an SDP.
	{"3.1.1.11 multipart MIME message", "MESSAGE sip:kumiko@example.org SIP/2.0\n" + `From: <sip:fluffy@example.org>;tag=2fb0dcc9
To: <sip:kumiko@example.org>
Call-ID: 3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..
CSeq: 1 MESSAGE
Content-Type: multipart/mixed;boundary=7a9cbec02ceef655
Content-Length: 108

--7a9cbec02ceef655
Content-Type: text/plain

Hello
--7a9cbec02ceef655

` + "0\x82\x01\x52\x06\x09\x2a" + `
--7a9cbec02ceef655--
`, expected{method: "MESSAGE", uri: "sip:kumiko@example.org", callID: "3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..", fromTag: "2fb0dcc9",
		fromUser: "fluffy", fromHost: "example.org", toUser: "kumiko", cseq: 1, cseqMethod: "MESSAGE", body: 108, contentLength: 108}},
}

func TestTorture(t *testing.T) {
	var m sip.Message
	for _, tt := range torture {
		t.Run(tt.name, func(t *testing.T) {
			text := []byte(crlf(tt.text))
			if !sip.Sniff(text) {
				t.Error("Sniff refuses it")
			}
			if err := sip.Parse(&m, text); err != nil {
				t.Fatal(err)
			}
			tt.want.check(t, &m)
		})
	}
}

// TestTortureIsWhole counts the sections of RFC 4475 that hold a message.
func TestTortureIsWhole(t *testing.T) {
	// A receiver that goes by the RFC refuses these two: no SIP/2.0, and no
	// status code; see TestTortureRefused.
	seen := map[string]bool{"3.1.2.16": true, "3.1.2.19": true}
	for _, tt := range torture {
		section, _, _ := strings.Cut(tt.name, " ")
		if seen[section] {
			t.Errorf("%s is there twice", section)
		}
		seen[section] = true
	}
	for _, s := range []struct {
		section string
		n       int
	}{{"3.1.1", 13}, {"3.1.2", 19}, {"3.2", 1}, {"3.3", 15}, {"3.4", 1}} {
		for i := range s.n {
			if section := fmt.Sprintf("%s.%d", s.section, i+1); !seen[section] {
				t.Errorf("%s is missing", section)
			}
		}
	}
}

// TestTortureRefused: a status code beyond three digits makes no response of a
// message, and another version no SIP that could be read.
func TestTortureRefused(t *testing.T) {
	for name, text := range map[string]string{
		"3.1.2.16": "OPTIONS sip:t.watson@example.org SIP/7.0\nVia: SIP/7.0/UDP c.example.com;branch=z9hG4bKkdjuw\n" +
			"From: A. Bell <sip:a.g.bell@example.com>;tag=qweoiqpe\nCall-ID: badvers.31417@c.example.com\nCSeq: 1 OPTIONS\n\n",
		"3.1.2.19": "SIP/2.0 4294967301 better not break the receiver\nCall-ID: bigcode.asdof3uj203asdnf3429uasdhfas3ehjasdfas9i\n\n",
	} {
		var m sip.Message
		if err := sip.Parse(&m, []byte(crlf(text))); !errors.Is(err, sip.ErrNotSIP) || m.Status != 0 || m.CallID != nil {
			t.Errorf("%s: error %v, status %d, Call-ID %s", name, err, m.Status, m.CallID)
		}
	}
}
