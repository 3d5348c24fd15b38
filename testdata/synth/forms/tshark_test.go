package forms

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"callx/testdata/synth"
)

// mixture is the beginning and end of calls over IPv4 and of one over IPv6
// with VLAN tags.
func mixture(t *testing.T) Capture {
	t.Helper()
	var all Capture
	for _, s := range synth.Catalog() {
		if s.Name != "g711-two-calls.pcap" && s.Name != "ipv6-vlan.pcap" {
			continue
		}
		data, _, err := s.Build()
		if err != nil {
			t.Fatal(err)
		}
		c, err := Read(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		n := len(c.Frames)
		all.Ifaces = c.Ifaces
		all.Frames = slices.Concat(all.Frames, c.Frames[:100], c.Frames[n-10:])
	}
	return inOrder(all)
}

// A seen is a datagram, or a SIP message over TCP, as tshark sees it.
type seen struct {
	addrs, ports, payload string
	sip                   string // Call-ID, CSeq, method or status
}

var sharkFields = []string{
	"ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "udp.srcport", "udp.dstport", "udp.payload",
	"sip.Call-ID", "sip.CSeq", "sip.Method", "sip.Status-Code", "_ws.expert.message",
}

// shark lists what tshark finds in the files: of each frame the innermost
// addresses and datagram.
func shark(t *testing.T, files [][]byte, args ...string) (all []seen) {
	t.Helper()
	line := []string{"-n", "-r", oneFile(t, files), "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
		"-o", "tcp.reassemble_out_of_order:TRUE", "-T", "fields", "-E", "separator=|", "-E", "occurrence=l"}
	for _, f := range sharkFields {
		line = append(line, "-e", f)
	}
	out := output(t, exec.Command("tshark", append(line, args...)...))
	for l := range strings.Lines(string(out)) {
		f := strings.SplitN(strings.TrimSuffix(l, "\n"), "|", len(sharkFields))
		if bad := strings.ToLower(f[12]); strings.Contains(bad, "checksum") || strings.Contains(bad, "malformed") {
			t.Fatalf("tshark complains: %s", f[12])
		}
		s := seen{addrs: f[0] + " " + f[1]}
		// The family of the innermost packet is not told; the call over IPv6 has
		// other addresses than the ends of tunnels.
		if strings.HasPrefix(f[2], "2001:db8:") && !strings.HasPrefix(f[2], "2001:db8:ffff:") {
			s.addrs = f[2] + " " + f[3]
		}
		if f[4] == "" { // of TCP segments in UDP the datagram does not count
			s.ports, s.payload = f[5]+" "+f[6], f[7]
		}
		if f[8] != "" {
			s.sip = strings.Join(f[8:12], " ")
		}
		if s.payload != "" || s.sip != "" {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b seen) int { return cmp.Or(cmp.Compare(a.payload, b.payload), cmp.Compare(a.sip, b.sip)) })
	return all
}

// oneFile stores files, merged by time if there are several, and returns the
// path.
func oneFile(t *testing.T, files [][]byte) string {
	t.Helper()
	dir := t.TempDir()
	merged := filepath.Join(dir, "merged")
	args := []string{"-w", merged}
	for i, data := range files {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	if len(files) == 1 {
		return args[2]
	}
	output(t, exec.Command("mergecap", args...))
	return merged
}

func output(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd.Args[0], err, stderr.String())
	}
	return out
}

// TestTshark builds every form and lets tshark find the datagrams of the
// capture in it.
func TestTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	base := mixture(t)
	files, err := Form{}.Files(base)
	if err != nil {
		t.Fatal(err)
	}
	want := shark(t, files)
	if len(want) != len(base.Frames) {
		t.Fatalf("tshark finds %d datagrams in %d frames", len(want), len(base.Frames))
	}
	for _, f := range All() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			files := build(t, f, base)
			for i := range files {
				files[i] = decompress(t, files[i])
			}
			if f.hidden != "" {
				checkHidden(t, files, base)
				return
			}
			compare(t, f.Changes, shark(t, files, f.decodeAs...), want)
		})
	}
}

// build skips where a program is missing that the form is made with.
func build(t *testing.T, f Form, base Capture) [][]byte {
	t.Helper()
	files, err := f.Files(base)
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func compare(t *testing.T, changes Changes, got, want []seen) {
	t.Helper()
	if changes&Copies != 0 {
		if len(got) < len(want)*5/4-len(want)/8 {
			t.Errorf("%d datagrams are no copies of %d", len(got), len(want))
		}
		got = slices.Compact(got)
	}
	if changes&Transport != 0 {
		compare(t, 0, signalling(got), signalling(want))
		isMedia := func(s seen) bool { return s.sip == "" }
		got, want = filter(got, isMedia), filter(want, isMedia)
	}
	if changes&Cut != 0 {
		want = slices.Clone(want)
		for i, s := range want {
			if s.sip != "" { // to tshark it is none without its end
				want[i].payload, want[i].sip = s.payload[:len(s.payload)-2*cutBytes], ""
			}
		}
		for i := range got {
			got[i].sip = ""
		}
	}
	if len(got) != len(want) {
		t.Errorf("tshark finds %d datagrams, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Errorf("tshark finds\n%v, want\n%v", got[i], want[i])
			break
		}
	}
}

// signalling is the SIP alone, without what UDP and TCP differ in.
func signalling(all []seen) (sip []seen) {
	for _, s := range all {
		if s.sip != "" {
			sip = append(sip, seen{sip: s.sip})
		}
	}
	slices.SortFunc(sip, func(a, b seen) int { return cmp.Compare(a.sip, b.sip) })
	return sip
}

func filter(all []seen, keep func(seen) bool) (some []seen) {
	for _, s := range all {
		if keep(s) {
			some = append(some, s)
		}
	}
	return some
}

// checkHidden looks for the payloads as they are, one behind the other.
func checkHidden(t *testing.T, files [][]byte, base Capture) {
	t.Helper()
	rest := bytes.Join(files, nil)
	for n, fr := range base.Frames {
		_, _, payload, _ := mustPeel(fr.Data).udp()
		_, after, ok := bytes.Cut(rest, payload)
		if !ok {
			t.Fatalf("the payload of frame %d is not there", n+1)
		}
		rest = after
	}
}

// decompressors are the programs of each format's authors.
var decompressors = []struct{ magic, program string }{
	{"\x1f\x8b", "gzip"}, {"\x28\xb5\x2f\xfd", "zstd"}, {"\x04\x22\x4d\x18", "lz4"}, {"\xfd7zXZ\x00", "xz"}, {"BZh", "bzip2"},
}

func decompress(t *testing.T, b []byte) []byte {
	t.Helper()
	skipped := b
	if bytes.HasPrefix(b, []byte(skippableFrame)) {
		skipped = b[len(skippableFrame):]
	}
	for _, d := range decompressors {
		if !bytes.HasPrefix(skipped, []byte(d.magic)) {
			continue
		}
		if _, err := exec.LookPath(d.program); err != nil {
			t.Skip(d.program + " is not installed")
		}
		cmd := exec.Command(d.program, "-dc")
		cmd.Stdin = bytes.NewReader(b)
		return output(t, cmd)
	}
	return b
}
