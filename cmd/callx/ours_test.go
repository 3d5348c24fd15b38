package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A truth is the truth.json beside a call between real clients.
type truth struct {
	Case     string
	SIPP     string `json:"sipp_side"`
	Codec    string
	Rate     int
	Channels int
	Capture  string
	Calls    []struct {
		CallID   string `json:"call_id"`
		From     string `json:"frm"`
		To       string
		Messages []string
	}
	Captures map[string]struct {
		RTP   []truthStream
		Calls []struct {
			CallID string `json:"call_id"`
		}
	}
	Legs []struct {
		Leg     string
		IP      string
		EncWAVs []string `json:"enc_wavs"`
		SrcWAV  string   `json:"src_wav"`
		Streams []truthStream
	}
}

type truthStream struct {
	Src, Dst   string
	Sport      int
	Dport      int
	SSRC       string
	Packets    int
	Missing    int `json:"missing_inside"`
	Dups       int
	OutOfOrder int     `json:"out_of_order"`
	TSSpan     int64   `json:"ts_span"`
	First      float64 `json:"t_first"`
}

// captures returns the folder of the captures that are not in the repository.
func captures(t *testing.T) string {
	dir := os.Getenv("CALLX_CAPTURES")
	if dir == "" {
		t.Skip("CALLX_CAPTURES is not set")
	}
	return dir
}

// need skips where a peer is not installed.
func need(t *testing.T, program string) {
	if _, err := exec.LookPath(program); err != nil {
		t.Skip(program + " is not installed")
	}
}

// ourCase is one folder of calls between real clients, with what it is known
// to lack today.
type ourCase struct {
	dir   string
	exit  int
	calls int
	// audio is false where nothing of it can be decoded (a codec or an
	// encryption that callx does not know): no WAV may be written then.
	audio bool
}

var ourCases = []ourCase{
	{"c01_pcma", 0, 1, true},
	{"c02_pcmu", 0, 1, true},
	{"c03_g722", 0, 1, true},
	{"c04_opus_mono", 0, 1, true},
	{"c05_l16_16k", 0, 1, true},
	{"c06_amr_nb", 0, 1, true},
	{"c06_amr_wb", 0, 1, true},
	{"c06_codec2_unsupported", 3, 1, false},
	{"c06_g726_32", 0, 1, true},
	{"c06_g726_40", 0, 1, true},
	{"c06_gsm", 0, 1, true},
	{"c07_dtls_srtp", 3, 1, false},
	{"c07_srtp_sdes", 0, 1, true},
	{"c08_ipv6", 0, 1, true},
	{"c08_tcp_big_invite", 0, 1, true},
	{"c09_busy486", 0, 1, false},
	{"c09_cancel", 0, 1, false},
	{"c09_dtmf_rfc4733", 0, 1, true},
	{"c09_early_media_183", 0, 1, true},
	{"c09_hold_resume", 0, 1, true},
	{"c10_all_opus_fec", 0, 1, true},
	{"c10_dup5", 0, 1, true},
	{"c10_jitter_reorder", 0, 1, true},
	{"c10_loss3", 0, 1, true},
	{"c12_sll_dumpcap", 0, 1, true},
	{"c13_nat_tee", 0, 1, true},
	{"c14_b2bua_baresip", 0, 2, true},
	{"c15_red_rfc2198", 3, 1, false},
	{"c15_video_vp8", 0, 1, true},
	{"l06_g729", 0, 1, true},
	{"l06_speex16", 3, 1, false},
	{"l07_zrtp", 3, 1, false},
	{"l15_pcma_cn", 0, 1, true},
	{"s09_codec_change_reinvite", 0, 1, true},
	{"s09_delayed_offer", 0, 1, true},
}

// TestOurs extracts every call between real clients and compares counts,
// parties, alignment and audio with what the encoders of the clients were
// given: for G.711 and L16 every sample, else how much alike they sound.
func TestOurs(t *testing.T) {
	root := filepath.Join(captures(t), "ours")
	need(t, "ffmpeg")
	dirs, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(dirs) != len(ourCases) {
		t.Errorf("%d cases in %s, the table has %d", len(dirs), root, len(ourCases))
	}
	for _, tt := range ourCases {
		t.Run(tt.dir, func(t *testing.T) {
			dir := filepath.Join(root, tt.dir)
			truth := readTruth(t, dir)
			paths, _ := filepath.Glob(filepath.Join(dir, "*.pcap*"))
			if len(paths) == 0 {
				t.Fatal("no capture")
			}
			for _, path := range paths {
				t.Run(filepath.Base(path), func(t *testing.T) {
					calls := tt.calls
					if tt.dir == "c14_b2bua_baresip" && strings.HasPrefix(filepath.Base(path), "side") {
						calls = 1
					}
					out, m := extract(t, tt.exit, path, "--format", "wav,l16")
					if len(m.Calls) != calls {
						t.Fatalf("%d calls, want %d", len(m.Calls), calls)
					}
					checkStreams(t, m, truth, filepath.Base(path))
					checkAudio(t, out, m, truth, dir, tt.audio)
					checkAlignment(t, m, truth)
				})
			}
		})
	}
}

