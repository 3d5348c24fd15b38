package ws

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

// TestReplayIntoServer compares what Server stores with what was to be sent.
func TestReplayIntoServer(t *testing.T) {
	tests := []struct {
		name    string
		legs    int
		samples int64
		format  string
		opt     Options
		change  func(*Leg)
	}{
		{"one leg", 1, 160000, "l16", Options{Speed: maxSpeed}, nil},
		{"one leg as WAV", 1, 160000, "wav", Options{Speed: maxSpeed}, nil},
		{"hundred legs", 100, 48123, "wav", Options{Speed: maxSpeed}, nil},
		{"hundred legs, three at a time", 100, 1601, "l16", Options{Speed: maxSpeed, Parallel: 3}, nil},
		{"paced", 5, 16000, "l16", Options{Speed: 10}, nil},
		{"hundred legs paced", 100, 16001, "wav", Options{Speed: 4}, func(l *Leg) { l.Offset = time.Duration(len(l.CallID)) * 10 * time.Millisecond }},
		{"nothing to send", 1, 0, "wav", Options{Speed: maxSpeed}, nil},
		{"one sample", 1, 1, "wav", Options{Speed: maxSpeed}, nil},
		{"stereo", 2, 48000, "wav", Options{Speed: maxSpeed}, func(l *Leg) { l.Channels = 2 }},
		{"six channels", 1, 48000, "wav", Options{Speed: maxSpeed}, func(l *Leg) { l.Channels = 6 }},
		{"frames of 220.5 samples", 1, 44100, "wav", Options{Speed: maxSpeed}, func(l *Leg) { l.Rate = 11025 }},
		{"frames larger than a batch", 1, 800000, "l16", Options{Speed: maxSpeed, Frame: 5 * time.Second}, nil},
		{"frames smaller than a sample", 1, 20, "l16", Options{Speed: 100}, func(l *Leg) { l.Rate = 30 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec, url := record(t, func(s *Server) { s.Format = tt.format })
			legs := testLegs(tt.legs, tt.samples)
			for i := range legs {
				if tt.change != nil {
					tt.change(&legs[i])
				}
			}
			rate := legs[0].Rate
			if rate < 1000 { // the server does not believe that
				rate = 16000
			}
			tt.opt.URL = url
			for i, r := range replayAll(t, legs, tt.opt) {
				if r.Err != nil || r.Sent != tt.samples || r.Samples != tt.samples || r.Tag != legs[i].Tag {
					t.Errorf("leg %d: %+v", i, r)
				}
			}
			for _, r := range rec.all(t, tt.legs) {
				if r.Err != nil || !r.Complete || r.Samples != tt.samples || r.Rate != rate || r.Channels != legs[0].Channels {
					t.Errorf("received %+v", r)
				}
			}
			for i, l := range legs {
				want := noise(i).bytes(tt.samples * 2 * int64(l.Channels))
				path := filepath.Join(rec.Dir, l.Tag+"."+tt.format)
				if tt.format == "wav" {
					gotRate, channels, got := readWAV(t, path)
					if gotRate != rate || channels != l.Channels || !bytes.Equal(got, want) {
						t.Errorf("%s: %d Hz, %d channels, %d bytes; want %d bytes of noise(%d)", path, gotRate, channels, len(got), len(want), i)
					}
				} else if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s: %v, %d bytes, want %d", path, err, len(got), len(want))
				}
			}
			if parts, _ := filepath.Glob(filepath.Join(rec.Dir, "*.part")); len(parts) > 0 {
				t.Errorf("left behind: %v", parts)
			}
		})
	}
}

