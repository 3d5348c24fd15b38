package synth

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// tshark runs tshark on a capture and returns the lines it prints.
func tshark(t *testing.T, data []byte, args ...string) []string {
	t.Helper()
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	path := filepath.Join(t.TempDir(), "capture")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	// The heuristic finds RTP that no SDP announced before.
	args = append([]string{"-n", "-r", path, "--enable-heuristic", "rtp_udp", "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"}, args...)
	cmd := exec.Command("tshark", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, stderr.String())
	}
	return strings.Split(strings.TrimRight(string(out), "\n"), "\n")
}

// sharkStream is a line of tshark's RTP statistics, and of the truth as tshark
// counts: a duplicate makes up for a lost packet.
type sharkStream struct {
	src, dst, ssrc string
	packets, lost  int
}

func sharkStreams(t *testing.T, data []byte) []sharkStream {
	t.Helper()
	var all []sharkStream
	for _, line := range tshark(t, data, "-q", "-z", "rtp,streams") {
		f := strings.Fields(line)
		if len(f) < 10 || !strings.HasPrefix(f[6], "0x") {
			continue
		}
		// start, end, source, port, destination, port, SSRC, payload (may have blanks), packets, lost, (percent)
		percent := slices.IndexFunc(f, func(s string) bool { return strings.HasSuffix(s, "%)") })
		s := sharkStream{src: join(f[2], f[3]), dst: join(f[4], f[5]), ssrc: strings.ToLower(f[6])}
		s.packets, _ = strconv.Atoi(f[percent-2])
		s.lost, _ = strconv.Atoi(f[percent-1])
		all = append(all, s)
	}
	sortStreams(all)
	return all
}

func sortStreams(s []sharkStream) {
	slices.SortFunc(s, func(a, b sharkStream) int {
		return strings.Compare(a.ssrc+a.src, b.ssrc+b.src)
	})
}

func join(addr, port string) string {
	if strings.Contains(addr, ":") {
		return "[" + addr + "]:" + port
	}
	return addr + ":" + port
}

// lateFirst names the streams whose first packet is not the first to arrive.
// tshark counts from the first arrival and takes what comes later, but stands
// before it, for a wrap: it finds 65535 packets too many lost.
var lateFirst = map[string]bool{"0x3a529208": true}

// TestTsharkStreams compares packets and losses of every stream.
func TestTsharkStreams(t *testing.T) {
	for _, s := range Catalog() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			data, truth, err := s.Build()
			if err != nil {
				t.Fatal(err)
			}
			var want []sharkStream
			for _, c := range truth.Calls {
				for _, l := range c.Legs {
					for _, st := range l.Streams {
						lost := st.Lost - st.Duplicates
						if lateFirst[st.SSRC] {
							lost += 65535
						}
						want = append(want, sharkStream{st.Src, st.Dst, st.SSRC, st.Packets, lost})
					}
				}
			}
			sortStreams(want)
			if got := sharkStreams(t, data); !slices.Equal(got, want) {
				t.Errorf("tshark counts\n%v, the truth says\n%v", got, want)
			}
		})
	}
}

// TestTsharkDissects lets tshark take every frame apart: nothing is malformed,
// checksums are right, the messages are SIP, and the payloads, placed by
// timestamp from the time of the first one, are the audio of the truth.
func TestTsharkDissects(t *testing.T) {
	for _, s := range Catalog() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			data, truth, err := s.Build()
			if err != nil {
				t.Fatal(err)
			}
			fields := []string{"frame.time_epoch", "sip.Call-ID", "rtp.ssrc", "rtp.timestamp", "rtp.payload", "_ws.expert.severity", "_ws.expert.message"}
			args := []string{"-T", "fields", "-E", "occurrence=f", "-E", "separator=/t"}
			for _, f := range fields {
				args = append(args, "-e", f)
			}
			lines := tshark(t, data, args...)
			if len(lines) != truth.Frames {
				t.Errorf("tshark reads %d frames of %d", len(lines), truth.Frames)
			}
			sip := map[string]bool{}
			streams := map[string][]sharkPacket{}
			sips, rtps := 0, 0
			for i, line := range lines {
				f := strings.Split(line, "\t")
				if f[5] != "" && f[5] >= "6291456" { // PI_WARN
					t.Errorf("frame %d: %s", i+1, f[6])
				}
				switch {
				case f[1] != "":
					sips++
					sip[f[1]] = true
				case f[2] != "":
					rtps++
					streams[f[2]] = append(streams[f[2]], parsePacket(t, f))
				default:
					t.Errorf("frame %d is neither SIP nor RTP: %q", i+1, line)
				}
			}
			if sips != truth.SIP || rtps != truth.RTP {
				t.Errorf("tshark finds %d SIP and %d RTP, the truth says %d and %d", sips, rtps, truth.SIP, truth.RTP)
			}
			for _, c := range truth.Calls {
				if c.CallID != "" && !sip[c.CallID] {
					t.Errorf("tshark finds no Call-ID %s", c.CallID)
				}
				for _, l := range c.Legs {
					checkAudio(t, c, l, streams)
				}
			}
		})
	}
}

type sharkPacket struct {
	epoch   float64
	ts      uint32
	payload []byte
}

func parsePacket(t *testing.T, f []string) sharkPacket {
	t.Helper()
	epoch, err1 := strconv.ParseFloat(f[0], 64)
	ts, err2 := strconv.ParseUint(f[3], 10, 32)
	payload, err3 := hex.DecodeString(f[4])
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	return sharkPacket{epoch, uint32(ts), payload}
}

// checkAudio rebuilds a leg from what tshark saw. The time that a stream's
// sample 0 stands for is that of its earliest arrival less its timestamp.
func checkAudio(t *testing.T, c *CallTruth, l *LegTruth, streams map[string][]sharkPacket) {
	t.Helper()
	byName := map[string]Codec{}
	for _, k := range []Codec{PCMA, PCMU, L16Narrow, L16Wide, L16Stereo} {
		byName[k.String()] = k
	}
	rate := float64(l.Rate)
	origin := float64(c.Origin.UnixNano()) / 1e9
	var pcm []int16
	for _, s := range l.Streams {
		packets := streams[s.SSRC]
		if len(packets) == 0 {
			t.Fatalf("%s: tshark shows no packets of %s", l.Party, s.SSRC)
		}
		first, zero := packets[0].ts, math.Inf(1)
		for _, p := range packets {
			zero = min(zero, p.epoch-float64(int32(p.ts-first))/rate)
		}
		for _, p := range packets {
			at := int(math.Round((zero-origin)*rate)) + int(int32(p.ts-first))
			at *= l.Channels
			voice := byName[s.Codec].decode(p.payload)
			if need := at + len(voice); need > len(pcm) {
				pcm = append(pcm, make([]int16, need-len(pcm))...)
			}
			copy(pcm[at:], voice)
		}
	}
	if !slices.Equal(pcm, l.PCM) {
		t.Errorf("%s: tshark's packets give other audio than the truth: %s", l.Party, firstDifference(pcm, l.PCM))
	}
	if l.Samples*l.Channels != len(l.PCM) {
		t.Errorf("%s: %d samples, PCM has %d values", l.Party, l.Samples, len(l.PCM))
	}
}

func firstDifference(got, want []int16) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("value %d is %d, want %d", i, got[i], want[i])
		}
	}
	return fmt.Sprintf("%d values, want %d", len(got), len(want))
}
