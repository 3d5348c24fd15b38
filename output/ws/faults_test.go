package ws

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

// TestMidCall lets servers fail in the middle of one leg; the others go on.
func TestMidCall(t *testing.T) {
	leakCheck(t)
	const secret = "s3cret-token"
	closeWith := func(code int, reason string) func(*websocket.Conn) {
		return func(c *websocket.Conn) {
			c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(time.Second))
			readFor(c.NetConn(), time.Second)
		}
	}
	after := func(n int, do func(*websocket.Conn)) func(*websocket.Conn) {
		return func(c *websocket.Conn) {
			for range n {
				c.NextReader()
			}
			do(c)
		}
	}
	tests := []struct {
		name string
		do   func(*websocket.Conn)
		want string // part of the error; "" is none
		is   error
	}{
		{"closes at once", closeWith(1000, ""), "ended the connection with code 1000; ", ErrClosed},
		{"closes in mid-call", after(10, closeWith(1008, "no more \x1b[31m"+secret)), `ended the connection with code 1008, "no more \x1b[31m***"; `, ErrClosed},
		{"closes without a code", after(10, closeWith(1005, "")), "with no code; ", ErrClosed},
		{"hangs up in mid-call", after(10, func(c *websocket.Conn) {
			c.NetConn().(*net.TCPConn).CloseWrite()
			readFor(c.NetConn(), time.Second)
		}), "without closing the WebSocket; ", ErrClosed},
		{"resets in mid-call", after(10, func(c *websocket.Conn) { c.NetConn().(*net.TCPConn).SetLinger(0) }), "by a reset; ", ErrClosed},
		{"answers garbage", after(10, func(c *websocket.Conn) {
			c.NetConn().Write(bytes.Repeat([]byte{0xff}, 100))
			readFor(c.NetConn(), time.Second)
		}), "is not WebSocket", ErrClosed},
		{"closes with an error after the end", func(c *websocket.Conn) {
			c.SetCloseHandler(func(int, string) error { return nil })
			for {
				if _, _, err := c.NextReader(); err != nil {
					break
				}
			}
			closeWith(1011, "disk full")(c)
		}, `did not confirm the end: it closed with code 1011, "disk full"`, ErrUnconfirmed},
		{"never closes", func(c *websocket.Conn) { readFor(c.NetConn(), 5*time.Second) }, "did not confirm the end within 500ms", ErrUnconfirmed},
		{"resets after the end", func(c *websocket.Conn) {
			c.SetCloseHandler(func(int, string) error { return nil })
			for {
				if _, _, err := c.NextReader(); err != nil {
					break
				}
			}
			c.NetConn().(*net.TCPConn).SetLinger(0)
		}, "did not confirm the end: it reset the connection", ErrUnconfirmed},
		{"hangs up after the end", func(c *websocket.Conn) {
			c.SetCloseHandler(func(int, string) error { return nil })
			for {
				if _, _, err := c.NextReader(); err != nil {
					break
				}
			}
		}, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rec := &recorder{Server: Server{Dir: t.TempDir(), Format: "l16"}}
			bad := upgraded(tt.do)
			n := make(chan struct{}, 1)
			n <- struct{}{}
			url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				select {
				case <-n: // the first connection fails
					bad.ServeHTTP(w, r)
				default:
					rec.ServeHTTP(w, r)
				}
			}))
			legs := testLegs(4, 16000)
			for i := range legs[1:] {
				legs[i+1].Offset = time.Second // the first connects first
			}
			lim := defaultLimits
			lim.close = 500 * time.Millisecond
			header := http.Header{"Authorization": {"Bearer " + secret}}
			r := replayAll(t, legs, Options{URL: url, Speed: 5, Header: header, limits: lim})
			if !errors.Is(r[0].Err, tt.is) {
				t.Errorf("%v is no %v", r[0].Err, tt.is)
			}
			if tt.is != nil && (!strings.Contains(r[0].Err.Error(), tt.want) || strings.ContainsAny(r[0].Err.Error(), "\n\x1b")) {
				t.Errorf("%q, want %q", r[0].Err, tt.want)
			}
			switch tt.is {
			case ErrClosed:
				if r[0].Sent >= 16000 || !strings.Contains(r[0].Err.Error(), " of 16000 samples were sent") {
					t.Errorf("sent %d: %v", r[0].Sent, r[0].Err)
				}
			default:
				if r[0].Sent != 16000 {
					t.Errorf("sent %d of 16000", r[0].Sent)
				}
			}
			for i, r := range r[1:] {
				got, err := os.ReadFile(filepath.Join(rec.Dir, r.Tag+".l16"))
				if r.Err != nil || err != nil || !bytes.Equal(got, noise(i+1).bytes(32000)) {
					t.Errorf("%s: %v, %v, %d bytes", r.Tag, r.Err, err, len(got))
				}
			}
		})
	}
}