// TestMirrorMessages holds the messages against the dialect's description.
func TestMirrorMessages(t *testing.T) {
	leakCheck(t)
	type message struct {
		kind int
		data []byte
	}
	var got []message
	var last error
	done := make(chan struct{})
	url := serve(t, upgraded(func(c *websocket.Conn) {
		defer close(done)
		for {
			kind, data, err := c.ReadMessage()
			if err != nil {
				last = err
				return
			}
			got = append(got, message{kind, data})
		}
	}))
	legs := testLegs(1, 1000) // 3 frames of 320 and one of 40
	legs[0].Tag, legs[0].Caller = `quote" <x>`, "al\u00e9"
	if r := replayAll(t, legs, Options{URL: url, Speed: 100}); r[0].Err != nil {
		t.Fatal(r[0].Err)
	}
	<-done
	if len(got) != 6 {
		t.Fatalf("%d messages, want 6", len(got))
	}
	const first = `{"type":"initConfig","call_id":"0@example.com","tag":"quote\" <x>","format":"L16","rate":16000,"channels":1,
		"party":"caller","caller":"alé","callee":"bob","start":"2023-11-14T22:13:20.000001Z"}`
	const end = `{"type":"end","call_id":"0@example.com","tag":"quote\" <x>"}`
	if got[0].kind != websocket.TextMessage || !sameJSON(t, got[0].data, first) {
		t.Errorf("first message %s", got[0].data)
	}
	var audio []byte
	for i, m := range got[1:5] {
		if want := []int{640, 640, 640, 80}[i]; m.kind != websocket.BinaryMessage || len(m.data) != want {
			t.Errorf("frame %d: kind %d, %d bytes, want %d", i, m.kind, len(m.data), want)
		}
		audio = append(audio, m.data...)
	}
	if !bytes.Equal(audio, noise(0).bytes(2000)) {
		t.Error("the audio differs")
	}
	if got[5].kind != websocket.TextMessage || !sameJSON(t, got[5].data, end) {
		t.Errorf("last message %s", got[5].data)
	}
	if !websocket.IsCloseError(last, websocket.CloseNormalClosure) {
		t.Errorf("after the end: %v, want close 1000", last)
	}
}

func sameJSON(t *testing.T, got []byte, want string) bool {
	t.Helper()
	var a, b map[string]any
	if err := errors.Join(json.Unmarshal(got, &a), json.Unmarshal([]byte(want), &b)); err != nil {
		t.Fatal(err)
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

// TestPacing checks to the nanosecond when frames arrive, on a fake clock.
func TestPacing(t *testing.T) {
	tests := []struct {
		name   string
		speed  float64
		frames int
		stall  func(i int) time.Duration // of the server after frame i
	}{
		{name: "an hour", speed: 1, frames: 180000},
		{name: "odd speed", speed: 3, frames: 30000},
		{name: "slow", speed: 0.25, frames: 1000},
		{name: "a server that stalls", speed: 1, frames: 3000, stall: func(i int) time.Duration {
			if i%100 == 50 {
				return 95 * time.Millisecond
			}
			return 0
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var arrived []time.Time
				stalled := 0
				server := upgraded(func(c *websocket.Conn) {
					for {
						kind, _, err := c.NextReader()
						if err != nil {
							return
						}
						if kind == websocket.BinaryMessage {
							arrived = append(arrived, time.Now())
							if tt.stall != nil && tt.stall(len(arrived)-1) > 0 {
								stalled++
								time.Sleep(tt.stall(len(arrived) - 1))
							}
						}
					}
				})
				withPipes(server, func(opt Options) {
					opt.Speed = tt.speed
					legs := testLegs(1, int64(tt.frames)*320)
					legs[0].Offset = 7 * time.Second
					start := time.Now()
					r := replayAll(t, legs, opt)
					if r[0].Err != nil || len(arrived) != tt.frames || r[0].Late.Count() != int64(tt.frames) {
						t.Fatalf("%d frames arrived, %d counted: %v", len(arrived), r[0].Late.Count(), r[0].Err)
					}
					late := 0
					for i, at := range arrived {
						ideal := float64(lead) + (7e9+float64(i)*20e6)/tt.speed
						d := float64(at.Sub(start)) - ideal
						if d < -1 || d > 1 && tt.stall == nil || d > 95e6 {
							t.Fatalf("frame %d came %v late", i, time.Duration(d))
						}
						if d > 1 {
							late++
						}
					}
					// After a stall of 95 ms the frames due at 20, 40, 60 and 80 ms are late, and no other.
					if late != 4*stalled {
						t.Errorf("%d frames late, want %d", late, 4*stalled)
					}
					if tt.stall == nil && r[0].Late.Max() > time.Nanosecond {
						t.Errorf("latest frame: %v", r[0].Late.Max())
					}
				})
			})
		})
	}
}

