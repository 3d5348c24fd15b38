package amrwb_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"callx/audio"
	"callx/audio/amr/amrtest"
	"callx/audio/amr/payload"
	"callx/audio/amrwb"
	"callx/audio/audiotest"
)

var aligned = audio.Spec{Name: "AMR-WB", Clock: 16000, Channels: 1, Fmtp: "octet-align=1"}

// octets holds the octets of a frame by its type.
var octets = amrtest.Octets{17, 23, 32, 36, 40, 46, 50, 58, 60, 5}

const modes, speechLost, noData = 9, 0x74, 0x7c

// decode decodes frames of the storage format, one to a packet.
func decode(t testing.TB, frames [][]byte) []int16 {
	return audiotest.DecodeAll(t, amrwb.New, aligned, amrtest.Aligned(frames))
}

// reference compiles the program around opencore-amr and vo-amrwbenc; what it
// needs to mark frames as bad is in the static library only.
func reference(t testing.TB) string {
	return audiotest.Reference(t, "testdata/amrwb.c", "-l:libopencore-amrwb.a", "-lvo-amrwbenc", "-Wl,--wrap=dec_gain2_amr_wb,--wrap=one_ov_sqrt_norm,--wrap=voice_factor")
}

// signal returns sound of all kinds that is no louder than what opencore-amr
// can bear: where sums overflow it wraps round, and shifts by negative
// numbers. See TestOverflow.
func signal(seconds int) []int16 {
	pcm, n := audiotest.Signal(16000, seconds), 16000*seconds
	for i := range pcm {
		pcm[i] /= 4
	}
	return slices.Concat(pcm[:3*n], pcm[4*n:]) // without the square wave
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
		two = append(two, append([]byte{0xf0, frames[0][0] | 0x80, speechLost}, frames[0][1:]...))
	}
	audiotest.TestDecoder(t, amrwb.New, aligned, one...)
	audiotest.TestDecoder(t, amrwb.New, audio.Spec{Clock: 16000, Channels: 2, Fmtp: "octet-align=1"}, two...)
	if _, err := amrwb.New(audio.Spec{Clock: 8000, Channels: 1}); !errors.Is(err, payload.ErrParameters) {
		t.Errorf("8000 Hz: %v", err)
	}
}

// TestAgainstReference: every mode, with and without discontinuous
// transmission.
func TestAgainstReference(t *testing.T) {
	program := reference(t)
	pcm := audiotest.Bytes(signal(2))
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
	pcm := signal(2)
	pcm = slices.Concat(pcm, pcm)
	var streams [2][modes][][]byte
	for mode := range modes {
		for dtx := range streams {
			stored := audiotest.Run(t, audiotest.Bytes(pcm), program, "encode", fmt.Sprint(mode), fmt.Sprint(dtx))
			streams[dtx][mode] = octets.Split(stored)
		}
	}
	for dtx := range streams {
		for mode := range modes + 1 {
			for _, lost := range []byte{noData, speechLost} {
				t.Run(fmt.Sprintf("mode %d, DTX %d, lost %x", mode, dtx, lost), func(t *testing.T) {
					rnd := rand.New(rand.NewPCG(uint64(mode), uint64(dtx)))
					var frames [][]byte
					for i := range streams[dtx][0] {
						from := mode
						if mode == modes {
							from = rnd.IntN(modes)
						}
						frames = append(frames, slices.Clone(streams[dtx][from][i]))
					}
					amrtest.Damage(rnd, frames, lost)
					want := audiotest.Run(t, slices.Concat(frames...), program, "judge")
					audiotest.Same(t, decode(t, frames), audiotest.PCM(want))
				})
			}
		}
	}
}

// TestOverflow: at full scale opencore-amr wraps round where the standard
// saturates, so it is further from ffmpeg, which computes in floating point.
func TestOverflow(t *testing.T) {
	program := reference(t)
	pcm := audiotest.Bytes(audiotest.Signal(16000, 2))
	for mode := 2; mode <= 7; mode++ {
		stored := audiotest.Run(t, pcm, program, "encode", fmt.Sprint(mode), "0")
		got, core := decode(t, octets.Split(stored)), audiotest.PCM(audiotest.Run(t, stored, program, "decode"))
		ffmpeg := audiotest.PCM(audiotest.Run(t, append([]byte("#!AMR-WB\n"), stored...), "ffmpeg", "-v", "error", "-f", "amr", "-c:a", "amrwb", "-i", "-", "-f", "s16le", "-"))
		if slices.Equal(got, core) {
			t.Errorf("mode %d: nothing overflows", mode)
		}
		if a, b := amrtest.SNR(got, ffmpeg), amrtest.SNR(core, ffmpeg); a <= b {
			t.Errorf("mode %d: %.1f dB from ffmpeg, opencore-amr %.1f dB", mode, a, b)
		}
	}
}

// TestCapture decodes what a real client sent, and compares with what entered
// its encoder and with what the reference makes of it.
func TestCapture(t *testing.T) {
	program := reference(t)
	for _, leg := range amrtest.Legs(t, "c06_amr_wb") {
		got := audiotest.DecodeAll(t, amrwb.New, aligned, leg.Payloads)
		if c := amrtest.Correlation(got, leg.Encoded, 95); c < 0.94 {
			t.Errorf("leg %s: correlation %.3f with what was encoded", leg.Name, c)
		}
		var stored []byte
		for _, p := range leg.Payloads {
			stored = append(stored, p[1:]...)
		}
		audiotest.Same(t, got, audiotest.PCM(audiotest.Run(t, stored, program, "decode")))
	}
}

// TestBandwidthEfficient: the packing changes nothing.
func TestBandwidthEfficient(t *testing.T) {
	frames := random(8, 30)
	var packets [][]byte
	for i := 0; i < len(frames); i += 3 {
		packets = append(packets, amrtest.Efficient(frames[i:i+3], 477))
	}
	audiotest.Same(t, audiotest.DecodeAll(t, amrwb.New, audio.Spec{Clock: 16000, Channels: 1}, packets), decode(t, frames))
}

func FuzzDecode(f *testing.F) {
	audiotest.FuzzDecoder(f, amrwb.New, aligned, amrtest.Aligned(random(8, 1))[0], amrtest.Aligned(random(0, 1))[0])
}

// BenchmarkDecode tells how many times faster than real time one core decodes
// the mode that costs most; BenchmarkReference tells it of opencore-amr, with
// the start of a program included.
func BenchmarkDecode(b *testing.B) {
	d, _ := amrwb.New(aligned)
	packet, dst := amrtest.Aligned(random(8, 1))[0], make([]int16, 0, 320)
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = d.Decode(dst[:0], packet)
	}
	b.ReportMetric(float64(b.N)*(20*time.Millisecond).Seconds()/b.Elapsed().Seconds(), "x-realtime")
}

func BenchmarkReference(b *testing.B) {
	const seconds = 100
	program := reference(b)
	stored := slices.Concat(random(8, 50*seconds)...)
	for b.Loop() {
		audiotest.Run(b, stored, program, "decode")
	}
	b.ReportMetric(float64(b.N)*seconds/b.Elapsed().Seconds(), "x-realtime")
}
