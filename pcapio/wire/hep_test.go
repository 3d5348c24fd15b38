package wire

import (
	"bytes"
	"encoding/hex"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"callx/pcapio"
)

// options is a message, and what zlib (of Python, at level 9) makes of it.
const (
	options     = "OPTIONS sip:a@192.0.2.1 SIP/2.0\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
	optionsZlib = "78daf30f08f1f4f70b5628ce2cb04a7430b434d233d033d2335408f60cd007b279b99c137372743d5dac140c81ece0d4422043c11fa20928909f57929a57a2eb939a975e9261a50054cfcb0500895b1563"
)

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// hepCompressedOf is a report whose payload has gone through zlib.
func hepCompressedOf(zlib []byte) []byte {
	return hepOf(hepChunk(3, src4.AsSlice()...), hepChunk(4, dst4.AsSlice()...), hepChunk(7, be16(srcPort)...), hepChunk(8, be16(dstPort)...), hepChunk(16, zlib...))
}

// hep2Of is a report of version 1 or 2 as captagent lays it out, with a length
// of one's choice.
func hep2Of(version, length, family, proto byte, src, dst netip.Addr, when, payload []byte) []byte {
	return join([]byte{version, length, family, proto}, be16(srcPort, dstPort), src.AsSlice(), dst.AsSlice(), when, payload)
}

func decodeUDP(t *testing.T, payload []byte, cut int) ([]Datagram, Class) {
	t.Helper()
	u := join(be16(40000, 9060, 8+len(payload)+cut, 0), payload)
	data := ip4With(20+len(u)+cut, 0, 17, nil, u)
	return decodeBoth(t, &pcapio.Frame{Link: linkRaw, Nanos: 7, Orig: len(data) + cut, Data: data})
}

func TestHEP(t *testing.T) {
	when := make([]byte, 12)
	zlib := unhex(t, optionsZlib)
	damaged := slices.Clone(zlib)
	damaged[len(damaged)/2] ^= 0x40
	msg := []byte(options)
	for _, c := range []struct {
		name string
		data []byte
		want string // "" if what is inside cannot be got at
		v6   bool
	}{
		{name: "compressed", data: hepCompressedOf(zlib), want: options},
		{name: "compressed and damaged", data: hepCompressedOf(damaged)},
		{name: "compressed without an end", data: hepCompressedOf(zlib[:40])},
		{name: "not compressed", data: hepCompressedOf(msg)},
		{name: "version 1", data: hep2Of(1, 16, 2, 17, src4, dst4, nil, msg), want: options},
		{name: "version 1 IPv6", data: hep2Of(1, 40, 10, 6, src6, dst6, nil, msg), want: options, v6: true},
		{name: "version 2 of captagent", data: hep2Of(2, 28, 2, 17, src4, dst4, when, msg), want: options},
		{name: "version 2 of OpenSIPS", data: hep2Of(2, 16, 2, 17, src4, dst4, when, msg), want: options},
		{name: "version 2 of FreeBSD", data: hep2Of(2, 52, 28, 17, src6, dst6, when, msg), want: options, v6: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, class := decodeUDP(t, c.data, 0)
			if c.want == "" {
				if class != ClassUndecodable || len(got) != 0 {
					t.Errorf("class %d, %+v", class, got)
				}
				return
			}
			flow := Flow{Src: netip.AddrPortFrom(src4, srcPort), Dst: netip.AddrPortFrom(dst4, dstPort), Proto: UDP}
			if c.v6 {
				flow = Flow{Src: netip.AddrPortFrom(src6, srcPort), Dst: netip.AddrPortFrom(dst6, dstPort), Proto: UDP}
			}
			if class != ClassUDP || len(got) != 1 || string(got[0].Payload) != c.want || got[0].Flow != flow || got[0].Nanos != 7 || got[0].Cut != 0 {
				t.Errorf("class %d, %+v", class, got)
			}
		})
	}
}

// TestHEPIsNot: what begins like a report of an early version is itself.
func TestHEPIsNot(t *testing.T) {
	msg := []byte(options)
	for name, data := range map[string][]byte{
		"another version": hep2Of(3, 16, 2, 17, src4, dst4, nil, msg),
		"another length":  hep2Of(1, 17, 2, 17, src4, dst4, nil, msg),
		"another family":  hep2Of(1, 16, 3, 17, src4, dst4, nil, msg),
		"ICMP":            hep2Of(1, 16, 2, 1, src4, dst4, nil, msg),
		"no SIP":          hep2Of(1, 16, 2, 17, src4, dst4, nil, noise(40)),
		"nothing":         hep2Of(1, 16, 2, 17, src4, dst4, nil, nil),
		"STUN":            join(be16(0x0101, 12), be32(0x2112a442), noise(24)),
		"HEP4":            join([]byte("HEP4"), be16(8, 0)),
	} {
		got, class := decodeUDP(t, data, 0)
		if class != ClassUDP || len(got) != 1 || !bytes.Equal(got[0].Payload, data) || got[0].Flow.Dst.Port() != 9060 {
			t.Errorf("%s: class %d, %+v", name, class, got)
		}
	}
}