// TestNeverReads: a server that stops reading is given up after the time for
// a write, with real buffers in between.
func TestNeverReads(t *testing.T) {
	leakCheck(t)
	stop := make(chan struct{})
	defer close(stop)
	url := serve(t, upgraded(func(c *websocket.Conn) {
		c.NetConn().(*net.TCPConn).SetReadBuffer(4096)
		<-stop
	}))
	lim := defaultLimits
	lim.write = 300 * time.Millisecond
	r := replayAll(t, testLegs(1, math.MaxInt32), Options{URL: url, Speed: maxSpeed, limits: lim})
	if !errors.Is(r[0].Err, ErrStalled) || r[0].Sent == 0 || !strings.Contains(r[0].Err.Error(), "for 300ms; ") {
		t.Errorf("%+v", r[0].Err)
	}
}

// TestTimeLimits checks the default limits on a fake clock.
func TestTimeLimits(t *testing.T) {
	tests := []struct {
		name string
		do   func(c *websocket.Conn, stop chan struct{})
		is   error
		took time.Duration
	}{
		{"never reads", func(_ *websocket.Conn, stop chan struct{}) { <-stop }, ErrStalled, 30 * time.Second},
		{"never closes", func(c *websocket.Conn, stop chan struct{}) {
			c.SetCloseHandler(func(int, string) error { return nil })
			for {
				if _, _, err := c.NextReader(); err != nil {
					break
				}
			}
			<-stop
		}, ErrUnconfirmed, 5 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stop := make(chan struct{})
				withPipes(upgraded(func(c *websocket.Conn) { tt.do(c, stop) }), func(opt Options) {
					opt.Speed = maxSpeed
					start := time.Now()
					r := replayAll(t, testLegs(1, 1000), opt)
					if !errors.Is(r[0].Err, tt.is) || time.Since(start) != tt.took {
						t.Errorf("%v after %v, want %v after %v", r[0].Err, time.Since(start), tt.is, tt.took)
					}
					close(stop)
				})
			})
		})
	}
	t.Run("handshake", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			opt := Options{URL: "ws://server.example", dial: func(context.Context, string, string) (net.Conn, error) {
				client, server := net.Pipe()
				go io.Copy(io.Discard, server)
				return client, nil
			}}
			start := time.Now()
			r := replayAll(t, testLegs(1, 1000), opt)
			if took := time.Since(start); r[0].Err == nil || took != 10*time.Second {
				t.Errorf("%v after %v", r[0].Err, took)
			}
		})
	})
}

