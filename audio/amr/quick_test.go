package amr_test

import (
	"fmt"
	"math"
	"testing"

	"callx/audio"
	"callx/audio/amr"
	"callx/audio/audiotest"
)

var spec = audio.Spec{Name: "AMR", Clock: 8000, Channels: 1, Fmtp: "octet-align=1"}

var octets = [16]int{12, 13, 15, 17, 19, 20, 26, 31, 5}

func packets(storage []byte) [][]byte {
	var ps [][]byte
	for len(storage) > 0 {
		n := 1 + octets[storage[0]>>3&15]
		ps = append(ps, append([]byte{0xf0}, storage[:n]...))
		storage = storage[n:]
	}
	return ps
}

func TestQuick(t *testing.T) {
	program := audiotest.Reference(t, "testdata/amrnb.c", "-lopencore-amrnb")
	for mode := range 8 {
		for dtx := range 2 {
			st := audiotest.Run(t, audiotest.Bytes(audiotest.Signal(8000, 2)), program, "encode", fmt.Sprint(mode), fmt.Sprint(dtx))
			want := audiotest.PCM(audiotest.Run(t, st, program, "decode"))
			got := audiotest.DecodeAll(t, amr.New, spec, packets(st))
			first, differ := -1, 0
			var sig, noise float64
			for i := range want {
				if got[i] != want[i] {
					if first < 0 {
						first = i
					}
					differ++
				}
				sig += float64(want[i]) * float64(want[i])
				d := float64(want[i]) - float64(got[i])
				noise += d * d
			}
			t.Logf("mode %d dtx %d: %d frames, first %d (frame %d), differ %d, SNR %.1f", mode, dtx, len(want)/160, first, first/160, differ, 10*math.Log10(sig/noise))
		}
	}
}
