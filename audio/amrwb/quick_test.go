package amrwb_test

import (
	"fmt"
	"testing"

	"callx/audio"
	"callx/audio/amr/amrtest"
	"callx/audio/amrwb"
	"callx/audio/audiotest"
)

var aligned = audio.Spec{Name: "AMR-WB", Clock: 16000, Channels: 1, Fmtp: "octet-align=1"}
var octets = amrtest.Octets{17, 23, 32, 36, 40, 46, 50, 58, 60, 5}

func TestQuick(t *testing.T) {
	program := audiotest.Reference(t, "testdata/amrwb.c", "-l:libopencore-amrwb.a", "-lvo-amrwbenc")
	for mode := range 9 {
		for dtx := range 2 {
			st := audiotest.Run(t, audiotest.Bytes(audiotest.Signal(16000, 2)), program, "encode", fmt.Sprint(mode), fmt.Sprint(dtx))
			want := audiotest.PCM(audiotest.Run(t, st, program, "decode"))
			got := audiotest.DecodeAll(t, amrwb.New, aligned, amrtest.Aligned(octets.Split(st)))
			first, differ := -1, 0
			kinds := map[byte]int{}
			for _, f := range octets.Split(st) {
				kinds[f[0]>>3]++
			}
			for i := range want {
				if got[i] != want[i] {
					if first < 0 {
						first = i
					}
					differ++
				}
			}
			t.Logf("mode %d dtx %d: %d frames %v, first %d (frame %d), differ %d, SNR %.1f", mode, dtx, len(want)/320, kinds, first, first/320, differ, amrtest.SNR(got, want))
		}
	}
}
