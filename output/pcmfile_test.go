package output_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	goaudio "github.com/go-audio/audio"
	"github.com/go-audio/wav"

	"callx/audio"
	"callx/output"
	"callx/output/outputtest"
)

type constructor = func(pool *output.Pool, path string, rate, channels int, opts output.FileOptions) (*output.PCMFile, error)

var formats = []struct {
	name string
	make constructor
	read func(t testing.TB, path string, rate, channels int) []int16
}{
	{"wav", output.NewWAV, readWAV},
	{"l16", output.NewL16, readL16},
}

// readWAV reads with go-audio/wav.
func readWAV(t testing.TB, path string, rate, channels int) []int16 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := wav.NewDecoder(f)
	if !d.IsValidFile() {
		t.Fatalf("go-audio/wav: not a valid file (%v)", d.Err())
	}
	buf, err := d.FullPCMBuffer()
	if err != nil {
		t.Fatal(err)
	}
	if int(d.SampleRate) != rate || int(d.NumChans) != channels || d.BitDepth != 16 {
		t.Fatalf("go-audio/wav: %d Hz, %d channels, %d bits", d.SampleRate, d.NumChans, d.BitDepth)
	}
	pcm := make([]int16, len(buf.Data))
	for i, v := range buf.Data {
		pcm[i] = int16(v)
	}
	return pcm
}

func readL16(t testing.TB, path string, _, _ int) []int16 {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(b)%2 != 0 {
		t.Fatalf("%d bytes", len(b))
	}
	pcm := make([]int16, len(b)/2)
	for i := range pcm {
		pcm[i] = int16(b[2*i]) | int16(b[2*i+1])<<8
	}
	return pcm
}

func TestSinks(t *testing.T) {
	for _, f := range formats {
		t.Run(f.name, func(t *testing.T) {
			var pool output.Pool
			outputtest.TestSink(t, outputtest.Format{
				Open: func(path string, rate, channels int, overwrite bool) (outputtest.Sink, error) {
					s, err := f.make(&pool, path, rate, channels, output.FileOptions{Overwrite: overwrite, SHA256: true})
					if err != nil {
						return nil, err
					}
					return s, nil
				},
				Read: f.read,
			})
		})
	}
}

// writeFile makes a file of n samples and returns its Info.
func writeFile(t testing.TB, pool *output.Pool, make constructor, path string, rate, channels int, pcm []int16) output.Info {
	t.Helper()
	w, err := make(pool, path, rate, channels, output.FileOptions{SHA256: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(audio.Block{PCM: pcm}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.Info()
}

// ramp returns n values that differ from their neighbours.
func ramp(n int) []int16 {
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(i*7919 + i>>8)
	}
	return pcm
}

func TestInfo(t *testing.T) {
	var pool output.Pool
	for _, f := range formats {
		for _, n := range []int{0, 50001} {
			path := filepath.Join(t.TempDir(), "a."+f.name)
			got := writeFile(t, &pool, f.make, path, 44100, 2, ramp(2*n))
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(b)
			want := output.Info{Path: path, Format: f.name, Rate: 44100, Channels: 2, Samples: int64(n), SHA256: hex.EncodeToString(sum[:])}
			if got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		}
	}
}

// TestTools: ffprobe and sox take the files for what they are.
func TestTools(t *testing.T) {
	for _, tool := range []string{"ffprobe", "sox"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed")
		}
	}
	var pool output.Pool
	for _, n := range []int{0, 1, 8001} {
		path := filepath.Join(t.TempDir(), "a.wav")
		writeFile(t, &pool, output.NewWAV, path, 16000, 2, ramp(2*n))
		s := probe(t, path)
		if s.Codec != "pcm_s16le" || s.Rate != "16000" || s.Channels != 2 || n > 0 && s.Samples != int64(n) {
			t.Errorf("%d samples: ffprobe finds %+v", n, s)
		}
		for flag, want := range map[string]string{"-s": fmt.Sprint(n), "-r": "16000", "-c": "2", "-b": "16", "-t": "wav"} {
			out, err := exec.Command("sox", "--info", flag, path).CombinedOutput()
			if got := strings.TrimSpace(string(out)); err != nil || got != want {
				t.Errorf("%d samples: sox --info %s: %q, want %q (%v)", n, flag, got, want, err)
			}
		}
	}
}

type stream struct {
	Codec    string `json:"codec_name"`
	Rate     string `json:"sample_rate"`
	Channels int    `json:"channels"`
	Samples  int64  `json:"duration_ts"`
}

func probe(t testing.TB, path string) stream {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-of", "json", "-show_streams", path).Output()
	var v struct{ Streams []stream }
	if err == nil {
		err = json.Unmarshal(out, &v)
	}
	if err != nil || len(v.Streams) != 1 {
		t.Fatalf("ffprobe: %v\n%s", err, out)
	}
	return v.Streams[0]
}

// BenchmarkWrite compares, in one run: bare writes of 32 KiB, our WAV in
// blocks of 20 ms and of 8192 samples, and the encoder of go-audio/wav.
func BenchmarkWrite(b *testing.B) {
	const total = 8 << 20 // samples a file
	bench := func(name string, write func(path string) error) {
		b.Run(name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "a.wav")
			b.SetBytes(2 * total)
			b.ReportAllocs()
			for b.Loop() {
				if err := write(path); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	bench("bare", func(path string) error {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		defer f.Close()
		buf := make([]byte, 32<<10)
		for range 2 * total / len(buf) {
			if _, err := f.Write(buf); err != nil {
				return err
			}
		}
		return nil
	})
	for _, v := range []struct {
		name  string
		block int
		sha   bool
	}{{"callx-160", 160, false}, {"callx-8192", 8192, false}, {"callx-8192-sha256", 8192, true}} {
		block := v.block
		bench(v.name, func(path string) error {
			var pool output.Pool
			w, err := output.NewWAV(&pool, path, 8000, 1, output.FileOptions{Overwrite: true, SHA256: v.sha})
			if err != nil {
				return err
			}
			pcm := ramp(block)
			for at := 0; at < total; at += block {
				if err := w.Write(audio.Block{At: int64(at), PCM: pcm}); err != nil {
					return err
				}
			}
			return w.Close()
		})
	}
	bench("go-audio-8192", func(path string) error {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		defer f.Close()
		e := wav.NewEncoder(f, 8000, 16, 1, 1)
		buf := &goaudio.IntBuffer{Format: &goaudio.Format{NumChannels: 1, SampleRate: 8000}, SourceBitDepth: 16}
		for _, v := range ramp(8192) {
			buf.Data = append(buf.Data, int(v))
		}
		for range total / 8192 {
			if err := e.Write(buf); err != nil {
				return err
			}
		}
		return e.Close()
	})
}
