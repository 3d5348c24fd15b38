package synth

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"strconv"
	"testing"
)

func smallBig(t *testing.T) ([]byte, BigStats) {
	t.Helper()
	var buf bytes.Buffer
	stats, err := Big{Calls: 40, Seconds: 3, LossPerMillion: 20_000, Seed: 7}.Write(&buf)
	if err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), stats
}

// TestBig lets tshark count what the big generator says it wrote.
func TestBig(t *testing.T) {
	data, stats := smallBig(t)
	again, _ := smallBig(t)
	if !bytes.Equal(data, again) {
		t.Error("the same seed gave other bytes")
	}
	if stats.Bytes != len(data) || stats.RTP+stats.Lost != 40*2*3*50 || stats.SIP != 40*7 || stats.Lost == 0 {
		t.Errorf("%d bytes, stats %+v", len(data), stats)
	}
	packets, lost := 0, 0
	streams := sharkStreams(t, data)
	for _, s := range streams {
		packets += s.packets
		lost += s.lost
	}
	if len(streams) != stats.Streams || packets != stats.RTP || lost != stats.Lost {
		t.Errorf("tshark counts %d streams, %d packets, %d lost; written were %+v", len(streams), packets, lost, stats)
	}
	last := 0.0
	sip := 0
	for i, line := range tshark(t, data, "-T", "fields", "-E", "separator=,", "-e", "_ws.expert.severity", "-e", "frame.time_epoch", "-e", "sip.CSeq.method") {
		f := bytes.Split([]byte(line), []byte(","))
		at, err := strconv.ParseFloat(string(f[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		if at < last {
			t.Fatalf("frame %d goes back in time", i+1)
		}
		last = at
		if len(f[2]) > 0 {
			sip++
		}
	}
	if sip != stats.SIP {
		t.Errorf("tshark finds %d SIP messages, written were %d", sip, stats.SIP)
	}
}

func BenchmarkBig(b *testing.B) {
	for b.Loop() {
		stats, err := Big{Calls: 1000, Seconds: 10}.Write(io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(stats.Bytes))
	}
}

// TestBigOverlap makes captures of as many packets with few calls and with
// many: in both every call talks while all others do, and streams take turns.
func TestBigOverlap(t *testing.T) {
	for _, b := range []Big{{Calls: 10, Seconds: 40, Seed: 1}, {Calls: 200, Seconds: 2, Seed: 1}} {
		var buf bytes.Buffer
		stats, err := b.Write(&buf)
		if err != nil {
			t.Fatal(err)
		}
		if stats.RTP != 40_000 {
			t.Errorf("%d calls: %d RTP packets, want 40000", b.Calls, stats.RTP)
		}
		first, last := map[string]int{}, map[string]int{}
		neighbours, before := 0, ""
		for i, ssrc := range tshark(t, buf.Bytes(), "-T", "fields", "-e", "rtp.ssrc", "-Y", "rtp") {
			if _, ok := first[ssrc]; !ok {
				first[ssrc] = i
			}
			if ssrc == before {
				neighbours++
			}
			last[ssrc], before = i, ssrc
		}
		latest, earliest := slices.Max(slices.Collect(maps.Values(first))), slices.Min(slices.Collect(maps.Values(last)))
		if len(first) != 2*b.Calls || latest >= earliest {
			t.Errorf("%d calls: %d streams; the last one begins with packet %d, the first one ends with %d", b.Calls, len(first), latest, earliest)
		}
		if neighbours > stats.RTP/50 {
			t.Errorf("%d calls: %d times a stream has two packets in a row", b.Calls, neighbours)
		}
	}
}
