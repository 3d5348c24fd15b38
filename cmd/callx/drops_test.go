package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCaptureSays writes a capture as pcapng with drop counters and comments
// and looks where they come out.
func TestCaptureSays(t *testing.T) {
	file, err := os.ReadFile("../../testdata/g711-two-calls.pcap")
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	block := func(typ uint32, body []byte, options ...[]byte) []byte {
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
		body = append(body, bytes.Join(options, nil)...)
		b := le.AppendUint32(nil, typ)
		b = le.AppendUint32(b, uint32(len(body)+12))
		b = append(b, body...)
		return le.AppendUint32(b, uint32(len(body)+12))
	}
	option := func(code uint16, v []byte) []byte {
		b := le.AppendUint16(nil, code)
		b = le.AppendUint16(b, uint16(len(v)))
		b = append(b, v...)
		return append(b, make([]byte, -len(b)&3)...)
	}
	words := func(v ...uint32) (b []byte) {
		for _, w := range v {
			b = le.AppendUint32(b, w)
		}
		return b
	}
	ng := block(0x0a0d0d0a, words(0x1a2b3c4d, 1, 0xffffffff, 0xffffffff), option(1, []byte("night shift")))
	ng = append(ng, block(1, words(1, 262144), option(2, []byte("mirror0")), option(11, []byte("\x00udp")))...)
	frames := 0
	for b := file[24:]; len(b) > 0; frames++ {
		n := le.Uint32(b[8:])
		ts := uint64(le.Uint32(b))*1e6 + uint64(le.Uint32(b[4:]))
		var comment []byte
		if frames == 2 {
			comment = option(1, []byte("ring\x1b[31m"))
		}
		body := append(words(0, uint32(ts>>32), uint32(ts), n, le.Uint32(b[12:])), b[16:16+n]...)
		ng = append(ng, block(6, body, comment)...)
		b = b[16+n:]
	}
	ng = append(ng, block(5, words(0, 0, 0), option(4, le.AppendUint64(nil, 2000)), option(5, le.AppendUint64(nil, 30)), option(7, le.AppendUint64(nil, 4)))...)
	dir := t.TempDir()
	path := filepath.Join(dir, "night.pcapng")
	if err := os.WriteFile(path, ng, 0o600); err != nil {
		t.Fatal(err)
	}

	var stdout, stderr bytes.Buffer
	if code := run(context.Background(), []string{"list", path}, nil, &stdout, &stderr); code != exitOK {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	const dropped = "drop: the capture dropped 34 frames (mirror0 34)"
	if s := stderr.String(); !strings.Contains(s, dropped) || strings.Contains(s, "night shift") {
		t.Errorf("list says %q", s)
	}
	stderr.Reset()
	if code := run(context.Background(), []string{"list", "-v", path}, nil, &stdout, &stderr); code != exitOK {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	if s := stderr.String(); !strings.Contains(s, path+": comment on the section: night shift\n") ||
		!strings.Contains(s, path+": comment on frame 3: ring?[31m\n") {
		t.Errorf("list -v says %q", s)
	}

	out := filepath.Join(dir, "out")
	stderr.Reset()
	if code := run(context.Background(), []string{"extract", path, "-o", out}, nil, &stdout, &stderr); code != exitOK {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	if !strings.Contains(stderr.String(), dropped) {
		t.Errorf("extract says %q", &stderr)
	}
	text, err := os.ReadFile(filepath.Join(out, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Inputs []struct {
			Interfaces []map[string]any
			Dropped    *int
			Comments   []struct{ On, Text string }
			Notes      []struct{ Kind string }
		}
	}
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	in := m.Inputs[0]
	if len(in.Interfaces) != 1 || in.Dropped == nil || *in.Dropped != 34 || len(in.Comments) != 2 || len(in.Notes) != 1 || in.Notes[0].Kind != "drop" {
		t.Fatalf("manifest: %+v", in)
	}
	for key, want := range map[string]any{
		"link_type": 1.0, "snaplen": 262144.0, "name": "mirror0", "filter": "udp", "speed_bps": 0.0, "frames": float64(frames),
		"received": 2000.0, "dropped_by_interface": 30.0, "dropped_by_os": 4.0, "os": "", "hardware": "", "description": "",
	} {
		if have, ok := in.Interfaces[0][key]; !ok || have != want {
			t.Errorf("%s: %v, want %v", key, have, want)
		}
	}
}
