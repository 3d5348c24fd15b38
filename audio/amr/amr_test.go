package amr_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"callx/audio"
	"callx/audio/amr"
	"callx/audio/amr/amrtest"
	"callx/audio/amr/payload"
	"callx/audio/audiotest"
)

var aligned = audio.Spec{Name: "AMR", Clock: 8000, Channels: 1, Fmtp: "octet-align=1"}

// octets holds the octets of a frame by its type.
var octets = amrtest.Octets{12, 13, 15, 17, 19, 20, 26, 31, 5}

const modes, noData = 8, 0x7c

// decode decodes frames of the storage format, one to a packet.
func decode(t testing.TB, frames [][]byte) []int16 {
	return audiotest.DecodeAll(t, amr.New, aligned, amrtest.Aligned(frames))
}

// reference compiles the program around opencore-amr; what it needs to mark
// frames as bad is in the static library only.
func reference(t testing.TB) string {
	return audiotest.Reference(t, "testdata/amrnb.c", "-l:libopencore-amrnb.a")
}

// random returns frames of one mode that no encoder would write.
func random(mode, n int) [][]byte {
	frames := audiotest.Packets(audiotest.Random(n*octets[mode]), octets[mode])
	for i, f := range frames {
		frames[i] = append([]byte{byte(mode)<<3 | 4}, f...)
	}
	return frames
}

func TestDecoder(t *testing.T) {
	var one, two [][]byte
	for mode := range modes {
		frames := random(mode, 2)
		one = append(one, amrtest.Aligned(frames)...)
		two = append(two, append([]byte{0xf0, frames[0][0] | 0x80, noData}, frames[0][1:]...))
	}
	audiotest.TestDecoder(t, amr.New, aligned, one...)
	audiotest.TestDecoder(t, amr.New, audio.Spec{Clock: 8000, Channels: 2, Fmtp: "octet-align=1"}, two...)
	if _, err := amr.New(audio.Spec{Clock: 16000, Channels: 1}); !errors.Is(err, payload.ErrParameters) {
		t.Errorf("16000 Hz: %v", err)
	}
}

// TestAgainstReference: every mode, with and without discontinuous
// transmission, on sound of all kinds.
func TestAgainstReference(t *testing.T) {
	program := reference(t)
	pcm := audiotest.Bytes(audiotest.Signal(8000, 2))
	for mode := range modes {
		for _, dtx := range []string{"0", "1"} {
			t.Run(fmt.Sprintf("mode %d, DTX %s", mode, dtx), func(t *testing.T) {
				stored := audiotest.Run(t, pcm, program, "encode", fmt.Sprint(mode), dtx)
				audiotest.Same(t, decode(t, octets.Split(stored)), audiotest.PCM(audiotest.Run(t, stored, program, "decode")))
			})
		}
	}
}

// TestBadFrames: frames that are missing, and such that are marked as bad and
// hold anything, in speech and in comfort noise, and the mode changing at any
// frame.
func TestBadFrames(t *testing.T) {
	program := reference(t)
	pcm := audiotest.Signal(8000, 3)
	for i := range pcm {
		pcm[i] /= 4 // bad parameters at full scale would overflow: see TestOverflow
	}
	var streams [2][modes][][]byte
	for mode := range modes {
		for dtx := range streams {
			stored := audiotest.Run(t, audiotest.Bytes(append(pcm, pcm...)), program, "encode", fmt.Sprint(mode), fmt.Sprint(dtx))
			streams[dtx][mode] = octets.Split(stored)
		}
	}
	for dtx := range streams {
		for mode := range modes + 1 {
			t.Run(fmt.Sprintf("mode %d, DTX %d", mode, dtx), func(t *testing.T) {
				rnd := rand.New(rand.NewPCG(uint64(mode), uint64(dtx)))
				var frames [][]byte
				for i := range streams[dtx][0] {
					from := mode
					if mode == modes {
						from = rnd.IntN(modes)
					}
					frames = append(frames, slices.Clone(streams[dtx][from][i]))
				}
				amrtest.Damage(rnd, frames, noData)
				want := audiotest.Run(t, slices.Concat(frames...), program, "judge")
				audiotest.Same(t, decode(t, frames), audiotest.PCM(want))
			})
		}
	}
}

