package calls

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"callx/calls/sip"
	"callx/pcapio"
	"callx/pcapio/wire"
)

// A peeled frame is what wire made of one frame of a capture.
type peeled struct {
	pcapio.Frame
	class wire.Class
	dgs   []wire.Datagram
}

// signals reports whether the frame is of the signalling.
func (f *peeled) signals() bool {
	return slices.ContainsFunc(f.dgs, func(d wire.Datagram) bool { return d.Flow.Proto == wire.TCP || sip.Sniff(d.Payload) })
}

func framesOf(t *testing.T, path string) (list []peeled) {
	t.Helper()
	src, err := pcapio.Open([]string{path}, pcapio.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	r, err := src.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	d := wire.Decoder{Streams: Streams}
	add := func(f *pcapio.Frame, class wire.Class, dgs []wire.Datagram) {
		kept := peeled{Frame: *f, class: class}
		kept.Data = nil
		for _, dg := range dgs {
			dg.Payload = bytes.Clone(dg.Payload)
			kept.dgs = append(kept.dgs, dg)
		}
		list = append(list, kept)
	}
	var f pcapio.Frame
	for r.Next(&f) {
		dgs, class := d.Decode(nil, &f)
		add(&f, class, dgs)
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// framesOfScene numbers the datagrams of a scene, in order of time.
func framesOfScene(s *scene) (list []peeled) {
	slices.SortStableFunc(s.list, func(a, b wire.Datagram) int { return int(min(1, max(-1, a.Nanos-b.Nanos))) })
	for i, d := range s.list {
		d.Pos = pcapio.Pos{Frame: uint64(i + 1)}
		list = append(list, peeled{Frame: pcapio.Frame{Pos: d.Pos, Nanos: d.Nanos}, class: wire.ClassUDP, dgs: []wire.Datagram{d}})
	}
	return list
}

// jsonOf indexes the frames in the order given.
func jsonOf(t *testing.T, list []peeled) string {
	t.Helper()
	x := NewIndexer(Options{Decodable: func(c Codec) bool { return c.Name == "PCMA" }})
	for i := range list {
		x.Frame(&list[i].Frame, list[i].class, list[i].dgs)
	}
	b, err := json.MarshalIndent(x.Finish([]string{"capture"}), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// orders moves the signalling against the media; either keeps its own order,
// and every frame its time.
var orders = []struct {
	name  string
	order func(signals, rest []peeled) []peeled
}{
	{"before", func(signals, rest []peeled) []peeled { return slices.Concat(signals, rest) }},
	{"behind", func(signals, rest []peeled) []peeled { return slices.Concat(rest, signals) }},
	{"amid", func(signals, rest []peeled) []peeled {
		return slices.Concat(rest[:len(rest)/2], signals, rest[len(rest)/2:])
	}},
	{"mixed", func(signals, rest []peeled) (list []peeled) {
		r := rand.New(rand.NewPCG(1, uint64(len(rest))))
		for len(signals)+len(rest) > 0 {
			from := &rest
			if r.IntN(len(signals)+len(rest)) < len(signals) {
				from = &signals
			}
			list, *from = append(list, (*from)[0]), (*from)[1:]
		}
		return list
	}},
}

func checkOrders(t *testing.T, list []peeled) {
	t.Helper()
	var signals, rest []peeled
	for _, f := range list {
		if f.signals() {
			signals = append(signals, f)
		} else {
			rest = append(rest, f)
		}
	}
	want := jsonOf(t, list)
	for _, o := range orders {
		if got := jsonOf(t, o.order(signals, rest)); got != want {
			t.Errorf("signalling %s the media: %s", o.name, firstDifference(got, want))
		}
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			from := max(0, i-3)
			return "got\n" + strings.Join(g[from:min(len(g), i+3)], "\n") + "\nwant\n" + strings.Join(w[from:min(len(w), i+3)], "\n")
		}
	}
	return "one is longer"
}

// TestOrderOfFlows and the tests below: it does not matter whether the
// signalling comes before, amid or after its media.
func TestOrderOfFlows(t *testing.T) {
	for _, f := range flows(t) {
		t.Run(f.name, func(t *testing.T) {
			s := f.play(t)
			checkOrders(t, framesOfScene(&s))
		})
	}
}

func TestOrderOfSynthetic(t *testing.T) {
	paths, err := filepath.Glob("../testdata/*.pcap*")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, path := range paths {
		if strings.HasSuffix(path, ".json") {
			continue
		}
		checked++
		t.Run(filepath.Base(path), func(t *testing.T) { checkOrders(t, framesOf(t, path)) })
	}
	if checked < 20 {
		t.Errorf("%d captures", checked)
	}
}

func TestOrderOfCaptures(t *testing.T) {
	dir := os.Getenv("CALLX_CAPTURES")
	if dir == "" {
		t.Skip("CALLX_CAPTURES is not set")
	}
	for _, name := range []string{
		"c01_pcma/cap.pcap", "c07_srtp_sdes/cap.pcap", "c08_tcp_big_invite/cap.pcap", "c09_hold_resume/cap.pcap", "c10_dup5/cap.pcap",
		"c12_sll_dumpcap/any_sll2.pcap", "c13_nat_tee/tee.pcap", "c14_b2bua_baresip/any_sll2.pcap", "c15_video_vp8/cap.pcap",
		"s09_codec_change_reinvite/cap.pcap", "s09_delayed_offer/cap.pcap",
	} {
		t.Run(name, func(t *testing.T) { checkOrders(t, framesOf(t, filepath.Join(dir, "ours", name))) })
	}
}
