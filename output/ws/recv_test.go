package ws

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// dialTest connects a client of no particular dialect.
func dialTest(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	c, _, err := websocket.DefaultDialer.DialContext(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// A msg is a text message, or a binary one if it is []byte.
type msg any

// send sends messages; errors show at the end of the connection.
func send(c *websocket.Conn, messages ...msg) {
	for _, m := range messages {
		switch m := m.(type) {
		case string:
			c.WriteMessage(websocket.TextMessage, []byte(m))
		case []byte:
			c.WriteMessage(websocket.BinaryMessage, m)
		}
	}
}

const (
	hello = `{"type":"initConfig","call_id":"c1","tag":"t1","format":"L16","rate":8000,"channels":1,"party":"caller","caller":"a","callee":"b"}`
	bye   = `{"type":"end","call_id":"c1","tag":"t1"}`
)

// TestServerConversations says all sorts of things to the server.
func TestServerConversations(t *testing.T) {
	pcm := noise(1).bytes(4000)
	small := func(s *Server) { s.MaxMessage, s.MaxBytes = 1000, 3000 }
	tests := []struct {
		name     string
		set      func(*Server)
		say      []msg
		hangUp   bool   // without a close
		code     int    // of the server's close
		reason   string // part of the server's
		stored   int    // bytes of pcm; -1: no file
		complete bool
		err      string // part of the report's error, "" is none
	}{
		{name: "as it should be", say: []msg{hello, pcm, bye}, code: 1000, stored: 4000, complete: true},
		{name: "odd bytes", say: []msg{hello, pcm[:1], pcm[1:2], pcm[2:5], pcm[5:5], pcm[5:4000], bye}, code: 1000, stored: 4000, complete: true},
		{name: "ends inside a sample", say: []msg{hello, pcm[:1001], bye}, code: 1011, stored: 1000, complete: true, err: "inside a sample: 1 bytes"},
		{name: "keys only", say: []msg{`{"tag":"t1"}`, pcm, `{"type":"end"}`}, code: 1000, stored: 4000, complete: true},
		{name: "numbers and strings mixed up", say: []msg{`{"tag":"t1","call_id":7,"rate":"8000","party":null}`, pcm, bye}, code: 1000, stored: 4000, complete: true},
		{name: "other texts between", say: []msg{hello, pcm[:100], `{"type":"dtmf"}`, `not json`, pcm[100:], bye}, code: 1000, stored: 4000, complete: true},
		{name: "nothing but the end", say: []msg{bye}, code: 1000, stored: 0, complete: true},
		{name: "no end", say: []msg{hello, pcm}, code: 1000, stored: 4000, err: "closed before the end was said"},
		{name: "lost", say: []msg{hello, pcm}, hangUp: true, stored: 4000, err: "connection lost"},
		{name: "audio first", say: []msg{pcm, hello, bye}, code: 1008, reason: "audio came before the first text message", stored: -1, err: "audio came before"},
		{name: "audio after the end", say: []msg{hello, pcm, bye, pcm}, code: 1008, reason: "after the end", stored: 4000, complete: true},
		{name: "text after the end", say: []msg{hello, pcm, bye, bye}, code: 1008, reason: "after the end", stored: 4000, complete: true},
		{name: "not JSON", say: []msg{"hello"}, code: 1008, reason: "JSON object", stored: -1, err: "JSON object"},
		{name: "a list", say: []msg{"[]"}, code: 1008, reason: "JSON object", stored: -1, err: "JSON object"},
		{name: "null", say: []msg{" null "}, code: 1008, reason: "JSON object", stored: -1, err: "JSON object"},
		{name: "not UTF-8", say: []msg{"{\"tag\":\"t1\",\"caller\":\"\xff\"}", pcm, bye}, code: 1000, stored: 4000, complete: true},
		{name: "another format", say: []msg{`{"tag":"t1","format":"PCMU"}`, pcm}, code: 1003, reason: "not L16", stored: -1, err: "not L16"},
		{name: "nothing", code: 1000, stored: -1, err: "closed before the end"},
		{name: "large message", set: small, say: []msg{hello, pcm[:900], pcm[:1001]}, code: 1009, stored: 900, err: "read limit"},
		{name: "much audio", set: small, say: []msg{hello, pcm[:1000], pcm[1000:2000], pcm[2000:3000], pcm[3000:3001]}, code: 1009, reason: "3000 bytes", stored: 3000, err: "3000 bytes"},
		{name: "long text", say: []msg{hello, strings.Repeat("x", maxText+1)}, code: 1009, reason: "262144", stored: 0, err: "262144"},
		{name: "no folder", set: func(s *Server) { os.WriteFile(s.Dir, nil, 0o600) }, say: []msg{hello, pcm}, code: 1011, reason: "could not be stored", stored: -1, err: "not a directory"},
	}
	for _, tt := range tests {
		for _, format := range []string{"l16", "wav"} {
			t.Run(tt.name+" "+format, func(t *testing.T) {
				rec, url := record(t, tt.set)
				rec.Format = format
				c := dialTest(t, url)
				send(c, tt.say...)
				if tt.hangUp {
					c.NetConn().Close()
				} else {
					c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second))
					var ce *websocket.CloseError
					if _, _, err := c.NextReader(); !errors.As(err, &ce) || ce.Code != tt.code || !strings.Contains(ce.Text, tt.reason) {
						t.Errorf("server closed with %v, want %d %q", err, tt.code, tt.reason)
					}
				}
				reports := 1
				if tt.reason == "after the end" {
					reports = 2
				}
				got := rec.all(t, reports)
				if reports == 2 && (got[1].Err == nil || got[1].Path != "" || !strings.Contains(got[1].Err.Error(), "after the end")) {
					t.Errorf("second report %+v", got[1])
				}
				r := got[0]
				if r.Complete != tt.complete || (r.Err == nil) != (tt.err == "") || r.Err != nil && !strings.Contains(r.Err.Error(), tt.err) {
					t.Errorf("%+v, want complete %v, error %q", r, tt.complete, tt.err)
				}
				path := filepath.Join(rec.Dir, "t1."+format)
				if tt.stored < 0 {
					if _, err := os.Stat(path); err == nil || r.Path != "" {
						t.Errorf("a file was made, report %+v", r)
					}
					return
				}
				if r.Tag != "t1" || r.Path != path || r.Samples != int64(tt.stored/2) || r.Channels != 1 || (r.Rate != 8000 && r.Rate != 16000) {
					t.Errorf("report %+v", r)
				}
				var stored []byte
				if format == "wav" {
					_, _, stored = readWAV(t, path)
				} else {
					stored, _ = os.ReadFile(path)
				}
				if !bytes.Equal(stored, pcm[:tt.stored]) {
					t.Errorf("%d bytes stored, want %d", len(stored), tt.stored)
				}
				if parts, _ := filepath.Glob(filepath.Join(rec.Dir, "*.part")); len(parts) > 0 {
					t.Errorf("left behind: %v", parts)
				}
			})
		}
	}
}

