package all_test

import (
	"errors"
	"strings"
	"testing"

	"callx/audio"
	"callx/audio/all"
)

func TestDecoders(t *testing.T) {
	reg := all.Decoders()
	for name := range reg {
		if name != strings.ToLower(name) {
			t.Errorf("%q is not in lower case, so it cannot be found", name)
		}
	}
	for _, c := range []struct {
		spec         audio.Spec
		hz, channels int
		err          string // named in the error
	}{
		{spec: audio.Spec{Name: "PCMA", Clock: 8000, Channels: 1}, hz: 8000, channels: 1},
		{spec: audio.Spec{Name: "pcmu", Clock: 8000, Channels: 1}, hz: 8000, channels: 1},
		{spec: audio.Spec{Name: "PcmA", Clock: 16000, Channels: 2}, hz: 16000, channels: 2},
		{spec: audio.Spec{Name: "L16", Clock: 44100, Channels: 2}, hz: 44100, channels: 2},
		{spec: audio.Spec{Name: "AMR", Clock: 8000, Channels: 2, Fmtp: "octet-align=1"}, hz: 8000, channels: 2},
		{spec: audio.Spec{Name: "AMR-WB", Clock: 16000, Channels: 1}, hz: 16000, channels: 1},
		{spec: audio.Spec{Name: "AMR", Clock: 8000, Channels: 1, Fmtp: "interleaving=30"}, err: "interleaved"},
		{spec: audio.Spec{Name: "X-none", Clock: 90000, Channels: 1}, err: "X-none/90000"},
		{spec: audio.Spec{Name: "", Clock: 8000, Channels: 1}, err: `""/8000`},
		{spec: audio.Spec{Name: "a\x1b[2Jb", Clock: 8000, Channels: 2}, err: `"a\x1b[2Jb"/8000/2`},
		{spec: audio.Spec{Name: "L16", Clock: 1 << 31, Channels: 1}, err: "L16/2147483648"},
		{spec: audio.Spec{Name: "L16", Clock: 0, Channels: 1}, err: "L16/0"},
		{spec: audio.Spec{Name: "L16", Clock: 8000, Channels: 0}, err: "L16/8000/0"},
		{spec: audio.Spec{Name: "L16", Clock: 8000, Channels: 1 << 20}, err: "L16/8000/1048576"},
	} {
		hz, channels, err := reg.Rate(c.spec)
		if c.err != "" {
			if !errors.Is(err, audio.ErrUnsupported) || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%+v: error %v", c.spec, err)
			}
			continue
		}
		if err != nil || hz != c.hz || channels != c.channels {
			t.Errorf("%+v: %d Hz, %d channels, %v", c.spec, hz, channels, err)
		}
	}
}

// TestConstructorError: a decoder that refuses its parameters is named too.
func TestConstructorError(t *testing.T) {
	cause := errors.New("mode 9")
	reg := audio.Registry{"x": func(audio.Spec) (audio.Decoder, error) { return nil, cause }}
	_, err := reg.New(audio.Spec{Name: "X", Clock: 8000, Channels: 1})
	if !errors.Is(err, audio.ErrUnsupported) || !errors.Is(err, cause) || !strings.Contains(err.Error(), "X/8000") {
		t.Errorf("error %v", err)
	}
}
