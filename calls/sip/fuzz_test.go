package sip_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"unsafe"

	"callx/calls/sip"
)

// FuzzParse checks that everything found lies within the input, that the same
// is found in a message printed from it, and that the ways to a value agree.
func FuzzParse(f *testing.F) {
	for _, tt := range torture {
		f.Add([]byte(crlf(tt.text)))
	}
	for _, tt := range damaged {
		if len(tt.text) < 4096 {
			f.Add([]byte(tt.text))
		}
	}
	f.Add([]byte("SIP/2.0 200\nc:multipart/a\n\n--a\nc:application/sdp\n\nv=0\n--a\n\nx"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var m sip.Message
		err := sip.Parse(&m, b)
		if errors.Is(err, sip.ErrNotSIP) {
			if sip.Sniff(b) {
				t.Fatal("sniffed, but not parsed")
			}
			return
		}
		if err != nil && !errors.Is(err, sip.ErrTruncated) {
			t.Fatal(err)
		}
		if m.IsRequest() == (m.Status != 0) {
			t.Fatalf("method %q and status %d", m.Method, m.Status)
		}
		for _, v := range slicesOf(&m) {
			if !within(v, b) {
				t.Fatalf("%q is not of the input", v)
			}
		}
		for name, v := range map[string][]byte{"Call-ID": m.CallID, "Content-Type": m.ContentType} {
			got, want := bytes.Fields(m.Header(name)), bytes.Fields(v)
			if !bytes.Equal(bytes.Join(got, nil), bytes.Join(want, nil)) {
				t.Fatalf("%s: Header %q, field %q", name, got, want)
			}
		}
		var again sip.Message
		text := print(&m)
		if err := sip.Parse(&again, text); err != nil {
			t.Fatalf("printed as %q: %v", text, err)
		}
		if len(m.Method) <= 64 && !sip.Sniff(text) {
			t.Fatalf("printed as %q: Sniff refuses it", text)
		}
		was, is := slicesOf(&m), slicesOf(&again)
		for i := range was {
			if !bytes.Equal(was[i], is[i]) {
				t.Fatalf("printed as %q: item %d was %q, is %q", text, i, was[i], is[i])
			}
		}
		if again.Status != m.Status || again.CSeq != m.CSeq {
			t.Fatalf("printed as %q: status %d, CSeq %d; were %d, %d", text, again.Status, again.CSeq, m.Status, m.CSeq)
		}
	})
}

func slicesOf(m *sip.Message) [][]byte {
	all := [][]byte{m.Method, m.URI, m.Reason, m.CallID, m.CSeqMethod, m.ContentType, m.Body, m.SDP()}
	for _, a := range []*sip.Address{&m.From, &m.To, &m.Contact} {
		all = append(all, a.URI, a.User, a.Host, a.Tag)
	}
	return all
}

func within(v, b []byte) bool {
	if len(v) == 0 {
		return true
	}
	start, first := uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(unsafe.Pointer(unsafe.SliceData(v)))
	return first >= start && first+uintptr(len(v)) <= start+uintptr(len(b))
}

// print writes the key fields as a message of the plainest form.
func print(m *sip.Message) []byte {
	var b bytes.Buffer
	if m.IsRequest() {
		fmt.Fprintf(&b, "%s %s SIP/2.0\r\n", m.Method, m.URI)
	} else {
		fmt.Fprintf(&b, "SIP/2.0 %d %s\r\n", m.Status, m.Reason)
	}
	for _, a := range []struct {
		name string
		*sip.Address
	}{{"From", &m.From}, {"To", &m.To}, {"Contact", &m.Contact}} {
		if a.URI == nil && a.Tag == nil {
			continue
		}
		fmt.Fprintf(&b, "%s: <%s>", a.name, a.URI)
		if a.Tag != nil {
			fmt.Fprintf(&b, ";tag=%s", a.Tag)
		}
		b.WriteString("\r\n")
	}
	fmt.Fprintf(&b, "Call-ID: %s\r\nCSeq: %d %s\r\n", m.CallID, m.CSeq, m.CSeqMethod)
	if m.ContentType != nil {
		fmt.Fprintf(&b, "Content-Type: %s\r\n", m.ContentType)
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(m.Body), m.Body)
	return b.Bytes()
}
