package sip_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"callx/calls/sip"
)

// The message that the damaged ones are made of.
const invite = "INVITE sip:bob@biloxi.example SIP/2.0\r\n" +
	"Via: SIP/2.0/UDP pc33.atlanta.example:5060;branch=z9hG4bK776asdhds\r\n" +
	"Max-Forwards: 70\r\n" +
	"To: Bob <sip:bob@biloxi.example>;tag=a6c85cf\r\n" +
	"From: \"Alice\" <sip:alice@atlanta.example>;tag=1928301774\r\n" +
	"Call-ID: a84b4c76e66710@pc33.atlanta.example\r\n" +
	"CSeq: 314159 INVITE\r\n" +
	"Contact: <sip:alice@pc33.atlanta.example:5060;transport=udp>\r\n" +
	"Allow: INVITE, ACK, CANCEL, OPTIONS, BYE\r\n" +
	"User-Agent: softphone 1.0\r\n" +
	"Content-Type: application/sdp\r\n" +
	"Content-Length: 127\r\n" +
	"\r\n" + inviteSDP

const inviteSDP = "v=0\r\no=alice 53655765 2353687637 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 3456 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"

// with returns the message with one part of it replaced.
func with(old, replacement string) string {
	if strings.Count(invite, old) != 1 {
		panic("not there once: " + old)
	}
	return strings.Replace(invite, old, replacement, 1)
}

const (
	fromLine   = "From: \"Alice\" <sip:alice@atlanta.example>;tag=1928301774\r\n"
	toLine     = "To: Bob <sip:bob@biloxi.example>;tag=a6c85cf\r\n"
	callIDLine = "Call-ID: a84b4c76e66710@pc33.atlanta.example\r\n"
	cseqLine   = "CSeq: 314159 INVITE\r\n"
	startLine  = "INVITE sip:bob@biloxi.example SIP/2.0\r\n"
	lengthLine = "Content-Length: 127\r\n"
)

