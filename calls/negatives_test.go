package calls

import (
	"encoding/binary"
	"encoding/csv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"callx/pcapio"
	"callx/pcapio/wire"
)

// TestNoCallsOfNoise sends two minutes of what is no media: nothing of it is a
// call.
func TestNoCallsOfNoise(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		return b
	}
	// like makes what has RTP's version and one SSRC, and fills in the rest.
	like := func(fill func(b []byte, i int)) func(int) []byte {
		return func(i int) []byte {
			b := random(172)
			b[0], b[1] = 0x80, 96
			binary.BigEndian.PutUint32(b[8:], 0x01020304)
			fill(b, i)
			return b
		}
	}
	seq := func(b []byte, v int) { binary.BigEndian.PutUint16(b[2:], uint16(v)) }
	ts := func(b []byte, v int) { binary.BigEndian.PutUint32(b[4:], uint32(v)) }
	for name, packet := range map[string]func(i int) []byte{
		"random": func(int) []byte { return random(1 + rnd.IntN(1200)) },
		"DNS": func(i int) []byte { // RFC 1035 section 4.1.1, IDs at random
			return append([]byte{byte(rnd.Uint32()), byte(rnd.Uint32()), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, "\x07example\x03com\x00\x00\x01\x00\x01"...)
		},
		"DNS answers": func(i int) []byte {
			return append([]byte{0x80 | byte(rnd.Uint32()), byte(rnd.Uint32()), 0x81, 0x80, 0, 1, 0, byte(i % 3), 0, 0, 0, 1}, random(60)...)
		},
		"QUIC": func(i int) []byte { // RFC 9000 section 17.3: short headers, one connection
			return append([]byte{0x40 | byte(rnd.Uint32())&0x3f, 1, 2, 3, 4, 5, 6, 7, 8}, random(900)...)
		},
		"QUIC long": func(i int) []byte { // section 17.2
			return append([]byte{0xc0 | byte(rnd.Uint32())&0x3f, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8}, random(900)...)
		},
		"QUIC greased": func(i int) []byte { // RFC 9287: the fixed bit is anything
			return append([]byte{byte(rnd.Uint32()) &^ 0x40, 1, 2, 3, 4, 5, 6, 7, 8}, random(900)...)
		},
		"STUN": func(i int) []byte {
			return append([]byte{0, 1, 0, 80, 0x21, 0x12, 0xa4, 0x42}, random(92)...)
		},
		"ChannelData": func(i int) []byte { // RFC 8656 section 12.4
			return append([]byte{0x40, 0, 0, 172}, like(func(b []byte, i int) { seq(b, i); ts(b, 160*i) })(i)...)
		},
		"DTLS":                func(i int) []byte { return append([]byte{23, 0xfe, 0xfd, 0, 1, 0, 0}, random(80)...) },
		"constant":            like(func(b []byte, i int) { seq(b, 5); ts(b, 5) }),
		"seq alone":           like(func(b []byte, i int) { seq(b, i); ts(b, 5) }),
		"ts alone":            like(func(b []byte, i int) { seq(b, 5); ts(b, 160*i) }),
		"seq, random ts":      like(func(b []byte, i int) { seq(b, i) }),
		"ts, random seq":      like(func(b []byte, i int) { ts(b, 160*i) }),
		"ts in milliseconds":  like(func(b []byte, i int) { seq(b, i); ts(b, 20*i) }),
		"ts in microseconds":  like(func(b []byte, i int) { seq(b, i); ts(b, 20000*i) }),
		"ts of another clock": like(func(b []byte, i int) { seq(b, i); ts(b, 1300*i) }), // 65 kHz
		"ts backwards":        like(func(b []byte, i int) { seq(b, i); ts(b, -160*i) }),
		"seq backwards":       like(func(b []byte, i int) { seq(b, -i); ts(b, 160*i) }),
		"unassigned type":     like(func(b []byte, i int) { seq(b, i); ts(b, 160*i); b[1] = 50 }),
		"static, other clock": like(func(b []byte, i int) { seq(b, i); ts(b, 960*i); b[1] = 8 }),
		"another SSRC each":   like(func(b []byte, i int) { seq(b, i); ts(b, 160*i); binary.BigEndian.PutUint32(b[8:], uint32(i)) }),
		"seven packets":       like(func(b []byte, i int) { seq(b, i); ts(b, 160*i); binary.BigEndian.PutUint32(b[8:], uint32(i/7)) }),
	} {
		var list []wire.Datagram
		for i := range 6000 {
			d := wire.Datagram{Nanos: 1700000000e9 + int64(i)*20e6, Flow: flowOf(addr(1, 5000), addr(2, 5002)), Payload: packet(i)}
			if i%2 == 1 && name != "seq, random ts" && len(d.Payload) > 0 && name[0] >= 'A' && name[0] <= 'Z' {
				d.Flow = d.Flow.Reverse()
			}
			list = append(list, d)
		}
		ix := index(list)
		if len(ix.Calls) != 0 {
			t.Errorf("%s: %d calls, %q", name, len(ix.Calls), whose(ix)[:min(3, len(whose(ix)))])
		}
		if a := ix.Packets; a.Sum() != 6000 || a.RTP+a.RTPDuplicate+a.RTPUnattributed+a.SIP != 0 {
			t.Errorf("%s: accounting %+v", name, a)
		}
	}
	// What it takes: eight packets that go on.
	good := like(func(b []byte, i int) { seq(b, i); ts(b, 160*i) })
	var list []wire.Datagram
	for i := range 8 {
		list = append(list, wire.Datagram{Nanos: 1700000000e9 + int64(i)*20e6, Flow: flowOf(addr(1, 5000), addr(2, 5002)), Payload: good(i)})
	}
	if ix := index(list); len(ix.Calls) != 1 {
		t.Errorf("eight packets of media: %d calls", len(ix.Calls))
	}
}

// TestNoCallsOfOtherCaptures indexes the captures of the catalogue in which, as
// it says, there is neither a call nor RTP.
func TestNoCallsOfOtherCaptures(t *testing.T) {
	dir := os.Getenv("CALLX_CAPTURES")
	if dir == "" {
		t.Skip("CALLX_CAPTURES is not set")
	}
	f, err := os.Open(filepath.Join(dir, "public.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	seen := 0
	for _, row := range rows[1:] {
		class := row[column["class"]]
		if class != "format-only" && class != "sip-no-call" {
			continue
		}
		seen++
		path := row[column["path"]]
		if ix := indexFile(t, filepath.Join(dir, "public", path)); len(ix.Calls) != 0 {
			t.Errorf("%s: %d calls, %q", path, len(ix.Calls), whose(ix))
		}
	}
	if seen < 50 {
		t.Errorf("%d captures in the catalogue", seen)
	}
}

// indexFile runs pass 1 over a capture, as far as it can be read.
func indexFile(t *testing.T, path string) *Index {
	t.Helper()
	x := NewIndexer(Options{})
	src, err := pcapio.Open([]string{path}, pcapio.Options{})
	if err != nil {
		return x.Finish([]string{path})
	}
	defer src.Close()
	r, err := src.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	d := wire.Decoder{Streams: Streams}
	var f pcapio.Frame
	for r.Next(&f) {
		dgs, class := d.Decode(nil, &f)
		x.Frame(&f, class, dgs)
	}
	x.Frame(nil, wire.ClassOther, d.Flush(nil))
	return x.Finish([]string{path})
}
