package wire

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// sharkStreams returns both streams of every TCP connection that tshark finds
// in a capture; without those of which it misses bytes.
func sharkStreams(t *testing.T, path string) map[Flow]string {
	t.Helper()
	out, err := exec.Command("tshark", "-r", path, "-Y", "tcp", "-T", "fields", "-e", "tcp.stream").Output()
	if err != nil && len(out) == 0 {
		return nil
	}
	count := 0
	for _, list := range strings.Fields(string(out)) {
		for n := range strings.SplitSeq(list, ",") {
			k, err := strconv.Atoi(n)
			if err != nil {
				t.Fatalf("%s: %q", path, n)
			}
			count = max(count, k+1)
		}
	}
	if count == 0 || count > 200 {
		return nil
	}
	args := []string{"-r", path, "-q", "-o", "tcp.reassemble_out_of_order:TRUE"}
	for i := range count {
		args = append(args, "-z", "follow,tcp,raw,"+strconv.Itoa(i))
	}
	if out, err = exec.Command("tshark", args...).Output(); err != nil {
		t.Fatalf("%s: tshark: %v", path, err)
	}
	streams := map[Flow]string{}
	var flow Flow
	for line := range strings.Lines(string(out)) {
		text := strings.TrimRight(line, "\r\n")
		if node, ok := strings.CutPrefix(text, "Node 0: "); ok {
			flow = Flow{Src: parseNode(t, node), Proto: TCP}
			continue
		}
		if node, ok := strings.CutPrefix(text, "Node 1: "); ok {
			flow.Dst = parseNode(t, node)
			continue
		}
		f := flow
		if strings.HasPrefix(text, "\t") {
			f = flow.Reverse()
		}
		if b, err := hex.DecodeString(strings.TrimSpace(text)); err == nil && len(b) > 0 {
			streams[f] += string(b)
		}
	}
	for f, s := range streams {
		if strings.Contains(s, "bytes missing in capture file]") {
			delete(streams, f)
		}
	}
	return streams
}

func parseNode(t *testing.T, s string) netip.AddrPort {
	t.Helper()
	i := strings.LastIndexByte(s, ':')
	addr, err := netip.ParseAddr(s[:i])
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.ParseUint(s[i+1:], 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(port))
}

// TestTCPAgainstTshark compares every TCP stream of the captures, whatever it
// carries, with what tshark puts together.
func TestTCPAgainstTshark(t *testing.T) {
	needTshark(t)
	compared, size := 0, 0
	for _, path := range captures(t) {
		frames, err := readCapture(path)
		if err != nil {
			t.Fatal(err)
		}
		d := Decoder{Streams: func(Flow, []byte) Interest { return Follow }}
		got := map[Flow][]byte{}
		broken := map[Flow]bool{}
		take := func(list []Datagram) {
			for _, g := range list {
				if g.Flow.Proto != TCP {
					continue
				}
				broken[g.Flow] = broken[g.Flow] || g.Cut > 0 || g.Hole && len(got[g.Flow]) > 0
				got[g.Flow] = append(got[g.Flow], g.Payload...)
			}
		}
		for i := range frames {
			list, _ := d.Decode(nil, &frames[i])
			take(list)
		}
		take(d.Flush(nil))
		if len(got) == 0 {
			continue
		}
		for f, want := range sharkStreams(t, path) {
			if broken[f] || strings.HasSuffix(path, "fragmented-4.pcap") { // its IP fragments overlap, and tshark lets the last win
				continue
			}
			if !bytes.Equal(got[f], []byte(want)) {
				t.Errorf("%s: %v: %d bytes, tshark has %d", path, f, len(got[f]), len(want))
			}
			compared++
			size += len(want)
		}
	}
	t.Logf("%d streams with %d bytes compared", compared, size)
	if compared < 30 {
		t.Errorf("only %d streams compared", compared)
	}
}
