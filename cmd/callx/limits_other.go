//go:build !unix

package main

// maxOpenFiles is how many files may be open for writing at once; 0 is the
// pool's own bound.
func maxOpenFiles() int { return 0 }
