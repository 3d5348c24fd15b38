package wire

import (
	"fmt"
	"strings"
	"testing"
)

// show prints datagrams: payload, then ^ for a hole before, ~n for bytes cut,
// $ for the end, <n for the frame if it is not the one in hand. Those of the
// server's stream are in brackets.
func show(list []Datagram, frame int) string {
	var words []string
	for _, g := range list {
		w := string(g.Payload)
		if g.Hole {
			w = "^" + w
		}
		if g.Cut > 0 {
			w += fmt.Sprintf("~%d", g.Cut)
		}
		if g.End {
			w += "$"
		}
		if int(g.Frame) != frame {
			w += fmt.Sprintf("<%d", g.Frame)
		}
		if g.Flow.Src == server {
			w = "[" + w + "]"
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

const top = 1<<32 - 1

// tcpRules are segments with what each yields, by show; the last string is what
// Flush adds. "-" is nothing, "" one empty datagram.
var tcpRules = []struct {
	name  string
	segs  []seg
	yield []string
}{
	{"in order",
		[]seg{{seq: 9, flags: flagSYN}, {seq: 99, flags: flagSYN, ack: 10, back: true}, {seq: 10, data: "*ab", ack: 100}, {seq: 100, data: "xy", ack: 13, back: true}, {seq: 13, data: "c"}},
		[]string{"-", "-", "*ab", "[xy]", "c", "$<5 [$<5]"}},
	{"out of order",
		[]seg{{seq: 9, flags: flagSYN}, {seq: 12, data: "cd"}, {seq: 14, data: "e"}, {seq: 10, data: "*b"}},
		[]string{"-", "-", "-", "*b cd<2 e<3", "$<4"}},
	{"out of order later",
		[]seg{{seq: 10, data: "*b"}, {seq: 14, data: "ef"}, {seq: 12, data: "cd"}},
		[]string{"^*b", "", "cd ef<2", "$<3"}},
	{"sent again",
		[]seg{{seq: 10, data: "*b"}, {seq: 10, data: "*b"}, {seq: 11, data: "b"}},
		[]string{"^*b", "", "", "$<3"}},
	{"held and sent again",
		[]seg{{seq: 10, data: "*b"}, {seq: 14, data: "ef"}, {seq: 14, data: "EF"}, {seq: 12, data: "cd"}},
		[]string{"^*b", "", "", "cd ef<2", "$<4"}},
	{"overlap with what was yielded",
		[]seg{{seq: 10, data: "*b"}, {seq: 11, data: "Bc"}},
		[]string{"^*b", "c", "$<2"}},
	{"overlap with what is held, from below",
		[]seg{{seq: 10, data: "*b"}, {seq: 14, data: "ef"}, {seq: 13, data: "dE"}, {seq: 12, data: "c"}},
		[]string{"^*b", "", "", "c d<3 ef<2", "$<4"}},
	{"overlap with what is held, from above",
		[]seg{{seq: 10, data: "*b"}, {seq: 13, data: "de"}, {seq: 14, data: "Efg"}, {seq: 12, data: "c"}},
		[]string{"^*b", "", "", "c de<2 fg<3", "$<4"}},
	{"around what is held",
		[]seg{{seq: 10, data: "*b"}, {seq: 15, data: "f"}, {seq: 13, data: "d"}, {seq: 12, data: "cDeFg"}},
		[]string{"^*b", "", "", "c d<3 e f<2 g", "$<4"}},
	{"around what is held, not due",
		[]seg{{seq: 10, data: "*b"}, {seq: 15, data: "f"}, {seq: 13, data: "deFg"}, {seq: 12, data: "c"}},
		[]string{"^*b", "", "", "c de<3 f<2 g<3", "$<4"}},
	{"a hole to the end",
		[]seg{{seq: 10, data: "*b"}, {seq: 14, data: "ef"}, {seq: 17, data: "h"}},
		[]string{"^*b", "", "", "^ef<2 ^h<3 $<3"}},
	{"a hole that was acknowledged",
		[]seg{{seq: 10, data: "*b"}, {seq: 14, data: "ef"}, {at: 90, seq: 50, ack: 16, back: true}, {at: 101, seq: 50, ack: 16, back: true}},
		[]string{"^*b", "", "-", "^ef<2", "$<4"}},
	{"a hole that was not",
		[]seg{{seq: 10, data: "*b"}, {seq: 14, data: "ef"}, {at: 5000, seq: 50, ack: 12, back: true}, {at: 29000, seq: 12, data: "cd"}},
		[]string{"^*b", "", "-", "cd ef<2", "$<4"}},
	{"a hole for too long",
		[]seg{{seq: 10, data: "*b"}, {seq: 14, data: "ef"}, {at: 30001, seq: 50, ack: 12, back: true}, {at: 30002, seq: 12, data: "cd"}},
		[]string{"^*b", "", "^ef<2", "", "$<4"}},
	{"a clock set back",
		[]seg{{at: 60000, seq: 10, data: "*b"}, {at: 60000, seq: 14, data: "ef"}, {seq: 50, ack: 12, back: true}},
		[]string{"^*b", "", "^ef<2", "$<3"}},
	{"middle of a stream",
		[]seg{{seq: 10, data: "ab"}, {seq: 12, data: "*d"}, {seq: 14, data: "e"}, {seq: 50, data: "xy", back: true}, {seq: 52, data: "z", back: true}},
		[]string{"-", "^*d", "e", "[^xy]", "[z]", "$<5 [$<5]"}},
	{"not wanted",
		[]seg{{seq: 9, flags: flagSYN}, {seq: 10, data: "ab"}, {seq: 12, data: "cd"}, {seq: 14, flags: flagFIN}},
		[]string{"-", "-", "-", "-", "-"}},
	{"wanted later",
		[]seg{{seq: 9, flags: flagSYN}, {seq: 10, data: "ab"}, {seq: 12, data: "*d"}},
		[]string{"-", "-", "^*d", "$<3"}},
	{"answered before anything was said",
		[]seg{{seq: 9, flags: flagSYN}, {seq: 99, flags: flagSYN, ack: 10, back: true}, {seq: 100, data: "xy", back: true}, {seq: 10, data: "ab"}},
		[]string{"-", "-", "-", "-", "-"}},
	{"undecided at the beginning",
		[]seg{{seq: 9, flags: flagSYN}, {seq: 10, data: "?"}, {seq: 11, data: "b"}},
		[]string{"-", "?", "b", "$<3"}},
	{"undecided in the middle",
		[]seg{{seq: 10, data: "?"}, {seq: 11, data: "b"}},
		[]string{"-", "-", "-"}},
	{"a glance at the beginning",
		[]seg{{seq: 9, flags: flagSYN}, {seq: 10, data: "!a"}, {seq: 12, data: "b"}},
		[]string{"-", "!a", "-", "-"}},
	{"a glance in the middle",
		[]seg{{seq: 10, data: "!a"}, {seq: 12, data: "b"}},
		[]string{"^!a", "-", "-"}},
	{"ends",
		[]seg{{seq: 10, data: "*b"}, {seq: 12, data: "c", flags: flagFIN}, {seq: 50, flags: flagFIN, ack: 14, back: true}, {seq: 14, ack: 51}},
		[]string{"^*b", "c $", "-", "-", "-"}},
	{"both end",
		[]seg{{seq: 10, data: "*b"}, {seq: 50, data: "x", back: true}, {seq: 12, flags: flagFIN}, {seq: 51, flags: flagFIN, back: true}, {seq: 50, data: "x", back: true}},
		[]string{"^*b", "[^x]", "$", "[$]", "-", "-"}},
	{"ends behind a hole",
		[]seg{{seq: 10, data: "*b"}, {seq: 13, data: "d", flags: flagFIN}, {seq: 12, data: "c"}},
		[]string{"^*b", "", "c d<2 $", "-"}},
	{"reset",
		[]seg{{seq: 10, data: "*b"}, {seq: 50, data: "x", back: true}, {seq: 14, data: "e"}, {seq: 51, data: "why", flags: flagRST, back: true}, {seq: 12, data: "cd"}},
		[]string{"^*b", "[^x]", "", "^e<3 $ [$]", "-", "-"}},
	{"a reset from elsewhere",
		[]seg{{seq: 10, data: "*b"}, {seq: 1 << 30, flags: flagRST}, {seq: 12, data: "c"}},
		[]string{"^*b", "-", "c", "$<3"}},
	{"what was reset goes on",
		[]seg{{seq: 10, data: "*b"}, {seq: 12, flags: flagRST}, {seq: 12, data: "*c"}},
		[]string{"^*b", "$", "^*c", "$<3"}},
	{"keep-alives",
		[]seg{{seq: 9, flags: flagSYN}, {seq: 10, data: "*b"}, {seq: 11}, {seq: 11, data: "\x00"}, {seq: 12, data: "c"}},
		[]string{"-", "*b", "-", "", "c", "$<5"}},
	{"data with the SYN",
		[]seg{{seq: 9, data: "*b", flags: flagSYN}, {seq: 12, data: "c"}},
		[]string{"*b", "c", "$<2"}},
	{"SYN sent again",
		[]seg{{seq: 9, flags: flagSYN}, {seq: 9, flags: flagSYN}, {seq: 10, data: "*b"}, {seq: 9, flags: flagSYN}, {seq: 12, data: "c"}},
		[]string{"-", "-", "*b", "-", "c", "$<5"}},
	{"ports used again",
		[]seg{{seq: 9, flags: flagSYN}, {seq: 10, data: "*b"}, {seq: 14, data: "e"}, {seq: 7000, flags: flagSYN}, {seq: 7001, data: "*x"}, {seq: 7003, data: "y"}},
		[]string{"-", "*b", "", "^e<3 $", "*x", "y", "$<6"}},
	{"ports used again, no SYN",
		[]seg{{seq: 10, data: "*b"}, {seq: 3 << 30, data: "*x"}, {seq: 3<<30 + 2, data: "y"}},
		[]string{"^*b", "^*x", "y", "$<3"}},
	{"a segment from elsewhere",
		[]seg{{seq: 10, data: "*b"}, {seq: 3 << 30, data: "x"}, {seq: 12, data: "c"}},
		[]string{"^*b", "-", "c", "$<3"}},
	{"the sequence wraps",
		[]seg{{seq: top - 2, flags: flagSYN}, {seq: top - 1, data: "*b"}, {seq: 2, data: "ef"}, {seq: 0, data: "cd"}, {seq: top, data: "bcd"}},
		[]string{"-", "*b", "", "cd ef<3", "", "$<5"}},
	{"one segment over the wrap",
		[]seg{{seq: top, data: "*bcd"}, {seq: 4, data: "f"}, {seq: 2, data: "d."}},
		[]string{"^*bcd", "", ".  f<2", "$<3"}},
	{"the FIN at the wrap",
		[]seg{{seq: top - 1, data: "*b", flags: flagFIN}},
		[]string{"^*b $", "-"}},
	{"cut by the snaplen",
		[]seg{{seq: 10, data: "*bcd", cut: 2}, {seq: 14, data: "e"}},
		[]string{"^*b~2", "^e", "$<2"}},
	{"cut, then whole",
		[]seg{{seq: 10, data: "*bcd", cut: 2}, {seq: 10, data: "*bcde"}},
		[]string{"^*b~2", "^e", "$<2"}},
	{"cut and held",
		[]seg{{seq: 10, data: "*b"}, {seq: 13, data: "def", cut: 2}, {seq: 12, data: "cDEFg"}},
		[]string{"^*b", "", "c d~2<2 ^g", "$<3"}},
	{"all of it cut",
		[]seg{{seq: 10, data: "*b"}, {seq: 12, data: "cd", cut: 2}, {seq: 14, data: "e"}},
		[]string{"^*b", "~2", "^e", "$<3"}},
}

func TestTCP(t *testing.T) {
	for _, tt := range tcpRules {
		t.Run(tt.name, func(t *testing.T) {
			all := follow(t, tt.segs)
			if len(all) != len(tt.yield) {
				t.Fatalf("%d results wanted for %d segments", len(tt.yield), len(tt.segs))
			}
			for i, list := range all {
				got := show(list, i+1)
				if len(list) == 0 {
					got = "-"
				}
				if want := strings.ReplaceAll(tt.yield[i], "  ", " "); got != want {
					t.Errorf("segment %d: %q, want %q", i+1, got, want)
				}
			}
		})
	}
}

// Cut anywhere, a frame gives no more than its bytes, and nothing panics.
func TestTCPTruncated(t *testing.T) {
	first := seg{seq: 10, data: "*b"}
	for _, flags := range []byte{0, flagSYN, flagFIN, flagRST} {
		whole := (&seg{seq: 12, data: "cdef", flags: flags}).frame(2, client, server)
		for n := range len(whole.Data) {
			d := Decoder{Streams: want}
			d.Decode(nil, first.frame(1, client, server))
			f := *whole
			f.Data = whole.Data[:n]
			got, _ := d.Decode(nil, &f)
			text := ""
			for _, g := range got {
				text += string(g.Payload)
			}
			if over := max(0, n-(len(whole.Data)-4)); flags&(flagSYN|flagRST) == 0 && text != "cdef"[:over] {
				t.Errorf("flags %d, %d bytes kept: %q", flags, n, text)
			}
			d.Flush(nil)
		}
	}
}