// TestOverflow: where the synthesis filter overflows, the excitation of the
// past is drawn down. ffmpeg does so, in floating point; opencore-amr does not,
// so it is further from ffmpeg.
func TestOverflow(t *testing.T) {
	program := reference(t)
	for _, mode := range []int{4, 5, 7} {
		frames := random(mode, 2000)
		stored := slices.Concat(frames...)
		got, core := decode(t, frames), audiotest.PCM(audiotest.Run(t, stored, program, "decode"))
		ffmpeg := audiotest.PCM(audiotest.Run(t, append([]byte("#!AMR\n"), stored...), "ffmpeg", "-v", "error", "-f", "amr", "-c:a", "amrnb", "-i", "-", "-f", "s16le", "-"))
		if slices.Equal(got, core) {
			t.Errorf("mode %d: nothing overflows", mode)
		}
		if a, b := amrtest.SNR(got, ffmpeg), amrtest.SNR(core, ffmpeg); a <= b {
			t.Errorf("mode %d: %.1f dB from ffmpeg, opencore-amr %.1f dB", mode, a, b)
		}
	}
	for _, mode := range []int{0, 2, 3, 6} {
		frames := random(mode, 2000)
		audiotest.Same(t, decode(t, frames), audiotest.PCM(audiotest.Run(t, slices.Concat(frames...), program, "decode")))
	}
}

// TestCapture decodes what a real client sent, and compares with what entered
// its encoder and with what the reference makes of it.
func TestCapture(t *testing.T) {
	program := reference(t)
	for _, leg := range amrtest.Legs(t, "c06_amr_nb") {
		got := audiotest.DecodeAll(t, amr.New, aligned, leg.Payloads)
		if c := amrtest.Correlation(got, leg.Encoded, 8000/200); c < 0.85 {
			t.Errorf("leg %s: correlation %.3f with what was encoded", leg.Name, c)
		}
		var stored []byte
		for _, p := range leg.Payloads {
			stored = append(stored, p[1:]...)
		}
		audiotest.Same(t, got, audiotest.PCM(audiotest.Run(t, stored, program, "decode")))
	}
}

// TestChannels: the frames of two channels are two streams; an error in the
// middle of a block leaves the whole blocks before it.
func TestChannels(t *testing.T) {
	stereo := audio.Spec{Clock: 8000, Channels: 2, Fmtp: "octet-align=1"}
	left, right := random(2, 20), random(6, 20)
	l, r := decode(t, left), decode(t, right)
	d, err := amr.New(stereo)
	if err != nil {
		t.Fatal(err)
	}
	var pcm []int16
	for i := range left {
		p := append([]byte{0xf0, left[i][0] | 0x80, right[i][0]}, slices.Concat(left[i][1:], right[i][1:])...)
		if pcm, err = d.Decode(pcm, p); err != nil {
			t.Fatal(err)
		}
		if i == 9 {
			before := len(pcm)
			p = append([]byte{0xf0, left[i][0] | 0x80, right[i][0]}, left[i][1:]...)
			fresh, _ := amr.New(stereo)
			if short, err := fresh.Decode(pcm, p); len(short) != before || !errors.Is(err, payload.ErrTruncated) {
				t.Errorf("half a block: %d values, %v", len(short)-before, err)
			}
		}
	}
	for i := range l {
		if pcm[2*i] != l[i] || pcm[2*i+1] != r[i] {
			t.Fatalf("sample %d: %d %d, want %d %d", i, pcm[2*i], pcm[2*i+1], l[i], r[i])
		}
	}
}

// TestBandwidthEfficient: the packing changes nothing.
func TestBandwidthEfficient(t *testing.T) {
	frames := random(7, 30)
	var packets [][]byte
	for i := 0; i < len(frames); i += 3 {
		packets = append(packets, amrtest.Efficient(frames[i:i+3], 244))
	}
	audiotest.Same(t, audiotest.DecodeAll(t, amr.New, audio.Spec{Clock: 8000, Channels: 1}, packets), decode(t, frames))
}

func FuzzDecode(f *testing.F) {
	audiotest.FuzzDecoder(f, amr.New, aligned, amrtest.Aligned(random(7, 1))[0], amrtest.Aligned(random(0, 1))[0])
}

// BenchmarkDecode tells how many times faster than real time one core decodes
// the mode that costs most; BenchmarkReference tells it of opencore-amr, with
// the start of a program included.
func BenchmarkDecode(b *testing.B) {
	d, _ := amr.New(aligned)
	packet, dst := amrtest.Aligned(random(7, 1))[0], make([]int16, 0, 160)
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = d.Decode(dst[:0], packet)
	}
	b.ReportMetric(float64(b.N)*(20*time.Millisecond).Seconds()/b.Elapsed().Seconds(), "x-realtime")
}

func BenchmarkReference(b *testing.B) {
	const seconds = 200
	program := reference(b)
	stored := slices.Concat(random(7, 50*seconds)...)
	for b.Loop() {
		audiotest.Run(b, stored, program, "decode")
	}
	b.ReportMetric(float64(b.N)*seconds/b.Elapsed().Seconds(), "x-realtime")
}