// TestHEPCut: of a report that the capture has cut there is as much of the
// message as was kept, once the addresses were.
func TestHEPCut(t *testing.T) {
	msg := []byte(options)
	for name, whole := range map[string][]byte{
		"version 3": hepOf(hepChunk(3, src4.AsSlice()...), hepChunk(4, dst4.AsSlice()...), hepChunk(7, be16(srcPort)...), hepChunk(8, be16(dstPort)...), hepChunk(15, msg...)),
		"version 2": hep2Of(2, 28, 2, 17, src4, dst4, make([]byte, 12), msg),
	} {
		start := len(whole) - len(msg)
		for n := start + 1; n < len(whole); n++ {
			got, class := decodeUDP(t, whole[:n], len(whole)-n)
			if class != ClassUDP || len(got) != 1 || string(got[0].Payload) != options[:n-start] || got[0].Cut != len(whole)-n {
				t.Errorf("%s: %d of %d bytes: class %d, %+v", name, n, len(whole), class, got)
			}
		}
		for n := 8; n < start; n++ {
			if got, class := decodeUDP(t, whole[:n], len(whole)-n); class != ClassTruncated || len(got) != 0 {
				t.Errorf("%s: %d of %d bytes: class %d, %+v", name, n, len(whole), class, got)
			}
		}
	}
	whole := hepCompressedOf(unhex(t, optionsZlib))
	if got, class := decodeUDP(t, whole[:len(whole)-1], 1); class != ClassTruncated || len(got) != 0 {
		t.Errorf("compressed: class %d, %+v", class, got)
	}
}

// TestHEPBounded: a payload that grows beyond a datagram is left, and the next
// is read.
func TestHEPBounded(t *testing.T) {
	// 1 MiB of zeros, by Python's zlib.
	bomb := join(unhex(t, "78daedc13101000000c2a0f54f6d085fa0"), make([]byte, 1016), unhex(t, "3e0300f00001"))
	var d Decoder
	for _, c := range []struct {
		zlib  []byte
		class Class
	}{{bomb, ClassUndecodable}, {unhex(t, optionsZlib), ClassUDP}} {
		data := ip4(17, udp(hepCompressedOf(c.zlib)))
		got, class := d.Decode(nil, &pcapio.Frame{Link: linkRaw, Orig: len(data), Data: data})
		if class != c.class {
			t.Errorf("class %d, want %d", class, c.class)
		}
		for _, g := range got {
			if len(g.Payload) > maxReassembled {
				t.Errorf("%d bytes", len(g.Payload))
			}
		}
	}
}

// TestHEPOfSngrep lets sngrep, a program of others, read a capture and report it
// by HEP: the messages and addresses are those of the capture.
func TestHEPOfSngrep(t *testing.T) {
	if _, err := exec.LookPath("sngrep"); err != nil {
		t.Skip("sngrep is not installed")
	}
	paths := []string{filepath.Join("..", "..", "testdata", "cancelled.pcap")}
	if root := os.Getenv("CALLX_CAPTURES"); root != "" {
		paths = append(paths, filepath.Join(root, "ours", "c08_ipv6", "cap.pcap"))
	}
	for _, path := range paths {
		for _, version := range []int{2, 3} {
			t.Run(filepath.Base(filepath.Dir(path))+" version "+strconv.Itoa(version), func(t *testing.T) { sngrep(t, path, version) })
		}
	}
}

// sipOf lists the SIP of a capture, as flow and text.
func sipOf(t *testing.T, path string) (list []string) {
	t.Helper()
	frames, err := readCapture(path)
	if err != nil {
		t.Fatal(err)
	}
	var d Decoder
	for i := range frames {
		got, _ := d.Decode(nil, &frames[i])
		for _, g := range got {
			if bytes.Contains(g.Payload, []byte("SIP/2.0\r\n")) || bytes.HasPrefix(g.Payload, []byte("SIP/2.0 ")) {
				list = append(list, said(g))
			}
		}
	}
	return list
}

func said(g Datagram) string {
	return g.Flow.Src.String() + " " + g.Flow.Dst.String() + " " + string(g.Payload)
}

func sngrep(t *testing.T, path string, version int) {
	want := sipOf(t, path)
	if len(want) < 3 {
		t.Fatalf("%d messages in %s", len(want), path)
	}
	server, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if err := server.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(t.TempDir(), "sngreprc")
	if err := os.WriteFile(settings, []byte("set eep.send.version "+strconv.Itoa(version)+"\nset eep.send on\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sngrep", "-N", "-q", "-f", settings, "-H", "udp:"+server.LocalAddr().String(), "-I", path)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	buf := make([]byte, 1<<16)
	for i := range want {
		n, err := server.Read(buf)
		if err != nil {
			t.Fatalf("report %d of %d: %v", i+1, len(want), err)
		}
		got, class := decodeUDP(t, slices.Clone(buf[:n]), 0)
		if class != ClassUDP || len(got) != 1 || said(got[0]) != want[i] {
			t.Errorf("report %d: class %d, %+v, want %q", i+1, class, got, want[i])
		}
	}
}
