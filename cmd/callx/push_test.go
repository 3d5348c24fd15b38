package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-audio/wav"

	"callx/output/ws"
)

// A store is a receiving server with what it has finished.
type store struct {
	dir string
	url string
	mu  sync.Mutex
	got []ws.Received
}

func newStore(t *testing.T, format string) *store {
	s := &store{dir: t.TempDir()}
	server := &ws.Server{Dir: s.dir, Format: format, OnLeg: func(r ws.Received) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.got = append(s.got, r)
	}}
	h := httptest.NewServer(server)
	s.url = "ws" + strings.TrimPrefix(h.URL, "http")
	t.Cleanup(func() { server.Shutdown(t.Context()); h.Close() })
	return s
}

// TestPushEqualsExtract replays captures into recv's server: what it stores
// is, byte for byte, what extract writes at the same rate.
func TestPushEqualsExtract(t *testing.T) {
	for _, tt := range []struct {
		capture, speed, rate, format string
		legs                         int
	}{
		{"g711-two-calls.pcap", "max", "16000", "wav", 4},
		{"g711-two-calls.pcap", "20x", "16000", "l16", 4},
		{"g711-two-calls.pcap", "max", "8000", "l16", 4},
		{"l16-stereo.pcap", "max", "16000", "wav", 2},
		{"loss-dup-reorder.pcap", "max", "48000", "l16", 2},
	} {
		t.Run(tt.capture+" "+tt.speed+" "+tt.rate, func(t *testing.T) {
			path := filepath.Join("../../testdata", tt.capture)
			s := newStore(t, tt.format)
			args := []string{"push", path, "--ws", s.url, "--speed", tt.speed}
			if tt.rate != "16000" { // the default
				args = append(args, "--rate", tt.rate)
			}
			if code, _, stderr := callx(t, args...); code != 0 {
				t.Fatalf("push: exit %d: %s", code, stderr)
			}
			dir, m := extract(t, 0, path, "--rate", tt.rate, "--format", tt.format)
			n := 0
			for _, c := range m.Calls {
				for _, l := range c.Legs {
					n++
					want, err := os.ReadFile(filepath.Join(dir, l.file(tt.format).Path))
					if err != nil {
						t.Fatal(err)
					}
					name := fmt.Sprintf("%s-%s.%s", c.Folder, l.Party, tt.format)
					got, err := os.ReadFile(filepath.Join(s.dir, name))
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(got, want) {
						t.Errorf("%s: %d bytes were received, %d extracted, or they differ", name, len(got), len(want))
					}
				}
			}
			if n != tt.legs || len(s.got) != tt.legs {
				t.Errorf("%d legs extracted, %d received, want %d", n, len(s.got), tt.legs)
			}
			for _, r := range s.got {
				if !r.Complete || r.Err != nil || r.Samples == 0 {
					t.Errorf("%s: complete %v, %d samples, %v", r.Tag, r.Complete, r.Samples, r.Err)
				}
			}
		})
	}
}

// TestPushHeader sends a header in the handshake and never prints its value.
func TestPushHeader(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer h.Close()
	url := "ws" + strings.TrimPrefix(h.URL, "http")
	code, stdout, stderr := callx(t, "push", "../../testdata/g711-two-calls.pcap", "--call", "1", "--ws", url, "--speed", "max", "--header", "Authorization: Bearer s3cret")
	if code != exitFailure || !strings.Contains(stderr, "401") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	if len(seen) != 2 || seen[0] != "Bearer s3cret" {
		t.Errorf("the server saw %q", seen)
	}
	if strings.Contains(stdout+stderr, "s3cret") {
		t.Error("the secret was printed")
	}
}

// TestWAVReadsBack reads what extract wrote with another WAV reader.
func TestWAVReadsBack(t *testing.T) {
	dir, m := extract(t, 0, "../../testdata/g711-two-calls.pcap", "--format", "wav,l16", "--mix")
	for _, c := range m.Calls {
		var legs [][]int
		for _, l := range c.Legs {
			f := l.file("wav")
			pcm, d := readWAV(t, filepath.Join(dir, f.Path))
			if int(d.SampleRate) != f.Rate || int(d.NumChans) != f.Channels || d.BitDepth != 16 || len(pcm) != f.Samples*f.Channels {
				t.Errorf("%s: %d Hz, %d channels, %d bit, %d values; manifest says %+v", f.Path, d.SampleRate, d.NumChans, d.BitDepth, len(pcm), f)
			}
			for i, v := range samples(t, filepath.Join(dir, l.file("l16").Path)) {
				if pcm[i] != int(v) {
					t.Fatalf("%s: value %d is %d in the WAV, %d in the L16", f.Path, i, pcm[i], v)
				}
			}
			legs = append(legs, pcm)
		}
		both, d := readWAV(t, filepath.Join(dir, c.Folder, "both.wav"))
		if d.NumChans != 2 || len(both) != 2*max(len(legs[0]), len(legs[1])) {
			t.Fatalf("both.wav: %d channels, %d values", d.NumChans, len(both))
		}
		for i := range len(both) / 2 {
			for side, party := range []string{"caller", "callee"} {
				want := 0
				for k, l := range c.Legs {
					if l.Party == party && i < len(legs[k]) {
						want = legs[k][i]
					}
				}
				if both[2*i+side] != want {
					t.Fatalf("both.wav: sample %d of the %s is %d, want %d", i, party, both[2*i+side], want)
				}
			}
		}
	}
}

func readWAV(t *testing.T, path string) ([]int, *wav.Decoder) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := wav.NewDecoder(io.ReadSeeker(f))
	buf, err := d.FullPCMBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return buf.Data, d
}
