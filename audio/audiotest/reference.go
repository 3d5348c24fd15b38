package audiotest

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"callx/audio"
)

// Run pipes in through a program and returns what comes out. The test is
// skipped if the program is not installed.
func Run(t testing.TB, in []byte, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(name + " is not installed")
	}
	cmd := exec.Command(name, args...)
	cmd.Stdin = bytes.NewReader(in)
	var words bytes.Buffer
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, &words)
	}
	return out
}

// Reference compiles a C program around a reference library and returns the
// program's path. args are what gcc gets after the file, such as "-lgsm". The
// test is skipped if gcc or one of the libraries' headers is not installed.
func Reference(t testing.TB, file string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("gcc is not installed")
	}
	if err := exec.Command("gcc", "-E", "-o", os.DevNull, file).Run(); err != nil {
		t.Skipf("a header that %s includes is not installed", file)
	}
	program := filepath.Join(t.TempDir(), "reference")
	args = append([]string{"-O2", "-Wall", "-o", program, file}, args...)
	if words, err := exec.Command("gcc", args...).CombinedOutput(); err != nil {
		t.Fatalf("gcc %v: %v\n%s", args, err, words)
	}
	return program
}

// PCM reads little-endian samples, as sox and ffmpeg write them.
func PCM(b []byte) []int16 {
	pcm := make([]int16, len(b)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return pcm
}

// Bytes is the inverse of PCM.
func Bytes(pcm []int16) []byte {
	b := make([]byte, 0, 2*len(pcm))
	for _, v := range pcm {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}

// Signal returns mono PCM to feed an encoder with: five parts of the given
// seconds each. A voice-like sum of harmonics whose pitch and loudness move,
// faint and loud noise, a square wave at full scale, and silence.
func Signal(rate, seconds int) []int16 {
	rnd := rand.New(rand.NewPCG(7, 22))
	n := rate * seconds
	pcm := make([]int16, 0, 5*n)
	phase := 0.0
	for i := range n {
		at := float64(i) / float64(rate)
		phase += (120 + 40*math.Sin(2*math.Pi*1.7*at)) / float64(rate)
		v := 0.0
		for h := 1; h <= 20; h++ {
			v += math.Sin(2*math.Pi*phase*float64(h)) / float64(h)
		}
		v *= 7000 * max(0, math.Sin(2*math.Pi*2.3*at))
		pcm = append(pcm, int16(v))
	}
	for range n {
		pcm = append(pcm, int16(rnd.IntN(61)-30))
	}
	for range n {
		pcm = append(pcm, int16(rnd.Uint32()))
	}
	for i := range n {
		v := int16(math.MaxInt16)
		if i/(rate/400)%2 != 0 {
			v = math.MinInt16
		}
		pcm = append(pcm, v)
	}
	return append(pcm, make([]int16, n)...)
}

// Random returns n octets that no encoder would write in this order: a
// decoder must follow its reference there too, saturation and all.
func Random(n int) []byte {
	rnd := rand.New(rand.NewPCG(3, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return b
}

// Packets cuts b into payloads of size octets; the last may be shorter.
func Packets(b []byte, size int) [][]byte {
	var ps [][]byte
	for len(b) > 0 {
		n := min(size, len(b))
		ps, b = append(ps, b[:n:n]), b[n:]
	}
	return ps
}

// DecodeAll decodes packets in order with one fresh decoder.
func DecodeAll(t testing.TB, construct Constructor, spec audio.Spec, packets [][]byte) []int16 {
	t.Helper()
	d := fresh(t, construct, spec)
	var pcm []int16
	for i, p := range packets {
		var err error
		if pcm, err = d.Decode(pcm, p); err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
	}
	return pcm
}

// Same compares PCM with that of a reference, sample by sample.
func Same(t testing.TB, got, want []int16) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d values, the reference has %d", len(got), len(want))
	}
	differ := 0
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			if differ == 0 {
				t.Errorf("value %d is %d, in the reference %d", i, got[i], want[i])
			}
			differ++
		}
	}
	if differ > 0 {
		t.Errorf("%d of %d values differ", differ, len(want))
	}
	if len(want) == 0 {
		t.Error("the reference gives nothing")
	}
}