var damaged = []struct{ name, text string }{
	{"as it should be", invite},
	{"LF", strings.ReplaceAll(invite, "\r\n", "\n")},
	{"CR", strings.ReplaceAll(invite, "\r\n", "\r")},
	{"CR CR LF", strings.ReplaceAll(invite, "\r\n", "\r\r\n")},
	{"LF in the headers, CRLF in the SDP", strings.ReplaceAll(invite[:len(invite)-len(inviteSDP)], "\r\n", "\n") + inviteSDP},
	{"line breaks before the start line", "\r\n\r\n" + invite},
	{"NULs before the start line", "\x00\x00\x00\x00" + invite},
	{"binary bytes before the start line", "\x80\x08\xff\xfe\x01\x00" + invite},
	{"a garbage line before the start line", "x\x01y: garbage\n" + invite},
	{"a word before the start line", "garbage " + invite},
	{"NULs behind", invite + "\x00\x00\x00\x00"},
	{"blanks in the start line", with(startLine, "INVITE \t sip:bob@biloxi.example    SIP/2.0 \r\n")},
	{"lower case in the start line", with(startLine, "invite sip:bob@biloxi.example sip/2.0\r\n")},
	{"no line end but LF in the start line", with(startLine, "INVITE sip:bob@biloxi.example SIP/2.0\n")},
	{"tag in upper case", with(";tag=1928301774", ";TAG=1928301774")},
	{"tag quoted", with(";tag=1928301774", `;tag="1928301774"`)},
	{"tag folded", with(";tag=1928301774", "\r\n\t;\r\n tag\r\n =\r\n 1928301774")},
	{"tag after other parameters", with(";tag=1928301774", `;a="tag=x;y,z";b;c=d;tag=1928301774`)},
	{"tag after a quote that does not close", with(";tag=1928301774", `;a="b;tag=1928301774`)},
	{"tag without semicolon", with(";tag=1928301774", " tag=1928301774")},
	{"tag twice", with(";tag=1928301774", ";tag=1928301774;tag=2")},
	{"quoted name with specials", with(`"Alice"`, `"Alice <sip:x@y>;tag=no, \"Al\" \\"`)},
	{"quote not closed", with(`"Alice"`, `"Alice`)},
	{"quote closed too late", with(fromLine, "From: \"Alice <sip:alice@atlanta.example>;tag=1928301774;x=\"y\r\n")},
	{"quote in the name", with(`"Alice"`, `Al"ice`)},
	{"no closing bracket", with("<sip:alice@atlanta.example>;", "<sip:alice@atlanta.example;")},
	{"two closing brackets", with("<sip:alice@atlanta.example>;", "<sip:alice@atlanta.example>>;")},
	{"no brackets", with(`"Alice" <sip:alice@atlanta.example>;`, "sip:alice@atlanta.example;")},
	{"a name but no brackets", with(`"Alice" <sip:alice@atlanta.example>;`, `"Alice" sip:alice@atlanta.example;`)},
	{"a URI as name", with(`"Alice" <`, `sip:alice@atlanta.example <`)},
	{"not UTF-8", with(`"Alice"`, "\"\xe4\xf6\xfc\xff\"")},
	{"compact forms", strings.NewReplacer("To: ", "t:", "From: ", "f:", "Call-ID: ", "i:", "Contact: ", "m:", "Content-Type: ", "c:", "Content-Length: ", "l:", "Via: ", "v:").Replace(invite)},
	{"compact forms in upper case", strings.NewReplacer("To: ", "T : ", "From: ", "F : ", "Call-ID: ", "I\t: ", "Content-Length: ", "L : ").Replace(invite)},
	{"header names in odd case", strings.NewReplacer("To: ", "TO: ", "From: ", "fRoM: ", "Call-ID: ", "call-id: ", "CSeq: ", "CSEQ: ").Replace(invite)},
	{"blanks before the colons", strings.NewReplacer("To: ", "To  :  ", "From: ", "From\t:", "Call-ID: ", "Call-ID : ", "CSeq: ", "CSeq : ").Replace(invite)},
	{"values on the next line", strings.NewReplacer("To: ", "To:\r\n ", "From: ", "From:\r\n\t", "Call-ID: ", "Call-ID:\r\n ", "CSeq: ", "CSeq:\r\n ").Replace(invite)},
	{"a folded line of blanks", with(callIDLine, callIDLine+"   \r\n")},
	{"the first header indented", with("Via: ", "  Via: ")},
	{"a line without colon", with("Max-Forwards: 70", "Max-Forwards 70")},
	{"a line with no name", with("Max-Forwards: 70", ": 70")},
	{"a binary line", with("Max-Forwards: 70", "\x00\x01\x02\xff")},
	{"an empty value first", with(callIDLine, "Call-ID:\r\nFrom:\r\nTo: \r\nCSeq:\r\n"+callIDLine)},
	{"repeated headers", with("Max-Forwards: 70\r\n", "Max-Forwards: 70\r\nMax-Forwards: 71\r\n") + "Call-ID: other\r\n"},
	{"CSeq with blanks", with(cseqLine, "CSeq:   0314159\t  INVITE  \r\n")},
	{"no Content-Length", with(lengthLine, "")},
	{"Content-Length with rubbish", with(lengthLine, "Content-Length: 12seven\r\n")},
	{"negative Content-Length", with(lengthLine, "Content-Length: -1\r\n")},
	{"Content-Length beyond 64 bits", with(lengthLine, "Content-Length: 99999999999999999999\r\n")},
	{"Content-Length too large", with(lengthLine, "Content-Length: 1270\r\n")},
	{"Content-Length too small", with(lengthLine, "Content-Length: 100\r\n")},
	{"Content-Length 0", with(lengthLine, "Content-Length: 0\r\n")},
	{"Content-Length empty", with(lengthLine, "Content-Length:\r\n")},
	{"no Content-Type", with("Content-Type: application/sdp\r\n", "")},
	{"wrong Content-Type", with("application/sdp", "text/plain")},
	{"no blank line", with("\r\n\r\n", "\r\n")},
	{"headers of 64 kB", with("softphone 1.0", strings.Repeat("softphone 1.0 ", 4700))},
	{"64 kB of headers", with("Max-Forwards: 70\r\n", strings.Repeat("X: y\r\n", 11000))},
}

