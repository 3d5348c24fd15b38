package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// A secretCall is a capture in the making: SIP and media between two parties.
type secretCall struct {
	frames []secretFrame
}

type secretFrame struct {
	at   time.Duration
	data []byte
}

var (
	secretStart = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	// The caller and the callee, by their ports of SIP and of media.
	secretIP = [2]net.IP{{10, 9, 8, 1}, {10, 9, 8, 2}}
)

const (
	portSIP   = 5060
	portMedia = 40000
)

// send captures a datagram that a party, 0 or 1, sends to the other.
func (c *secretCall) send(t *testing.T, at time.Duration, by int, port uint16, payload []byte) {
	t.Helper()
	eth := &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4}
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: secretIP[by], DstIP: secretIP[1-by]}
	udp := &layers.UDP{SrcPort: layers.UDPPort(port), DstPort: layers.UDPPort(port)}
	udp.SetNetworkLayerForChecksum(ip)
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, eth, ip, udp, gopacket.Payload(payload)); err != nil {
		t.Fatal(err)
	}
	c.frames = append(c.frames, secretFrame{at, slices.Clone(b.Bytes())})
}

// sip captures a message of the one dialog; sdp are the attributes of its
// audio, none for a message without SDP.
func (c *secretCall) sip(t *testing.T, at time.Duration, by int, line string, cseq int, method string, sdp ...string) {
	t.Helper()
	asker := by
	if strings.HasPrefix(line, "SIP/2.0") {
		asker = 1 - by
	}
	party := func(i int) string {
		return fmt.Sprintf("<sip:%s@%v>;tag=t%d", []string{"alice", "bob"}[i], secretIP[i], i)
	}
	to := party(1 - asker)
	if line == "INVITE sip:bob@10.9.8.2 SIP/2.0" && cseq == 1 {
		to, _, _ = strings.Cut(to, ";")
	}
	body := ""
	if len(sdp) > 0 {
		body = fmt.Sprintf("v=0\r\no=- %d %d IN IP4 %v\r\ns=-\r\nc=IN IP4 %[3]v\r\nt=0 0\r\nm=audio %d RTP/SAVP 8\r\n", by+1, cseq, secretIP[by], portMedia)
		for _, a := range sdp {
			body += "a=" + a + "\r\n"
		}
	}
	c.send(t, at, by, portSIP, fmt.Appendf(nil, "%s\r\nVia: SIP/2.0/UDP %v;branch=z9hG4bK%d%d\r\nFrom: %s\r\nTo: %s\r\nCall-ID: secret\r\nCSeq: %d %s\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s",
		line, secretIP[asker], asker, cseq, party(asker), to, cseq, method, len(body), body))
}

// offer captures an INVITE by a party and what answers it.
func (c *secretCall) offer(t *testing.T, at time.Duration, by, cseq int, offer, answer []string) {
	t.Helper()
	c.sip(t, at, by, "INVITE sip:"+[]string{"bob@10.9.8.2", "alice@10.9.8.1"}[by]+" SIP/2.0", cseq, "INVITE", offer...)
	c.sip(t, at+20*time.Millisecond, 1-by, "SIP/2.0 200 OK", cseq, "INVITE", answer...)
	c.sip(t, at+30*time.Millisecond, by, "ACK sip:x@10.9.8.2 SIP/2.0", cseq, "ACK")
}

// media captures SRTP packets of 20 ms.
func (c *secretCall) media(t *testing.T, at time.Duration, by int, packets [][]byte) {
	t.Helper()
	for i, p := range packets {
		c.send(t, at+time.Duration(i)*20*time.Millisecond, by, portMedia, p)
	}
}

// write stores the capture.
func (c *secretCall) write(t *testing.T) string {
	t.Helper()
	slices.SortStableFunc(c.frames, func(a, b secretFrame) int { return int(a.at - b.at) })
	var b bytes.Buffer
	w := pcapgo.NewWriterNanos(&b)
	if err := w.WriteFileHeader(262144, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for _, f := range c.frames {
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: secretStart.Add(f.at), CaptureLength: len(f.data), Length: len(f.data)}, f.data); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "secret.pcap")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// spoken makes n RTP packets of PCMA noise, and what they hold.
func spoken(seed, n int, seq uint16) (packets [][]byte, alaw []byte) {
	r := rand.New(rand.NewPCG(uint64(seed), 7))
	for i := range n {
		p := binary.BigEndian.AppendUint16([]byte{0x80, 8}, seq+uint16(i))
		p = binary.BigEndian.AppendUint32(p, uint32(seed*1000+i*160))
		p = binary.BigEndian.AppendUint32(p, 0xabc0+uint32(seed))
		for range 160 {
			p = append(p, byte(r.Uint32()))
		}
		packets, alaw = append(packets, p), append(alaw, p[12:]...)
	}
	return packets, alaw
}

