package output

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
)

// createPart creates path.part for a file that will be named path when it is
// complete. A .part file left by a run that died is replaced.
func createPart(path string) (*os.File, error) {
	os.Remove(path + ".part")
	return os.OpenFile(path+".part", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
}

// WriteFile writes path by way of path.part and returns its SHA-256; nothing
// is left under either name if fill or the disk fails.
func WriteFile(path string, fill func(io.Writer) error) (sha string, err error) {
	f, err := createPart(path)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	err = fill(io.MultiWriter(f, sum))
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(path+".part", path)
	}
	if err != nil {
		os.Remove(path + ".part")
	}
	return hex.EncodeToString(sum.Sum(nil)), err
}