// TestImplausibleRate: what cannot be is replaced by 16 kHz mono.
func TestImplausibleRate(t *testing.T) {
	tests := []struct {
		say            string
		rate, channels int
	}{
		{`{"tag":"a","rate":48000,"channels":2}`, 48000, 2},
		{`{"tag":"a"}`, 16000, 1},
		{`{"tag":"a","rate":-1,"channels":-1}`, 16000, 1},
		{`{"tag":"a","rate":1e9,"channels":99}`, 16000, 1},
		{`{"tag":"a","rate":99999999999999999999,"channels":0}`, 16000, 1},
		{`{"tag":"a","rate":{},"channels":[1]}`, 16000, 1},
	}
	for _, tt := range tests {
		rec, url := record(t, func(s *Server) { s.Format = "" })
		c := dialTest(t, url)
		send(c, tt.say, noise(0).bytes(400), bye)
		if r := rec.all(t, 1)[0]; r.Rate != tt.rate || r.Channels != tt.channels || r.Samples != int64(200/tt.channels) || r.Err != nil {
			t.Errorf("%s: %+v", tt.say, r)
		}
		if rate, channels, _ := readWAV(t, filepath.Join(rec.Dir, "a.wav")); rate != tt.rate || channels != tt.channels {
			t.Errorf("%s: file has %d Hz, %d channels", tt.say, rate, channels)
		}
	}
}