// protect encrypts packets with libsrtp.
func protect(t *testing.T, packets [][]byte, suite string, key []byte, mki ...string) (out [][]byte) {
	t.Helper()
	need(t, "gcc")
	program := filepath.Join(t.TempDir(), "protect")
	if out, err := exec.Command("gcc", "-O1", "-o", program, "../../calls/srtp/testdata/protect.c", "-lsrtp2").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var in bytes.Buffer
	for _, p := range packets {
		binary.Write(&in, binary.BigEndian, uint16(len(p)))
		in.Write(p)
	}
	cmd := exec.Command(program, append([]string{suite, hex.EncodeToString(key)}, mki...)...)
	cmd.Stdin = &in
	b, err := cmd.Output()
	if err != nil {
		t.Fatalf("protect %s: %v", suite, err)
	}
	for len(b) >= 2 {
		n := int(binary.BigEndian.Uint16(b))
		out = append(out, b[2:2+n])
		b = b[2+n:]
	}
	return out
}

func inline(key []byte) string { return "inline:" + base64.StdEncoding.EncodeToString(key) }

// hears compares a leg's audio with the A-law that was encrypted.
func hears(t *testing.T, out string, m *jsonManifest, party string, alaw []byte) {
	t.Helper()
	if len(m.Calls) != 1 {
		t.Fatalf("%d calls", len(m.Calls))
	}
	l := m.Calls[0].leg(party)
	if l == nil || l.file("l16") == nil {
		t.Fatalf("no audio of %s", party)
	}
	want := int16s(ffmpeg(t, alaw, "-f", "alaw", "-ar", "8000", "-ac", "1", "-i", "-", "-f", "s16le", "-"))
	got := samples(t, filepath.Join(out, l.file("l16").Path))
	if at := int(l.OffsetS*8000 + 0.5); len(got) < at || !slices.Equal(got[at:], want) {
		t.Errorf("%s: %d samples from %d on differ from the %d that were encrypted", party, len(got), at, len(want))
	}
	if !l.Decrypted || l.Undecodable != 0 || len(l.Gaps) != 0 {
		t.Errorf("%s: decrypted %v, undecodable %d, gaps %v", party, l.Decrypted, l.Undecodable, l.Gaps)
	}
}

// secretKey makes a key that is unlike others of the test.
func secretKey(n, length int) []byte {
	key := make([]byte, length)
	for i := range key {
		key[i] = byte(n*29 + i*7)
	}
	return key
}

