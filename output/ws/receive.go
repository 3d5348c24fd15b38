package ws

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"callx/audio"
)

// maxText is the longest text message that is read, whatever MaxMessage says:
// unlike audio it stands in memory as a whole.
const maxText = 256 << 10

// A refusal ends a connection from our side.
type refusal struct {
	code   int // RFC 6455 section 7.4.1
	reason string
}

func (e *refusal) Error() string { return e.reason }

var (
	errAfterEnd  = &refusal{websocket.ClosePolicyViolation, "a message came after the end"}
	errNotStored = &refusal{websocket.CloseInternalServerErr, "what was received could not be stored"}
)

func refusef(code int, format string, args ...any) error {
	return &refusal{code, fmt.Sprintf(format, args...)}
}

// A receiver stores one connection. One goroutine uses it.
type receiver struct {
	s    *Server
	conn *websocket.Conn
	got  Received
	sink audio.Sink // nil before the first text message and after the end
	path string     // of sink, once it is finished
	want content    // what was written to sink

	ended bool
	buf   [16 << 10]byte
	kept  int // bytes at the start of buf: of a sample not complete yet
	pcm   [8 << 10]int16
}

func newReceiver(s *Server, conn *websocket.Conn, remote string) *receiver {
	return &receiver{s: s, conn: conn, got: Received{Remote: remote}}
}

// run receives until the connection ends, for whatever reason.
func (r *receiver) run() {
	r.conn.SetReadLimit(orDefault(r.s.MaxMessage, defaultMaxMessage))
	r.s.await(r.conn, firstMessage)
	err := r.receive()
	if r.s.stopping() && timeout(err) {
		err = refusef(websocket.CloseGoingAway, "the server is shutting down")
	}
	switch {
	case r.sink != nil:
		r.finish(why(err))
	case !r.ended:
		r.got.Err = why(err)
		r.s.tell(r.got)
	case errors.Is(err, errAfterEnd):
		r.got.Path, r.got.Err = "", err // the file itself was told of
		r.s.tell(r.got)
	}
	r.refuse(err)
}

// why words what ended a connection before the leg's end was said.
func why(err error) error {
	switch {
	case websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway, websocket.CloseNoStatusReceived):
		return errors.New("closed before the end was said")
	case isClose(err), dropped(err), timeout(err):
		return fmt.Errorf("connection lost (%w)", err)
	}
	return err
}

// refuse tells the client why its connection ends, if it is us who end it.
func (r *receiver) refuse(err error) {
	re := new(refusal)
	switch {
	case errors.As(err, &re):
	case errors.Is(err, websocket.ErrReadLimit): // was told by the library
	case timeout(err):
		re = &refusal{websocket.ClosePolicyViolation, "no message came in time"}
	case isClose(err), dropped(err):
		return
	default:
		re = errNotStored
	}
	deadline := time.Now().Add(linger)
	if re.code != 0 {
		r.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(re.code, short(re.reason)), deadline)
	}
	// Closing with data unread would reset the connection, and the client
	// might never see the close.
	nc := r.conn.NetConn()
	nc.SetReadDeadline(deadline)
	io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{nc}, r.buf[:])
}

func isClose(err error) bool {
	ce := new(websocket.CloseError)
	return errors.As(err, &ce)
}

// short cuts a reason to what a close message holds: 125 bytes less the code.
func short(reason string) string {
	reason = reason[:min(len(reason), 123)]
	for !utf8.ValidString(reason) {
		reason = reason[:len(reason)-1]
	}
	return reason
}

// receive returns the error that ended the connection; it is never nil.
func (r *receiver) receive() error {
	for {
		kind, message, err := r.conn.NextReader()
		switch {
		case err != nil:
		case r.ended:
			err = errAfterEnd
		case kind == websocket.TextMessage:
			err = r.text(message)
		case r.sink == nil:
			err = refusef(websocket.ClosePolicyViolation, "audio came before the first text message, which must say call_id, tag and type")
		default:
			err = r.audio(message)
		}
		if err != nil {
			return err
		}
	}
}

// text takes a text message: the first opens the file, that of type "end"
// finishes it.
func (r *receiver) text(message io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(message, maxText+1))
	if err != nil {
		return err
	}
	if len(b) > maxText {
		return refusef(websocket.CloseMessageTooBig, "a text message has more than %d bytes", maxText)
	}
	c, err := parseControl(b)
	if r.sink == nil {
		if err != nil {
			return refusef(websocket.ClosePolicyViolation, "%v", err)
		}
		if err := r.begin(c); err != nil {
			return err
		}
	} else if err != nil {
		r.got.Ignored++
	}
	if c.Type == "end" {
		r.got.Complete = true
		r.finish(nil)
		r.ended = true
		r.s.await(r.conn, lastMessage)
		if r.got.Err != nil {
			return errNotStored
		}
	}
	return nil
}

// begin opens the file of a leg.
func (r *receiver) begin(c control) (err error) {
	r.got.Tag, r.got.CallID, r.got.Party = string(c.Tag), string(c.CallID), string(c.Party)
	r.got.Caller, r.got.Callee = string(c.Caller), string(c.Callee)
	if c.Format != "" && !strings.EqualFold(string(c.Format), "L16") {
		return refusef(websocket.CloseUnsupportedData, "the format is not L16")
	}
	r.want = content{rate: 16000, channels: 1}
	if c.Rate >= audio.MinClock && c.Rate <= audio.MaxClock {
		r.want.rate = int(c.Rate)
	}
	if c.Channels >= 1 && c.Channels <= audio.MaxChannels {
		r.want.channels = int(c.Channels)
	}
	path, sink, err := r.s.create(r.got.Tag, r.want.rate, r.want.channels)
	if err != nil {
		return err
	}
	r.path, r.sink = path, sink
	r.s.await(r.conn, 0)
	return nil
}

// audio appends a binary message, in pieces of the buffer.
func (r *receiver) audio(message io.Reader) error {
	size := 2 * r.want.channels
	most := orDefault(r.s.MaxBytes, defaultMaxBytes)
	for {
		n, err := message.Read(r.buf[r.kept:])
		if r.want.bytes+int64(r.kept+n) > most {
			return refusef(websocket.CloseMessageTooBig, "more than %d bytes of audio", most)
		}
		n += r.kept
		whole := n - n%size
		if err := r.write(r.buf[:whole]); err != nil {
			return err
		}
		r.kept = copy(r.buf[:], r.buf[whole:n])
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// write appends whole samples.
func (r *receiver) write(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	pcm := r.pcm[:len(b)/2]
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	at := r.want.bytes / int64(2*r.want.channels)
	if err := r.sink.Write(audio.Block{At: at, PCM: pcm}); err != nil {
		return err
	}
	r.want.bytes += int64(len(b))
	r.want.crc = crc32.Update(r.want.crc, castagnoli, b)
	return nil
}

// finish completes the file, checks it and tells of it. early says what ended
// the leg too soon; nil if its end was said.
func (r *receiver) finish(early error) {
	err := r.sink.Close()
	r.sink = nil
	if err != nil { // nothing is left of the file
		r.got.Err = err
		r.s.tell(r.got)
		return
	}
	r.got.Path = r.path
	got, err := verify(r.path, r.s.format(), r.want)
	r.got.Rate, r.got.Channels = got.rate, got.channels
	r.got.Samples = got.bytes / int64(2*max(got.channels, 1))
	if r.kept > 0 {
		early = errors.Join(early, fmt.Errorf("it ends inside a sample: %d bytes left out", r.kept))
	}
	r.got.Err = errors.Join(early, err)
	r.s.tell(r.got)
}
