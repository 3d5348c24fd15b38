package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRTPDump reads what was saved of a leg whose codec is not known, by the
// format's own description (rtptools, rtpdump.h), and compares every packet
// with the bytes that tshark finds in the capture.
func TestRTPDump(t *testing.T) {
	capture := filepath.Join(captures(t), "ours", "c06_codec2_unsupported", "cap.pcap")
	need(t, "tshark")
	dir, m := extract(t, exitIncomplete, capture)
	for _, l := range m.Calls[0].Legs {
		got := readRTPDump(t, filepath.Join(dir, l.file("rtpdump").Path), l.Streams[0].Dst)
		ip, port, _ := strings.Cut(l.Streams[0].Dst, ":")
		out, err := exec.Command("tshark", "-r", capture, "-Y", "ip.dst=="+ip+" && udp.dstport=="+port, "-T", "fields", "-e", "udp.payload").Output()
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Fields(string(out))
		if len(got) != len(want) || len(got) != l.Packets {
			t.Fatalf("%s: %d packets saved, tshark finds %d, the manifest says %d", l.Party, len(got), len(want), l.Packets)
		}
		for i := range want {
			if hex.EncodeToString(got[i]) != strings.ReplaceAll(want[i], ":", "") {
				t.Fatalf("%s: packet %d differs", l.Party, i)
			}
		}
	}
}

func readRTPDump(t *testing.T, path, dst string) (packets [][]byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head := "#!rtpplay1.0 " + strings.Replace(dst, ":", "/", 1) + "\n"
	if !bytes.HasPrefix(b, []byte(head)) {
		t.Fatalf("begins with %q", b[:40])
	}
	b = b[len(head)+16:] // start time, source, port
	last := uint32(0)
	for len(b) > 0 {
		length, plen, offset := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint32(b[4:])
		if length != plen+8 || offset < last {
			t.Fatalf("length %d of a packet of %d, at %d ms behind %d", length, plen, offset, last)
		}
		packets = append(packets, b[8:length])
		b, last = b[length:], offset
	}
	return packets
}
