package wire

import (
	"bytes"
	"encoding/hex"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestReassemblyAgainstTshark compares, frame by frame, where a datagram of
// fragments ends and what is in it. fragmented-1.pcap is left
// out: its third fragment reaches beyond the end that the second one sets, and
// tshark joins them.
func TestReassemblyAgainstTshark(t *testing.T) {
	needTshark(t)
	byName := map[string]string{}
	for _, path := range captures(t) {
		byName[filepath.Base(path)] = path
	}
	whole := 0
	for _, name := range []string{
		"fragmented_udp_sip.pcap", "tc-02.28.pcap", "tc-02.29a.pcap",
		"fragmented-2.pcap", "fragmented-3.pcap", "fragmented-4.pcap", "gtp1_gn_normal_incl_fragmentation.pcap",
	} {
		path := byName[name]
		frames, err := readCapture(path)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out, err := exec.Command("tshark", "-n", "-r", path, "-o", "ip.defragment:TRUE", "-Y", "ip && udp && !icmp",
			"-T", "fields", "-E", "occurrence=l", "-e", "frame.number", "-e", "udp.payload", "-e", "ip.reassembled.length", "-e", "frame.protocols").Output()
		if err != nil {
			t.Fatalf("%s: tshark: %v", name, err)
		}
		want := map[int][]byte{}
		for line := range strings.Lines(string(out)) {
			cells := strings.Split(strings.TrimRight(line, "\n"), "\t")
			n, err := strconv.Atoi(cells[0])
			if err != nil {
				t.Fatal(err)
			}
			if want[n], err = hex.DecodeString(cells[1]); err != nil {
				t.Fatal(err)
			}
			if cells[2] != "" {
				whole++
			}
			if classify(cells[3]).class != ClassUDP { // GTP with something else in it
				delete(want, n)
			}
		}
		var d Decoder
		for i := range frames {
			got, class := d.Decode(nil, &frames[i])
			payload, isUDP := want[i+1]
			if isUDP != (class == ClassUDP) {
				t.Errorf("%s: frame %d: class %d, but UDP is %v to tshark", name, i+1, class, isUDP)
			} else if isUDP && !bytes.Equal(got[0].Payload, payload) {
				t.Errorf("%s: frame %d: %x, tshark %x", name, i+1, got[0].Payload, payload)
			}
		}
	}
	if whole < 10 {
		t.Errorf("only %d datagrams put together", whole)
	}
}
