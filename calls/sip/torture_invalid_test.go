package sip_test

// tortureInvalid holds section 3.1.2: invalid messages. An element would refuse
// them, an observer still tells the dialog.
var tortureInvalid = []tortured{
	{"3.1.2.1 extraneous header field separators", `INVITE sip:user@example.com SIP/2.0
To: sip:j.user@example.com
From: sip:caller@example.net;tag=134161461246
Call-ID: badinv01.0ha0isndaksdjasdf3234nas
CSeq: 8 INVITE
Via: SIP/2.0/UDP 192.0.2.15;;,;,,
Contact: "Joe" <sip:joe@example.org>;;;;
Content-Length: 150
Content-Type: application/sdp
` + tortureSDP, expected{method: "INVITE", uri: "sip:user@example.com", callID: "badinv01.0ha0isndaksdjasdf3234nas", fromTag: "134161461246",
		fromUser: "caller", fromHost: "example.net", toUser: "j.user", cseq: 8, cseqMethod: "INVITE", contact: "sip:joe@example.org",
		body: 150, contentLength: 150, sdp: "v=0", headers: "Via: SIP/2.0/UDP 192.0.2.15;;,;,,\n"}},
	{"3.1.2.2 Content-Length larger than message", `INVITE sip:user@example.com SIP/2.0
To: sip:j.user@example.com
From: sip:caller@example.net;tag=93942939o2
Contact: <sip:caller@hungry.example.net>
Call-ID: clerr.0ha0isndaksdjweiafasdk3
CSeq: 8 INVITE
Content-Type: application/sdp
Content-Length: 9999
` + tortureSDP, expected{method: "INVITE", uri: "sip:user@example.com", callID: "clerr.0ha0isndaksdjweiafasdk3", fromTag: "93942939o2",
		fromUser: "caller", fromHost: "example.net", toUser: "j.user", cseq: 8, cseqMethod: "INVITE", contact: "sip:caller@hungry.example.net",
		body: 150, contentLength: 9999, sdp: "v=0"}},
	{"3.1.2.5 response scalar fields with overlarge values", `SIP/2.0 503 Service Unavailable
Via: SIP/2.0/TCP host129.example.com;branch=z9hG4bKzzxdiwo34sw;received=192.0.2.129
To: <sip:user@example.com>
From: <sip:other@example.net>;tag=2easdjfejw
CSeq: 9292394834772304023312 OPTIONS
Call-ID: scalarlg.noase0of0234hn2qofoaf0232aewf2394r
Retry-After: 949302838503028349304023988
Warning: 1812 overture "In Progress"
Content-Length: 0

`, expected{status: 503, reason: "Service Unavailable", callID: "scalarlg.noase0of0234hn2qofoaf0232aewf2394r", fromTag: "2easdjfejw", fromUser: "other",
		fromHost: "example.net", toUser: "user", cseqMethod: "OPTIONS", headers: "Retry-After: 949302838503028349304023988\n"}},
	{"3.1.2.7 <> enclosing Request-URI", `INVITE <sip:user@example.com> SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=39291
Call-ID: ltgtruri.1@192.0.2.5
CSeq: 1 INVITE
Content-Length: 0

`, expected{method: "INVITE", uri: "<sip:user@example.com>", callID: "ltgtruri.1@192.0.2.5", fromTag: "39291", fromUser: "caller",
		fromHost: "example.net", toUser: "user", cseq: 1, cseqMethod: "INVITE"}},
	{"3.1.2.11 escaped headers in SIP Request-URI", `INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=341518
Contact: <sip:caller@host39923.example.net>
Call-ID: escruri.23940-asdfhj-aje3br-234q098w-fawerh2q-h4n5
CSeq: 149209342 INVITE
Content-Length: 0

`, expected{method: "INVITE", uri: "sip:user@example.com?Route=%3Csip:example.com%3E", callID: "escruri.23940-asdfhj-aje3br-234q098w-fawerh2q-h4n5",
		fromTag: "341518", fromUser: "caller", fromHost: "example.net", toUser: "user", cseq: 149209342, cseqMethod: "INVITE",
		contact: "sip:caller@host39923.example.net", headers: "Route:\n"}},
	{"3.1.2.12 invalid timezone in Date header field", `INVITE sip:user@example.com SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=2234923
Call-ID: baddate.239423mnsadf3j23lj42--sedfnm234
CSeq: 1392934 INVITE
Date: Fri, 01 Jan 2010 16:00:00 EST
Content-Length: 0

`, expected{method: "INVITE", uri: "sip:user@example.com", callID: "baddate.239423mnsadf3j23lj42--sedfnm234", fromTag: "2234923", fromUser: "caller",
		fromHost: "example.net", toUser: "user", cseq: 1392934, cseqMethod: "INVITE", headers: "Date: Fri, 01 Jan 2010 16:00:00 EST\n"}},
	{"3.1.2.13 failure to enclose name-addr URI in <>", `REGISTER sip:example.com SIP/2.0
To: sip:user@example.com
From: sip:user@example.com;tag=998332
Call-ID: regbadct.k345asrl3fdbv@10.0.0.1
CSeq: 1 REGISTER
Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E
l: 0

`, expected{method: "REGISTER", uri: "sip:example.com", callID: "regbadct.k345asrl3fdbv@10.0.0.1", fromTag: "998332", fromUser: "user",
		fromHost: "example.com", toUser: "user", cseq: 1, cseqMethod: "REGISTER", contact: "sip:user@example.com?Route=%3Csip:sip.example.com%3E"}},
	{"3.1.2.14 spaces within addr-spec", `OPTIONS sip:user@example.org SIP/2.0
To: "Watson, Thomas" < sip:t.watson@example.org >
From: "Bell, Alexander" <sip:a.g.bell@example.com>;tag=433423
Call-ID: badaspec.sdf0234n2nds0a099u23h3hnnw009cdkne3
CSeq: 3923239 OPTIONS
l: 0

`, expected{method: "OPTIONS", uri: "sip:user@example.org", callID: "badaspec.sdf0234n2nds0a099u23h3hnnw009cdkne3", fromTag: "433423", fromUser: "a.g.bell",
		fromHost: "example.com", fromDisplay: "Bell, Alexander", toUser: "t.watson", cseq: 3923239, cseqMethod: "OPTIONS"}},
	{"3.1.2.17 start line and CSeq method mismatch", `OPTIONS sip:user@example.com SIP/2.0
To: sip:j.user@example.com
From: sip:caller@example.net;tag=34525
Call-ID: mismatch01.dj0234sxdfl3
CSeq: 8 INVITE
l: 0

`, expected{method: "OPTIONS", uri: "sip:user@example.com", callID: "mismatch01.dj0234sxdfl3", fromTag: "34525", fromUser: "caller",
		fromHost: "example.net", toUser: "j.user", cseq: 8, cseqMethod: "INVITE"}},
	{"3.1.2.18 unknown method with CSeq method mismatch", `NEWMETHOD sip:user@example.com SIP/2.0
To: sip:j.user@example.com
From: sip:caller@example.net;tag=34525
Call-ID: mismatch02.dj0234sxdfl3
CSeq: 8 INVITE
Content-Type: application/sdp
l: 150
` + tortureSDP, expected{method: "NEWMETHOD", uri: "sip:user@example.com", callID: "mismatch02.dj0234sxdfl3", fromTag: "34525", fromUser: "caller",
		fromHost: "example.net", toUser: "j.user", cseq: 8, cseqMethod: "INVITE", body: 150, contentLength: 150, sdp: "v=0"}},
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
}
