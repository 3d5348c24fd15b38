package g729_test

import (
	"encoding/hex"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"callx/audio/audiotest"
	"callx/audio/g729"
)

// The reference decoders do not keep to the arithmetic of the standard:
// bcg729 has polynomials where the standard has tables, and other roundings;
// ffmpeg has another table of cosines, and the post-filter of the main body
// instead of that of Annex A. On the speech of these tests they are 22 dB
// from each other.

const lost = 255 // stands for a frame that did not arrive

func reference(t testing.TB) string {
	return audiotest.Reference(t, "testdata/reference.c", "-lbcg729")
}

func captures(t testing.TB, name string) string {
	dir := os.Getenv("CALLX_CAPTURES")
	if dir == "" {
		t.Skip("CALLX_CAPTURES is not set")
	}
	return filepath.Join(dir, "ours/l06_g729", name)
}

func flac(t testing.TB, name string) []int16 {
	return audiotest.PCM(audiotest.Run(t, nil, "sox", "-V1", captures(t, name), "-t", "raw", "-e", "signed", "-b", "16", "-L", "-r", "8000", "-c", "1", "-"))
}

// speech returns what entered the encoders of two real callers.
func speech(t testing.TB) []int16 {
	return append(flac(t, "legA_src.flac"), flac(t, "legB_src.flac")...)
}

// inNoise adds noise of a car, a low rumble, so that pauses are no silence.
func inNoise(pcm []int16) []int16 {
	noise := audiotest.Random(2 * len(pcm))
	low := 0.0
	for i, v := range audiotest.PCM(noise) {
		low = 0.8*low + float64(v)/110
		pcm[i] = int16(min(max(float64(pcm[i])+low, -32768), 32767))
	}
	return pcm
}

// sized puts its size before every frame.
func sized(frames []byte) []byte {
	var b []byte
	for _, f := range audiotest.Packets(frames, 10) {
		b = append(append(b, 10), f...)
	}
	return b
}

// decodeSized decodes frames with their sizes, and conceals those that are
// lost or were not sent. It returns the PCM of each frame and its size.
func decodeSized(t *testing.T, stream []byte) (pcm []int16, sizes []int) {
	made, err := g729.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	d := made.(*g729.Decoder)
	for len(stream) > 0 {
		size := int(stream[0])
		stream = stream[1:]
		sizes = append(sizes, size)
		if size == 0 || size == lost {
			pcm = d.Conceal(pcm, 80)
			continue
		}
		if pcm, err = d.Decode(pcm, stream[:size]); err != nil {
			t.Fatal(err)
		}
		stream = stream[size:]
	}
	return pcm, sizes
}

// pick returns the frames of pcm whose size is one of sizes.
func pick(pcm []int16, all []int, sizes ...int) []int16 {
	var out []int16
	for i, size := range all {
		for _, s := range sizes {
			if s == size {
				out = append(out, pcm[80*i:][:80]...)
			}
		}
	}
	return out
}

func TestAgainstBcg729(t *testing.T) {
	program := reference(t)
	frames := sized(audiotest.Run(t, audiotest.Bytes(speech(t)), program, "encode"))
	var withLoss []byte
	for i, f := range audiotest.Packets(frames, 11) {
		if i%50 == 7 || i%50 == 8 || i%171 == 0 {
			f = []byte{lost}
		}
		withLoss = append(withLoss, f...)
	}
	pauses := audiotest.Run(t, audiotest.Bytes(inNoise(speech(t))), program, "encode-vad")
	for _, c := range []struct {
		name   string
		stream []byte
		sizes  []int // that are compared
		snr    float64
	}{
		{"speech", frames, []int{10}, 34},
		{"speech between losses", withLoss, []int{10}, 34},
		{"losses", withLoss, []int{lost}, 33},
		{"speech in noise", pauses, []int{10}, 34},
		{"comfort noise", pauses, []int{0, 2}, 18},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := audiotest.PCM(audiotest.Run(t, c.stream, program, "decode"))
			got, sizes := decodeSized(t, c.stream)
			if len(got) != len(want) {
				t.Fatalf("%d samples, the reference has %d", len(got), len(want))
			}
			got, want = pick(got, sizes, c.sizes...), pick(want, sizes, c.sizes...)
			if len(want) < 80*100 {
				t.Fatalf("only %d samples to compare", len(want))
			}
			snr, louder := compare(got, want)
			t.Logf("%.1f dB of signal to noise, %+.2f dB louder, %d samples", snr, louder, len(want))
			if snr < c.snr || math.Abs(louder) > 0.1 {
				t.Errorf("%.1f dB of signal to noise, want %.0f; %+.2f dB louder", snr, c.snr, louder)
			}
		})
	}
}

