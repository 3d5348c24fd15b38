package ws

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/gorilla/websocket"
)

// TestEchoedSecrets: a server that repeats the client's secrets, whole, cut
// or escaped, does not get them into an error.
func TestEchoedSecrets(t *testing.T) {
	long := strings.Repeat("eyJhbGciOiJIUzI1NiJ9.", 9) + "tail" // does not fit a close reason
	closing := func(reason func(*http.Request) string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
			if err != nil {
				return
			}
			defer c.Close()
			c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1008, short(reason(r))), time.Now().Add(time.Second))
			readFor(c.NetConn(), time.Second)
		})
	}
	redirect := func(to func(*http.Request) string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", to(r))
			w.WriteHeader(http.StatusFound)
		})
	}
	tests := []struct {
		name, query string
		header      http.Header
		server      http.Handler
		never       []string
		want        string
	}{
		{"query in a close", "?token=qu3ry-s3cret", nil,
			closing(func(r *http.Request) string { return "bad token " + r.URL.Query().Get("token") }),
			[]string{"qu3ry", "s3cret"}, `"bad token ***"`},
		{"escaped query in a close", "?token=qu3ry%2Fs3cret", nil,
			closing(func(r *http.Request) string { return r.URL.RawQuery + " or " + r.URL.Query().Get("token") }),
			[]string{"qu3ry", "s3cret"}, "***"},
		{"query in a redirect", "?token=qu3ry-s3cret", nil,
			redirect(func(r *http.Request) string { return "http://other.example/login/" + r.URL.Query().Get("token") }),
			[]string{"qu3ry", "s3cret"}, "http://other.example/login/*** are not followed"},
		{"header cut short", "", http.Header{"Authorization": {"Bearer " + long}},
			closing(func(r *http.Request) string { return "bad: " + r.Header.Get("Authorization") }),
			[]string{"eyJhbGci"}, `"bad: ***"`},
		{"end of a header", "", http.Header{"Authorization": {"Bearer " + long}},
			closing(func(r *http.Request) string { return "key ending in " + long[len(long)-20:] }),
			[]string{"NiJ9.tail"}, `"key ending in ***"`},
		{"long redirect", "", nil,
			redirect(func(*http.Request) string { return "http://other.example/" + strings.Repeat("x", 3000) }),
			[]string{strings.Repeat("x", 500)}, "http://other.example/xxx"},
		{"what is no secret", "?a=1&b=", http.Header{"X-A": {"no"}},
			closing(func(*http.Request) string { return "1 reason, no secret" }),
			nil, `"1 reason, no secret"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			leakCheck(t)
			url := serve(t, tt.server) + "/in" + tt.query
			err := replayAll(t, testLegs(1, 16000), Options{URL: url, Header: tt.header, Speed: 10})[0].Err
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("%v, want %s", err, tt.want)
			}
			for _, s := range tt.never {
				if strings.Contains(err.Error(), s) {
					t.Errorf("%q holds %q", err, s)
				}
			}
		})
	}
}

// TestHandshakeTimeIsNoInterruption: only the caller's context interrupts.
func TestHandshakeTimeIsNoInterruption(t *testing.T) {
	leakCheck(t)
	url := tcpServer(t, func(c net.Conn) { readFor(c, 5*time.Second) })
	lim := defaultLimits
	lim.handshake = 100 * time.Millisecond
	for _, scheme := range []string{"ws", "wss"} {
		opt := Options{URL: scheme + strings.TrimPrefix(url, "ws"), Speed: maxSpeed, limits: lim}
		err := replayAll(t, testLegs(1, 1000), opt)[0].Err
		if err == nil || errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), opt.URL+": connected, but") {
			t.Errorf("%s: %v", scheme, err)
		}
	}
}

// TestCertificateNames: the names in a certificate are the server's to choose.
func TestCertificateNames(t *testing.T) {
	leakCheck(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"a\x1b[31m.example"}
	for range 90 {
		names = append(names, strings.Repeat("x", 60)+".example")
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: names}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(status(200))
	s.Config.ErrorLog = quiet
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.StartTLS()
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	// By name: for an address the names are not listed.
	opt := Options{URL: "wss://localhost" + s.URL[strings.LastIndex(s.URL, ":"):], Speed: maxSpeed, TLS: &tls.Config{RootCAs: roots}}
	line := replayAll(t, testLegs(1, 10), opt)[0].Err.Error()
	if !strings.Contains(line, "cannot be trusted") || !strings.Contains(line, "a?[31m.example") || len(line) > 600 {
		t.Errorf("%d bytes: %.200q", len(line), line)
	}
	if strings.ContainsFunc(line, unicode.IsControl) {
		t.Errorf("%.200q", line)
	}
}
