package ws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gorilla/websocket"
)

// Errors of a leg, beside those of the dial.
var (
	// ErrClosed says that the server ended the connection before all was sent.
	ErrClosed = errors.New("the server ended the connection")
	// ErrStalled says that the server did not read for too long.
	ErrStalled = errors.New("the server does not read")
	// ErrUnconfirmed says that all was sent, but that the server did not close
	// properly: whether it has everything is not known.
	ErrUnconfirmed = errors.New("the server did not confirm the end")
)

// batchBytes is how much audio is written at a time where nothing is paced.
const batchBytes = 64 << 10

// A player replays one leg over one connection. One goroutine writes, another
// reads and drops what the server says.
type player struct {
	*replay
	leg   *Leg
	res   *Result
	timer *time.Timer

	conn  *websocket.Conn
	wire  *batchConn
	spare []byte // for wire

	pings   chan string   // the last one unanswered
	gone    chan struct{} // closed when the reading side has ended
	readErr error         // why; set before gone is closed
}

// play replays a leg and says in res how it went.
func (r *replay) play(ctx context.Context, leg *Leg, res *Result) {
	*res = Result{Tag: leg.Tag, Samples: leg.Samples}
	p := &player{replay: r, leg: leg, res: res, pings: make(chan string, 1), gone: make(chan struct{})}
	p.timer = time.NewTimer(time.Hour) // reset before each use
	defer p.timer.Stop()
	switch err := p.run(ctx); {
	case err == nil:
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		res.Err = fmt.Errorf("interrupted after %d of %d samples: %w", res.Sent, res.Samples, err)
	case p.conn == nil || errors.Is(err, ErrUnconfirmed):
		res.Err = err
	default:
		res.Err = fmt.Errorf("%w; %d of %d samples were sent", err, res.Sent, res.Samples)
	}
}

func (p *player) run(ctx context.Context) error {
	if err := p.wait(ctx, p.due(p.leg.Offset).Add(-lead)); err != nil {
		return err
	}
	var err error
	if p.conn, p.wire, err = p.connect(ctx, p.frameBytes()); err != nil {
		return err
	}
	go p.drain()
	defer func() {
		p.conn.Close()
		<-p.gone
	}()
	defer context.AfterFunc(ctx, func() { p.wire.hurry(time.Now().Add(p.opt.limits.cancel)) })()

	session := p.opt.Dialect.Session(p.leg)
	err = p.say(session.Start)
	if err == nil {
		err = p.audio(ctx, session)
	}
	if lost := (*lostError)(nil); errors.As(err, &lost) {
		if ctx.Err() != nil { // the hurry, not the server
			return ctx.Err()
		}
		return p.mourn(lost)
	}
	stopped := p.say(session.Stop)
	closed := p.sayClose(websocket.CloseNormalClosure)
	unconfirmed := p.farewell(errors.Join(stopped, closed))
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = unconfirmed
	}
	return err
}

// frameBytes is the size of the largest frame.
func (p *player) frameBytes() int {
	return (int(samples(p.opt.Frame, p.leg.Rate)) + 1) * 2 * p.leg.Channels
}

// audio sends all frames, each when it is due.
func (p *player) audio(ctx context.Context, session Session) error {
	size := int64(2 * p.leg.Channels)
	room := int64(p.frameBytes())
	if !p.paced() {
		room = max(room, batchBytes/size*size)
	}
	buf := make([]byte, room)
	var i time.Duration // number of the frame
	for p.res.Sent < p.leg.Samples {
		due := p.due(p.leg.Offset + i*p.opt.Frame)
		if err := p.wait(ctx, due); err != nil {
			return err
		}
		n := min((p.leg.Samples-p.res.Sent)*size, room)
		if m, err := p.leg.PCM.ReadAt(buf[:n], p.res.Sent*size); int64(m) < n {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("audio at sample %d: %w", p.res.Sent+int64(m)/size, err)
		}
		sent := p.res.Sent // where the next frame begins
		for {
			end := min(samples((i+1)*p.opt.Frame, p.leg.Rate), p.leg.Samples)
			if (end-p.res.Sent)*size > n {
				break
			}
			if i++; end > sent {
				if err := session.Audio(p, buf[(sent-p.res.Sent)*size:(end-p.res.Sent)*size]); err != nil {
					return err
				}
				sent = end
			}
			if p.paced() || end == p.leg.Samples {
				break
			}
		}
		if err := p.flush(); err != nil {
			return err
		}
		if p.paced() && sent > p.res.Sent {
			p.res.Late.add(time.Since(due))
		}
		p.res.Sent = sent
	}
	return p.wait(ctx, p.due(p.leg.Offset+i*p.opt.Frame)) // a frame lasts
}

// wait returns when due has come, or with the error that ends the leg. The
// server's pings are answered meanwhile.
func (p *player) wait(ctx context.Context, due time.Time) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.gone:
			return &lostError{p.readErr}
		case data := <-p.pings:
			if err := p.pong(data); err != nil {
				return err
			}
		default:
			d := time.Until(due)
			if d <= 0 {
				return nil
			}
			p.timer.Reset(d)
			select {
			case <-ctx.Done():
			case <-p.gone:
			case data := <-p.pings:
				if err := p.pong(data); err != nil {
					return err
				}
			case <-p.timer.C:
			}
		}
	}
}

// pong answers a ping.
func (p *player) pong(data string) error {
	if err := p.conn.WriteControl(websocket.PongMessage, []byte(data), time.Time{}); err != nil {
		return &lostError{err}
	}
	return p.flush()
}

// drain reads until the connection ends, so that pings are seen and a server
// that talks is never held up.
func (p *player) drain() {
	defer close(p.gone)
	p.conn.SetPingHandler(func(data string) error {
		select {
		case <-p.pings: // RFC 6455 section 5.5.3: the most recent one is enough
		default:
		}
		p.pings <- data // one slot, one sender
		return nil
	})
	p.conn.SetCloseHandler(func(int, string) error { return nil }) // the writing side answers
	for p.readErr == nil {
		_, _, p.readErr = p.conn.NextReader()
	}
}

// Text implements Conn.
func (p *player) Text(message []byte) error { return p.write(websocket.TextMessage, message) }

// Binary implements Conn.
func (p *player) Binary(message []byte) error { return p.write(websocket.BinaryMessage, message) }

func (p *player) write(kind int, message []byte) error {
	if err := p.conn.WriteMessage(kind, message); err != nil {
		return &lostError{err}
	}
	return nil
}

// say lets the session say something and sends it.
func (p *player) say(what func(Conn) error) error {
	if err := what(p); err != nil {
		return err
	}
	return p.flush()
}

func (p *player) flush() (err error) {
	if p.spare, err = p.wire.flush(p.spare); err != nil {
		return &lostError{err}
	}
	return nil
}
