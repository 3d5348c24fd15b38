package main

import (
	"io"
	"os"
	"testing"
)

func BenchmarkBig(b *testing.B) {
	path := os.Getenv("BIG")
	for b.Loop() {
		run(b.Context(), []string{"list", path}, nil, io.Discard, os.Stderr)
	}
}