// TestOverlap checks that legs begin and end when their calls did.
func TestOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		type span struct{ first, end time.Duration }
		spans := map[string]span{}
		begun := time.Now()
		server := upgraded(func(c *websocket.Conn) {
			var s span
			for {
				kind, data, err := c.ReadMessage()
				if err != nil {
					return
				}
				if kind == websocket.BinaryMessage && s.first == 0 {
					s.first = time.Since(begun)
				}
				if m, _ := parseControl(data); kind == websocket.TextMessage && m.Type == "end" {
					s.end = time.Since(begun)
					mu.Lock()
					spans[string(m.Tag)] = s
					mu.Unlock()
				}
			}
		})
		withPipes(server, func(opt Options) {
			legs := testLegs(200, 16000)
			for i := range legs {
				legs[i].Offset = time.Duration(i) * 130 * time.Millisecond
			}
			opt.Speed = 2
			for _, r := range replayAll(t, legs, opt) {
				if r.Err != nil {
					t.Error(r.Err)
				}
			}
			for _, l := range legs {
				want := span{lead + l.Offset/2, lead + (l.Offset+time.Second)/2}
				if got := spans[l.Tag]; got != want {
					t.Errorf("%s: %v, want %v", l.Tag, got, want)
				}
			}
		})
	})
}

// TestPacingRealClock is a loose check that the fake clock does not hide
// anything: 50 legs at once, for a second.
func TestPacingRealClock(t *testing.T) {
	rec, url := record(t, nil)
	start := time.Now()
	var all Lateness
	results := replayAll(t, testLegs(50, 16000), Options{URL: url})
	for i := range results {
		if results[i].Err != nil {
			t.Error(results[i].Err)
		}
		all.Merge(&results[i].Late)
	}
	if d := time.Since(start); d < lead+time.Second || d > lead+6*time.Second {
		t.Errorf("took %v for a second of audio", d)
	}
	if all.Count() != 50*50 {
		t.Errorf("%d frames counted, want 2500", all.Count())
	}
	t.Logf("lateness p50 %v, p99 %v, max %v", all.Percentile(50), all.Percentile(99), all.Max())
	rec.all(t, 50)
}

// TestGrowingAudio: what is not there yet when a leg starts is read later.
func TestGrowingAudio(t *testing.T) {
	rec, url := record(t, nil)
	f, err := os.CreateTemp(t.TempDir(), "spool")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := noise(3).bytes(2 * 8000)
	f.Write(want[:2*320])
	legs := testLegs(1, 8000)
	legs[0].PCM = f
	time.AfterFunc(lead/2, func() { f.Write(want[2*320:]) })
	if r := replayAll(t, legs, Options{URL: url, Speed: 2}); r[0].Err != nil {
		t.Fatal(r[0].Err)
	}
	rec.all(t, 1)
	if got, err := os.ReadFile(filepath.Join(rec.Dir, "leg-000.l16")); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v, %d bytes", err, len(got))
	}
}

// TestAudioMissing: a leg whose PCM ends too soon fails, and is ended properly.
func TestAudioMissing(t *testing.T) {
	rec, url := record(t, nil)
	legs := testLegs(3, 200000)
	legs[0].PCM = broken(100 << 10)
	legs[1].PCM = bytes.NewReader(make([]byte, 100<<10))
	r := replayAll(t, legs, Options{URL: url, Speed: maxSpeed})
	if !errors.Is(r[0].Err, errBroken) || !errors.Is(r[1].Err, io.ErrUnexpectedEOF) || r[2].Err != nil {
		t.Errorf("%v; %v; %v", r[0].Err, r[1].Err, r[2].Err)
	}
	for _, got := range rec.all(t, 3) {
		for i, l := range legs {
			if got.Tag == l.Tag && (got.Samples != r[i].Sent || !got.Complete || got.Err != nil) {
				t.Errorf("sent %d, received %+v", r[i].Sent, got)
			}
		}
	}
	if r[1].Sent >= 51200 || r[1].Sent == 0 {
		t.Errorf("sent %d of 51200", r[1].Sent)
	}
}

