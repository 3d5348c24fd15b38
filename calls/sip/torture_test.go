package sip_test

import (
	"errors"
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
}

func (want expected) check(t *testing.T, m *sip.Message) {
	t.Helper()
	got := expected{
		string(m.Method), string(m.URI), m.Status, string(m.CallID), string(m.From.Tag), string(m.To.Tag),
		string(m.From.User), string(m.To.User), m.From.DisplayName(), m.CSeq, string(m.CSeqMethod),
		string(m.Contact.URI), len(m.Body), m.ContentLength, string(m.Reason), string(m.From.Host), "",
	}
	if sdp := string(m.SDP()); sdp != "" {
		got.sdp, _, _ = strings.Cut(sdp, "\r\n")
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

// torture holds messages of RFC 4475; the numbers are its sections, and the
// expected values what the text says that a receiver must make of them.
// Headers that carry no point of the message are left out.
var torture = []struct {
	name, text string
	want       expected
}{
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
	// The following are invalid. An element would refuse them, an observer
	// still tells the dialog.
	{"3.1.2.3 negative Content-Length", `INVITE sip:user@example.com SIP/2.0
Max-Forwards: 254
To: sip:j.user@example.com
From: sip:caller@example.net;tag=32394234
Call-ID: ncl.0ha0isndaksdj2193423r542w35
CSeq: 0 INVITE
Content-Type: application/sdp
Content-Length: -999
` + tortureSDP, expected{method: "INVITE", uri: "sip:user@example.com", callID: "ncl.0ha0isndaksdj2193423r542w35", fromTag: "32394234",
		fromUser: "caller", fromHost: "example.net", toUser: "j.user", cseqMethod: "INVITE", body: 150, contentLength: -1, sdp: "v=0"}},
	{"3.1.2.4 request scalar fields with overlarge values", `REGISTER sip:example.com SIP/2.0
To: sip:user@example.com
From: sip:user@example.com;tag=239232jh3
CSeq: 36893488147419103232 REGISTER
Call-ID: scalar02.23o0pd9vanlq3wnrlnewofjas9ui32
Contact: <sip:user@host129.example.com>
  ;expires=280297596632815
Content-Length: 0

`, expected{method: "REGISTER", uri: "sip:example.com", callID: "scalar02.23o0pd9vanlq3wnrlnewofjas9ui32", fromTag: "239232jh3",
		fromUser: "user", fromHost: "example.com", toUser: "user", cseqMethod: "REGISTER", contact: "sip:user@host129.example.com"}},
	{"3.1.2.6 unterminated quoted string in display name", `INVITE sip:user@example.com SIP/2.0
To: "Mr. J. User <sip:j.user@example.com>
From: sip:caller@example.net;tag=93334
Call-ID: quotbal.aksdj
Contact: <sip:caller@host59.example.net>
CSeq: 8 INVITE
Content-Length: 0

`, expected{method: "INVITE", uri: "sip:user@example.com", callID: "quotbal.aksdj", fromTag: "93334", fromUser: "caller",
		fromHost: "example.net", toUser: "j.user", cseq: 8, cseqMethod: "INVITE", contact: "sip:caller@host59.example.net"}},
	{"3.1.2.8 malformed SIP Request-URI (embedded LWS)", `INVITE sip:user@example.com; lr SIP/2.0
To: sip:user@example.com;tag=3xfe-9921883-z9f
From: sip:caller@example.net;tag=231413434
Call-ID: lwsruri.asdfasdoeoi2323-asdfwrn23-asd834rk423
CSeq: 2130706432 INVITE
Content-Length: 0

`, expected{method: "INVITE", uri: "sip:user@example.com; lr", callID: "lwsruri.asdfasdoeoi2323-asdfwrn23-asd834rk423",
		fromTag: "231413434", toTag: "3xfe-9921883-z9f", fromUser: "caller", fromHost: "example.net", toUser: "user",
		cseq: 2130706432, cseqMethod: "INVITE"}},
	{"3.1.2.9 multiple SP separating request-line elements", `INVITE  sip:user@example.com  SIP/2.0
To: sip:user@example.com;tag=3xfe-9921883-z9f
From: sip:caller@example.net;tag=231413434
Call-ID: lwsstart.dfknq234oi243099adsdfnawe3@example.com
CSeq: 1893884 INVITE
Content-Length: 0

`, expected{method: "INVITE", uri: "sip:user@example.com", callID: "lwsstart.dfknq234oi243099adsdfnawe3@example.com",
		fromTag: "231413434", toTag: "3xfe-9921883-z9f", fromUser: "caller", fromHost: "example.net", toUser: "user",
		cseq: 1893884, cseqMethod: "INVITE"}},
	{"3.1.2.10 SP characters at end of request-line", "OPTIONS sip:remote-target@example.com SIP/2.0  \n" + `To: sip:remote-target@example.com
From: <sip:local-resource@example.com>;tag=329429089
Call-ID: trws.oicu34958239neffasdhr2345r
CSeq: 238923 OPTIONS
Content-Length: 0

`, expected{method: "OPTIONS", uri: "sip:remote-target@example.com", callID: "trws.oicu34958239neffasdhr2345r", fromTag: "329429089",
		fromUser: "local-resource", fromHost: "example.com", toUser: "remote-target", cseq: 238923, cseqMethod: "OPTIONS"}},
	{"3.1.2.15 non-token characters in display name", `OPTIONS sip:t.watson@example.org SIP/2.0
From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43
To: Watson, Thomas <sip:t.watson@example.org>
Call-ID: baddn.31415@c.example.com
CSeq: 3923239 OPTIONS
l: 0

`, expected{method: "OPTIONS", uri: "sip:t.watson@example.org", callID: "baddn.31415@c.example.com", fromTag: "43", fromUser: "a.g.bell",
		fromHost: "example.com", fromDisplay: "Bell, Alexander", toUser: "t.watson", cseq: 3923239, cseqMethod: "OPTIONS"}},
	{"3.3.8 multiple values in single value required fields", `INVITE sip:user@company.com SIP/2.0
Contact: <sip:caller@host25.example.net>
Call-ID: multi01.98asdh@192.0.2.1
Call-ID: multi01.98asdh@192.0.2.2
CSeq: 5 INVITE
CSeq: 59 INVITE
From: sip:caller@example.com;tag=3413415
To: sip:user@example.com
To: sip:other@example.net
From: sip:caller@example.net;tag=2923420123
Content-Type: application/sdp
l: 154
Contact: <sip:caller@host36.example.net>
` + strings.ReplaceAll(tortureSDP, "192.0.2.3", "192.0.2.35"), expected{method: "INVITE", uri: "sip:user@company.com", callID: "multi01.98asdh@192.0.2.1",
		fromTag: "3413415", fromUser: "caller", fromHost: "example.com", toUser: "user", cseq: 5, cseqMethod: "INVITE",
		contact: "sip:caller@host25.example.net", body: 151, contentLength: 154, sdp: "v=0"}},
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

// A status code beyond three digits (RFC 4475 section 3.1.2.19) makes no
// response of the message.
func TestOverlargeStatus(t *testing.T) {
	text := []byte("SIP/2.0 4294967301 better not break the receiver\r\nCall-ID: bigcode.asdof3uj203asdnf3429uasdhfas3ehjasdfas9i\r\n\r\n")
	var m sip.Message
	if err := sip.Parse(&m, text); !errors.Is(err, sip.ErrNotSIP) || m.Status != 0 {
		t.Errorf("error %v, status %d", err, m.Status)
	}
}
