package sip_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"callx/calls/sip"
)

// request builds a request with a body and the Content-Length n, or none if n
// is negative.
func request(method string, n int, contentType, body string) string {
	s := method + " sip:bob@biloxi.example SIP/2.0\r\nCall-ID: " + strings.ToLower(method) + "\r\nCSeq: 1 " + method + "\r\n"
	if contentType != "" {
		s += "Content-Type: " + contentType + "\r\n"
	}
	if n >= 0 {
		s += fmt.Sprintf("Content-Length: %d\r\n", n)
	}
	return s + "\r\n" + body
}

var (
	msgInvite = strings.Replace(invite, "Content-Length: 127", fmt.Sprintf("Content-Length: %d", len(inviteSDP)), 1)
	msgBye    = request("BYE", 0, "", "")
	msgOK     = "SIP/2.0 200 OK\r\nl : 5\r\nCall-ID: x\r\n\r\nhello"
	// RFC 3420: the body of a NOTIFY is the start line of another message.
	msgNotify = request("NOTIFY", 18, "message/sipfrag;version=2.0", "SIP/2.0 200 OK\r\n\r\n")
	msgFolded = "OPTIONS sip:b SIP/2.0\nContent-Length:\n 3\n\nabc"
	msgOwn    = request("KDMQ", 0, "", "")
	msgLong   = request("MESSAGE", 100_000, "text/plain", strings.Repeat("0123456789", 10_000))
)

// A found is a frame as the tests compare it: the feed that it began in, from 0.
type found struct {
	data string
	at   int
	err  error
}

// feed gives the parts, with a gap where a part is gap, and at the end.
func feed(t testing.TB, parts ...string) (list []found) {
	t.Helper()
	var fr sip.Framer[int]
	var m sip.Frame[int]
	drain := func() {
		for fr.Next(&m) {
			list = append(list, found{string(m.Data), m.At, m.Err})
		}
	}
	for i, p := range append(parts, gap) {
		if p == gap {
			fr.Gap()
		} else {
			fr.Feed([]byte(p), i)
		}
		drain()
		if n := fr.Buffered(); n > 2*sip.MaxMessage+8*len(p) {
			t.Fatalf("%d bytes held", n)
		}
	}
	if n := fr.Buffered(); n != 0 {
		t.Errorf("%d bytes held at the end", n)
	}
	return list
}

const gap = "(gap)"

// Whatever the borders of the segments, the same messages come out.
func TestFramerCuts(t *testing.T) {
	for _, tt := range []struct {
		name   string
		stream string
		want   []string
	}{
		{"one", msgInvite, []string{msgInvite}},
		{"several", msgInvite + msgOK + msgNotify + msgBye, []string{msgInvite, msgOK, msgNotify, msgBye}},
		{"keep-alives", "\r\n\r\n" + msgBye + "\r\n\r\n\r\n\r\n" + msgOK + "\r\n" + msgBye + "\r\n\r\n", []string{msgBye, msgOK, msgBye}},
		{"NULs between", msgOK + "\x00\x00" + msgBye, []string{msgOK, msgBye}},
		{"LF and a fold", msgFolded + msgFolded, []string{msgFolded, msgFolded}},
		{"a method of one's own", msgOwn + msgBye, []string{msgOwn, msgBye}},
		{"long", msgBye + msgLong + msgOK, []string{msgBye, msgLong, msgOK}},
		{"two lengths", "BYE sip:b SIP/2.0\r\nl: 3\r\nl: 0\r\n\r\nabc" + msgBye, []string{"BYE sip:b SIP/2.0\r\nl: 3\r\nl: 0\r\n\r\nabc", msgBye}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			check := func(cuts ...int) {
				t.Helper()
				var parts []string
				at := 0
				for _, c := range append(cuts, len(tt.stream)) {
					parts = append(parts, tt.stream[at:c])
					at = c
				}
				list := feed(t, parts...)
				from := 0
				for i, m := range list {
					if m.err != nil || i >= len(tt.want) || m.data != tt.want[i] {
						t.Fatalf("cut at %v: message %d is %.80q, %v", cuts, i, m.data, m.err)
					}
					from += strings.Index(tt.stream[from:], tt.want[i])
					if part := partOf(cuts, from); m.at != part && len(cuts) < 16 {
						t.Fatalf("cut at %v: message %d began in part %d, want %d", cuts, i, m.at, part)
					}
					from += len(m.data)
				}
				if len(list) != len(tt.want) {
					t.Fatalf("cut at %v: %d messages, want %d", cuts, len(list), len(tt.want))
				}
			}
			check()
			for c := range min(len(tt.stream), 3000) {
				check(c)
			}
			every := make([]int, len(tt.stream))
			for i := range every {
				every[i] = i
			}
			check(every...)
			rng := rand.New(rand.NewPCG(1, 2))
			for range 500 {
				cuts := make([]int, 1+rng.IntN(12))
				for i := range cuts {
					cuts[i] = rng.IntN(len(tt.stream))
				}
				slices.Sort(cuts)
				check(cuts...)
			}
		})
	}
}