func TestOptionErrors(t *testing.T) {
	leg := testLegs(1, 10)
	tests := []struct {
		name string
		opt  Options
		leg  func(*Leg)
		want string
	}{
		{"no URL", Options{}, nil, "write ws://host"},
		{"http", Options{URL: "http://h/secret"}, nil, "write ws:// in place of http://"},
		{"https", Options{URL: "https://h/secret"}, nil, "write wss:// in place of https://"},
		{"no scheme", Options{URL: "h:80/secret"}, nil, "write ws://host"},
		{"other scheme", Options{URL: "tcp://h:80/secret"}, nil, "write ws://host"},
		{"no host", Options{URL: "ws:///secret"}, nil, "write ws://host"},
		{"only a port", Options{URL: "ws://:80/secret"}, nil, "write ws://host"},
		{"no URL at all", Options{URL: "ws://h/%zzsecret"}, nil, "write ws://host"},
		{"password", Options{URL: "ws://u:secret@h/"}, nil, "Authorization"},
		{"fragment", Options{URL: "ws://h/#secret"}, nil, "fragment"},
		{"negative speed", Options{URL: "ws://h", Speed: -1}, nil, "more than 0"},
		{"no speed", Options{URL: "ws://h", Speed: math.NaN()}, nil, "more than 0"},
		{"too fast", Options{URL: "ws://h", Speed: 2, Dialect: slowDialect{}}, nil, "1.25 at most"},
		{"too fast by far", Options{URL: "ws://h", Speed: maxSpeed, Dialect: slowDialect{}}, nil, "1.25 at most"},
		{"short frame", Options{URL: "ws://h", Frame: time.Microsecond}, nil, "1ms"},
		{"negative parallel", Options{URL: "ws://h", Parallel: -1}, nil, "1 or more"},
		{"header of the handshake", Options{URL: "ws://h", Header: http.Header{"Upgrade": {"secret"}}}, nil, "belongs to"},
		{"header without a name", Options{URL: "ws://h", Header: http.Header{"": {"secret"}}}, nil, "header name"},
		{"header with a blank", Options{URL: "ws://h", Header: http.Header{"X Y": {"secret"}}}, nil, "header name"},
		{"no rate", Options{URL: "ws://h"}, func(l *Leg) { l.Rate = 0 }, `leg "leg-000": 0 Hz`},
		{"no channels", Options{URL: "ws://h"}, func(l *Leg) { l.Channels = 0 }, "0 channels"},
		{"negative offset", Options{URL: "ws://h"}, func(l *Leg) { l.Offset = -1 }, "negative"},
		{"negative samples", Options{URL: "ws://h"}, func(l *Leg) { l.Samples = -1 }, "negative"},
	}
	for _, tt := range tests {
		l := leg[0]
		if tt.leg != nil {
			tt.leg(&l)
		}
		_, err := Replay(t.Context(), []Leg{l}, tt.opt)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if tt.opt.Speed == 0 && tt.opt.Header == nil && tt.leg == nil && tt.opt.Frame == 0 && tt.opt.Parallel == 0 && !errors.Is(err, ErrURL) {
			t.Errorf("%s: %v is no ErrURL", tt.name, err)
		}
	}
	if err := CheckURL("wss://h:8765/in?token=x"); err != nil {
		t.Error(err)
	}
}

// slowDialect is mirror for servers that take a quarter more than real time.
type slowDialect struct{ Mirror }

func (slowDialect) MaxSpeed() float64 { return 1.25 }

// TestNoLegs: there is nothing to connect for.
func TestNoLegs(t *testing.T) {
	if r, err := Replay(context.Background(), nil, Options{URL: "ws://127.0.0.1:1"}); err != nil || len(r) != 0 {
		t.Error(r, err)
	}
}
