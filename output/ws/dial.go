package ws

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

// ErrURL says that a URL is none that Replay can connect to.
var ErrURL = errors.New("not a WebSocket URL")

// A StatusError is a server's refusal of the handshake.
type StatusError struct {
	Code int    // HTTP status
	line string // in one line, with what to do
}

func (e *StatusError) Error() string { return e.line }

// CheckURL returns an error that says what to write if raw is not a URL to
// replay to. It repeats nothing of raw, which may hold a secret.
func CheckURL(raw string) error {
	_, err := parseURL(raw)
	return err
}

func parseURL(raw string) (*url.URL, error) {
	const write = "write ws://host:port/path, or wss:// for TLS"
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %s", ErrURL, write)
	case u.Scheme == "http":
		return nil, fmt.Errorf("%w: write ws:// in place of http://", ErrURL)
	case u.Scheme == "https":
		return nil, fmt.Errorf("%w: write wss:// in place of https://", ErrURL)
	case u.Scheme != "ws" && u.Scheme != "wss", u.Hostname() == "":
		return nil, fmt.Errorf("%w: %s", ErrURL, write)
	case u.User != nil:
		return nil, fmt.Errorf("%w: no user and password in it; send a header 'Authorization: ...'", ErrURL)
	case u.Fragment != "":
		return nil, fmt.Errorf("%w: no #fragment in it", ErrURL)
	}
	return u, nil
}

// checkHeader refuses headers that the handshake owns, and names that HTTP
// would leave out without a word.
func checkHeader(header http.Header) error {
	for name := range header {
		switch http.CanonicalHeaderKey(name) {
		case "Upgrade", "Connection", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Extensions":
			return fmt.Errorf("header %s belongs to the WebSocket handshake: it cannot be set", name)
		}
		if name == "" || strings.ContainsFunc(name, notToken) {
			return fmt.Errorf("header name %q: only letters, digits and !#$%%&'*+-.^_`|~ may stand in it", name)
		}
	}
	return nil
}

// notToken says that r is no character of a header name, RFC 9110 section
// 5.6.2.
func notToken(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

// place is where u leads to, without the query, which may hold a secret.
func place(u *url.URL) string { return u.Scheme + "://" + u.Host + u.EscapedPath() }

// A stage is how far a dial has come.
type stage int

const (
	connecting stage = iota
	securing
	upgrading
)

// connect dials and shakes hands. Messages up to frame bytes are not split.
func (p *player) connect(ctx context.Context, frame int) (*websocket.Conn, *batchConn, error) {
	at := connecting
	var wire *batchConn
	stop := func() bool { return true }
	wrap := func(c net.Conn) net.Conn {
		at = upgrading
		wire = &batchConn{Conn: c, timeout: p.opt.limits.write}
		// gorilla/websocket does not watch the context while it waits for
		// the server's answer.
		stop = context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
		return wire
	}
	dialer := websocket.Dialer{
		HandshakeTimeout: p.opt.limits.handshake,
		WriteBufferSize:  max(frame, 8<<10),
		NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := p.opt.dial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return wrap(c), nil
		},
		// TLS below the batches, so that a batch is few records.
		NetDialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := p.opt.dial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			at = securing
			cfg := p.opt.TLS.Clone()
			if cfg == nil {
				cfg = new(tls.Config)
			}
			if cfg.ServerName == "" {
				cfg.ServerName = p.url.Hostname()
			}
			secure := tls.Client(c, cfg)
			if err := secure.HandshakeContext(ctx); err != nil {
				c.Close()
				return nil, err
			}
			return wrap(secure), nil
		},
	}
	conn, resp, err := dialer.DialContext(ctx, p.url.String(), p.opt.Header)
	if !stop() && err == nil {
		conn.Close()
		err = ctx.Err()
	}
	if ctx.Err() != nil && err != nil {
		return nil, nil, ctx.Err()
	}
	if err != nil {
		return nil, nil, p.explain(err, resp, at)
	}
	wire.batch()
	return conn, wire, nil
}

// explain words the failure of a dial. A handshake that took too long is never
// a context's error: those are the caller's interruptions.
func (p *player) explain(err error, resp *http.Response, at stage) error {
	where, wait := place(p.url), p.opt.limits.handshake
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	var op *net.OpError
	switch {
	case resp != nil:
		return &StatusError{resp.StatusCode, oneLine(where + p.refusal(resp))}
	case errors.As(err, &dns) && !dns.IsTimeout:
		return linef(err, "%s: no such host: check the name", where)
	case errors.Is(err, syscall.ECONNREFUSED):
		return linef(err, "%s: connection refused: is the server running, and is the port right?", where)
	case timeout(err) && at == connecting:
		return linef(os.ErrDeadlineExceeded, "%s: no answer within %v: check address and firewall", where, wait)
	case timeout(err):
		return linef(os.ErrDeadlineExceeded, "%s: connected, but the server did not answer within %v: is it a WebSocket server%s?", where, wait, p.otherScheme())
	case errors.As(err, &cert):
		return linef(err, "%s: the server's certificate cannot be trusted (%v)", where, cert.Err)
	case errors.As(err, &notTLS):
		return linef(err, "%s: the server does not speak TLS there: write ws:// in place of wss://", where)
	case at == connecting && errors.As(err, &op):
		return linef(err, "%s: cannot connect (%v)", where, op.Err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), dropped(err):
		return linef(err, "%s: the server hung up during the handshake: is it a WebSocket server%s?", where, p.otherScheme())
	case at == securing:
		return linef(err, "%s: TLS failed (%v)", where, err)
	}
	return linef(err, "%s: what answers there is not a WebSocket server", where)
}

// otherScheme suggests TLS where there is none.
func (p *player) otherScheme() string {
	if p.url.Scheme == "ws" {
		return ", or does it want wss://"
	}
	return ""
}

// refusal words an answer that is not the upgrade. Nothing of what the server
// wrote is repeated but the place that a redirect names.
func (p *player) refusal(resp *http.Response) string {
	said := fmt.Sprintf(": the server says %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	switch code := resp.StatusCode; {
	case code == http.StatusSwitchingProtocols:
		return ": the server's answer is not a WebSocket handshake"
	case code >= 300 && code < 400:
		to := "another place"
		if u, err := resp.Location(); err == nil {
			to = redact(cut(place(u), maxLocation), secrets(p.opt.Header, p.url))
		}
		return said + ": redirects to " + to + " are not followed: name that place if you trust it"
	case code == http.StatusUnauthorized:
		return said + ": it wants credentials: send a header such as 'Authorization: Bearer ...'"
	case code == http.StatusForbidden:
		return said + ": it refuses these credentials, or this client"
	case code == http.StatusNotFound:
		return said + ": check the path"
	case code == http.StatusUpgradeRequired:
		return said + ": it wants another protocol or WebSocket version"
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		return said + ": it is overloaded or not ready: try again later, or with fewer connections"
	case code >= 200 && code < 300:
		return said + " in place of the WebSocket handshake: check the path"
	}
	return said
}