// compare returns the signal to noise ratio of got against want and by how
// much it is louder, in dB.
func compare(got, want []int16) (snr, louder float64) {
	var signal, own, noise float64
	for i, w := range want {
		d := float64(w) - float64(got[i])
		signal += float64(w) * float64(w)
		own += float64(got[i]) * float64(got[i])
		noise += d * d
	}
	return 10 * math.Log10(signal/noise), 10 * math.Log10(own/signal)
}

func TestAgainstFfmpeg(t *testing.T) {
	frames := audiotest.Run(t, audiotest.Bytes(speech(t)), reference(t), "encode")
	file := filepath.Join(t.TempDir(), "speech.g729")
	if err := os.WriteFile(file, frames, 0o600); err != nil {
		t.Fatal(err)
	}
	want := audiotest.PCM(audiotest.Run(t, nil, "ffmpeg", "-v", "error", "-f", "g729", "-i", file, "-f", "s16le", "-"))
	got := audiotest.DecodeAll(t, g729.New, spec, audiotest.Packets(frames, 20))
	if len(got) != len(want) {
		t.Fatalf("%d samples, ffmpeg has %d", len(got), len(want))
	}
	snr, louder := compare(got, want)
	t.Logf("%.1f dB of signal to noise, %+.2f dB louder", snr, louder)
	if snr < 20 || math.Abs(louder) > 0.5 {
		t.Errorf("%.1f dB of signal to noise, %+.2f dB louder", snr, louder)
	}
}

// TestCall decodes a captured call with pauses, and compares it with what the
// telephone at the other end heard.
func TestCall(t *testing.T) {
	for _, leg := range []struct{ source, heard string }{
		{"10.77.93.1", "legA_peerdec.flac"},
		{"10.77.93.2", "legB_peerdec.flac"},
	} {
		want := flac(t, leg.heard)
		out := audiotest.Run(t, nil, "tshark", "-r", captures(t, "cap.pcap"), "-d", "udp.port==7078,rtp",
			"-Y", "rtp.p_type==18 && ip.src=="+leg.source, "-T", "fields", "-e", "rtp.timestamp", "-e", "rtp.payload")
		made, _ := g729.New(spec)
		d := made.(*g729.Decoder)
		var got []int16
		first := -1
		for line := range strings.Lines(string(out)) {
			fields := strings.Fields(line)
			at, err := strconv.Atoi(fields[0])
			if err != nil {
				t.Fatal(err)
			}
			payload, err := hex.DecodeString(fields[1])
			if err != nil {
				t.Fatal(err)
			}
			if first < 0 {
				first = at
			}
			got = d.Conceal(got, at-first-len(got)) // a pause
			if got, err = d.Decode(got, payload); err != nil {
				t.Fatal(err)
			}
		}
		// The telephone's jitter buffer shifts what it heard now and then by
		// some frames; speech does not begin before the fifth second.
		const second = 8000
		shift, reach, good := 0, second/2, 0
		for from := 5 * second; from < 21*second; from += second {
			best, middle := -1.0, shift
			for s := middle - reach; s < middle+reach; s++ {
				if at := from + s; at >= 0 && at+second <= len(want) {
					if c := correlation(got[from:][:second], want[at:][:second]); c > best {
						best, shift = c, s
					}
				}
			}
			reach = 400
			if best > 0.999 {
				good++
			} else {
				t.Logf("%s: second %d: correlation %.4f", leg.source, from/second, best)
			}
		}
		if good < 13 {
			t.Errorf("%s: only %d seconds of 16 sound as the telephone heard them", leg.source, good)
		}
	}
}

func correlation(a, b []int16) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	return ab / math.Sqrt(max(aa*bb, 1))
}
