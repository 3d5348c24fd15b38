package sip_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"callx/calls/sip"
)

// A tap records both directions of a connection.
type tap struct {
	net.Conn
	mu         sync.Mutex
	sent, came []byte
}

func (c *tap) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, b[:n]...)
	return n, err
}

func (c *tap) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.came = append(c.came, b[:n]...)
	return n, err
}

// A socketMessage is one that a peer writes.
type socketMessage struct {
	kind int
	text string
}

// record lets gorilla/websocket send the messages from the client, and from
// the server back, and returns the bytes of both streams. With a small buffer
// long messages become fragments.
func record(t *testing.T, buffer int, compress bool, list []socketMessage) (client, server string) {
	t.Helper()
	upgrader := websocket.Upgrader{Subprotocols: []string{"sip"}, WriteBufferSize: buffer, EnableCompression: compress}
	write := func(c *websocket.Conn) {
		for _, m := range list {
			if m.kind >= websocket.CloseMessage {
				if err := c.WriteControl(m.kind, []byte(m.text), time.Now().Add(time.Minute)); err != nil {
					t.Error(err)
				}
				continue
			}
			w, err := c.NextWriter(m.kind)
			if err != nil {
				t.Error(err)
				return
			}
			// A control frame may come between the fragments of a message.
			half := len(m.text) / 2
			w.Write([]byte(m.text[:half]))
			c.WriteControl(websocket.PongMessage, []byte("SIP/2.0 200 OK\r\n"), time.Now().Add(time.Minute))
			w.Write([]byte(m.text[half:]))
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	read := func(c *websocket.Conn) {
		for {
			if _, _, err := c.ReadMessage(); err != nil {
				return
			}
		}
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		write(c)
		c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Minute))
		read(c)
	}))
	defer srv.Close()
	var conn *tap
	dialer := websocket.Dialer{
		Subprotocols: []string{"sip"}, WriteBufferSize: buffer, EnableCompression: compress,
		NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			conn = &tap{Conn: c}
			return conn, err
		},
	}
	c, _, err := dialer.Dial("ws"+strings.TrimPrefix(srv.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	write(c)
	read(c)
	c.Close()
	return string(conn.sent), string(conn.came)
}

// socketFrames returns what a stream yields that is fed in parts of size bytes.
func socketFrames(stream string, size int) (list []found, framer *sip.Framer[int]) {
	framer = new(sip.Framer[int])
	var m sip.Frame[int]
	for at := 0; at < len(stream); at += size {
		framer.Feed([]byte(stream[at:min(at+size, len(stream))]), at)
		for framer.Next(&m) {
			list = append(list, found{string(m.Data), m.At, m.Err})
		}
	}
	return list, framer
}

func texts(list []found) (all []string) {
	for _, m := range list {
		all = append(all, m.data)
	}
	return all
}

func TestWebSocket(t *testing.T) {
	list := []socketMessage{
		{websocket.TextMessage, msgInvite},
		{websocket.PingMessage, "SIP/2.0 200 OK\r\n"},
		{websocket.TextMessage, "\r\n\r\n"}, // RFC 7118 section 6
		{websocket.BinaryMessage, msgOK},
		{websocket.TextMessage, msgLong},
		{websocket.TextMessage, `{"this is": "no SIP"}`},
		{websocket.TextMessage, msgBye},
	}
	want := []string{msgInvite, msgOK, msgLong, msgBye}
	for name, buffer := range map[string]int{"whole": 200_000, "fragments": 100} {
		t.Run(name, func(t *testing.T) {
			client, server := record(t, buffer, false, list)
			for side, stream := range map[string]string{"client": client, "server": server} {
				if sip.SniffStream([]byte(stream)) != sip.Yes {
					t.Errorf("%s: not recognised: %.100q", side, stream)
				}
				for _, size := range []int{len(stream), 1460, 7, 1} {
					got, framer := socketFrames(stream, size)
					if !slices.Equal(texts(got), want) || !framer.Found() || framer.Buffered() != 0 {
						t.Errorf("%s by %d bytes: %d messages, %.100q", side, size, len(got), texts(got))
					}
				}
			}
		})
	}
	t.Run("middle of a stream", func(t *testing.T) {
		client, server := record(t, 200_000, false, []socketMessage{{websocket.TextMessage, msgInvite}, {websocket.TextMessage, msgBye}})
		for side, stream := range map[string]string{"client": client, "server": server} {
			frames := stream[strings.Index(stream, "\r\n\r\n")+4:]
			if sip.SniffStream([]byte(frames)) != sip.Yes {
				t.Errorf("%s: not recognised: %.100q", side, frames)
			}
			got, _ := socketFrames(frames, 100)
			if !slices.Equal(texts(got), []string{msgInvite, msgBye}) {
				t.Errorf("%s: %.200q", side, texts(got))
			}
		}
	})
	t.Run("compressed", func(t *testing.T) {
		client, server := record(t, 200_000, true, []socketMessage{{websocket.TextMessage, msgInvite}})
		for side, stream := range map[string]string{"client": client, "server": server} {
			got, _ := socketFrames(stream, 100)
			if len(got) != 1 || got[0].data != "" || !errors.Is(got[0].err, sip.ErrCompressed) {
				t.Errorf("%s: %.200q", side, texts(got))
			}
		}
	})
}

// Whatever is missing between two segments of a WebSocket costs the messages
// that it touches, no others.
func TestWebSocketGap(t *testing.T) {
	stream := ""
	var begins []int
	for range 3 {
		_, server := record(t, 200_000, false, []socketMessage{{websocket.TextMessage, msgOK}})
		begins = append(begins, len(stream))
		stream += server[strings.Index(server, "\r\n\r\n")+4 : len(server)-4] // without the close frame
	}
	for n := range len(stream) {
		var fr sip.Framer[int]
		var m sip.Frame[int]
		var whole, cut int
		for i, part := range []string{stream[:n], gap, stream[begins[2]:]} {
			if part == gap {
				fr.Gap()
			} else {
				fr.Feed([]byte(part), i)
			}
			for fr.Next(&m) {
				switch {
				case m.Err == nil && string(m.Data) == msgOK && m.WebSocket:
					whole++
				case errors.Is(m.Err, sip.ErrCut) && strings.HasPrefix(msgOK, string(m.Data)):
					cut++
				default:
					t.Fatalf("gap at %d: %q, %v", n, m.Data, m.Err)
				}
			}
		}
		complete := 0
		for _, b := range begins[1:] {
			if n >= b {
				complete++
			}
		}
		if whole != complete+1 || cut > 1 {
			t.Fatalf("gap at %d: %d messages, want %d; %d cut", n, whole, complete+1, cut)
		}
	}
}
