package ws

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-audio/wav"
	"github.com/gorilla/websocket"
)

// noise is PCM without end that differs with its seed and nowhere repeats.
type noise uint64

func (n noise) ReadAt(p []byte, off int64) (int, error) {
	for i := range p {
		x := (uint64(off)+uint64(i))/8 + uint64(n)<<32 // splitmix64 of the position
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		p[i] = byte(x >> (8 * ((uint64(off) + uint64(i)) % 8)))
	}
	return len(p), nil
}

func (n noise) bytes(size int64) []byte {
	b := make([]byte, size)
	n.ReadAt(b, 0)
	return b
}

// testLegs are legs of noise at 16 kHz, mono; leg i is noise(i).
func testLegs(n int, samples int64) []Leg {
	legs := make([]Leg, n)
	for i := range legs {
		legs[i] = Leg{
			CallID: fmt.Sprintf("%d@example.com", i/2), Tag: fmt.Sprintf("leg-%03d", i), Party: "caller", Caller: "alice", Callee: "bob",
			Start: time.Unix(1700000000, 1000), Rate: 16000, Channels: 1, PCM: noise(i), Samples: samples,
		}
	}
	return legs
}

// leakCheck fails the test if it leaves goroutines behind.
func leakCheck(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		deadline := time.Now().Add(5 * time.Second)
		for runtime.NumGoroutine() > before {
			if time.Now().After(deadline) {
				buf := make([]byte, 1<<20)
				t.Errorf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	})
}

// A recorder is a Server whose reports are kept.
type recorder struct {
	Server
	mu  sync.Mutex
	got []Received
}

// record starts a Server for l16 files, or as set says.
func record(t *testing.T, set func(*Server)) (*recorder, string) {
	t.Helper()
	leakCheck(t)
	rec := &recorder{Server: Server{Dir: filepath.Join(t.TempDir(), "in"), Format: "l16"}}
	rec.OnLeg = func(r Received) {
		rec.mu.Lock()
		rec.got = append(rec.got, r)
		rec.mu.Unlock()
	}
	if set != nil {
		set(&rec.Server)
	}
	return rec, serve(t, &rec.Server)
}

// all returns the reports of n connections, and waits for them.
func (r *recorder) all(t *testing.T, n int) []Received {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		r.mu.Lock()
		got := r.got
		r.mu.Unlock()
		if len(got) >= n || time.Now().After(deadline) {
			if len(got) != n {
				t.Fatalf("%d reports, want %d: %+v", len(got), n, got)
			}
			return got
		}
		time.Sleep(time.Millisecond)
	}
}

// serve starts an HTTP server and returns its ws:// URL.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return "ws" + strings.TrimPrefix(s.URL, "http")
}

// upgraded is a server that does do on every connection.
func upgraded(do func(*websocket.Conn)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		up := websocket.Upgrader{}
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		do(conn)
	})
}

// replayAll replays and fails the test on errors of the options.
func replayAll(t testing.TB, legs []Leg, opt Options) []Result {
	t.Helper()
	results, err := Replay(t.Context(), legs, opt)
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != len(legs) {
		t.Fatalf("%d results for %d legs", len(results), len(legs))
	}
	return results
}

// maxSpeed sends as fast as it goes.
var maxSpeed = math.Inf(1)

// readWAV reads a WAV with go-audio/wav.
func readWAV(t *testing.T, path string) (rate, channels int, pcm []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	buf, err := wav.NewDecoder(bytes.NewReader(b)).FullPCMBuffer()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range buf.Data {
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(v))
	}
	return buf.Format.SampleRate, buf.Format.NumChannels, pcm
}

// A pipeNet is a network of net.Pipes, whose waiting a fake clock understands.
type pipeNet chan net.Conn

func (p pipeNet) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p pipeNet) Close() error   { close(p); return nil }
func (p pipeNet) Addr() net.Addr { return &net.TCPAddr{} }

func (p pipeNet) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// withPipes runs test against a server on a pipeNet; inside a synctest bubble.
func withPipes(h http.Handler, test func(opt Options)) {
	p := make(pipeNet)
	s := &http.Server{Handler: h}
	var done sync.WaitGroup
	done.Go(func() { s.Serve(p) })
	test(Options{URL: "ws://server.example/in", dial: p.dial})
	s.Close()
	done.Wait()
}

// quiet drops what an http.Server has to say.
var quiet = log.New(io.Discard, "", 0)

var errBroken = errors.New("broken disk")

// broken is PCM that cannot be read beyond a byte.
type broken int64

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > int64(b) {
		return 0, errBroken
	}
	return noise(0).ReadAt(p, off)
}

var _ io.ReaderAt = broken(0)