var safeName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,119}$`)

func TestFileName(t *testing.T) {
	tests := []struct{ tag, want string }{
		{"0001-alice-bob-caller", "0001-alice-bob-caller"},
		{"", "leg"}, {".", "leg"}, {"..", "leg"}, {"...-", "leg"},
		{"../../etc/passwd", "_.._etc_passwd"},
		{"/etc/passwd", "_etc_passwd"},
		{`..\..\x`, `_.._x`},
		{"a\x00b", "a_b"}, {"a \t\n b", "a_b"}, {"жук", "_"},
		{".hidden", "hidden"}, {"-rf", "rf"}, {"a:b*c?", "a_b_c_"},
		{strings.Repeat("x", 65536), strings.Repeat("x", 120)},
		{strings.Repeat(".", 65536) + "x", "x"},
	}
	for _, tt := range tests {
		if got := fileName(tt.tag); got != tt.want || !safeName.MatchString(got) {
			t.Errorf("fileName(%.40q) = %q, want %q", tt.tag, got, tt.want)
		}
	}
	long := strings.Repeat("x", 120)
	for n, want := range map[int]string{1: long, 2: long[:118] + "-2", 12345: long[:114] + "-12345"} {
		if got := numbered(long, n); got != want {
			t.Errorf("numbered(x..., %d) = %q", n, got)
		}
	}
}

// TestHostileTags: nothing is written outside the folder, nothing twice.
func TestHostileTags(t *testing.T) {
	rec, url := record(t, nil)
	os.MkdirAll(rec.Dir, 0o755)
	os.WriteFile(filepath.Join(rec.Dir, "taken.l16"), []byte("old"), 0o600)
	os.WriteFile(filepath.Join(rec.Dir, "half.l16.part"), []byte("old"), 0o600)
	os.Symlink("/nowhere/at/all", filepath.Join(rec.Dir, "link.l16"))
	tags := []string{"../up", "/root", `a\u0000b`, strings.Repeat("y", 65536), "", "", "taken", "half", "link", `\ud800`, "..", `\u001b[2J`}
	for range 20 {
		tags = append(tags, "same")
	}
	for i, tag := range tags {
		c := dialTest(t, url)
		send(c, fmt.Sprintf(`{"tag":"%s","call_id":"%d"}`, tag, i), noise(i).bytes(100), bye)
	}
	names := map[string]bool{}
	for _, r := range rec.all(t, len(tags)) {
		name := filepath.Base(r.Path)
		if r.Err != nil || !r.Complete || filepath.Dir(r.Path) != rec.Dir || !safeName.MatchString(strings.TrimSuffix(name, ".l16")) || names[name] {
			t.Errorf("%.40q: %q, %v", r.Tag, r.Path, r.Err)
		}
		names[name] = true
		var i int
		fmt.Sscan(r.CallID, &i)
		if got, _ := os.ReadFile(r.Path); !bytes.Equal(got, noise(i).bytes(100)) {
			t.Errorf("%s does not hold what was sent", name)
		}
	}
	for _, want := range []string{"leg.l16", "leg-2.l16", "leg-3.l16", "taken-2.l16", "half-2.l16", "link-2.l16", "same.l16", "same-2.l16", "same-20.l16", "_up.l16"} {
		if !names[want] {
			t.Errorf("no %s in %v", want, names)
		}
	}
	for _, old := range []string{"taken.l16", "half.l16.part"} {
		if b, _ := os.ReadFile(filepath.Join(rec.Dir, old)); string(b) != "old" {
			t.Errorf("%s was replaced", old)
		}
	}
	var outside []string
	root := filepath.Dir(rec.Dir)
	filepath.WalkDir(root, func(path string, d fs.DirEntry, _ error) error {
		if !d.IsDir() && filepath.Dir(path) != rec.Dir {
			outside = append(outside, path)
		}
		return nil
	})
	if len(outside) > 0 {
		t.Errorf("written outside: %v", outside)
	}
}

// TestFreeIsQuick: the number of looks at the disk grows with the logarithm.
func TestFreeIsQuick(t *testing.T) {
	dir := t.TempDir()
	at := func(n int) string { return filepath.Join(dir, numbered("x", n)) }
	for n := 1; n <= 300; n++ {
		looks := 0
		if got := free(func(n int) string { looks++; return at(n) }); got != n {
			t.Fatalf("free = %d, want %d", got, n)
		}
		if looks > 2*2*10 {
			t.Fatalf("%d looks for number %d", looks, n)
		}
		os.WriteFile(at(n), nil, 0o600)
	}
}

// TestHandshakes: who is let in.
func TestHandshakes(t *testing.T) {
	rec, url := record(t, func(s *Server) { s.MaxConns = 1 })
	web := "http" + strings.TrimPrefix(url, "ws")
	host := strings.TrimPrefix(url, "ws://")
	resp, err := http.Get(web)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if resp.StatusCode != 426 || resp.Header.Get("Upgrade") != "websocket" {
		t.Errorf("plain GET: %s", resp.Status)
	}
	for origin, ok := range map[string]bool{"": true, web: true, "http://evil.example": false, "null": false, "http://" + host + ".evil.example": false} {
		h := http.Header{}
		if origin != "" {
			h.Set("Origin", origin)
		}
		waitIdle(t, rec)
		c, resp, err := websocket.DefaultDialer.Dial(url, h)
		if (err == nil) != ok || !ok && resp.StatusCode != 403 {
			t.Errorf("origin %q: %v", origin, err)
		}
		if err == nil {
			send(c, hello, bye)
			c.WriteControl(websocket.CloseMessage, nil, time.Now().Add(time.Second))
			c.NextReader()
			c.Close()
		}
	}
	rec.all(t, 2)
	waitIdle(t, rec)
	first := dialTest(t, url)
	if _, resp, err := websocket.DefaultDialer.Dial(url, nil); err == nil || resp.StatusCode != 503 {
		t.Errorf("second connection of one: %v", err)
	}
	send(first, hello, bye)
	first.WriteControl(websocket.CloseMessage, nil, time.Now().Add(time.Second))
	first.NextReader()
	first.Close()
	rec.all(t, 3)
	waitIdle(t, rec)
	dialTest(t, url)
	if err := (&Server{Format: "mp3"}).Check(); err == nil {
		t.Error("format mp3 was accepted")
	}
}

// waitIdle waits until no connection is counted any more.
func waitIdle(t *testing.T, rec *recorder) {
	t.Helper()
	for range 1000 {
		rec.Server.mu.Lock()
		n := rec.active
		rec.Server.mu.Unlock()
		if n == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("a connection does not end")
}

// TestShutdown: files are finished, clients told, newcomers refused.
func TestShutdown(t *testing.T) {
	rec, url := record(t, nil)
	var conns []*websocket.Conn
	for i := range 10 {
		c := dialTest(t, url)
		send(c, fmt.Sprintf(`{"tag":"t%d"}`, i), noise(i).bytes(1000))
		conns = append(conns, c)
	}
	silent := dialTest(t, url)
	for i := range 10 { // until all of it has reached a receiver
		part := filepath.Join(rec.Dir, fmt.Sprintf("t%d.l16.part", i))
		for range 1000 {
			if _, err := os.Stat(part); err == nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	time.Sleep(50 * time.Millisecond)
	for _, c := range append(conns, silent) {
		go func() {
			_, _, err := c.NextReader()
			if !websocket.IsCloseError(err, websocket.CloseGoingAway) {
				t.Errorf("client saw %v", err)
			}
			c.Close()
		}()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if err := rec.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	for _, r := range rec.all(t, 11) {
		if r.Complete || r.Err == nil || !strings.Contains(r.Err.Error(), "shutting down") || r.CallID == "" && r.Tag != "" && r.Samples != 500 {
			t.Errorf("%+v", r)
		}
	}
	for i := range 10 {
		if got, err := os.ReadFile(filepath.Join(rec.Dir, fmt.Sprintf("t%d.l16", i))); err != nil || !bytes.Equal(got, noise(i).bytes(1000)) {
			t.Errorf("t%d: %v, %d bytes", i, err, len(got))
		}
	}
	if _, resp, err := websocket.DefaultDialer.Dial(url, nil); err == nil || resp.StatusCode != 503 {
		t.Errorf("after the shutdown: %v", err)
	}
}

// TestGarbage: what is not WebSocket ends the connection, not the server.
func TestGarbage(t *testing.T) {
	rec, url := record(t, nil)
	c := dialTest(t, url)
	send(c, hello, noise(0).bytes(100))
	c.NetConn().Write(bytes.Repeat([]byte{0xff}, 100))
	if _, _, err := c.NextReader(); !websocket.IsCloseError(err, websocket.CloseProtocolError) {
		t.Errorf("server closed with %v", err)
	}
	c.Close()
	if r := rec.all(t, 1)[0]; r.Samples != 50 || r.Complete || r.Err == nil {
		t.Errorf("%+v", r)
	}
	raw, err := net.Dial("tcp", strings.TrimPrefix(url, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(raw, "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
	answer := make([]byte, 100)
	raw.SetReadDeadline(time.Now().Add(2 * time.Second))
	n, _ := raw.Read(answer)
	raw.Close()
	if !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 400 ") {
		t.Errorf("handshake without a key: %q", answer[:n])
	}
}