func TestDamaged(t *testing.T) {
	var m sip.Message
	for _, tt := range damaged {
		t.Run(tt.name, func(t *testing.T) {
			if err := sip.Parse(&m, []byte(tt.text)); err != nil {
				t.Fatal(err)
			}
			for _, f := range []struct{ name, got, want string }{
				{"method", strings.ToUpper(string(m.Method)), "INVITE"},
				{"URI", string(m.URI), "sip:bob@biloxi.example"},
				{"Call-ID", string(m.CallID), "a84b4c76e66710@pc33.atlanta.example"},
				{"From tag", string(m.From.Tag), "1928301774"},
				{"From URI", string(m.From.URI), "sip:alice@atlanta.example"},
				{"From user", string(m.From.User), "alice"},
				{"From host", string(m.From.Host), "atlanta.example"},
				{"To tag", string(m.To.Tag), "a6c85cf"},
				{"To user", string(m.To.User), "bob"},
				{"CSeq method", string(m.CSeqMethod), "INVITE"},
				{"Contact", string(m.Contact.URI), "sip:alice@pc33.atlanta.example:5060;transport=udp"},
			} {
				if f.got != f.want {
					t.Errorf("%s: got %q, want %q", f.name, f.got, f.want)
				}
			}
			if m.CSeq != 314159 {
				t.Errorf("CSeq %d", m.CSeq)
			}
			if !bytes.Contains(m.SDP(), []byte("a=rtpmap:8 PCMA/8000")) || !bytes.HasPrefix(m.SDP(), []byte("v=0")) {
				t.Errorf("SDP %q", m.SDP())
			}
		})
	}
}

// Cut after any byte, a message is told from none, holds a beginning of what
// the whole one holds, and says which value may lack its end.
func TestCut(t *testing.T) {
	var m sip.Message
	head := strings.Index(invite, "\r\n\r\n") + len("\r\n\r\n")
	first := len(startLine) - len("\r\n")
	for n := range len(invite) {
		err := sip.Parse(&m, []byte(invite[:n]))
		switch {
		case n < first && !errors.Is(err, sip.ErrNotSIP),
			n >= first && n < head && n != head-1 && !errors.Is(err, sip.ErrTruncated),
			n >= head && err != nil:
			t.Fatalf("cut at %d: %v", n, err)
		}
		for _, f := range []struct {
			got  []byte
			want string
		}{
			{m.CallID, "a84b4c76e66710@pc33.atlanta.example"},
			{m.From.Tag, "1928301774"},
			{m.From.User, "alice"},
			{m.To.Tag, "a6c85cf"},
			{m.CSeqMethod, "INVITE"},
		} {
			if !strings.HasPrefix(f.want, string(f.got)) {
				t.Fatalf("cut at %d: got %q of %q", n, f.got, f.want)
			}
			if len(f.got) > 0 && len(f.got) < len(f.want) && !m.Incomplete(f.got) {
				t.Fatalf("cut at %d: %q counts as complete", n, f.got)
			}
		}
		if end := strings.Index(invite, callIDLine) + len(callIDLine); n >= end && m.Incomplete(m.CallID) {
			t.Fatalf("cut at %d: Call-ID %q counts as incomplete", n, m.CallID)
		}
	}
}

// Parse, on a message of 64 kB built to make it look back, takes no longer
// than a few times what it takes for an ordinary one of that size.
func TestLinear(t *testing.T) {
	const size = 1 << 16
	fill := func(head, body string) []byte { return []byte(head + strings.Repeat(body, size/len(body))) }
	one := "OPTIONS sip:a@b SIP/2.0\r\n"
	plain := cost([]byte(one + strings.Repeat("Subject: nothing in particular, only text\r\n", size/43)))
	for name, text := range map[string][]byte{
		"CR only":              fill(one, "X\r"),
		"LF, then CR":          append(fill(one, "X\n"), '\r'),
		"slashes":              fill("", "/SIP/2.0 "),
		"words":                fill("", "a "),
		"blanks":               append(fill("a", " "), " SIP/2.0"...),
		"words and a version":  append(fill("", "a "), " SIP/2.0"...),
		"escaped quotes":       fill(one+"From: <sip:a@b>;", `"\`),
		"quotes":               fill(one+"From: ", `"`),
		"parameters":           fill(one+"From: <sip:a@b>", ";a"),
		"signs in a user":      fill(one+"From: sip:", "@;"),
		"folds":                fill(one+"From: x", "\n "),
		"delimiters":           fill(one+"\r\n", "--\r\n"),
		"delimiters and folds": fill(one+"\r\n", "--\r\n a\r\n"),
		"delimiters and types": fill(one+"\r\n", "--a\r\nC: x\r\n\r\n"),
	} {
		if c := cost(text); c > 50*plain {
			t.Errorf("%s: %v, an ordinary message of that size %v", name, c, plain)
		}
	}
}
