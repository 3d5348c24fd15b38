package calls

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"callx/calls/rtcp"
	"callx/calls/rtp"
	"callx/pcapio"
	"callx/pcapio/wire"
)

// rtcpOfFile describes each frame with SR or RR by what they say.
func rtcpOfFile(t *testing.T, path string) map[uint64]string {
	t.Helper()
	src, err := pcapio.Open([]string{path}, pcapio.Options{})
	if err != nil {
		return nil
	}
	defer src.Close()
	rd, err := src.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Close()
	out := map[uint64]string{}
	var dec wire.Decoder
	var f pcapio.Frame
	var p rtcp.Packet
	for rd.Next(&f) {
		dgs, _ := dec.Decode(nil, &f)
		for i := range dgs {
			if dgs[i].Flow.Proto != wire.UDP || !rtp.IsRTCP(dgs[i].Payload) {
				continue
			}
			var senders, reports []string
			rtcp.Parse(dgs[i].Payload, &p, func(p *rtcp.Packet) {
				if p.Type == rtcp.TypeSR {
					senders = append(senders, fmt.Sprintf("%d/%d", p.Sender.Packets, p.Sender.Octets))
				}
				for _, r := range p.Reports {
					reports = append(reports, fmt.Sprintf("%d/%d/%d/%d/%d", r.Lost, r.Highest, r.Jitter, r.LSR, r.DLSR))
				}
			})
			if len(senders)+len(reports) > 0 {
				out[f.Frame] = strings.Join(senders, ",") + " " + strings.Join(reports, ",")
			}
		}
	}
	return out
}

// TestRTCPAgainstTshark compares every SR and RR of the captures.
func TestRTCPAgainstTshark(t *testing.T) {
	compared := 0
	for _, path := range needCaptures(t) {
		got := rtcpOfFile(t, path)
		if len(got) == 0 {
			continue
		}
		fields := []string{"frame.number", "rtcp.sender.packetcount", "rtcp.sender.octetcount", "rtcp.ssrc.cum_nr", "rtcp.ssrc.ext_high", "rtcp.ssrc.jitter", "rtcp.ssrc.lsr", "rtcp.ssrc.dlsr"}
		args := []string{"-r", path, "--enable-heuristic", "rtcp_udp",
			"--disable-protocol", "lisp-data", "--disable-protocol", "bat", // a caller used their ports
			"-Y", "rtcp.pt==200 || rtcp.pt==201", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=,"}
		for _, f := range fields {
			args = append(args, "-e", f)
		}
		b, err := exec.Command("tshark", args...).Output()
		if err != nil {
			continue // damaged on purpose, or no capture for tshark
		}
		join := func(lists ...string) string {
			var rows []string
			for i := range strings.Split(lists[0], ",") {
				var row []string
				for _, l := range lists {
					if parts := strings.Split(l, ","); i < len(parts) && parts[i] != "" {
						row = append(row, parts[i])
					}
				}
				if len(row) > 0 {
					rows = append(rows, strings.Join(row, "/"))
				}
			}
			return strings.Join(rows, ",")
		}
		for line := range strings.Lines(string(b)) {
			v := strings.Split(strings.TrimRight(line, "\n"), "\t")
			var n uint64
			fmt.Sscan(v[0], &n)
			mine, ok := got[n]
			if !ok {
				continue // SRTCP: tshark reads what is encrypted
			}
			if want := join(v[1], v[2]) + " " + join(v[3], v[4], v[5], v[6], v[7]); mine != want {
				t.Errorf("%s: frame %d: %q, want %q", path, n, mine, want)
			}
			compared++
			delete(got, n)
		}
		for n, text := range got {
			t.Errorf("%s: frame %d: %q is no RTCP for tshark", path, n, text)
		}
	}
	if compared < 100 {
		t.Errorf("only %d frames compared", compared)
	}
	t.Logf("%d frames compared", compared)
}
