package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"time"
)

// TestLadderHostile draws text that comes from an attacker: the picture stays
// well-formed and without elements of his, the text without control characters.
func TestLadderHostile(t *testing.T) {
	evil := "</text><script>alert(1)</script>\"'&\x00\x1b[31m\u202e" + strings.Repeat("x", 70000)
	l := &ladder{title: evil, hosts: []string{evil, "b", "c"}, steps: []step{
		{from: 0, to: 2, label: evil}, {from: 2, to: 0, label: evil, media: true, at: time.Hour}, {from: 1, to: 1, label: evil},
	}}
	svg := l.svg()
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := tok.(xml.StartElement); ok && !strings.Contains("svg title rect text line path", e.Name.Local) {
			t.Errorf("element %s", e.Name.Local)
		}
	}
	if len(svg) > 200000 {
		t.Errorf("the picture has %d bytes", len(svg))
	}
	for _, ascii := range []bool{false, true} {
		text := l.text(80, ascii)
		if i := bytes.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\n' || r == '\u202e' || ascii && r > 126 }); i >= 0 {
			t.Errorf("ascii %v: character %q", ascii, text[i])
		}
	}
}
