package calls

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"callx/calls/sip"
	"callx/pcapio"
	"callx/pcapio/wire"
)

// sipOverTCP lists the SIP messages on the TCP streams of a capture, sorted:
// Call-ID, then method or status. It returns the SIP messages in UDP too, as
// they were sent.
func sipOverTCP(t *testing.T, path string) (list []string, udp [][]byte) {
	t.Helper()
	src, err := pcapio.Open([]string{path}, pcapio.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	r, err := src.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	d := wire.Decoder{Streams: Streams}
	var streams tcpStreams
	var msg sip.Message
	take := func(dgs []wire.Datagram) {
		for i := range dgs {
			if dgs[i].Flow.Proto == wire.UDP {
				if sip.Sniff(dgs[i].Payload) && dgs[i].Cut == 0 {
					udp = append(udp, slices.Clone(dgs[i].Payload))
				}
				continue
			}
			streams.take(&dgs[i], func(_ *wire.Flow, m *sip.Frame[place]) {
				if m.Err != nil {
					t.Errorf("%s: frame %d: %v", path, m.At.Frame, m.Err)
				}
				if err := sip.Parse(&msg, m.Data); err != nil {
					t.Errorf("%s: frame %d: %v", path, m.At.Frame, err)
				}
				what := string(msg.Method)
				if !msg.IsRequest() {
					what = strconv.Itoa(msg.Status)
				}
				list = append(list, string(msg.CallID)+" "+what)
			})
		}
	}
	var f pcapio.Frame
	for r.Next(&f) {
		dgs, _ := d.Decode(nil, &f)
		take(dgs)
	}
	take(d.Flush(nil))
	slices.Sort(list)
	return list, udp
}

// sharkSIP lists what tshark finds, in the same form.
func sharkSIP(t *testing.T, path string) (list []string) {
	t.Helper()
	out, err := exec.Command("tshark", "-r", path, "-o", "tcp.reassemble_out_of_order:TRUE", "-Y", "sip && tcp",
		"-T", "fields", "-E", "aggregator=|", "-e", "sip.Call-ID", "-e", "sip.Request-Line", "-e", "sip.Status-Line").Output()
	if err != nil && len(out) == 0 {
		t.Fatalf("tshark: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		cells := strings.Split(strings.TrimRight(line, "\n"), "\t")
		// A frame may hold several messages: Call-IDs are in their order, but
		// requests apart from responses. One kind alone is certain.
		ids := strings.Split(cells[0], "|")
		var what []string
		for _, r := range strings.Split(cells[1], "|") {
			if method, _, ok := strings.Cut(r, " "); ok {
				what = append(what, method)
			}
		}
		for _, r := range strings.Split(cells[2], "|") {
			if f := strings.Fields(r); len(f) > 1 {
				what = append(what, f[1])
			}
		}
		if len(ids) != len(what) {
			t.Fatalf("tshark: %q", line)
		}
		for i, id := range ids {
			list = append(list, id+" "+what[i])
		}
	}
	slices.Sort(list)
	return list
}

func needCaptures(t *testing.T) []string {
	t.Helper()
	root := os.Getenv("CALLX_CAPTURES")
	if root == "" {
		t.Skip("CALLX_CAPTURES is not set")
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	var paths []string
	for _, pattern := range []string{"ours/*/*.pcap*", "public/*/*"} {
		list, _ := filepath.Glob(filepath.Join(root, pattern))
		paths = append(paths, list...)
	}
	return paths
}

// TestSIPOverTCPAgainstTshark compares the SIP messages over TCP of captures
// by real clients.
func TestSIPOverTCPAgainstTshark(t *testing.T) {
	compared := 0
	for _, path := range needCaptures(t) {
		if src, err := pcapio.Open([]string{path}, pcapio.Options{}); err != nil {
			continue
		} else {
			src.Close()
		}
		got, _ := sipOverTCP(t, path)
		if len(got) == 0 && !strings.Contains(path, "tcp") {
			continue // tshark is slow
		}
		if want := sharkSIP(t, path); !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %q\nwant %q", path, got, want)
		}
		compared += len(got)
	}
	if compared < 10 {
		t.Errorf("only %d messages compared", compared)
	}
}

// TestSIPRewrittenToTCP sends the SIP messages that real clients sent over UDP
// through TCP, in segments of every kind, and asks tshark too.
func TestSIPRewrittenToTCP(t *testing.T) {
	var messages [][]byte
	var want []string
	var msg sip.Message
	seen := map[string]bool{}
	for _, path := range needCaptures(t) {
		if src, err := pcapio.Open([]string{path}, pcapio.Options{}); err != nil {
			continue
		} else {
			src.Close()
		}
		_, udp := sipOverTCP(t, path)
		n := 0
		for _, b := range udp {
			// On a stream the length must be true, and what tshark prints must
			// be what was sent.
			if sip.Parse(&msg, b) != nil || msg.ContentLength < 0 || len(msg.CallID) == 0 || seen[string(b)] || n == 100 ||
				strings.ContainsAny(string(msg.CallID), "|\t\\\"") {
				continue
			}
			head := strings.Index(string(b), "\r\n\r\n")
			if head < 0 || head+4+msg.ContentLength != len(b) || b[0] == '\r' {
				continue
			}
			what := string(msg.Method)
			if !msg.IsRequest() {
				what = strconv.Itoa(msg.Status)
			}
			n++
			seen[string(b)] = true
			messages = append(messages, b)
			want = append(want, string(msg.CallID)+" "+what)
		}
	}
	if len(messages) < 900 {
		t.Fatalf("only %d messages to send", len(messages))
	}
	slices.Sort(want)
	for _, longest := range []int{1460, 200, 30} {
		t.Run(fmt.Sprint(longest), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, uint64(longest)))
			conns := map[int]*tcpConn{}
			var frames [][]byte
			for _, m := range messages {
				k := rng.IntN(20)
				if conns[k] == nil {
					conns[k] = dial(&frames, netip.AddrPortFrom(phone.Addr(), uint16(40000+k)), proxy)
				}
				conns[k].segments(rng, rng.IntN(2), m, longest)
			}
			for _, k := range slices.Sorted(maps.Keys(conns)) {
				conns[k].close()
			}
			path := writePcap(t, frames)
			got, _ := sipOverTCP(t, path)
			if !slices.Equal(got, want) {
				t.Errorf("%d messages, %d were sent", len(got), len(want))
			}
			if shark := sharkSIP(t, path); !slices.Equal(shark, want) {
				t.Errorf("tshark finds %d messages, %d were sent", len(shark), len(want))
			}
		})
	}
}

