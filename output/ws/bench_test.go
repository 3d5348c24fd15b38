package ws

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// BenchmarkReplay sends 2 minutes of 16 kHz L16 a leg at full speed over
// loopback: into callx's own server, which stores, reads again and compares;
// into a WebSocket server that drops it; and as bare TCP writes of 64 KiB.
// x is the speed against real time, sender and receiver sharing the machine.
//
//	go test -run '^$' -bench Replay -count 6 ./output/ws | benchstat -col /to -
func BenchmarkReplay(b *testing.B) {
	const samples = 120 * 16000
	report := func(b *testing.B, legs int) {
		b.SetBytes(int64(legs) * samples * 2)
		audio := float64(b.N) * float64(legs) * samples / 16000
		b.ReportMetric(audio/b.Elapsed().Seconds(), "x")
	}
	run := func(b *testing.B, legs []Leg, h http.Handler) {
		s := httptest.NewServer(h)
		defer s.Close()
		opt := Options{URL: "ws" + strings.TrimPrefix(s.URL, "http"), Speed: maxSpeed}
		for b.Loop() {
			for _, r := range replayAll(b, legs, opt) {
				if r.Err != nil {
					b.Fatal(r.Err)
				}
			}
		}
		report(b, len(legs))
	}
	pcm := strings.NewReader(string(noise(0).bytes(samples * 2)))
	for _, n := range []int{1, 8} {
		legs := testLegs(n, samples)
		for i := range legs {
			legs[i].PCM = pcm
		}
		b.Run(fmt.Sprintf("legs=%d/to=server", n), func(b *testing.B) {
			run(b, legs, &Server{Dir: b.TempDir(), Format: "l16"})
		})
		b.Run(fmt.Sprintf("legs=%d/to=drain", n), func(b *testing.B) {
			run(b, legs, upgraded(func(c *websocket.Conn) {
				buf := make([]byte, 64<<10)
				for {
					_, r, err := c.NextReader()
					if err != nil {
						return
					}
					for err == nil {
						_, err = r.Read(buf)
					}
				}
			}))
		})
		b.Run(fmt.Sprintf("legs=%d/to=tcp", n), func(b *testing.B) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			buf := make([]byte, 64<<10)
			for b.Loop() {
				done := make(chan int64)
				for range n {
					go func() {
						c, err := net.Dial("tcp", l.Addr().String())
						if err != nil {
							b.Error(err)
							return
						}
						for sent := 0; sent < samples*2; sent += len(buf) {
							c.Write(buf[:min(len(buf), samples*2-sent)])
						}
						c.Close()
					}()
				}
				for range n {
					c, err := l.Accept()
					if err != nil {
						b.Fatal(err)
					}
					go func() {
						var got int64
						sink := make([]byte, 64<<10)
						for {
							k, err := c.Read(sink)
							if got += int64(k); err != nil {
								break
							}
						}
						c.Close()
						done <- got
					}()
				}
				for range n {
					if got := <-done; got != samples*2 {
						b.Fatalf("%d bytes arrived", got)
					}
				}
			}
			report(b, n)
		})
	}
}

// TestAllocations: a frame costs what gorilla/websocket allocates for a
// message, its writer, and nothing of ours.
func TestAllocations(t *testing.T) {
	url := serve(t, upgraded(func(c *websocket.Conn) { io.Copy(io.Discard, c.NetConn()) }))
	leg := testLegs(1, 320*1000)[0]
	r, err := newReplay([]Leg{leg}, Options{URL: url, Speed: maxSpeed})
	if err != nil {
		t.Fatal(err)
	}
	p := &player{replay: r, leg: &leg, res: new(Result), gone: make(chan struct{}), pings: make(chan string), timer: time.NewTimer(time.Hour)}
	if p.conn, p.wire, err = p.connect(t.Context(), p.frameBytes()); err != nil {
		t.Fatal(err)
	}
	defer p.conn.Close()
	session := Mirror{}.Session(&leg)
	allocs := testing.AllocsPerRun(20, func() {
		p.res.Sent = 0
		if err := p.audio(t.Context(), session); err != nil || p.res.Sent != leg.Samples {
			t.Fatal(err, p.res.Sent)
		}
	})
	// 1000 frames, and one buffer for the leg.
	if allocs > 1000+5 {
		t.Errorf("%v allocations for 1000 frames", allocs)
	}
}
