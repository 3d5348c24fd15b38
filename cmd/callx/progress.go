package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A progress shows how far the passes are, in bytes, and only on a terminal.
// A nil progress shows nothing.
type progress struct {
	bar    *progressbar.ProgressBar
	w      io.Writer
	passes int64
	size   int64
	base   int64 // bytes of the passes done
}

// newProgress returns nil where there is nothing to draw on.
func (a *app) newProgress(quiet bool, passes int64) *progress {
	f, ok := a.stderr.(*os.File)
	if quiet || !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return &progress{w: f, passes: passes}
}

// start begins the first pass over size bytes.
func (p *progress) start(size int64) {
	if p == nil {
		return
	}
	p.size = size
	p.bar = progressbar.NewOptions64(max(size*p.passes, 1),
		progressbar.OptionSetWriter(p.w),
		progressbar.OptionShowBytes(true),
		progressbar.OptionUseIECUnits(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetDescription("reading"),
		progressbar.OptionClearOnFinish())
}

// set reports the offset within the pass that runs.
func (p *progress) set(offset int64) {
	if p != nil && p.bar != nil {
		p.bar.Set64(p.base + min(offset, p.size))
	}
}

// next begins the next pass.
func (p *progress) next(what string) {
	if p != nil && p.bar != nil {
		p.base += p.size
		p.bar.Describe(what)
	}
}

// done clears the bar.
func (p *progress) done() {
	if p != nil && p.bar != nil {
		p.bar.Finish()
		p.bar.Clear()
	}
}
