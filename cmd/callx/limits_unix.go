//go:build unix

package main

import "golang.org/x/sys/unix"

// maxOpenFiles is how many files may be open for writing at once: what the
// system allows, less some for everything else.
func maxOpenFiles() int {
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &l) != nil {
		return 0
	}
	return int(min(max(int64(l.Cur)-64, 16), 4096))
}
