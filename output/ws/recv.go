package ws

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"callx/output"
)

// A Server stores what clients of the dialect mirror send, one file a leg. Its
// zero value with a Dir is ready for use. It is an http.Handler that takes
// WebSockets on every path; a browser's page of another origin is refused.
type Server struct {
	Dir    string // made when the first leg comes
	Format string // "wav" (default) or "l16"

	MaxConns   int   // 0: 1000; connections at a time
	MaxMessage int64 // 0: 1 MiB; bytes of a message
	MaxBytes   int64 // 0: a MiB less than 4 GiB, where a WAV ends; bytes of audio on a connection

	// OnLeg, if set, is told of every leg when its file is finished, and of
	// every connection that was refused after the handshake. It is called by
	// one goroutine at a time.
	OnLeg func(Received)

	mu      sync.Mutex
	conns   map[*websocket.Conn]struct{}
	active  int
	closing bool
	all     sync.WaitGroup

	report sync.Mutex // OnLeg
	naming sync.Mutex // from a free name to the file that takes it
	pool   output.Pool
}

// Received is what came over one connection.
type Received struct {
	Remote string // the client's address

	// What the client said, unchanged: hostile.
	Tag, CallID, Party, Caller, Callee string

	// Path is the finished file, "" if there is none. The rest was read from
	// that file, a WAV with go-audio/wav; bare PCM does not hold rate and channels.
	Path           string
	Rate, Channels int
	Samples        int64 // instants of all channels

	Complete bool // the client has said the end
	Ignored  int  // text messages that could not be understood
	Err      error
}

const (
	defaultMaxConns   = 1000
	defaultMaxMessage = 1 << 20
	defaultMaxBytes   = 4<<30 - 1<<20

	firstMessage = time.Minute      // for a client to say who it is
	lastMessage  = 10 * time.Second // for a client to close after the end
	linger       = time.Second      // for our close to reach a client that still sends
)

// orDefault is v, or d if v is 0.
func orDefault[T int | int64](v, d T) T {
	if v == 0 {
		return d
	}
	return v
}

func (s *Server) format() string {
	if s.Format == "" {
		return "wav"
	}
	return s.Format
}

// Check returns an error if the server is not set up properly.
func (s *Server) Check() error {
	if f := s.format(); f != "wav" && f != "l16" {
		return fmt.Errorf("format %q: it must be wav or l16", f)
	}
	if s.MaxConns < 0 || s.MaxMessage < 0 || s.MaxBytes < 0 {
		return fmt.Errorf("limits %d, %d, %d: they must not be negative", s.MaxConns, s.MaxMessage, s.MaxBytes)
	}
	return nil
}

// ServeHTTP implements http.Handler; it returns when the connection has ended.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		http.Error(w, "This is a WebSocket server: connect with ws://", http.StatusUpgradeRequired)
		return
	}
	if err := s.Check(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if !s.enter() {
		http.Error(w, "Too many connections, or shutting down", http.StatusServiceUnavailable)
		return
	}
	defer s.leave()
	up := websocket.Upgrader{ReadBufferSize: 32 << 10, HandshakeTimeout: lastMessage}
	conn, err := up.Upgrade(w, r, nil) // answers itself on failure
	if err != nil {
		return
	}
	s.add(conn)
	defer s.remove(conn)
	defer conn.Close()
	newReceiver(s, conn, r.RemoteAddr).run()
}

// enter counts a connection in.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || s.active >= orDefault(s.MaxConns, defaultMaxConns) {
		return false
	}
	s.active++
	s.all.Add(1)
	return true
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active--
	s.all.Done()
}

func (s *Server) add(conn *websocket.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil {
		s.conns = map[*websocket.Conn]struct{}{}
	}
	s.conns[conn] = struct{}{}
	if s.closing {
		conn.SetReadDeadline(time.Unix(1, 0))
	}
}

func (s *Server) remove(conn *websocket.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
}

// await bounds the reading of conn; 0 is no bound. It does not undo Shutdown.
func (s *Server) await(conn *websocket.Conn, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closing:
	case d == 0:
		conn.SetReadDeadline(time.Time{})
	default:
		conn.SetReadDeadline(time.Now().Add(d))
	}
}

func (s *Server) stopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// tell calls OnLeg.
func (s *Server) tell(r Received) {
	if s.OnLeg == nil {
		return
	}
	s.report.Lock()
	defer s.report.Unlock()
	s.OnLeg(r)
}

// Shutdown ends all connections (code 1001), finishes their files and returns
// when that is done, or with ctx's error. New connections are refused. The
// http.Server's own Shutdown does not know of WebSockets: call both.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	for conn := range s.conns {
		conn.SetReadDeadline(time.Unix(1, 0))
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		s.all.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
