package opus_test

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"callx/audio/audiotest"
	"callx/audio/opus"
)

// The numbers that libopus has.
const (
	silk, hybrid, celt        = 1000, 1001, 1002
	narrow, wide, super, full = 1101, 1103, 1104, 1105
)

// A stream is one way to code sound.
type stream struct {
	name                      string
	channels, mode, bandwidth int
	bitrate, samples, fec     int
}

func (s stream) String() string { return s.name }

var streams = []stream{
	{"speech, narrowband", 1, silk, narrow, 12000, 960, 0},
	{"speech, wideband, 60 ms", 1, silk, wide, 24000, 2880, 0},
	{"speech, stereo, redundant", 2, silk, wide, 40000, 960, 1},
	{"hybrid, redundant", 1, hybrid, full, 32000, 960, 1},
	{"hybrid, stereo, 10 ms", 2, hybrid, super, 48000, 480, 0},
	{"music, 2.5 ms", 1, celt, full, 96000, 120, 0},
	{"music, stereo", 2, celt, full, 128000, 960, 0},
}

func program(t testing.TB) string { return audiotest.Reference(t, "testdata/codec.c", "-lopus") }

// encode returns the packets of some seconds of sound. In stereo the right
// channel is the left one of half a second before.
func (s stream) encode(t testing.TB, program string, seconds int) [][]byte {
	left := audiotest.Signal(48000, seconds)
	pcm := left
	if s.channels == 2 {
		pcm = nil
		for i, v := range left {
			pcm = append(pcm, v, left[(i+len(left)-24000)%len(left)])
		}
	}
	out := audiotest.Run(t, audiotest.Bytes(pcm), program, "encode", fmt.Sprint(s.channels), fmt.Sprint(s.mode), fmt.Sprint(s.bandwidth),
		fmt.Sprint(s.bitrate), fmt.Sprint(s.samples), fmt.Sprint(s.fec))
	var packets [][]byte
	for len(out) > 0 {
		n := int(binary.LittleEndian.Uint16(out))
		packets, out = append(packets, out[2:2+n]), out[2+n:]
	}
	return packets
}

// reference decodes with libopus. A nil packet is lost; with fec it is made
// from the one after it.
func reference(t testing.TB, program string, channels int, packets [][]byte, fec bool) []int16 {
	var in []byte
	for i, p := range packets {
		if p == nil && fec && i+1 < len(packets) && packets[i+1] != nil {
			in = append(in, 255, 255)
		} else {
			in = binary.LittleEndian.AppendUint16(in, uint16(len(p)))
			in = append(in, p...)
		}
	}
	return audiotest.PCM(audiotest.Run(t, in, program, "decode", fmt.Sprint(channels)))
}

// compare returns the ratio of signal to difference in dB.
func compare(got, want []int16) float64 {
	var signal, difference float64
	for i, w := range want {
		signal += float64(w) * float64(w)
		difference += (float64(w) - float64(got[i])) * (float64(w) - float64(got[i]))
	}
	return 10 * math.Log10(signal/max(difference, 1))
}

// TestAgainstLibopus: each way to code, decoded as what it is and as the other
// number of channels.
func TestAgainstLibopus(t *testing.T) {
	program := program(t)
	for _, s := range streams {
		packets := s.encode(t, program, 2)
		for _, channels := range []int{1, 2} {
			t.Run(fmt.Sprint(s, " as ", channels), func(t *testing.T) {
				want := reference(t, program, channels, packets, false)
				got := audiotest.DecodeAll(t, opus.New, specOf(channels), packets)
				if len(got) != len(want) || len(want) == 0 {
					t.Fatalf("%d values, libopus has %d", len(got), len(want))
				}
				snr := compare(got, want)
				t.Logf("%.1f dB", snr)
				if snr < 100 {
					t.Errorf("%.1f dB of signal to difference", snr)
				}
			})
		}
	}
}

