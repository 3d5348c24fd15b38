package ws

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"callx/audio"
	"callx/output"
)

// maxName is the longest file name in bytes, without its extension.
const maxName = 120

// fileName turns a peer's tag into a name: ASCII letters, digits, '.', '_' and
// '-' stay, any run of others becomes one '_', nothing leads that hides a file
// or looks like an option.
func fileName(tag string) string {
	var b strings.Builder
	other := false
	for i := 0; i < len(tag) && b.Len() < maxName; i++ {
		switch c := tag[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_',
			(c == '.' || c == '-') && b.Len() > 0:
			b.WriteByte(c)
			other = false
		case c != '.' && c != '-' && !other:
			b.WriteByte('_')
			other = true
		}
	}
	if b.Len() == 0 {
		return "leg"
	}
	return b.String()
}

// numbered is the n-th name like name: name, name-2, name-3...
func numbered(name string, n int) string {
	if n == 1 {
		return name
	}
	suffix := "-" + strconv.Itoa(n)
	return name[:min(len(name), maxName-len(suffix))] + suffix
}

// create opens a new file for a tag; it replaces none.
func (s *Server) create(tag string, rate, channels int) (path string, w audio.Sink, err error) {
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return "", nil, err
	}
	name := fileName(tag)
	at := func(n int) string { return filepath.Join(s.Dir, numbered(name, n)+"."+s.format()) }
	s.naming.Lock()
	defer s.naming.Unlock()
	for n := free(at); ; n++ {
		path = at(n)
		if s.format() == "l16" {
			w, err = output.NewL16(&s.pool, path, rate, channels, output.FileOptions{})
		} else {
			w, err = output.NewWAV(&s.pool, path, rate, channels, output.FileOptions{})
		}
		if !errors.Is(err, fs.ErrExist) { // as where another process was quicker
			return path, w, err
		}
	}
}

// free finds a number whose path is not taken. It doubles, then bisects, so
// that a client that repeats a tag does not make every further leg slower.
func free(at func(int) string) int {
	taken := func(n int) bool {
		_, err := os.Lstat(at(n))
		_, errPart := os.Lstat(at(n) + ".part")
		return err == nil || errPart == nil
	}
	low, high := 0, 1
	for taken(high) {
		low, high = high, 2*high
	}
	for high-low > 1 {
		if mid := (low + high) / 2; taken(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}