// TestSIPOverWebSocketAgainstTshark sends a call through a WebSocket and
// compares what comes out with tshark.
func TestSIPOverWebSocketAgainstTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	for _, longest := range []int{1460, 50} {
		rng := rand.New(rand.NewPCG(4, uint64(longest)))
		var frames [][]byte
		c := dial(&frames, phone, netip.AddrPortFrom(proxy.Addr(), 80))
		c.segments(rng, 0, []byte("GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n"), 1460)
		c.segments(rng, 1, []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: sip\r\n\r\n"), 1460)
		for i, m := range dialogue("WS") {
			c.segments(rng, m.side, socketFrame(m.side == 0, byte(1+i%2), m.text), longest)
		}
		c.close()
		path := writePcap(t, frames)
		got, _ := sipOverTCP(t, path)
		if want := sharkSIP(t, path); len(want) != len(dialogue("WS")) || !slices.Equal(got, want) {
			t.Errorf("segments up to %d bytes:\ngot  %q\nwant %q", longest, got, want)
		}
		ix := indexFrames(capturedFrames(frames))
		if len(ix.Calls) != 1 || len(ix.Notes) != 0 {
			t.Fatalf("segments up to %d bytes: %d calls, notes %v", longest, len(ix.Calls), ix.Notes)
		}
		for _, n := range ix.Calls[0].Notes {
			if n.Kind == "websocket" {
				t.Errorf("segments up to %d bytes: %v", longest, n)
			}
		}
		if s := ix.Calls[0].State; s != Completed {
			t.Errorf("segments up to %d bytes: %s, notes %v", longest, s, ix.Calls[0].Notes)
		}
	}
}

// socketFrame builds a WebSocket frame, text (1) or binary (2); a client's is
// masked (RFC 6455 section 5.2).
func socketFrame(masked bool, opcode byte, text string) []byte {
	b := []byte{0x80 | opcode, byte(len(text))}
	if len(text) > 125 {
		b = []byte{0x80 | opcode, 126, byte(len(text) >> 8), byte(len(text))}
	}
	if !masked {
		return append(b, text...)
	}
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	b[1] |= 0x80
	b = append(b, key[:]...)
	for i := range len(text) {
		b = append(b, text[i]^key[i%4])
	}
	return b
}
