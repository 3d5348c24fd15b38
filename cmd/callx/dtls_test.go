package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// An association is a DTLS-SRTP handshake that two openssl programs made.
type association struct {
	sent   []flight
	keylog string // file
	// material is the keying material as openssl exports it: keys of client and
	// server, salts of client and server (RFC 5764 section 4.2).
	material []byte
}

// A flight is one datagram: of the client (0) or the server (1).
type flight struct {
	by   int
	data []byte
}

// handshake lets openssl agree on a profile, through a relay that keeps what
// is said. extra are flags of the client.
func handshake(t *testing.T, profile string, length int, extra ...string) *association {
	t.Helper()
	need(t, "openssl")
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	if out, err := exec.Command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
		"-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=x").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// The server names the port that it got only in words, so it is given one.
	free, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := free.LocalAddr().String()
	free.Close()
	export := []string{"-use_srtp", profile, "-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen", fmt.Sprint(length)}
	server := exec.Command("openssl", append([]string{"s_server", "-dtls", "-cipher", "ALL:@SECLEVEL=0", "-accept", at, "-cert", cert, "-key", key}, export...)...)
	if _, err := server.StdinPipe(); err != nil { // at its end the server ends, too
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer server.Wait()
	defer server.Process.Kill()

	a := &association{keylog: filepath.Join(dir, "keylog")}
	relay, stop := a.relay(t, at)
	defer stop()
	client := exec.Command("openssl", slices.Concat([]string{"s_client", "-connect", relay, "-keylogfile", a.keylog}, export, extra)...)
	var out bytes.Buffer
	client.Stdout, client.Stderr = &out, &out
	in, err := client.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	giveUp := time.AfterFunc(20*time.Second, func() { client.Process.Kill() })
	defer giveUp.Stop()
	for range 100 {
		time.Sleep(50 * time.Millisecond)
		// The line is written last, when both sides agree.
		if b, _ := os.ReadFile(a.keylog); bytes.HasSuffix(b, []byte("\n")) && bytes.Contains(b, []byte("CLIENT_RANDOM")) {
			break
		}
	}
	time.Sleep(200 * time.Millisecond)
	in.Write([]byte("Q\n"))
	in.Close()
	client.Wait()
	m := regexp.MustCompile(`Keying material: ([0-9A-F]+)`).FindStringSubmatch(out.String())
	if m == nil {
		t.Fatalf("openssl agreed on nothing:\n%s", out.String())
	}
	if a.material, err = hex.DecodeString(m[1]); err != nil {
		t.Fatal(err)
	}
	return a
}

// relay passes datagrams on between a client that comes to the address that it
// returns and the server at another.
func (a *association) relay(t *testing.T, to string) (at string, stop func()) {
	t.Helper()
	front, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	back, err := net.Dial("udp4", to)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var client net.Addr
	var wg sync.WaitGroup
	keep := func(by int, b []byte) {
		a.sent = append(a.sent, flight{by, slices.Clone(b)})
	}
	wg.Go(func() {
		b := make([]byte, 65536)
		for {
			n, from, err := front.ReadFrom(b)
			if err != nil {
				return
			}
			mu.Lock()
			client = from
			keep(0, b[:n])
			mu.Unlock()
			back.Write(b[:n])
		}
	})
	wg.Go(func() {
		b := make([]byte, 65536)
		for {
			n, err := back.Read(b)
			if err != nil {
				if strings.Contains(err.Error(), "refused") { // the server is not up yet; the client tries again
					time.Sleep(10 * time.Millisecond)
					continue
				}
				return
			}
			mu.Lock()
			keep(1, b[:n])
			who := client
			mu.Unlock()
			front.WriteTo(b[:n], who)
		}
	})
	return front.LocalAddr().String(), func() {
		front.Close()
		back.Close()
		wg.Wait()
	}
}

