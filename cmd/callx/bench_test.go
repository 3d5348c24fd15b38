package main

import (
	"context"
	"path/filepath"
	"testing"

	"callx/pcapio"
)

// TestYardstick holds the yardstick to the same records that the walk finds:
// a loop that lost its way would be no measure of anything.
func TestYardstick(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/*.pcap*")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, path := range paths {
		if filepath.Ext(path) == ".json" {
			continue
		}
		src, err := pcapio.Open([]string{path}, pcapio.Options{})
		if err != nil {
			t.Fatal(err)
		}
		y := &yardstick{ctx: context.Background()}
		if err := src.Copy(y, 0); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if err := runWalk(context.Background(), src); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if want := src.Inputs()[0].Frames; y.packets != want || y.sum == 0 {
			t.Errorf("%s: the yardstick hops over %d records, the walk over %d", path, y.packets, want)
		}
		compared++
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	}
	if compared < 15 {
		t.Errorf("only %d captures", compared)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	src, err := pcapio.Open(paths[:1], pcapio.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if err := runYardstick(ctx, src); err == nil {
		t.Error("an interrupted yardstick goes on")
	}
}
