package ws

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

// A lostError is the error of a connection, as it came.
type lostError struct{ err error }

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

// A lineError is an error in one line, without secrets and control characters;
// err is what it came from.
type lineError struct {
	line string
	err  error
}

func (e *lineError) Error() string { return e.line }
func (e *lineError) Unwrap() error { return e.err }

func linef(err error, format string, args ...any) error {
	return &lineError{oneLine(fmt.Sprintf(format, args...)), err}
}

// sayClose sends our close, or the answer to the server's.
func (p *player) sayClose(code int) error {
	if err := p.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Time{}); err != nil {
		return &lostError{err}
	}
	return p.flush()
}

// mourn says how the connection got lost before all was sent.
func (p *player) mourn(lost *lostError) error {
	if timeout(lost.err) {
		return linef(ErrStalled, "%v: nothing could be written for %v", ErrStalled, p.opt.limits.write)
	}
	// A failed write says only that the server is gone. What it said before
	// may be there to read.
	p.wire.hurry(time.Now().Add(time.Second))
	<-p.gone
	ce := new(websocket.CloseError)
	switch err := p.readErr; {
	case errors.As(err, &ce) && ce.Code != websocket.CloseAbnormalClosure:
		p.sayClose(ce.Code)
		return linef(ErrClosed, "%v with %s", ErrClosed, p.closing(ce))
	case errors.As(err, &ce), errors.Is(err, io.EOF), timeout(err):
		return linef(ErrClosed, "%v without closing the WebSocket", ErrClosed)
	case dropped(err):
		return linef(ErrClosed, "%v by a reset", ErrClosed)
	default:
		p.flush() // what gorilla/websocket tells the server about it
		return linef(ErrClosed, "what the server says is not WebSocket (%v)", err)
	}
}

// farewell waits for the server's close after ours. written is how it went to
// say the end.
func (p *player) farewell(written error) error {
	p.wire.hurry(time.Now().Add(p.opt.limits.close))
	<-p.gone
	ce := new(websocket.CloseError)
	switch err := p.readErr; {
	case errors.As(err, &ce):
		switch ce.Code {
		case websocket.CloseNormalClosure, websocket.CloseGoingAway, websocket.CloseNoStatusReceived:
			return nil
		case websocket.CloseAbnormalClosure: // it took our close as the end: common, and harmless
			if written == nil {
				return nil
			}
			return linef(ErrUnconfirmed, "%v: it was gone before", ErrUnconfirmed)
		}
		return linef(ErrUnconfirmed, "%v: it closed with %s", ErrUnconfirmed, p.closing(ce))
	case timeout(err):
		return linef(ErrUnconfirmed, "%v within %v", ErrUnconfirmed, p.opt.limits.close)
	case dropped(err):
		return linef(ErrUnconfirmed, "%v: it reset the connection", ErrUnconfirmed)
	default:
		return linef(ErrUnconfirmed, "%v: what it says is not WebSocket (%v)", ErrUnconfirmed, err)
	}
}

// closing words a close. The reason is the server's: it is quoted, and what it
// repeats of our handshake is taken out.
func (p *player) closing(ce *websocket.CloseError) string {
	code := fmt.Sprintf("code %d", ce.Code)
	if ce.Code == websocket.CloseNoStatusReceived {
		code = "no code"
	}
	if ce.Text == "" {
		return code
	}
	return fmt.Sprintf("%s, %q", code, redact(ce.Text, secrets(p.opt.Header, p.url)))
}

func timeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// dropped says that a TCP connection was ended by the peer or by us.
func dropped(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe)
}
