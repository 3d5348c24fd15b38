package pcapio

import (
	"errors"
	"fmt"
	"io/fs"
)

var (
	// ErrEmpty is returned by Open for an input of 0 bytes.
	ErrEmpty = errors.New("empty file")

	// ErrFormat is returned by Open for an input that is no capture file, or
	// one of a format that is not read.
	ErrFormat = errors.New("not a capture file")

	// ErrDirectory is returned by Open for a directory.
	ErrDirectory = errors.New("is a directory")

	// ErrDuplicate is returned by Open if two paths lead to the same file:
	// its packets would all count twice.
	ErrDuplicate = errors.New("same file given twice")

	// ErrNoRoom is returned by Open if the disk has no room for what must be
	// spooled.
	ErrNoRoom = errors.New("not enough room")

	// ErrChanged ends a pass over a file that was replaced or became shorter
	// after Open. A file that grows is read up to its size at Open, so that
	// every pass sees the same frames.
	ErrChanged = errors.New("file changed while it was being read")
)

const weRead = "callx reads pcap and pcapng"

// openError makes one line, with advice, of what the system said about path.
// The system's error stays visible to errors.Is.
func openError(path string, err error) error {
	// The line begins with the path already; drop the one inside.
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	advice := ""
	switch {
	case errors.Is(err, fs.ErrNotExist):
		advice = "; check the name"
	case errors.Is(err, fs.ErrPermission):
		advice = "; make it readable for this user (captures often belong to root)"
	}
	return fmt.Errorf("%s: %w%s", name(path), err, advice)
}

func formatError(path, looks string) error {
	if looks != "" {
		looks = " (looks like " + looks + ")"
	}
	return fmt.Errorf("%s: %w%s; %s", name(path), ErrFormat, looks, weRead)
}

// name is what messages call an input.
func name(path string) string {
	if path == "-" {
		return "standard input"
	}
	return path
}
