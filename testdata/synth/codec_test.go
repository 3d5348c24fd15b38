package synth

import (
	"bytes"
	"encoding/binary"
	"os/exec"
	"testing"
)

// sox converts raw 8 kHz audio from one encoding to another.
func sox(t *testing.T, from, to string, in []byte) []byte {
	t.Helper()
	if _, err := exec.LookPath("sox"); err != nil {
		t.Skip("sox is not installed")
	}
	cmd := exec.Command("sox", "-D", "-t", from, "-r", "8000", "-c", "1", "-", "-t", to, "-")
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("sox: %v", err)
	}
	return out
}

// TestG711DecodeIsSox compares all 256 values with sox.
func TestG711DecodeIsSox(t *testing.T) {
	var all []byte
	for i := range 256 {
		all = append(all, byte(i))
	}
	for _, c := range []struct {
		codec Codec
		sox   string
	}{{PCMA, "al"}, {PCMU, "ul"}} {
		want := sox(t, c.sox, "s16", all)
		if got := Bytes(c.codec.decode(all)); !bytes.Equal(got, want) {
			for i := range 256 {
				g, w := int16(binary.LittleEndian.Uint16(got[2*i:])), int16(binary.LittleEndian.Uint16(want[2*i:]))
				if g != w {
					t.Errorf("%s: %#02x decodes to %d, sox says %d", c.codec.Name, i, g, w)
				}
			}
		}
	}
}

// TestG711Encode: a decoded value encodes to itself, and no sample is off by
// more than half a step of its segment (ITU-T G.711 tables 1 and 2: a step is
// at most a 16th of the segment's lower end, plus the clipping of mu-law).
func TestG711Encode(t *testing.T) {
	for _, c := range []Codec{PCMA, PCMU} {
		for i := range 256 {
			v := c.decode([]byte{byte(i)})
			if c.Name == "PCMU" && i == 0x7f {
				continue // minus zero
			}
			if got := c.encode(v); got[0] != byte(i) {
				t.Errorf("%s: %#02x decodes to %d, which encodes to %#02x", c.Name, i, v[0], got[0])
			}
		}
		for s := -32768; s <= 32767; s++ {
			got := int(c.decode(c.encode([]int16{int16(s)}))[0])
			magnitude := max(s, -s)
			half := max(8, (magnitude+132)/32+1)
			if magnitude > 32635 {
				half = 1024 // above the last decision value
			}
			if got-s > half || s-got > half {
				t.Fatalf("%s: %d comes back as %d, more than %d off", c.Name, s, got, half)
			}
		}
	}
}
