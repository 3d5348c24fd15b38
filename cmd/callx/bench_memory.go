package main

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"
)

const (
	memorySource = "highest RssAnon of /proc/self/status, looked at every 10 ms (heap and stacks; pages of mapped files are not in it)"
	memoryEvery  = 10 * time.Millisecond
)

// anonymousMemory is how many bytes of memory the process has that no file
// stands behind; ok is false where the system does not tell.
func anonymousMemory() (n int64, ok bool) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, false
	}
	_, rest, ok := bytes.Cut(status, []byte("\nRssAnon:"))
	if !ok {
		return 0, false
	}
	fields := bytes.Fields(rest)
	if len(fields) < 2 || string(fields[1]) != "kB" {
		return 0, false
	}
	n, err = strconv.ParseInt(string(fields[0]), 10, 64)
	return n << 10, err == nil
}

// watchMemory gives back what earlier work has left, and then watches the
// memory until stop is called, which returns the highest value, or nil.
func watchMemory() (stop func() *int64) {
	runtime.GC()
	debug.FreeOSMemory()
	if _, ok := anonymousMemory(); !ok {
		return func() *int64 { return nil }
	}
	quit, done := make(chan struct{}), make(chan int64)
	go func() {
		var peak int64
		tick := time.NewTicker(memoryEvery)
		defer tick.Stop()
		for ended := false; !ended; {
			select {
			case <-tick.C:
			case <-quit:
				ended = true
			}
			n, _ := anonymousMemory()
			peak = max(peak, n)
		}
		done <- peak
	}()
	return func() *int64 {
		close(quit)
		peak := <-done
		return &peak
	}
}