func readTruth(t *testing.T, dir string) *truth {
	b, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	tr := new(truth)
	if err := json.Unmarshal(b, tr); err != nil {
		// Some cases list their captures by name only.
		if e, ok := err.(*json.UnmarshalTypeError); !ok || !strings.EqualFold(e.Field, "captures") {
			t.Fatal(err)
		}
	}
	return tr
}

// checkStreams compares each stream with what an independent reader counted.
func checkStreams(t *testing.T, m *jsonManifest, tr *truth, capture string) {
	t.Helper()
	var want []truthStream
	if c, ok := tr.Captures[capture]; ok {
		want = c.RTP
	} else if capture == "cap.pcap" || capture == tr.Capture {
		for _, l := range tr.Legs {
			want = append(want, l.Streams...)
		}
	}
	got := map[string]jsonStream{}
	for _, c := range m.Calls {
		for _, l := range c.Legs {
			if l.Packets-l.Duplicates+l.Lost != l.Expected {
				t.Errorf("%s: packets %d - duplicates %d + lost %d is not expected %d", l.Party, l.Packets, l.Duplicates, l.Lost, l.Expected)
			}
			for _, s := range l.Streams {
				got[s.Src+" "+s.Dst+" "+s.SSRC] = s
			}
		}
	}
	for _, w := range want {
		if w.TSSpan%90 == 0 && w.TSSpan > 1000000 && tr.Rate == 48000 && w.Packets < 400 {
			continue // the video of c15_video_vp8
		}
		key := fmt.Sprintf("%s %s %s", addr(w.Src, w.Sport), addr(w.Dst, w.Dport), w.SSRC)
		g, ok := got[key]
		if !ok {
			t.Errorf("stream %s is in no leg", key)
			continue
		}
		if g.Packets != w.Packets || g.Lost != w.Missing || g.Duplicates != w.Dups || (w.OutOfOrder == 0) != (g.Reordered == 0) {
			t.Errorf("stream %s: packets %d lost %d duplicates %d reordered %d, want %d %d %d %d", key,
				g.Packets, g.Lost, g.Duplicates, g.Reordered, w.Packets, w.Missing, w.Dups, w.OutOfOrder)
		}
	}
}

func addr(ip string, port int) string {
	if strings.Contains(ip, ":") {
		ip = "[" + ip + "]"
	}
	return fmt.Sprintf("%s:%d", ip, port)
}

// checkAudio compares the files of each leg with the encoder's input.
func checkAudio(t *testing.T, out string, m *jsonManifest, tr *truth, dir string, audio bool) {
	t.Helper()
	for _, c := range m.Calls {
		for _, l := range c.Legs {
			f := l.file("l16")
			if (f != nil) != audio {
				t.Fatalf("call %d %s: audio file %v, want %v (undecodable %d)", c.Number, l.Party, f != nil, audio, l.Undecodable)
			}
			if !audio && l.file("rtpdump") == nil {
				t.Errorf("call %d %s: what was not decoded was not saved", c.Number, l.Party)
			}
			for _, w := range tr.Legs {
				i := slices.IndexFunc(w.Streams, func(s truthStream) bool { return s.SSRC == l.Streams[0].SSRC })
				if !audio || i < 0 || len(w.EncWAVs) == 0 && w.SrcWAV == "" {
					continue
				}
				path := filepath.Join(out, f.Path)
				switch like, ok := lossy[l.Codecs[0].Name]; {
				case len(w.EncWAVs) == 0 && !ok:
					continue
				case len(w.EncWAVs) == 0:
					compareSource(t, l.Party, hear(t, path, &l, f.Rate, f.Channels), flac(t, dir, w.SrcWAV), like)
				case !ok:
					compareEncoderInput(t, path, &l, tr, flac(t, dir, w.EncWAVs[0]))
				default:
					if w.Streams[i].Missing > 0 {
						like.snr = lossySNR // what follows a gap suffers too
					}
					compareLossy(t, l.Party, hear(t, path, &l, f.Rate, f.Channels), flac(t, dir, w.EncWAVs[0]), like)
				}
				span := int(w.Streams[i].TSSpan)*f.Rate/l.Codecs[0].Clock + f.Rate/50
				if n := f.Samples - int(math.Round(l.OffsetS*float64(f.Rate))); n != span {
					t.Errorf("%s: %d samples after the offset, want %d", l.Party, n, span)
				}
			}
		}
	}
}

func flac(t *testing.T, dir, name string) []int16 {
	return int16s(ffmpeg(t, nil, "-i", filepath.Join(dir, name), "-f", "s16le", "-"))
}

