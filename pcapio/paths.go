package pcapio

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Expand turns what a user names into paths for Open: a pattern that no shell
// has expanded becomes the files that it matches, and with recursive a folder
// becomes the captures in it and below, told by content; skipped are the other
// files there. A file that is found more than once is taken once. Links to
// files are followed, links to folders are not.
//
// Errors name the path; a pattern without a match is one, and so is a folder
// without a capture.
func Expand(paths []string, recursive bool) (files, skipped []string, err error) {
	found := &finder{}
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case path == "-":
		case err != nil && strings.ContainsAny(path, "*?["):
			matches, _ := filepath.Glob(path)
			if len(matches) == 0 {
				return nil, nil, fmt.Errorf("%s: no file matches this pattern", path)
			}
			for _, m := range matches {
				if err := found.add(m, recursive); err != nil {
					return nil, nil, err
				}
			}
			continue
		case err == nil && info.IsDir() && recursive:
			if err := found.add(path, true); err != nil {
				return nil, nil, err
			}
			continue
		}
		files = append(files, path) // Open says what is wrong with it
	}
	for _, f := range found.files {
		same := func(path string) bool {
			info, err := os.Stat(path)
			return err == nil && path != "-" && os.SameFile(info, f.info)
		}
		if !slices.ContainsFunc(files, same) {
			files = append(files, f.path)
		}
	}
	return files, found.skipped, nil
}

// A finder collects what patterns and folders stand for.
type finder struct {
	files   []foundFile
	byKey   map[fileKey][]fs.FileInfo
	skipped []string
}

type foundFile struct {
	path string
	info fs.FileInfo
}

// add takes a path that exists: a file as it is, a folder with all below.
func (f *finder) add(path string, recursive bool) error {
	info, err := os.Stat(path)
	if err != nil {
		return openError(path, err)
	}
	if !info.IsDir() || !recursive {
		f.keep(path, info)
		return nil
	}
	before := len(f.files)
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return openError(p, err)
		}
		if d.IsDir() {
			return nil
		}
		info, err := os.Stat(p)
		if err != nil || !info.Mode().IsRegular() || !holdsCapture(p) {
			f.skipped = append(f.skipped, p)
			return nil
		}
		f.keep(p, info)
		return nil
	})
	if err == nil && len(f.files) == before {
		err = fmt.Errorf("%s: no capture in this folder or below", path)
	}
	return err
}

// keep takes a file unless it is there already.
func (f *finder) keep(path string, info fs.FileInfo) {
	if f.byKey == nil {
		f.byKey = map[fileKey][]fs.FileInfo{}
	}
	key := fileKey{info.Size(), info.ModTime()}
	if slices.ContainsFunc(f.byKey[key], func(o fs.FileInfo) bool { return os.SameFile(o, info) }) {
		return
	}
	f.byKey[key] = append(f.byKey[key], info)
	f.files = append(f.files, foundFile{path, info})
}

// holdsCapture reports whether a file begins as a capture does, compressed or
// not. What cannot be read is taken for one, so that Open says why.
func holdsCapture(path string) bool {
	r, err := os.Open(path)
	if err != nil {
		return true
	}
	defer r.Close()
	head := make([]byte, sniffLen)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return true
	}
	head = head[:n]
	if compressionOf(head) == nil {
		format, _ := sniff(head)
		return format != ""
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return true
	}
	_, err = expand(r, path)
	return err == nil
}
