package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSRTPKeys gives keys by hand, on the command line and in a file, for the
// captures of rtpproxy that come with theirs.
func TestSRTPKeys(t *testing.T) {
	dir := filepath.Join(captures(t), "public", "sippy__rtpproxy")
	const alice, bob = "UHXu88YuDj8guQxhCqEeue0CSr+JcQ/Uii4NdaS5", "UBFc5R7tK5f91V8j1da++z3h/3H2yS5WaN819nJd"
	a, b := filepath.Join(dir, "call1_g722_srtp.a.rtp"), filepath.Join(dir, "call1_g722_srtp.o.rtp")
	file := filepath.Join(t.TempDir(), "keys")
	text := "# both\n0x920b9750=" + alice + ",AES_CM_128_HMAC_SHA1_80\n\n0x6468d892 = " + bob + " # o\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	swapped := strings.NewReplacer(alice, bob, bob, alice).Replace(text)
	wrong := filepath.Join(t.TempDir(), "wrong")
	if err := os.WriteFile(wrong, []byte(swapped), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name        string
		flags       []string
		exit        int
		undecodable []int
		words       string
	}{
		{"for all", []string{"--srtp-key", "*=" + alice, "--srtp-key", "*=" + bob}, exitOK, []int{0, 0}, ""},
		{"in a file", []string{"--srtp-keys", file}, exitOK, []int{0, 0}, ""},
		{"none", nil, exitIncomplete, []int{1168, 1172}, "encrypted (srtp)"},
		{"of the other", []string{"--srtp-keys", wrong}, exitIncomplete, []int{1168, 1172}, "fail the authentication of SRTP"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			code, _, stderr := callx(t, append([]string{"extract", a, b, "-o", out}, tt.flags...)...)
			if code != tt.exit || !strings.Contains(stderr, tt.words) {
				t.Errorf("exit %d, want %d: %s", code, tt.exit, stderr)
			}
			list, err := os.ReadFile(filepath.Join(out, "calls.jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			for i, l := range jsonLines(t, string(list))[0].Legs {
				if l.Undecodable != tt.undecodable[i] {
					t.Errorf("%s: %d undecodable, want %d", l.Party, l.Undecodable, tt.undecodable[i])
				}
			}
			manifest, err := os.ReadFile(filepath.Join(out, "manifest.json"))
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{alice, bob} {
				if strings.Contains(string(manifest)+stderr, secret) {
					t.Errorf("a key is in the manifest or on stderr")
				}
			}
		})
	}
	_, m := extract(t, exitOK, filepath.Join(dir, "bob_srtp_out.pcap"), "--srtp-key", "*=NhqBK/JjtVJgmOgPyDKpvMTEjvFCQ4eiyVQelF6x")
	if l := m.Calls[0].Legs[0]; l.Packets != 1562 || l.Undecodable != 0 || !l.Decrypted {
		t.Errorf("bob_srtp_out.pcap: %+v", l)
	}
	code, _, stderr := callx(t, "list", a, "--srtp-key", "*=SECRETSECRET")
	if code != exitUsage || strings.Contains(stderr, "SECRETSECRET") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}