// checkAlignment compares how far the legs of a call start apart with the
// arrival of their first packets.
func checkAlignment(t *testing.T, m *jsonManifest, tr *truth) {
	t.Helper()
	for _, c := range m.Calls {
		if len(c.Legs) != 2 {
			continue
		}
		var first [2]float64
		for i, l := range c.Legs {
			for _, w := range tr.Legs {
				if len(w.Streams) > 0 && w.Streams[0].SSRC == l.Streams[0].SSRC && strings.HasPrefix(l.Streams[0].Src, addr(w.Streams[0].Src, w.Streams[0].Sport)) {
					first[i] = w.Streams[0].First
				}
			}
		}
		if first[0] == 0 || first[1] == 0 {
			continue
		}
		got, want := c.Legs[1].OffsetS-c.Legs[0].OffsetS, first[1]-first[0]
		if d := math.Abs(got - want); d > 0.001 && !tr.unsteady() {
			t.Errorf("legs start %.6f s apart, their first packets %.6f s", got, want)
		}
	}
}

// unsteady reports whether the first packet of a leg tells nothing of its
// place: the path delayed each packet by another amount, or the sender (sipp)
// does not keep time itself.
func (tr *truth) unsteady() bool {
	return strings.Contains(tr.Case, "jitter") || tr.Case == "c10_all_opus_fec" || tr.SIPP != ""
}

// compareEncoderInput holds a leg's samples against what the client's encoder
// was given: outside the listed gaps each is the value that the codec has for
// it, within them there is silence.
func compareEncoderInput(t *testing.T, path string, l *jsonLeg, tr *truth, input []int16) {
	t.Helper()
	var laws [][]int16 // of the codecs that the leg went through
	for _, c := range l.Codecs {
		if c.Name != "telephone-event" {
			laws = append(laws, codeValues(t, c.Name))
		}
	}
	pcm := samples(t, path)
	offset := int(math.Round(l.OffsetS * float64(tr.Rate)))
	gap := make([]bool, len(pcm))
	for _, g := range l.Gaps {
		from := int(math.Round(g.OffsetS * float64(tr.Rate)))
		for i := range int(math.Round(g.DurationS * float64(tr.Rate))) {
			if from+i < len(gap) {
				gap[from+i] = true
			}
		}
	}
	wrong, compared := 0, 0
	for i := range pcm {
		switch k := i - offset; {
		case k < 0 || gap[i]:
			if pcm[i] != 0 {
				t.Fatalf("%s: sample %d (%.4f s) is %d where there is no audio", l.Party, i, float64(i)/float64(tr.Rate), pcm[i])
			}
		case k >= len(input):
			t.Fatalf("%s: longer than the encoder's input (%d samples)", l.Party, len(input))
		default:
			compared++
			if !slices.ContainsFunc(laws, func(law []int16) bool { return isCoded(law, pcm[i], input[k]) }) {
				if wrong++; wrong == 1 {
					t.Errorf("%s: sample %d (%.4f s) is %d, the encoder was given %d", l.Party, i, float64(i)/float64(tr.Rate), pcm[i], input[k])
				}
			}
		}
	}
	if wrong > 0 || compared == 0 {
		t.Errorf("%s: %d of %d samples differ from the encoder's input", l.Party, wrong, compared)
	}
}

// codeValues returns the values that a G.711 law can express, sorted, as
// ffmpeg decodes them; nil for a codec that expresses every value.
func codeValues(t *testing.T, codec string) []int16 {
	law := map[string]string{"PCMA": "alaw", "PCMU": "mulaw"}[codec]
	if law == "" {
		return nil
	}
	codes := make([]byte, 256)
	for i := range codes {
		codes[i] = byte(i)
	}
	values := int16s(ffmpeg(t, codes, "-f", law, "-ar", "8000", "-ac", "1", "-i", "-", "-f", "s16le", "-"))
	slices.Sort(values)
	return slices.Compact(values)
}

// isCoded reports whether got is a value that a law has for a sample: no
// further from it than half the wider of the steps to its neighbours. (G.711's
// decision values are the ends of its segments, not the middles between
// values, and encoders differ where two values are equally near.)
func isCoded(values []int16, got, sample int16) bool {
	if values == nil {
		return got == sample
	}
	i, known := slices.BinarySearch(values, got)
	if !known {
		return false
	}
	step := 0
	if i > 0 {
		step = int(got) - int(values[i-1])
	}
	if i+1 < len(values) {
		step = max(step, int(values[i+1])-int(got))
	}
	d := int(got) - int(sample)
	return 2*max(d, -d) <= step || i == 0 && d > 0 || i == len(values)-1 && d < 0
}

func ffmpeg(t *testing.T, stdin []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("ffmpeg", append([]string{"-v", "error", "-bitexact"}, args...)...)
	cmd.Stdin = bytes.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("ffmpeg %v: %v\n%s", args, err, errs.String())
	}
	return out.Bytes()
}