// TestSDES plays calls with SDES, encrypted by libsrtp: each suite, keys chosen
// by the tag, keys with MKI, a wrap of the sequence number, a capture that
// begins in the middle, and new keys in mid-call, late and early.
func TestSDES(t *testing.T) {
	need(t, "ffmpeg")
	const suite80 = "AES_CM_128_HMAC_SHA1_80"
	for _, s := range []struct {
		name   string
		length int
	}{
		{suite80, 30}, {"AES_CM_128_HMAC_SHA1_32", 30}, {"AES_192_CM_HMAC_SHA1_80", 38}, {"AES_192_CM_HMAC_SHA1_32", 38},
		{"AES_256_CM_HMAC_SHA1_80", 46}, {"AES_256_CM_HMAC_SHA1_32", 46}, {"AEAD_AES_128_GCM", 28}, {"AEAD_AES_256_GCM", 44},
	} {
		t.Run(s.name, func(t *testing.T) {
			var c secretCall
			a, b := secretKey(1, s.length), secretKey(2, s.length)
			c.offer(t, 0, 0, 1, []string{"crypto:1 AES_CM_128_HMAC_SHA1_80 " + inline(secretKey(3, 30)), "crypto:2 " + s.name + " " + inline(a)},
				[]string{"crypto:2 " + s.name + " " + inline(b)})
			plainA, wantA := spoken(1, 200, 65450) // wraps
			plainB, wantB := spoken(2, 200, 7)
			c.media(t, time.Second, 0, protect(t, plainA, s.name, a))
			c.media(t, time.Second, 1, protect(t, plainB, s.name, b))
			out, m := extract(t, exitOK, c.write(t), "--format", "l16")
			hears(t, out, m, "caller", wantA)
			hears(t, out, m, "callee", wantB)
			if l := m.Calls[0].Legs[0]; l.Encryption != "sdes" {
				t.Errorf("encryption %s", l.Encryption)
			}
		})
	}
	t.Run("MKI", func(t *testing.T) {
		var c secretCall
		a, b := secretKey(1, 30), secretKey(2, 30)
		c.offer(t, 0, 0, 1, []string{"crypto:1 " + suite80 + " " + inline(secretKey(3, 30)) + "|2^20|1:2;" + inline(a) + "|2^20|2:2"}, []string{"crypto:1 " + suite80 + " " + inline(b)})
		plain, want := spoken(1, 100, 1)
		c.media(t, time.Second, 0, protect(t, plain, suite80, a, "0002"))
		out, m := extract(t, exitOK, c.write(t), "--format", "l16")
		hears(t, out, m, "caller", want)
	})
	t.Run("from the middle", func(t *testing.T) {
		var c secretCall
		a := secretKey(1, 30)
		c.offer(t, 0, 0, 1, []string{"crypto:1 " + suite80 + " " + inline(a)}, []string{"crypto:1 " + suite80 + " " + inline(secretKey(2, 30))})
		plain, want := spoken(1, 3*65536, 65000)
		const seen = 300
		c.media(t, time.Second, 0, protect(t, plain, suite80, a)[3*65536-seen:])
		out, m := extract(t, exitOK, c.write(t), "--format", "l16")
		hears(t, out, m, "caller", want[len(want)-160*seen:])
	})
	for name, change := range map[string]int{"new keys": 150, "new keys, used late": 170, "new keys, used early": 130} {
		t.Run(name, func(t *testing.T) {
			var c secretCall
			a, b := secretKey(1, 30), secretKey(2, 30)
			c.offer(t, 0, 0, 1, []string{"crypto:1 " + suite80 + " " + inline(a)}, []string{"crypto:1 " + suite80 + " " + inline(b)})
			newA, newB := secretKey(4, 30), secretKey(5, 30)
			c.offer(t, 4*time.Second, 1, 1, []string{"crypto:1 " + suite80 + " " + inline(newB)}, []string{"crypto:1 " + suite80 + " " + inline(newA)})
			plainA, wantA := spoken(1, 300, 65400)
			plainB, wantB := spoken(2, 300, 7)
			twice := func(plain [][]byte, first, second []byte) [][]byte {
				return slices.Concat(protect(t, plain[:change], suite80, first), protect(t, plain, suite80, second)[change:])
			}
			c.media(t, time.Second, 0, twice(plainA, a, newA))
			c.media(t, time.Second, 1, twice(plainB, b, newB))
			out, m := extract(t, exitOK, c.write(t), "--format", "l16")
			hears(t, out, m, "caller", wantA)
			hears(t, out, m, "callee", wantB)
		})
	}
}

// TestSDESDamage: packets that no key fits are counted and saved as they were;
// where none fits there is no silent file.
func TestSDESDamage(t *testing.T) {
	need(t, "ffmpeg")
	const suite = "AES_CM_128_HMAC_SHA1_80"
	var c secretCall
	a, b := secretKey(1, 30), secretKey(2, 30)
	c.offer(t, 0, 0, 1, []string{"crypto:1 " + suite + " " + inline(a)}, []string{"crypto:1 " + suite + " " + inline(b)})
	plainA, _ := spoken(1, 100, 1)
	plainB, _ := spoken(2, 100, 1)
	sent := protect(t, plainA, suite, a)
	for i := 10; i < 20; i++ {
		sent[i][30] ^= 1
	}
	c.media(t, time.Second, 0, sent)
	c.media(t, time.Second, 1, protect(t, plainB, suite, secretKey(9, 30)))
	out, m := extract(t, exitIncomplete, c.write(t), "--format", "l16")
	caller, callee := m.Calls[0].leg("caller"), m.Calls[0].leg("callee")
	if caller.Undecodable != 10 || !caller.Decrypted || caller.file("l16") == nil || caller.file("rtpdump") == nil {
		t.Errorf("caller: %+v", caller)
	}
	if callee.Undecodable != 100 || callee.Decrypted || callee.file("l16") != nil || callee.file("rtpdump") == nil {
		t.Errorf("callee: %+v", callee)
	}
	if got := rtpdumpPackets(t, filepath.Join(out, caller.file("rtpdump").Path)); !slices.EqualFunc(got, sent[10:20], bytes.Equal) {
		t.Errorf("%d packets were saved, not the 10 that were altered", len(got))
	}
	pcm := samples(t, filepath.Join(out, caller.file("l16").Path))
	for i := 10 * 160; i < 20*160; i++ {
		if pcm[i] != 0 {
			t.Fatalf("sample %d of the altered packets is %d", i, pcm[i])
		}
	}
}

// rtpdumpPackets reads the packets of an rtpdump file.
func rtpdumpPackets(t *testing.T, path string) (packets [][]byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, b, _ = bytes.Cut(b, []byte("\n"))
	for b = b[16:]; len(b) >= 8; {
		n := int(binary.BigEndian.Uint16(b))
		packets, b = append(packets, b[8:n]), b[n:]
	}
	return packets
}
