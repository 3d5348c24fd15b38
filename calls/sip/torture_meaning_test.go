package sip_test

import "strings"

// tortureMeaning holds sections 3.2 to 3.4: well-formed messages that ask for
// what cannot be done, or are of an older RFC.
var tortureMeaning = []tortured{
	{"3.2.1 missing transaction identifier", `OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: sip:caller@example.org;tag=33242
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK
Call-ID: badbranch.sadonfo23i420jv0as0derf3j3n
CSeq: 8 OPTIONS
l: 0

`, expected{method: "OPTIONS", uri: "sip:user@example.com", callID: "badbranch.sadonfo23i420jv0as0derf3j3n", fromTag: "33242", fromUser: "caller",
		fromHost: "example.org", toUser: "user", cseq: 8, cseqMethod: "OPTIONS", headers: "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK\n"}},
	{"3.3.1 missing required header fields", `INVITE sip:user@example.com SIP/2.0
CSeq: 193942 INVITE
Via: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkdj.insuf
Content-Type: application/sdp
l: 150
` + tortureSDP, expected{method: "INVITE", uri: "sip:user@example.com", cseq: 193942, cseqMethod: "INVITE", body: 150, contentLength: 150, sdp: "v=0",
		headers: "Call-ID:\nFrom:\nTo:\n"}},
	{"3.3.2 Request-URI with unknown scheme", `OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=384
Call-ID: unkscm.nasdfasser0q239nwsdfasdkl34
CSeq: 3923423 OPTIONS
Content-Length: 0

`, expected{method: "OPTIONS", uri: "nobodyKnowsThisScheme:totallyopaquecontent", callID: "unkscm.nasdfasser0q239nwsdfasdkl34", fromTag: "384",
		fromUser: "caller", fromHost: "example.net", toUser: "user", cseq: 3923423, cseqMethod: "OPTIONS"}},
	{"3.3.3 Request-URI with known but atypical scheme", `OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=384
Call-ID: novelsc.asdfasser0q239nwsdfasdkl34
CSeq: 3923423 OPTIONS
Content-Length: 0

`, expected{method: "OPTIONS", uri: "soap.beep://192.0.2.103:3002", callID: "novelsc.asdfasser0q239nwsdfasdkl34", fromTag: "384",
		fromUser: "caller", fromHost: "example.net", toUser: "user", cseq: 3923423, cseqMethod: "OPTIONS"}},
	{"3.3.4 unknown URI schemes in header fields", `REGISTER sip:example.com SIP/2.0
To: isbn:2983792873
From: <http://www.example.com>;tag=3234233
Call-ID: unksm2.daksdj@hyphenated-host.example.com
CSeq: 234902 REGISTER
Contact: <name:John_Smith>
l: 0

`, expected{method: "REGISTER", uri: "sip:example.com", callID: "unksm2.daksdj@hyphenated-host.example.com", fromTag: "3234233",
		cseq: 234902, cseqMethod: "REGISTER", contact: "name:John_Smith"}},
	{"3.3.5 Proxy-Require and Require", `OPTIONS sip:user@example.com SIP/2.0
To: sip:j_user@example.com
From: sip:caller@example.net;tag=242etr
Call-ID: bext01.0ha0isndaksdj
Require: nothingSupportsThis, nothingSupportsThisEither
Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis
CSeq: 8 OPTIONS
Content-Length: 0

`, expected{method: "OPTIONS", uri: "sip:user@example.com", callID: "bext01.0ha0isndaksdj", fromTag: "242etr", fromUser: "caller",
		fromHost: "example.net", toUser: "j_user", cseq: 8, cseqMethod: "OPTIONS",
		headers: "Require: nothingSupportsThis, nothingSupportsThisEither\nProxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis\n"}},
	{"3.3.6 unknown Content-Type", `INVITE sip:user@example.com SIP/2.0
Contact: <sip:caller@host5.example.net>
To: sip:j.user@example.com
From: sip:caller@example.net;tag=8392034
Call-ID: invut.0ha0isndaksdjadsfij34n23d
CSeq: 235448 INVITE
Content-Type: application/unknownformat
Content-Length: 40

<audio>
 <pcmu port="443"/>
</audio>
`, expected{method: "INVITE", uri: "sip:user@example.com", callID: "invut.0ha0isndaksdjadsfij34n23d", fromTag: "8392034", fromUser: "caller",
		fromHost: "example.net", toUser: "j.user", cseq: 235448, cseqMethod: "INVITE", contact: "sip:caller@host5.example.net", body: 40, contentLength: 40}},
	{"3.3.7 unknown authorization scheme", `REGISTER sip:example.com SIP/2.0
To: sip:j.user@example.com
From: sip:j.user@example.com;tag=87321hj23128
Call-ID: regaut01.0ha0isndaksdj
CSeq: 9338 REGISTER
Authorization: NoOneKnowsThisScheme opaque-data=here
Content-Length:0

`, expected{method: "REGISTER", uri: "sip:example.com", callID: "regaut01.0ha0isndaksdj", fromTag: "87321hj23128", fromUser: "j.user",
		fromHost: "example.com", toUser: "j.user", cseq: 9338, cseqMethod: "REGISTER", headers: "Authorization: NoOneKnowsThisScheme opaque-data=here\n"}},
	{"3.3.9 multiple Content-Length values", `OPTIONS sip:user@example.com SIP/2.0
To: sip:j.user@example.com
From: sip:caller@example.net;tag=2442-324wdf
Call-ID: mcl01.fhn2323orihawfdoa3o4r52o3irsdf
CSeq: 15932 OPTIONS
Content-Length: 13
Content-Length: 5
Content-Type: text/plain

There's no way to know how many octets are supposed to be here.
`, expected{method: "OPTIONS", uri: "sip:user@example.com", callID: "mcl01.fhn2323orihawfdoa3o4r52o3irsdf", fromTag: "2442-324wdf", fromUser: "caller",
		fromHost: "example.net", toUser: "j.user", cseq: 15932, cseqMethod: "OPTIONS", body: 13, contentLength: 13}},
	{"3.3.10 200 OK response with broadcast Via header field value", `SIP/2.0 200 OK
Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923
Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23
Call-ID: bcast.0384840201234ksdfak3j2erwedfsASdf
CSeq: 35 INVITE
From: sip:user@example.com;tag=11141343
To: sip:user@example.edu;tag=2229
Content-Length: 150
Content-Type: application/sdp
Contact: <sip:user@host28.example.com>
` + tortureSDP, expected{status: 200, reason: "OK", callID: "bcast.0384840201234ksdfak3j2erwedfsASdf", fromTag: "11141343", toTag: "2229", fromUser: "user",
		fromHost: "example.com", toUser: "user", cseq: 35, cseqMethod: "INVITE", contact: "sip:user@host28.example.com", body: 150, contentLength: 150, sdp: "v=0",
		headers: "Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923\n"}},
	{"3.3.11 Max-Forwards of zero", `OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=3ghsd41
Call-ID: zeromf.jfasdlfnm2o2l43r5u0asdfas
CSeq: 39234321 OPTIONS
Max-Forwards: 0
Content-Length: 0

`, expected{method: "OPTIONS", uri: "sip:user@example.com", callID: "zeromf.jfasdlfnm2o2l43r5u0asdfas", fromTag: "3ghsd41", fromUser: "caller",
		fromHost: "example.net", toUser: "user", cseq: 39234321, cseqMethod: "OPTIONS", headers: "Max-Forwards: 0\n"}},
	// The parameter is the header's, not the URI's.
	{"3.3.12 REGISTER with a Contact header parameter", `REGISTER sip:example.com SIP/2.0
To: sip:watson@example.com
From: sip:watson@example.com;tag=DkfVgjkrtMwaerKKpe
Call-ID: cparam01.70710@saturn.example.com
CSeq: 2 REGISTER
Contact: sip:+19725552222@gw1.example.net;unknownparam
l: 0

`, expected{method: "REGISTER", uri: "sip:example.com", callID: "cparam01.70710@saturn.example.com", fromTag: "DkfVgjkrtMwaerKKpe", fromUser: "watson",
		fromHost: "example.com", toUser: "watson", cseq: 2, cseqMethod: "REGISTER", contact: "sip:+19725552222@gw1.example.net"}},
	// The parameter is the URI's.
	{"3.3.13 REGISTER with a URL parameter", `REGISTER sip:example.com SIP/2.0
To: sip:watson@example.com
From: sip:watson@example.com;tag=838293
Call-ID: cparam02.70710@saturn.example.com
CSeq: 3 REGISTER
Contact: <sip:+19725552222@gw1.example.net;unknownparam>
l: 0

`, expected{method: "REGISTER", uri: "sip:example.com", callID: "cparam02.70710@saturn.example.com", fromTag: "838293", fromUser: "watson",
		fromHost: "example.com", toUser: "watson", cseq: 3, cseqMethod: "REGISTER", contact: "sip:+19725552222@gw1.example.net;unknownparam"}},
	{"3.3.14 REGISTER with a URL escaped header", `REGISTER sip:example.com SIP/2.0
To: sip:user@example.com
From: sip:user@example.com;tag=8
Call-ID: regescrt.k345asrl3fdbv@192.0.2.1
CSeq: 14398234 REGISTER
M: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>
L:0

`, expected{method: "REGISTER", uri: "sip:example.com", callID: "regescrt.k345asrl3fdbv@192.0.2.1", fromTag: "8", fromUser: "user",
		fromHost: "example.com", toUser: "user", cseq: 14398234, cseqMethod: "REGISTER", contact: "sip:user@example.com?Route=%3Csip:sip.example.com%3E",
		headers: "Route:\n"}},
	{"3.3.15 unacceptable Accept offering", `INVITE sip:user@example.com SIP/2.0
To: sip:j_user@example.com
Contact: <sip:caller@host15.example.net>
From: sip:caller@example.net;tag=234
Call-ID: sdp01.ndaksdj9342dasdd
Accept: text/nobodyKnowsThis
CSeq: 8 INVITE
Content-Length: 150
Content-Type: application/sdp
` + tortureSDP, expected{method: "INVITE", uri: "sip:user@example.com", callID: "sdp01.ndaksdj9342dasdd", fromTag: "234", fromUser: "caller",
		fromHost: "example.net", toUser: "j_user", cseq: 8, cseqMethod: "INVITE", contact: "sip:caller@host15.example.net", body: 150, contentLength: 150,
		sdp: "v=0", headers: "Accept: text/nobodyKnowsThis\n"}},
	// No tag, no Contact, and no branch were required once.
	{"3.4.1 INVITE with RFC 2543 syntax", `INVITE sip:UserB@example.com SIP/2.0
Via: SIP/2.0/UDP iftgw.example.com
From: <sip:+13035551111@ift.client.example.net;user=phone>
Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>
To: sip:+16505552222@ss1.example.net;user=phone
Call-ID: inv2543.1717@ift.client.example.com
CSeq: 56 INVITE
Content-Type: application/sdp
` + tortureSDP, expected{method: "INVITE", uri: "sip:UserB@example.com", callID: "inv2543.1717@ift.client.example.com", fromUser: "+13035551111",
		fromHost: "ift.client.example.net", toUser: "+16505552222", cseq: 56, cseqMethod: "INVITE", body: 150, contentLength: -1, sdp: "v=0",
		headers: "Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>\n"}},
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
