package sip_test

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	oracle "github.com/emiago/sipgo/sip"

	"callx/calls/sip"
	"callx/calls/sip/siptest"
)

// TestAgainstSipgo compares every message of the captures that emiago/sipgo
// can parse with what it finds there.
func TestAgainstSipgo(t *testing.T) {
	parser := oracle.NewParser()
	var m sip.Message
	compared, theirs, requests, refused := 0, 0, 0, 0
	for _, p := range siptest.Payloads(t) {
		// No SIP begins without naming itself in its first line.
		line, _, _ := strings.Cut(string(p.Data), "\n")
		if !strings.Contains(line, "SIP/2.0") {
			if sip.Sniff(p.Data) {
				t.Errorf("%s frame %d: Sniff accepts %q", p.File, p.Frame, line)
			}
			continue
		}
		want, err := parser.ParseSIP(p.Data)
		if err != nil {
			// Cut, damaged or merely odd; the dialog can be told all the same.
			refused++
			if err := sip.Parse(&m, p.Data); errors.Is(err, sip.ErrNotSIP) || m.CallID == nil || m.From.Tag == nil || m.CSeq == 0 {
				t.Errorf("%s frame %d: %v; Call-ID %q, From tag %q, CSeq %d", p.File, p.Frame, err, m.CallID, m.From.Tag, m.CSeq)
			}
			continue
		}
		theirs++
		if !sip.Sniff(p.Data) {
			t.Errorf("%s frame %d: Sniff refuses %q", p.File, p.Frame, line)
		}
		if err := sip.Parse(&m, p.Data); err != nil && !errors.Is(err, sip.ErrTruncated) {
			t.Errorf("%s frame %d: %v", p.File, p.Frame, err)
			continue
		}
		compared++
		if m.IsRequest() {
			requests++
		}
		for _, d := range differences(&m, want) {
			t.Errorf("%s frame %d: %s", p.File, p.Frame, d)
		}
	}
	t.Logf("%d messages compared, %d of them requests; the oracle refused %d", compared, requests, refused)
	if compared < 1000 || compared != theirs {
		t.Errorf("%d of %d messages compared", compared, theirs)
	}
}

var quotedPair = regexp.MustCompile(`\\(.)`)

// differences lists where m is not what the oracle found. Where the oracle
// departs from RFC 3261 or is less strict about it, its value is brought in
// line first, and the comment says why.
func differences(m *sip.Message, want oracle.Message) (diffs []string) {
	diff := func(what, got, want string) {
		if got != want {
			diffs = append(diffs, fmt.Sprintf("%s: got %q, the oracle %q", what, got, want))
		}
	}
	number := func(what string, got, want int) { diff(what, strconv.Itoa(got), strconv.Itoa(want)) }
	switch w := want.(type) {
	case *oracle.Request:
		diff("method", string(m.Method), string(w.Method))
		number("status of a request", m.Status, 0)
	case *oracle.Response:
		number("status", m.Status, w.StatusCode)
		diff("reason", string(m.Reason), w.Reason)
		diff("method of a response", string(m.Method), "")
	}
	if h := want.CallID(); h != nil {
		diff("Call-ID", string(m.CallID), string(*h))
	}
	if h := want.CSeq(); h != nil {
		number("CSeq", int(m.CSeq), int(h.SeqNo))
		diff("CSeq method", string(m.CSeqMethod), strings.TrimSpace(string(h.MethodName)))
	}
	address := func(name string, got *sip.Address, display string, uri *oracle.Uri, params oracle.HeaderParams) {
		// The oracle leaves the escapes of a quoted-pair in.
		diff(name+" display name", got.DisplayName(), quotedPair.ReplaceAllString(display, "$1"))
		// Of a tag given twice the oracle reports the last one, but the dialog
		// was set up with the first.
		if tag, _ := params.Get("tag"); bytes.Count(m.Header(name), []byte(";tag=")) < 2 {
			diff(name+" tag", string(got.Tag), tag)
		} else if len(got.Tag) == 0 {
			diffs = append(diffs, name+" has tags, but none was found")
		}
		if uri.Scheme == "sip" || uri.Scheme == "sips" {
			user, _, _ := strings.Cut(uri.User, ";") // the oracle leaves the user's parameters on
			diff(name+" user", string(got.User), user)
			diff(name+" host", string(got.Host), strings.Trim(uri.Host, "[]"))
		}
	}
	if h := want.From(); h != nil {
		address("From", &m.From, h.DisplayName, &h.Address, h.Params)
	}
	if h := want.To(); h != nil {
		address("To", &m.To, h.DisplayName, &h.Address, h.Params)
	}
	if hs := want.GetHeaders("Contact"); len(hs) > 0 {
		if h, ok := hs[0].(*oracle.ContactHeader); ok {
			address("Contact", &m.Contact, h.DisplayName, &h.Address, nil)
		}
	}
	if h := want.ContentLength(); h != nil {
		number("Content-Length", m.ContentLength, int(*h))
	}
	diff("body", string(m.Body), string(want.Body()))
	return diffs
}
