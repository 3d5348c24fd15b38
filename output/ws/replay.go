// Package ws replays the legs of calls to speech servers over WebSocket, as if
// the calls were live, and receives such replays.
//
// L16 on a WebSocket is signed 16-bit little-endian PCM, unlike L16 in RTP.
package ws

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"callx/audio"
)

// A Leg is one party's voice, ready to be sent.
type Leg struct {
	CallID string
	Tag    string // unique, safe as a file name
	Party  string // caller, callee, ...
	Caller string
	Callee string

	Start  time.Time     // capture time of sample 0
	Offset time.Duration // of sample 0 from the start of the replay at 1x

	Rate     int // Hz
	Channels int

	PCM     io.ReaderAt // signed 16-bit little-endian, channels interleaved
	Samples int64       // to send; instants of all channels
}

// Options say how legs are replayed. The zero value of everything but URL is
// the default.
type Options struct {
	URL      string // ws:// or wss://
	Header   http.Header
	TLS      *tls.Config   // nil: the system's roots
	Dialect  Dialect       // nil: Mirror
	Speed    float64       // 0: 1, real time; math.Inf(1): as fast as it goes
	Frame    time.Duration // 0: 20 ms; audio in one message
	Parallel int           // 0: 32; connections at a time where Speed is infinite

	dial   func(ctx context.Context, network, addr string) (net.Conn, error)
	limits limits
}

// limits bound how long a server can hold a leg up; tests shorten them.
type limits struct {
	handshake time.Duration // TCP, TLS and HTTP together
	write     time.Duration // without progress of one write
	close     time.Duration // for the server's answer to our close
	cancel    time.Duration // from the end of the context to the end of the connection
}

var defaultLimits = limits{handshake: 10 * time.Second, write: 30 * time.Second, close: 5 * time.Second, cancel: 2 * time.Second}

// A Result says how the replay of one leg went.
type Result struct {
	Tag     string
	Samples int64 // to send
	Sent    int64 // written to the connection
	Late    Lateness
	Err     error // nil: all was sent and the server has closed properly
}

// lead is how long before its first frame a leg is connected.
const lead = 500 * time.Millisecond

// Replay sends every leg over a connection of its own and returns when all
// have ended, with a Result for each in the order of legs. Frame i of a leg is
// sent when start + (Offset + i*Frame)/Speed has come, so that calls overlap as
// they did and no error adds up; what is late is sent at once.
//
// A leg that fails does not touch the others. When ctx ends, every connection
// is ended in the dialect's way within two seconds. The error is about legs or
// opt: nothing was connected then.
func Replay(ctx context.Context, legs []Leg, opt Options) ([]Result, error) {
	r, err := newReplay(legs, opt)
	if err != nil {
		return nil, err
	}
	workers := len(legs)
	if !r.paced() {
		workers = min(workers, r.opt.Parallel)
	}
	results := make([]Result, len(legs))
	var next atomic.Int64
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(legs)); i = next.Add(1) - 1 {
				r.play(ctx, &legs[i], &results[i])
			}
		})
	}
	all.Wait()
	return results, nil
}

// A replay is what the legs have in common.
type replay struct {
	opt Options
	url *url.URL
	t0  time.Time // when offset 0 is due
}

func newReplay(legs []Leg, opt Options) (*replay, error) {
	u, err := parseURL(opt.URL)
	if err != nil {
		return nil, err
	}
	if opt.Dialect == nil {
		opt.Dialect = Mirror{}
	}
	if opt.Speed == 0 {
		opt.Speed = 1
	}
	if opt.Frame == 0 {
		opt.Frame = 20 * time.Millisecond
	}
	if opt.Parallel == 0 {
		opt.Parallel = 32
	}
	if opt.dial == nil {
		opt.dial = new(net.Dialer).DialContext
	}
	if opt.limits == (limits{}) {
		opt.limits = defaultLimits
	}
	switch fastest := opt.Dialect.MaxSpeed(); {
	case !(opt.Speed > 0):
		return nil, fmt.Errorf("speed %v: it must be more than 0", opt.Speed)
	case opt.Speed > fastest:
		return nil, fmt.Errorf("speed %v: such servers take %v at most", opt.Speed, fastest)
	case opt.Frame < time.Millisecond || opt.Frame > 10*time.Second:
		return nil, fmt.Errorf("frame of %v: it must be 1ms to 10s", opt.Frame)
	case opt.Parallel < 0:
		return nil, fmt.Errorf("%d connections at a time: it must be 1 or more", opt.Parallel)
	}
	if err := checkHeader(opt.Header); err != nil {
		return nil, err
	}
	for i := range legs {
		if err := legs[i].check(); err != nil {
			return nil, fmt.Errorf("leg %q: %w", legs[i].Tag, err)
		}
	}
	return &replay{opt: opt, url: u, t0: time.Now().Add(lead)}, nil
}

func (l *Leg) check() error {
	switch {
	case l.Rate < 1 || l.Rate > audio.MaxClock:
		return fmt.Errorf("%d Hz: it must be 1 to %d", l.Rate, audio.MaxClock)
	case l.Channels < 1 || l.Channels > audio.MaxChannels:
		return fmt.Errorf("%d channels: it must be 1 to %d", l.Channels, audio.MaxChannels)
	case l.Offset < 0 || l.Samples < 0:
		return fmt.Errorf("offset %v, %d samples: they must not be negative", l.Offset, l.Samples)
	}
	return nil
}

func (r *replay) paced() bool { return !math.IsInf(r.opt.Speed, 1) }

// due is when the audio at an offset from the start of the replay is sent; the
// zero time is at once.
func (r *replay) due(offset time.Duration) time.Time {
	if !r.paced() {
		return time.Time{}
	}
	d := float64(offset) / r.opt.Speed
	return r.t0.Add(time.Duration(min(d, math.MaxInt64/2)))
}

// samples is the number of samples in d, rounded down: 20 ms of 11025 Hz are
// 220 and 221 in turn, and nothing adds up.
func samples(d time.Duration, rate int) int64 {
	return int64(d/time.Second)*int64(rate) + int64(d%time.Second)*int64(rate)/int64(time.Second)
}
