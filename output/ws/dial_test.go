package ws

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// tcpServer is a server that does do on every TCP connection.
func tcpServer(t *testing.T, do func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				do(c)
			}()
		}
	}()
	return "ws://" + l.Addr().String()
}

// status answers the handshake with a status and the client's secrets.
func status(code int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://other.example/"+r.Header.Get("X-Key")+"?"+r.Header.Get("X-Key"))
		w.WriteHeader(code)
		io.WriteString(w, r.Header.Get("Authorization"))
	})
}

// readFor reads and drops for a while.
func readFor(c net.Conn, d time.Duration) {
	c.SetReadDeadline(time.Now().Add(d))
	io.Copy(io.Discard, c)
}

// TestDial lets the handshake fail in every way; the error is one clear line.
func TestDial(t *testing.T) {
	const secret = "s3cret-token"
	header := http.Header{"Authorization": {"Bearer " + secret}, "X-Key": {secret}}
	tests := []struct {
		name string
		url  func(*testing.T) string
		want string
		is   error
	}{
		{"refused", func(t *testing.T) string {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			return "ws://" + l.Addr().String() + "/in?key=" + secret
		}, "connection refused", syscall.ECONNREFUSED},
		{"no such host", func(*testing.T) string { return "ws://no-such-host.invalid/" }, "no such host", nil},
		{"401", func(t *testing.T) string { return serve(t, status(401)) }, "401 Unauthorized: it wants credentials", nil},
		{"403", func(t *testing.T) string { return serve(t, status(403)) }, "403 Forbidden", nil},
		{"404", func(t *testing.T) string { return serve(t, status(404)) }, "404 Not Found: check the path", nil},
		{"426", func(t *testing.T) string { return serve(t, status(426)) }, "426 Upgrade Required", nil},
		{"429", func(t *testing.T) string { return serve(t, status(429)) }, "fewer connections", nil},
		{"500", func(t *testing.T) string { return serve(t, status(500)) }, "500 Internal Server Error", nil},
		{"503", func(t *testing.T) string { return serve(t, status(503)) }, "503 Service Unavailable", nil},
		{"200", func(t *testing.T) string { return serve(t, status(200)) }, "200 OK in place of the WebSocket handshake", nil},
		{"302", func(t *testing.T) string { return serve(t, status(302)) }, "redirects to http://other.example/*** are not followed", nil},
		{"hangs", func(t *testing.T) string {
			return tcpServer(t, func(c net.Conn) { readFor(c, 5*time.Second) })
		}, "did not answer within 300ms", nil},
		{"hangs in TLS", func(t *testing.T) string {
			return "wss" + strings.TrimPrefix(tcpServer(t, func(c net.Conn) { readFor(c, 5*time.Second) }), "ws")
		}, "did not answer within 300ms", nil},
		{"hangs up", func(t *testing.T) string { return tcpServer(t, func(c net.Conn) { c.Read(make([]byte, 1000)) }) }, "hung up during the handshake", nil},
		{"resets", func(t *testing.T) string {
			return tcpServer(t, func(c net.Conn) { c.Read(make([]byte, 10)); c.(*net.TCPConn).SetLinger(0) })
		}, "hung up during the handshake", nil},
		{"not HTTP", func(t *testing.T) string {
			return tcpServer(t, func(c net.Conn) { io.WriteString(c, "SSH-2.0-OpenSSH_9.9\r\n"); readFor(c, time.Second) })
		}, "not a WebSocket server", nil},
		{"wrong handshake", func(t *testing.T) string {
			return tcpServer(t, func(c net.Conn) {
				io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: bm8=\r\n\r\n")
				readFor(c, time.Second)
			})
		}, "not a WebSocket handshake", nil},
		{"no TLS there", func(t *testing.T) string { return "wss" + strings.TrimPrefix(serve(t, status(200)), "ws") }, "write ws:// in place of wss://", nil},
		{"TLS there", func(t *testing.T) string {
			s := httptest.NewUnstartedServer(status(200))
			s.Config.ErrorLog = quiet
			s.StartTLS()
			t.Cleanup(s.Close)
			return "ws" + strings.TrimPrefix(s.URL, "https")
		}, "400 Bad Request", nil},
		{"unknown certificate", func(t *testing.T) string {
			s := httptest.NewUnstartedServer(status(200))
			s.Config.ErrorLog = quiet
			s.StartTLS()
			t.Cleanup(s.Close)
			return "wss" + strings.TrimPrefix(s.URL, "https")
		}, "certificate cannot be trusted", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			leakCheck(t)
			lim := defaultLimits
			lim.handshake = 300 * time.Millisecond
			url := tt.url(t)
			if tt.name == "no such host" || tt.name == "unknown certificate" { // no test of time
				lim.handshake = 5 * time.Second
			}
			r := replayAll(t, testLegs(2, 1000), Options{URL: url, Header: header, Speed: maxSpeed, limits: lim})
			for _, r := range r {
				if r.Err == nil || r.Sent != 0 {
					t.Fatalf("%+v", r)
				}
				line := r.Err.Error()
				if !strings.Contains(line, tt.want) || strings.ContainsAny(line, "\n\r") || strings.Contains(line, "s3cret") {
					t.Errorf("%q, want %q", line, tt.want)
				}
				if tt.is != nil && !errors.Is(r.Err, tt.is) {
					t.Errorf("%v is no %v", r.Err, tt.is)
				}
				var se *StatusError
				if isStatus := len(tt.name) == 3; errors.As(r.Err, &se) != (isStatus || tt.name == "TLS there" || tt.name == "wrong handshake") {
					t.Errorf("%T", r.Err)
				} else if isStatus && !strings.Contains(line, tt.name) {
					t.Errorf("%q does not say %s", line, tt.name)
				}
			}
		})
	}
}

// TestTLS replays over wss with roots of the caller's.
func TestTLS(t *testing.T) {
	leakCheck(t)
	rec := &recorder{Server: Server{Dir: t.TempDir(), Format: "l16"}}
	s := httptest.NewTLSServer(&rec.Server)
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	opt := Options{URL: "wss" + strings.TrimPrefix(s.URL, "https"), TLS: &tls.Config{RootCAs: roots}}
	for i, speed := range []float64{maxSpeed, 20} {
		opt.Speed = speed
		legs := testLegs(3, 50000)
		for j := range legs {
			legs[j].Tag += string(rune('a' + i))
		}
		for j, r := range replayAll(t, legs, opt) {
			got, err := os.ReadFile(filepath.Join(rec.Dir, legs[j].Tag+".l16"))
			if r.Err != nil || err != nil || !bytes.Equal(got, noise(j).bytes(100000)) {
				t.Errorf("%v, %v, %d bytes", r.Err, err, len(got))
			}
		}
	}
}
