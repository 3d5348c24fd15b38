package ws

import (
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"callx/audio"
	"callx/output"
)

// TestVerify damages finished files; every damage is seen.
func TestVerify(t *testing.T) {
	pcm := noise(0).bytes(20000)
	want := content{rate: 16000, channels: 2, bytes: 20000, crc: crc32.Checksum(pcm, castagnoli)}
	var values []int16
	for i := 0; i < len(pcm); i += 2 {
		values = append(values, int16(pcm[i])|int16(pcm[i+1])<<8)
	}
	path := filepath.Join(t.TempDir(), "x.wav")
	w, err := output.NewWAV(new(output.Pool), path, 16000, 2, output.FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w.Write(audio.Block{PCM: values})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := verify(path, "wav", want); err != nil || got != want {
		t.Fatalf("%+v, %v", got, err)
	}
	start := len(whole) - len(pcm)
	tests := []struct {
		name   string
		damage func(b []byte) []byte
		want   string
	}{
		{"a sample", func(b []byte) []byte { b[start+777] ^= 1; return b }, "the samples"},
		{"cut", func(b []byte) []byte { return b[:len(b)-4] }, "holds 19996 bytes"},
		{"rate", func(b []byte) []byte { b[strings.Index(string(b), "fmt ")+12]++; return b }, "16001 Hz"},
		{"channels", func(b []byte) []byte { b[strings.Index(string(b), "fmt ")+10] = 1; return b }, "1 channels"},
		{"bits", func(b []byte) []byte { b[strings.Index(string(b), "fmt ")+22] = 8; return b }, "16-bit"},
		{"no RIFF", func(b []byte) []byte { b[0] = 'X'; return b }, "16-bit"},
		{"empty", func(b []byte) []byte { return nil }, "16-bit"},
	}
	for _, tt := range tests {
		os.WriteFile(path, tt.damage(append([]byte(nil), whole...)), 0o600)
		if _, err := verify(path, "wav", want); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	os.Remove(path)
	if _, err := verify(path, "wav", want); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}
