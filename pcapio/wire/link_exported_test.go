package wire

import (
	"encoding/hex"
	"maps"
	"net/netip"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestExportedByTshark has tshark export the SIP of captures, and compares flow
// and payload with what tshark sees in the captures themselves.
func TestExportedByTshark(t *testing.T) {
	needTshark(t)
	byName := map[string]string{}
	for _, path := range captures(t) {
		byName[filepath.Base(path)] = path
	}
	for name, inTCP := range map[string]bool{"sip_call.pcap": false, "sip_compact_form.pcap": false, "sipp_sll.pcap": false, "sip-tcp.pcap": true} {
		path := byName[name]
		pdus := filepath.Join(t.TempDir(), "pdus.pcapng")
		if out, err := exec.Command("tshark", "-n", "-r", path, "-U", "OSI layer 7", "-w", pdus).CombinedOutput(); err != nil {
			t.Fatalf("%s: tshark: %v: %s", name, err, out)
		}
		type message struct {
			src, dst netip.AddrPort
			payload  string
		}
		want, got := map[message]int{}, map[message]int{}
		out, err := exec.Command("tshark", "-n", "-r", path, "-Y", "sip", "-T", "fields", "-e", "ip.src", "-e", "ip.dst", "-e", "ipv6.src", "-e", "ipv6.dst",
			"-e", "udp.srcport", "-e", "udp.dstport", "-e", "tcp.srcport", "-e", "tcp.dstport", "-e", "udp.payload", "-e", "tcp.payload", "-e", "tcp.reassembled.data").Output()
		if err != nil {
			t.Fatalf("%s: tshark: %v", name, err)
		}
		for line := range strings.Lines(string(out)) {
			c := strings.Split(strings.TrimRight(line, "\n"), "\t")
			if c[10] != "" { // c[9] is its last segment
				c[9] = c[10]
			}
			payload, err := hex.DecodeString(c[8] + c[9])
			if err != nil {
				t.Fatal(err)
			}
			end := func(ip, port string) netip.AddrPort {
				n, err := strconv.Atoi(port)
				if err != nil {
					t.Fatal(err)
				}
				return netip.AddrPortFrom(netip.MustParseAddr(ip), uint16(n))
			}
			want[message{end(c[0]+c[2], c[4]+c[6]), end(c[1]+c[3], c[5]+c[7]), string(payload)}]++
			if inTCP != (c[6] != "") {
				t.Errorf("%s: a message over what it should not be over: %q", name, line)
			}
		}
		frames, err := readCapture(pdus)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i := range frames {
			list, class := decodeBoth(t, &frames[i])
			if class != ClassUDP || len(list) != 1 || frames[i].Link != linkExported {
				t.Errorf("%s: frame %d: link type %d, class %d, %d datagrams", name, i+1, frames[i].Link, class, len(list))
				continue
			}
			got[message{list[0].Flow.Src, list[0].Flow.Dst, string(list[0].Payload)}]++
		}
		if len(want) == 0 || !maps.Equal(got, want) {
			t.Errorf("%s: %d messages, tshark sees %d: %#v, %#v", name, len(got), len(want), slices.Collect(maps.Keys(got)), slices.Collect(maps.Keys(want)))
		}
	}
}