// partOf returns the part that a byte lies in.
func partOf(cuts []int, at int) int {
	n, _ := slices.BinarySearch(cuts, at+1)
	return n
}

func TestFramerDamage(t *testing.T) {
	short := strings.Replace(msgInvite, fmt.Sprintf("Content-Length: %d", len(inviteSDP)), "Content-Length: 100", 1)
	large := strings.Replace(msgInvite, fmt.Sprintf("Content-Length: %d", len(inviteSDP)), "Content-Length: 300", 1)
	huge := request("MESSAGE", sip.MaxMessage, "text/plain", "hello\r\n")
	endless := "OPTIONS sip:b SIP/2.0\r\n" + strings.Repeat("X: y\r\n", sip.MaxMessage/6)
	for _, tt := range []struct {
		name  string
		parts []string
		want  []found
	}{
		{"no length, no body", []string{request("BYE", -1, "", "") + msgOK}, []found{{request("BYE", -1, "", ""), 0, nil}, {msgOK, 0, nil}}},
		{"no length, a body", []string{request("INFO", -1, "a/b", "1\r\n2\r\n") + msgOK}, []found{{request("INFO", -1, "a/b", "1\r\n2\r\n"), 0, nil}, {msgOK, 0, nil}}},
		{"no length, end of the segment", []string{request("INFO", -1, "a/b", "1\r\n2\r\n"), msgOK}, []found{{request("INFO", -1, "a/b", "1\r\n2\r\n"), 0, nil}, {msgOK, 1, nil}}},
		{"length too small", []string{short + msgBye}, []found{{short, 0, nil}, {msgBye, 0, nil}}},
		{"length too small, segments", []string{short[:len(short)-40], short[len(short)-40:] + msgBye}, []found{{short, 0, nil}, {msgBye, 1, nil}}},
		{"length too large", []string{large + msgBye + msgOK, msgOK, msgOK, msgOK}, []found{{large, 0, nil}, {msgBye, 0, nil}, {msgOK, 0, nil}, {msgOK, 1, nil}, {msgOK, 2, nil}, {msgOK, 3, nil}}},
		{"length too large, at the end", []string{large, msgBye}, []found{{large, 0, sip.ErrCut}, {msgBye, 1, nil}}},
		{"length beyond all", []string{huge + msgBye}, []found{{huge, 0, sip.ErrTooLong}, {msgBye, 0, nil}}},
		{"length beyond all, segments", []string{huge, "more\r\n" + msgBye}, []found{{huge, 0, sip.ErrTooLong}, {msgBye, 1, nil}}},
		{"headers without end", []string{endless, "X: y\r\n", "X: y\r\n\r\n", msgBye}, []found{{endless, 0, sip.ErrTooLong}, {msgBye, 3, nil}}},
		{"headers that another message interrupts", []string{msgInvite[:200] + "\r\n" + msgBye}, []found{{msgInvite[:200] + "\r\n", 0, sip.ErrCut}, {msgBye, 0, nil}}},
		{"gap in the headers", []string{msgInvite[:200], gap, msgInvite[300:] + msgBye}, []found{{msgInvite[:200], 0, sip.ErrCut}, {msgBye, 2, nil}}},
		{"gap in the body", []string{msgInvite[:len(msgInvite)-50], gap, msgInvite[len(msgInvite)-40:], msgBye}, []found{{msgInvite[:len(msgInvite)-50], 0, sip.ErrCut}, {msgBye, 3, nil}}},
		{"gap in the start line", []string{msgBye + "INVITE sip:bob@bil", gap, "oxi.example SIP/2.0\r\nl: 0\r\n\r\n" + msgOK}, []found{{msgBye, 0, nil}, {msgOK, 2, nil}}},
		{"gap before the end of a start line", []string{"INV", gap, "ITE sip:b SIP/2.0\r\nl: 0\r\n\r\n" + msgOK}, []found{{msgOK, 2, nil}}},
		{"gap between messages", []string{msgBye, gap, msgOK}, []found{{msgBye, 0, nil}, {msgOK, 2, nil}}},
		{"gap, then a body with a start line", []string{msgNotify[:len(msgNotify)-4], gap, "\r\n" + msgBye}, []found{{msgNotify[:len(msgNotify)-4], 0, sip.ErrCut}, {msgBye, 2, nil}}},
		{"middle of a stream", []string{gap, msgInvite[100:] + msgBye + msgOwn}, []found{{msgBye, 1, nil}, {msgOwn, 1, nil}}},
		{"garbage", []string{"\x16\x03\x01\xff\xfe no line\n", "x" + string(make([]byte, 9000)), "y\n" + msgBye}, []found{{msgBye, 2, nil}}},
		{"garbage between", []string{msgBye + "junk: here\r\n" + msgOK}, []found{{msgBye + "junk: here\r\n", 0, nil}, {msgOK, 0, nil}}},
		{"nothing", []string{"", "\r\n", ""}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := feed(t, tt.parts...)
			for i := range max(len(got), len(tt.want)) {
				if i >= len(got) || i >= len(tt.want) || got[i] != tt.want[i] {
					t.Fatalf("message %d:\ngot  %.300q\nwant %.300q", i, fmt.Sprint(got[min(i, len(got)):]), fmt.Sprint(tt.want[min(i, len(tt.want)):]))
				}
			}
		})
	}
}

