package pcapio

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

const (
	// maxFrame is the longest frame that is believed. Wireshark takes 256 KiB
	// for every link type of a network; offloading makes frames of up to 64 KiB,
	// or 512 KiB with BIG TCP.
	maxFrame = 1 << 20

	// maxSearch bounds the search for the next good record after damage.
	maxSearch = 64 << 20

	// maxNotes bounds what hostile input can make a walk remember.
	maxNotes = 1000
)

// A walker reads the records of one file in their order.
type walker interface {
	// next is Reader.Next for one file.
	next(f *Frame) bool
	base() *walk
}

func newWalker(format string, win *window, file int) walker {
	w := walk{win: win, file: file}
	if format == formatPcapng {
		blocks := tally{unit: "blocks"}
		return &pcapng{walk: w, badOptions: blocks, badContent: blocks, strange: blocks}
	}
	return &pcap{walk: w}
}

// A walk is what walkers of all formats keep.
type walk struct {
	win    *window
	off    int64 // where the next record begins
	file   int
	number uint64 // of the last record, as Wireshark counts
	frames uint64 // that have been handed out
	err    error
	ended  bool

	timed            bool
	earliest, latest int64 // nanoseconds, if timed

	links     []LinkType
	seenLinks map[LinkType]bool
	truncated bool
	notes     []Note
	dropped   int      // notes beyond maxNotes
	tallies   []*tally // of which report tells the sums

	about about
}

// A tally counts records that share one note, made at the first of them.
type tally struct {
	n    uint64
	note int    // index in walk.notes, -1 if it found no place
	unit string // what is counted; frames if empty
}

func (w *walk) base() *walk { return w }

// saw takes a frame's time.
func (w *walk) saw(nanos int64) {
	if !w.timed {
		w.timed, w.earliest, w.latest = true, nanos, nanos
		return
	}
	w.earliest = min(w.earliest, nanos)
	w.latest = max(w.latest, nanos)
}

func (w *walk) addLink(l LinkType) {
	if l == LinkUnknown || w.seenLinks[l] {
		return
	}
	if w.seenLinks == nil {
		w.seenLinks = make(map[LinkType]bool)
	}
	w.seenLinks[l] = true
	w.links = append(w.links, l)
}

// note keeps a remark about the record at w.off, which is (or would be) the
// record after the last one. It returns its index in w.notes, -1 if there were
// too many.
func (w *walk) note(kind, format string, args ...any) int {
	if len(w.notes) == maxNotes {
		w.dropped++
		return -1
	}
	w.notes = append(w.notes, Note{
		Pos:  Pos{File: w.file, Frame: w.number + 1, Off: w.off},
		Kind: kind,
		Text: fmt.Sprintf(format, args...),
	})
	return len(w.notes) - 1
}

// count counts a record and reports whether it is the first, so that the
// caller has to note it. Counting the others allocates nothing.
func (w *walk) count(t *tally) (first bool) {
	t.n++
	return t.n == 1
}

func (w *walk) noteFirst(t *tally, kind, format string, args ...any) {
	t.note = w.note(kind, format, args...)
	w.tallies = append(w.tallies, t)
}

// left is how many bytes of the file stand from w.off on.
func (w *walk) left() int64 { return w.win.size - w.off }

// end ends the walk at the end of the file, or with the system's error.
func (w *walk) end() bool {
	w.ended = true
	if w.err = w.win.err; w.err == nil {
		w.off = w.win.size
	}
	return false
}

// cut ends the walk in the middle of a record that should be length bytes.
func (w *walk) cut(what string, length int64) bool {
	if w.win.err == nil {
		w.truncated = true
		w.note("truncated", "the file ends in the middle of a %s: %d of its %d bytes are there", what, w.left(), length)
	}
	return w.end()
}

// giveUp ends the walk before damage that nothing good was found behind.
func (w *walk) giveUp(why string, searched int64) bool {
	if w.win.err == nil {
		w.note("damaged", "%s; no further records found in the next %d bytes; %d bytes are left unread", why, searched, w.left())
	}
	return w.end()
}

// report fills in what the walk has found.
func (w *walk) report(in *Input) {
	in.Links = w.links
	in.Frames = w.frames
	in.Truncated = w.truncated
	in.Notes = slices.Clone(w.notes)
	for _, t := range w.tallies {
		if t.note >= 0 && t.n > 1 {
			in.Notes[t.note].Text += fmt.Sprintf(" (%d %s)", t.n, cmp.Or(t.unit, "frames"))
		}
	}
	if w.dropped > 0 {
		in.Notes = append(in.Notes, Note{
			Pos:  Pos{File: w.file, Frame: w.number, Off: w.off},
			Kind: "notes",
			Text: fmt.Sprintf("%d further notes on this file are left out", w.dropped),
		})
	}
	w.about.report(in, w.file)
	if w.timed {
		in.First, in.Last = time.Unix(0, w.earliest).UTC(), time.Unix(0, w.latest).UTC()
	}
}

// search looks for the next good records after damage at w.off. find returns
// the index of the first of them in b or -1; it looks at starts below limit
// only, and eof says that b goes to the end of the file. search returns how
// many bytes lie before the good ones, and whether there are any; else how
// many were searched.
//
// Each byte is looked at as a start once, and find's lookahead is bounded by
// lookahead, so that the time is linear however often damage occurs.
func (w *walk) search(lookahead int, find func(b []byte, limit int, eof bool) int) (int64, bool) {
	skip := int64(1)
	for skip < maxSearch && skip < w.left() {
		from := w.off + skip
		n := int(min(int64(2*lookahead), w.win.size-from))
		b := w.win.at(from, n)
		if len(b) < n {
			break
		}
		eof := from+int64(n) == w.win.size
		limit := n
		if !eof {
			limit = n - lookahead
		}
		if i := find(b, limit, eof); i >= 0 {
			return skip + int64(i), true
		}
		skip += int64(limit)
	}
	return min(skip, w.left()), false
}
