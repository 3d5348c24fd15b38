package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/pcapgo"
)

// edited writes a copy of a small capture whose frames edit changed; nil drops
// a frame, a shorter one is cut as by a snaplen.
func edited(t *testing.T, name string, edit func(n int, frame []byte) []byte) string {
	t.Helper()
	in, err := os.ReadFile(filepath.Join("../../testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	r, err := pcapgo.NewReader(bytes.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := pcapgo.NewWriterNanos(f)
	if err := w.WriteFileHeader(65535, r.LinkType()); err != nil {
		t.Fatal(err)
	}
	for n := 1; ; n++ {
		frame, ci, err := r.ReadPacketData()
		if err != nil {
			return path
		}
		if frame = edit(n, frame); frame == nil {
			continue
		}
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: ci.Timestamp, CaptureLength: len(frame), Length: max(ci.Length, len(frame))}, frame); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWhy asks about captures of which it is known what is wrong: made so, or
// by real clients.
func TestWhy(t *testing.T) {
	const two = "g711-two-calls.pcap"
	bob := []byte{192, 0, 2, 20}
	isRTP := func(frame []byte) bool { return len(frame) > 54 && frame[42] == 0x80 }
	fromBob := func(frame []byte) bool { return bytes.Equal(frame[26:30], bob) }
	small := func(name string) string { return filepath.Join("../../testdata", name) }
	real := func(name string) string { return filepath.Join(captures(t), name) }
	for _, tt := range []struct {
		name, file, party, kind, words string
	}{
		{"busy", small("busy.pcap"), "", "not_answered", `486`},
		{"cancelled", small("cancelled.pcap"), "", "not_answered", `CANCEL`},
		{"no signalling", small("no-sip.pcap"), "", "no_signalling", `no SIP`},
		{"no BYE", small("no-bye.pcap"), "", "capture_ends", `no BYE`},
		{"begun before", edited(t, two, func(n int, f []byte) []byte {
			if n < 3 {
				return nil
			}
			return f
		}), "", "capture_starts", `where the capture starts`},
		{"snaplen", edited(t, two, func(_ int, f []byte) []byte {
			if isRTP(f) {
				return f[:100]
			}
			return f
		}), "", "snaplen", `cut by the capture`},
		{"snaplen of SIP", edited(t, two, func(n int, f []byte) []byte {
			if n == 1 {
				return f[:len(f)-60]
			}
			return f
		}), "", "snaplen", `beginning of these SIP messages`},
		{"on hold", small("hold.pcap"), "callee", "hold", `the caller put it on hold at 1\.\d\d s, until 3\.\d\d s`},
		{"lost", small("loss-dup-reorder.pcap"), "caller", "lost", `packets are not in the capture`},
		{"one direction captured", edited(t, two, func(_ int, f []byte) []byte {
			if isRTP(f) && fromBob(f) {
				return nil
			}
			return f
		}), "callee", "nothing_came", `holds no packet to there`},
		{"declined", edited(t, two, func(_ int, f []byte) []byte {
			if !isRTP(f) && bytes.Contains(f, []byte("SIP/2.0 200")) && bytes.Contains(f, []byte("m=audio ")) {
				i := bytes.Index(f, []byte("m=audio ")) + 8
				for ; f[i] != ' '; i++ {
					f[i] = '0'
				}
			}
			return f
		}), "callee", "refused", `port 0`},
		{"behind a NAT", edited(t, two, func(_ int, f []byte) []byte {
			for _, at := range []int{26, 30} {
				if bytes.Equal(f[at:at+4], bob) {
					copy(f[at:], []byte{203, 0, 113, 9})
				}
			}
			return bytes.ReplaceAll(f, []byte("c=IN IP4 192.0.2.20"), []byte("c=IN IP4 10.10.2.20"))
		}), "callee", "nat", `private address .* behind a NAT; its media came from 203\.0\.113\.9`},
		{"DTLS", real("ours/c07_dtls_srtp/cap.pcap"), "caller", "encrypted", `DTLS`},
		{"ZRTP", real("ours/l07_zrtp/cap.pcap"), "caller", "encrypted", `ZRTP`},
		{"codec", real("ours/c06_codec2_unsupported/cap.pcap"), "callee", "codec", `CODEC2/8000, which callx does not decode`},
		{"late and early", real("ours/l15_pcma_cn/cap.pcap"), "caller", "early", `before the end of the call`},
		{"late", real("ours/l15_pcma_cn/cap.pcap"), "caller", "late", `after the answer`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := callx(t, "why", "--json", tt.file, "1")
			if code != exitOK {
				t.Fatalf("exit %d: %s", code, stderr)
			}
			var r whyReport
			if err := json.Unmarshal([]byte(stdout), &r); err != nil {
				t.Fatal(err)
			}
			list := r.Findings
			for _, p := range r.Parties {
				if p.Party == tt.party {
					list = p.Findings
				}
			}
			found := false
			for _, f := range list {
				found = found || f.Kind == tt.kind && regexp.MustCompile(tt.words).MatchString(f.Text)
			}
			if !found {
				t.Errorf("no %s /%s/ in %s", tt.kind, tt.words, stdout)
			}
			if code, text, _ := callx(t, "why", tt.file, "1"); code != exitOK || !regexp.MustCompile(tt.words).MatchString(text) {
				t.Errorf("exit %d: %s", code, text)
			}
		})
	}
	// Where nothing is wrong, nothing is said.
	_, stdout, _ := callx(t, "why", small("cooked.pcap"), "1")
	if strings.Contains(stdout, "  - ") || strings.Count(stdout, "nothing missing") != 2 {
		t.Errorf("a sound call: %s", stdout)
	}
	if code, _, stderr := callx(t, "why", small(two), "99"); code != exitFailure || !strings.Contains(stderr, "no call") {
		t.Errorf("no such call: exit %d: %s", code, stderr)
	}
}