// A message that a gap cuts anywhere is found as far as it goes, and the next
// one whole.
func TestFramerGapAnywhere(t *testing.T) {
	line := strings.Index(msgInvite, "\n") + 1
	for n := range len(msgInvite) {
		got := feed(t, msgInvite[:n], gap, msgInvite[min(n+30, len(msgInvite)):], msgBye)
		want := []found{{msgInvite[:n], 0, sip.ErrCut}, {msgBye, 3, nil}}
		if n < line {
			want = want[1:]
		}
		if !slices.Equal(got, want) {
			t.Fatalf("gap at %d: %.300q", n, fmt.Sprint(got))
		}
	}
}

func TestSniffStream(t *testing.T) {
	for _, tt := range []struct {
		b    string
		want sip.Answer
	}{
		{msgInvite, sip.Yes},
		{msgOK, sip.Yes},
		{msgOwn, sip.Yes},
		{"\r\n\r\n" + msgBye, sip.Yes},
		{msgInvite[:12], sip.Yes},
		{"SIP/2.0 ", sip.Yes},
		{"INVI", sip.Maybe},
		{"SIP/", sip.Maybe},
		{"\r\n", sip.Maybe},
		{"", sip.Maybe},
		{"HTTP/1.1 101 Switching Protocols\r\n", sip.Yes},
		{"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n", sip.Yes},
		{"GET /ws HTTP/1.1\r\nHost: x\r\n", sip.Maybe},
		{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", sip.No},
		{"HTTP/1.1 200 OK\r\n", sip.No},
		{"POST / HTTP/1.1\r\n", sip.No},
		{"OPTIONS rtsp://camera/ RTSP/1.0\r\nCSeq: 1\r\n", sip.No},
		{"SUBSCRIBE /event HTTP/1.1\r\n", sip.No},
		{"SSH-2.0-OpenSSH_9.2\r\n", sip.No},
		{"220 mail.example ESMTP\r\n", sip.No},
		{"\x16\x03\x01\x02\x00\x01\x00", sip.No},
		{"\x17\x03\x03\x00\x20", sip.No},
		{"\x81\x7e\x01\x00SIP/2.0 200 OK", sip.Yes},
		{"\x82\xfe\x01\x00\x00\x00\x00\x00INVITE sip:a", sip.Yes},
		{"\x81\x7e\x01\x00{\"json\":", sip.No},
		{"\x01\x00\x00\x00", sip.No},
	} {
		if got := sip.SniffStream([]byte(tt.b)); got != tt.want {
			t.Errorf("%.40q: %d, want %d", tt.b, got, tt.want)
		}
	}
}

// FuzzFramer checks that a Framer ends, holds no more than it may, and yields
// parts of the stream, in order and without overlap, that Parse takes for SIP.
func FuzzFramer(f *testing.F) {
	f.Add([]byte(msgInvite+msgOK+msgNotify), uint16(300), uint16(500))
	f.Add([]byte("\r\n"+msgFolded+msgOwn), uint16(3), uint16(0))
	f.Add([]byte(strings.Replace(msgInvite, "Content-Length: ", "Content-Length: 9", 1)+msgBye), uint16(7), uint16(100))
	f.Add([]byte("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n\x81\x05hello\x01\x04OPTI\x80\x14ONS sip:b SIP/2.0\r\n\r\n"), uint16(50), uint16(9))
	f.Fuzz(func(t *testing.T, b []byte, step, gapAt uint16) {
		var fr sip.Framer[int]
		var m sip.Frame[int]
		var parsed sip.Message
		from, payload := 0, 0
		drain := func() {
			for fr.Next(&m) {
				if len(m.Data) == 0 && m.Err == nil {
					t.Fatal("nothing found")
				}
				payload += len(m.Data)
				if len(m.Data) > 0 && errors.Is(sip.Parse(&parsed, m.Data), sip.ErrNotSIP) {
					t.Fatalf("not SIP: %q", m.Data)
				}
				if m.WebSocket {
					continue
				}
				i := bytes.Index(b[from:], m.Data)
				if i < 0 {
					t.Fatalf("%q is not of the stream, or not in order", m.Data)
				}
				if m.At > from+i {
					t.Fatalf("%q began with the feed at %d, but it is at %d", m.Data, m.At, from+i)
				}
				from += i + len(m.Data)
			}
		}
		size := 1 + int(step)
		for at := 0; at < len(b); at += size {
			part := b[at:min(at+size, len(b))]
			if int(gapAt) >= at && int(gapAt) < at+size {
				fr.Gap()
				drain()
			}
			fr.Feed(part, at)
			drain()
			if fr.Buffered() > 2*(len(b)+1024) {
				t.Fatalf("%d bytes held of %d", fr.Buffered(), len(b))
			}
		}
		fr.Gap()
		drain()
		if payload > len(b) || fr.Buffered() != 0 {
			t.Fatalf("%d bytes of %d, %d held", payload, len(b), fr.Buffered())
		}
	})
}

// BenchmarkFramer takes one message a segment.
func BenchmarkFramer(b *testing.B) {
	var fr sip.Framer[int]
	var m sip.Frame[int]
	text := []byte(msgInvite)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		fr.Feed(text, 1)
		if !fr.Next(&m) || fr.Next(&m) {
			b.Fatal("not one message")
		}
	}
}

func TestFramerAllocations(t *testing.T) {
	var fr sip.Framer[int]
	var m sip.Frame[int]
	text := []byte("\r\n" + msgInvite + msgOK)
	n := testing.AllocsPerRun(1000, func() {
		fr.Feed(text, 1)
		for range 2 {
			if !fr.Next(&m) {
				t.Fatal("no message")
			}
		}
		if fr.Next(&m) {
			t.Fatal("one too many")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