// lossy decodes with every tenth packet lost: concealed, or made from the
// redundancy of the next one. It returns what stands for lost packets and the
// rest, and how many packets were recovered.
func lossy(t *testing.T, s stream, packets [][]byte, fec bool) (lost, rest []int16, recovered int) {
	d := decoder(t, specOf(s.channels))
	for i, p := range packets {
		var err error
		if i%10 != 9 {
			rest, err = d.Decode(rest, p)
		} else if err = opus.ErrNoRedundancy; fec && i+1 < len(packets) {
			if lost, err = d.Recover(lost, packets[i+1]); err == nil {
				recovered++
			}
		}
		if errors.Is(err, opus.ErrNoRedundancy) {
			lost, err = d.Conceal(lost, s.samples), nil
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return lost, rest, recovered
}

// split parts what lossy parts.
func split(pcm []int16, packet int) (lost, rest []int16) {
	for i := 0; len(pcm) > 0; i++ {
		if i%10 == 9 {
			lost = append(lost, pcm[:packet]...)
		} else {
			rest = append(rest, pcm[:packet]...)
		}
		pcm = pcm[packet:]
	}
	return lost, rest
}

// TestLosses: what stands for lost packets of speech, and how the decoder
// recovers from them, is as in libopus. (Of music it is not compared: libopus
// has changed both since the version that Debian has.) What was recovered by
// redundancy is nearer to what was lost than what was concealed.
func TestLosses(t *testing.T) {
	program := program(t)
	for _, s := range streams {
		t.Run(s.name, func(t *testing.T) {
			if s.mode == celt {
				t.Log("not compared")
			}
			packets := s.encode(t, program, 2)[:2*48000/s.samples] // the part that is like a voice
			clean, _ := split(reference(t, program, s.channels, packets, false), s.samples*s.channels)
			withHoles := slices.Clone(packets)
			for i := 9; i < len(packets); i += 10 {
				withHoles[i] = nil
			}
			var near [2]float64
			for fec := range 2 {
				lost, rest, recovered := lossy(t, s, packets, fec == 1)
				wantLost, wantRest := split(reference(t, program, s.channels, withHoles, fec == 1), s.samples*s.channels)
				if len(lost) != len(wantLost) || len(rest) != len(wantRest) {
					t.Fatalf("%d and %d values, libopus has %d and %d", len(lost), len(rest), len(wantLost), len(wantRest))
				}
				near[fec] = compare(lost, clean)
				a, b := compare(lost, wantLost), compare(rest, wantRest)
				t.Logf("%.1f dB, the rest %.1f dB; %d recovered, %.1f dB to what was lost", a, b, recovered, near[fec])
				if s.mode != celt && (a < 20 || b < 35) {
					t.Errorf("lost packets %.1f dB of signal to difference, the rest %.1f dB", a, b)
				}
				if (recovered >= 4) != (fec == 1 && s.fec == 1) {
					t.Errorf("%d packets recovered", recovered)
				}
			}
			if s.fec == 1 && near[1] < near[0]+5 {
				t.Errorf("recovered %.1f dB near to what was lost, concealed %.1f dB", near[1], near[0])
			}
		})
	}
}

// TestCall decodes a captured call of which every twelfth packet is missing,
// and compares it with what the encoder was given: as near as libopus comes, and
// nearer with redundancy than without.
func TestCall(t *testing.T) {
	captures := os.Getenv("CALLX_CAPTURES")
	if captures == "" {
		t.Skip("CALLX_CAPTURES is not set")
	}
	program, dir := program(t), filepath.Join(captures, "ours", "c10_all_opus_fec")
	for source, flac := range map[string]string{"10.77.54.1": "legA_enc.flac", "10.77.54.2": "legB_enc.flac"} {
		packets := captured(t, filepath.Join(dir, "cap.pcap"), source)
		input := audiotest.PCM(audiotest.Run(t, nil, "ffmpeg", "-v", "error", "-i", filepath.Join(dir, flac), "-f", "s16le", "pipe:1"))
		var near [2]float64
		for fec := range near {
			d := decoder(t, stereo)
			var pcm []int16
			lost, recovered := 0, 0
			for i, p := range packets {
				if p != nil {
					var err error
					if pcm, err = d.Decode(pcm, p); err != nil {
						t.Fatal(err)
					}
					continue
				}
				n := len(pcm)
				lost++
				if fec == 1 {
					pcm, _ = d.Recover(pcm, packets[i+1])
				}
				if len(pcm) > n {
					recovered++
				} else {
					pcm = d.Conceal(pcm, 960)
				}
			}
			near[fec] = likeness(pcm, input)
			want := likeness(reference(t, program, 2, packets, fec == 1), input)
			t.Logf("%s: %d packets, %d lost, %d recovered: %.2f dB to the encoder's input, libopus %.2f dB", source, len(packets), lost, recovered, near[fec], want)
			if lost < 100 || fec == 1 && recovered < lost/2 {
				t.Errorf("%s: %d packets lost, %d recovered", source, lost, recovered)
			}
			if near[fec] < want-0.1 {
				t.Errorf("%s: %.2f dB of signal to difference, of libopus %.2f dB", source, near[fec], want)
			}
		}
		if near[1] < near[0]+1.5 {
			t.Errorf("%s: %.2f dB of signal to difference with redundancy, %.2f dB without", source, near[1], near[0])
		}
	}
}

// likeness compares the left channel with what the encoder was given, 6.5 ms
// before: so far does it look ahead.
func likeness(pcm, input []int16) float64 {
	left := make([]int16, len(pcm)/2)
	for i := range left {
		left[i] = pcm[2*i]
	}
	left = left[312:]
	return compare(left, input[:len(left)])
}

// captured returns the Opus packets of a source by sequence number, nil where
// one is missing. The first to arrive need not be the first.
func captured(t *testing.T, path, source string) [][]byte {
	out := audiotest.Run(t, nil, "tshark", "-r", path, "-d", "udp.port==1024-65535,rtp",
		"-Y", "rtp.p_type==96 && !icmp && ip.src=="+source, "-T", "fields", "-e", "rtp.seq", "-e", "rtp.payload")
	const before = 16
	packets, first := make([][]byte, before), -1
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		seq, err := strconv.Atoi(fields[0])
		if err != nil {
			t.Fatal(err)
		}
		payload, err := hex.DecodeString(fields[1])
		if err != nil {
			t.Fatal(err)
		}
		if first < 0 {
			first = seq
		}
		at := before + int(int16(seq-first))
		for len(packets) <= at {
			packets = append(packets, nil)
		}
		packets[at] = payload
	}
	return packets[slices.IndexFunc(packets, func(p []byte) bool { return p != nil }):]
}