// TestDTLS decrypts calls keyed by handshakes between openssl's client and
// server, with keys that openssl exported and packets that libsrtp encrypted:
// each profile, both hashes of DTLS 1.2 and those of 1.0, hellos in fragments.
func TestDTLS(t *testing.T) {
	need(t, "ffmpeg")
	for _, tt := range []struct {
		name, profile, suite string
		key, salt            int
		flags                []string
		sip                  bool
	}{
		{"1.2, SHA-384", "SRTP_AES128_CM_SHA1_80", "AES_CM_128_HMAC_SHA1_80", 16, 14, []string{"-dtls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"}, true},
		{"1.2, SHA-256", "SRTP_AES128_CM_SHA1_32", "AES_CM_128_HMAC_SHA1_32", 16, 14, []string{"-dtls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"}, false},
		{"GCM 128", "SRTP_AEAD_AES_128_GCM", "AEAD_AES_128_GCM", 16, 12, []string{"-dtls1_2"}, true},
		{"GCM 256", "SRTP_AEAD_AES_256_GCM", "AEAD_AES_256_GCM", 32, 12, []string{"-dtls1_2"}, false},
		{"fragments", "SRTP_AES128_CM_SHA1_80", "AES_CM_128_HMAC_SHA1_80", 16, 14, []string{"-dtls1_2", "-mtu", "256", "-servername", strings.Repeat("x", 60) + "." + strings.Repeat("y", 60)}, true},
		{"1.0", "SRTP_AES128_CM_SHA1_80", "AES_CM_128_HMAC_SHA1_80", 16, 14, []string{"-dtls1", "-cipher", "ALL:@SECLEVEL=0"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := handshake(t, tt.profile, 2*(tt.key+tt.salt), tt.flags...)
			if tt.name == "fragments" && len(a.sent[0].data) > 256 {
				t.Errorf("the ClientHello has %d octets in one piece", len(a.sent[0].data))
			}
			keyOf := func(i int) []byte {
				return slices.Concat(a.material[i*tt.key:][:tt.key], a.material[2*tt.key+i*tt.salt:][:tt.salt])
			}
			// The callee is the client: it answers with a=setup:active.
			var c secretCall
			if tt.sip {
				print := "fingerprint:sha-256 " + strings.Repeat("AB:", 31) + "AB"
				c.offer(t, 0, 0, 1, []string{print, "setup:actpass"}, []string{print, "setup:active"})
			}
			for i, f := range a.sent {
				c.send(t, 100*time.Millisecond+time.Duration(i)*time.Millisecond, 1-f.by, portMedia, f.data)
			}
			plainA, wantA := spoken(1, 200, 65450)
			plainB, wantB := spoken(2, 200, 7)
			c.media(t, time.Second, 0, protect(t, plainA, tt.suite, keyOf(1)))
			c.media(t, time.Second, 1, protect(t, plainB, tt.suite, keyOf(0)))
			path := c.write(t)

			parties := [2]string{"caller", "callee"}
			if !tt.sip {
				parties = [2]string{"a", "b"}
			}
			out, m := extract(t, exitOK, path, "--format", "l16", "--keylog", a.keylog)
			hears(t, out, m, parties[0], wantA)
			hears(t, out, m, parties[1], wantB)
			if l := m.Calls[0].Legs[0]; l.Encryption != "dtls" {
				t.Errorf("encryption %s", l.Encryption)
			}
			secrets, err := os.ReadFile(a.keylog)
			if err != nil {
				t.Fatal(err)
			}
			manifest, err := os.ReadFile(filepath.Join(out, "manifest.json"))
			if err != nil {
				t.Fatal(err)
			}
			if master := bytes.Fields(secrets); bytes.Contains(manifest, master[len(master)-1]) {
				t.Error("the master secret is in the manifest")
			}

			// The same secrets in the capture, put there by Wireshark's editcap.
			need(t, "editcap")
			ng := filepath.Join(t.TempDir(), "secret.pcapng")
			if words, err := exec.Command("editcap", "-F", "pcapng", "--inject-secrets", "tls,"+a.keylog, path, ng).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, words)
			}
			out, m = extract(t, exitOK, ng, "--format", "l16")
			hears(t, out, m, parties[0], wantA)
			hears(t, out, m, parties[1], wantB)

			// Without them nothing is heard, and nothing is lost.
			out, m = extract(t, exitIncomplete, path, "--format", "l16")
			l := m.Calls[0].leg(parties[0])
			if l.Encryption != "dtls" || l.Decrypted || l.Undecodable != 200 || l.file("l16") != nil || l.file("rtpdump") == nil {
				t.Errorf("without keys: %+v", l)
			} else if n := len(rtpdumpPackets(t, filepath.Join(out, l.file("rtpdump").Path))); n != 200 {
				t.Errorf("%d packets were saved", n)
			}
		})
	}
}

// TestKeyLogFlag: what is no key log is refused, and one for something else
// leaves the media as it is.
func TestKeyLogFlag(t *testing.T) {
	path := filepath.Join(captures(t), "ours", "c07_dtls_srtp", "cap.pcap")
	bad := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(bad, []byte("-----BEGIN CERTIFICATE-----\nx\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := callx(t, "list", path, "--keylog", bad); code != exitUsage || !strings.Contains(stderr, "key log") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	other := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(other, []byte("CLIENT_RANDOM "+strings.Repeat("00", 32)+" "+strings.Repeat("11", 48)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := callx(t, "list", path, "--json", "--keylog", other)
	if code != exitOK && code != exitIncomplete || !strings.Contains(stdout, "encrypted (DTLS-SRTP), the key log has no line for the handshake") {
		t.Errorf("exit %d: %s %s", code, stdout, stderr)
	}
}
