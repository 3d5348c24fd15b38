package ws

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pythonServer starts testdata/mirror_server.py with Debian's
// python3-websockets. lines returns what it said about n connections.
func pythonServer(t *testing.T) (dir, url string, lines func(n int) []string) {
	t.Helper()
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import websockets").Run(); err != nil {
		t.Skip("no " + python + " with websockets: apt-get install python3-websockets")
	}
	dir = t.TempDir()
	cmd := exec.Command(python, "testdata/mirror_server.py", dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 1000)
	go func() {
		defer close(said)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			said <- s.Text()
		}
	}()
	t.Cleanup(func() {
		stdin.Close()
		for range said {
		}
		if err := cmd.Wait(); err != nil || stderr.Len() > 0 {
			t.Errorf("the Python server ended with %v\n%s", err, stderr.Bytes())
		}
	})
	next := func() string {
		select {
		case line, ok := <-said:
			if ok {
				return line
			}
		case <-time.After(20 * time.Second):
		}
		t.Fatal("the Python server says nothing")
		return ""
	}
	return dir, "ws://127.0.0.1:" + next() + "/", func(n int) (all []string) {
		for range n {
			all = append(all, next())
		}
		return all
	}
}

// TestPythonServer replays into a server that shares no code with this one.
func TestPythonServer(t *testing.T) {
	tests := []struct {
		name    string
		legs    int
		samples int64
		opt     Options
	}{
		{"one leg", 1, 48123, Options{Speed: maxSpeed}},
		{"one leg at 1x, pinged meanwhile", 1, 20000, Options{}},
		{"hundred legs", 100, 16001, Options{Speed: maxSpeed}},
		{"hundred legs at 4x", 100, 16001, Options{Speed: 4}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			leakCheck(t)
			dir, url, lines := pythonServer(t)
			tt.opt.URL = url
			legs := testLegs(tt.legs, tt.samples)
			for _, r := range replayAll(t, legs, tt.opt) {
				if r.Err != nil {
					t.Errorf("%s: %v", r.Tag, r.Err)
				}
			}
			tags := map[string]bool{}
			for _, line := range lines(tt.legs) {
				var said struct {
					Tag      string
					Ended    bool
					Close    int
					Messages int64
				}
				if err := json.Unmarshal([]byte(line), &said); err != nil {
					t.Fatal(err)
				}
				if !said.Ended || said.Close != 1000 || said.Messages != (tt.samples+319)/320 || strings.Contains(line, "violation") {
					t.Errorf("server: %s", line)
				}
				tags[said.Tag] = true
			}
			for i, l := range legs {
				got, err := os.ReadFile(filepath.Join(dir, l.Tag+".pcm"))
				if err != nil || !tags[l.Tag] || !bytes.Equal(got, noise(i).bytes(2*tt.samples)) {
					t.Errorf("%s: %v, %d bytes, want %d", l.Tag, err, len(got), 2*tt.samples)
				}
			}
		})
	}
}