// TestTalkativeServer: pings are answered and text is drained while frames
// flow, and the frames arrive.
func TestTalkativeServer(t *testing.T) {
	leakCheck(t)
	pongs := make(chan string, 100)
	var got []byte
	done := make(chan struct{})
	url := serve(t, upgraded(func(c *websocket.Conn) {
		defer close(done)
		flooded := make(chan struct{})
		go func() {
			defer close(flooded)
			c.WriteControl(websocket.PingMessage, []byte("first"), time.Now().Add(time.Second))
			text := bytes.Repeat([]byte("blah "), 20000)
			for i := range 300 { // 30 MB: more than sockets hold
				if c.WriteMessage(websocket.TextMessage, text) != nil {
					t.Error("flood was stopped")
					return
				}
				if i == 150 {
					c.WriteControl(websocket.PingMessage, []byte("second"), time.Now().Add(time.Second))
				}
			}
		}()
		c.SetPongHandler(func(data string) error { pongs <- data; return nil })
		c.SetCloseHandler(func(int, string) error { return nil })
		for {
			kind, b, err := c.ReadMessage()
			if err != nil {
				break
			}
			if kind == websocket.BinaryMessage {
				got = append(got, b...)
			}
		}
		<-flooded
		c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second))
	}))
	r := replayAll(t, testLegs(1, 32000), Options{URL: url, Speed: 2})
	if r[0].Err != nil {
		t.Fatal(r[0].Err)
	}
	<-done
	if !bytes.Equal(got, noise(0).bytes(64000)) {
		t.Errorf("%d bytes arrived", len(got))
	}
	close(pongs)
	var answers []string
	for data := range pongs {
		answers = append(answers, data)
	}
	if strings.Join(answers, " ") != "first second" {
		t.Errorf("pongs %q", answers)
	}
}

// TestCancel: an interruption ends connections in the dialect's way, and what
// has not begun never connects.
func TestCancel(t *testing.T) {
	rec, url := record(t, nil)
	legs := testLegs(20, 160000)
	legs[19].Offset = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(lead+500*time.Millisecond, cancel)
	start := time.Now()
	results, err := Replay(ctx, legs, Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > lead+500*time.Millisecond+2*time.Second {
		t.Errorf("took %v", took)
	}
	sent := map[string]int64{}
	for _, r := range results {
		sent[r.Tag] = r.Sent
		if !errors.Is(r.Err, context.Canceled) || r.Sent >= 160000 {
			t.Errorf("%s: sent %d: %v", r.Tag, r.Sent, r.Err)
		}
	}
	for _, got := range rec.all(t, 19) {
		if !got.Complete || got.Samples == 0 || got.Samples != sent[got.Tag] {
			t.Errorf("sent %d, received %+v", sent[got.Tag], got)
		}
	}
	if sent["leg-019"] != 0 {
		t.Error("the last leg was sent")
	}
}

// TestCancelStuck: servers that hang do not hold up an interruption.
func TestCancelStuck(t *testing.T) {
	tests := []struct {
		name string
		do   func(c *websocket.Conn, stop chan struct{})
		at   time.Duration
		took time.Duration
	}{
		{"never reads", func(_ *websocket.Conn, stop chan struct{}) { <-stop }, time.Second, 2 * time.Second},
		{"never closes", func(c *websocket.Conn, stop chan struct{}) {
			c.SetCloseHandler(func(int, string) error { return nil })
			for {
				if _, _, err := c.NextReader(); err != nil {
					break
				}
			}
			<-stop
		}, time.Second, 2 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stop := make(chan struct{})
				withPipes(upgraded(func(c *websocket.Conn) { tt.do(c, stop) }), func(opt Options) {
					ctx, cancel := context.WithCancel(t.Context())
					time.AfterFunc(tt.at, cancel)
					start := time.Now()
					r, err := Replay(ctx, testLegs(3, 160000), opt)
					if err != nil {
						t.Fatal(err)
					}
					if took := time.Since(start); took != tt.at+tt.took {
						t.Errorf("took %v, want %v", took, tt.at+tt.took)
					}
					for _, r := range r {
						if !errors.Is(r.Err, context.Canceled) {
							t.Error(r.Err)
						}
					}
					close(stop)
				})
			})
		})
	}
	t.Run("handshake", func(t *testing.T) {
		leakCheck(t)
		url := tcpServer(t, func(c net.Conn) { readFor(c, 5*time.Second) })
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(200*time.Millisecond, cancel)
		start := time.Now()
		r, err := Replay(ctx, testLegs(1, 10), Options{URL: url, Speed: maxSpeed})
		if err != nil || !errors.Is(r[0].Err, context.Canceled) || time.Since(start) > 2*time.Second {
			t.Errorf("%v, %v after %v", err, r[0].Err, time.Since(start))
		}
	})
}
