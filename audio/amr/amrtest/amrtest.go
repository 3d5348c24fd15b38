// Package amrtest holds what the tests of AMR and AMR-WB share.
package amrtest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"callx/audio/audiotest"
)

// Octets holds the octets of a frame in the storage format by its type, the
// first octet not counted (RFC 4867 section 5.3).
type Octets [16]int

// Split cuts the storage format, without its magic number, into frames.
func (o *Octets) Split(stored []byte) [][]byte {
	var frames [][]byte
	for len(stored) > 0 {
		n := 1 + o[stored[0]>>3&15]
		frames, stored = append(frames, stored[:n:n]), stored[n:]
	}
	return frames
}

// Aligned packs each frame into an octet-aligned payload.
func Aligned(frames [][]byte) [][]byte {
	packets := make([][]byte, len(frames))
	for i, f := range frames {
		packets[i] = append([]byte{0xf0}, f...)
	}
	return packets
}

// Efficient packs frames, of so many bits each, into one bandwidth-efficient
// payload (RFC 4867 section 4.3).
func Efficient(frames [][]byte, bits int) []byte {
	var text strings.Builder
	text.WriteString("1111")
	for i, f := range frames {
		more := '1'
		if i == len(frames)-1 {
			more = '0'
		}
		fmt.Fprintf(&text, "%c%05b", more, f[0]>>2&31)
	}
	for _, f := range frames {
		var body strings.Builder
		for _, b := range f[1:] {
			fmt.Fprintf(&body, "%08b", b)
		}
		text.WriteString(body.String()[:bits])
	}
	out := make([]byte, (text.Len()+7)/8)
	for i, c := range text.String() {
		out[i/8] |= byte(c-'0') << (7 - i%8)
	}
	return out
}

// Damage loses every tenth frame or so, for one frame or several, and marks
// others as bad, with their bits right or anything. lost is a frame without
// data.
func Damage(rnd *rand.Rand, frames [][]byte, lost byte) {
	losing := false
	for i, f := range frames {
		losing = rnd.Float64() < 0.05 || losing && rnd.Float64() < 0.6
		if losing {
			frames[i] = []byte{lost}
			continue
		}
		switch rnd.IntN(15) {
		case 0:
			f[0] &^= 4
		case 1:
			f[0] &^= 4
			for k := range f[1:] {
				f[k+1] = byte(rnd.Uint32())
			}
		}
	}
}

// A Leg is one leg of a captured call.
type Leg struct {
	Name     string
	Payloads [][]byte
	Encoded  []int16 // what entered the sender's encoder
}

// Legs reads the legs of one case of CALLX_CAPTURES, with tshark.
func Legs(t testing.TB, name string) []Leg {
	t.Helper()
	captures := os.Getenv("CALLX_CAPTURES")
	if captures == "" {
		t.Skip("CALLX_CAPTURES is not set")
	}
	dir := filepath.Join(captures, "ours", name)
	text, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var truth struct {
		Legs []struct {
			Leg     string
			Streams []struct{ SSRC string }
		}
	}
	if err := json.Unmarshal(text, &truth); err != nil {
		t.Fatal(err)
	}
	var legs []Leg
	for _, l := range truth.Legs {
		leg := Leg{Name: l.Leg}
		lines := audiotest.Run(t, nil, "tshark", "-r", filepath.Join(dir, "cap.pcap"), "-Y", "rtp.ssrc == "+l.Streams[0].SSRC, "-T", "fields", "-e", "rtp.payload")
		for line := range bytes.Lines(lines) {
			p, err := hex.DecodeString(strings.ReplaceAll(string(bytes.TrimSpace(line)), ":", ""))
			if err != nil {
				t.Fatal(err)
			}
			leg.Payloads = append(leg.Payloads, p)
		}
		leg.Encoded = audiotest.PCM(audiotest.Run(t, nil, "ffmpeg", "-v", "error", "-i", filepath.Join(dir, "leg"+l.Leg+"_enc.flac"), "-f", "s16le", "pipe:1"))
		legs = append(legs, leg)
	}
	if len(legs) == 0 {
		t.Fatalf("%s has no legs", name)
	}
	return legs
}

// Correlation returns the correlation of got, which comes delay samples late,
// with want.
func Correlation(got, want []int16, delay int) float64 {
	var xy, xx, yy float64
	for i := range min(len(got)-delay, len(want)) {
		x, y := float64(got[i+delay]), float64(want[i])
		xy, xx, yy = xy+x*y, xx+x*x, yy+y*y
	}
	return xy / math.Sqrt(xx*yy)
}

// SNR returns how far got is from want in dB.
func SNR(got, want []int16) float64 {
	var signal, noise float64
	for i := range min(len(got), len(want)) {
		w, d := float64(want[i]), float64(got[i])-float64(want[i])
		signal, noise = signal+w*w, noise+d*d
	}
	return 10 * math.Log10(signal/noise)
}
