package pcapio

import "container/heap"

// A single is a pass over one input.
type single struct {
	*track
	err    error
	closed bool
}

func (r *single) Next(f *Frame) bool {
	if !r.closed && r.track.next(f) {
		return true
	}
	if r.err == nil {
		r.err = r.fail()
	}
	return false
}

func (r *single) Err() error    { return r.err }
func (r *single) Offset() int64 { return r.base().off }

func (r *single) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	return r.close()
}

// A merged is a pass over several inputs in order of capture time. Frames of
// one input keep their order even where their times step back; of equal times
// the earlier input comes first. An input is open from its first frame's turn
// to its last.
type merged struct {
	source *Source
	opened int    // inputs [0, opened) have been opened
	tracks tracks // those that are open, by the time of their next frame
	lent   bool   // tracks[0]'s frame was handed out and is to be replaced
	done   int64  // bytes of the inputs that are closed
	err    error
	closed bool
}

func (r *merged) Next(f *Frame) bool {
	if r.err != nil || r.closed {
		return false
	}
	if r.lent {
		r.lent = false
		if !r.advance() {
			return false
		}
	}
	for r.opened < len(r.source.inputs) &&
		(len(r.tracks) == 0 || r.source.inputs[r.opened].first < r.tracks[0].cur.Nanos) {
		if !r.openNext() {
			return false
		}
	}
	if len(r.tracks) == 0 {
		return false
	}
	*f = r.tracks[0].cur
	r.lent = true
	return true
}

// advance replaces the frame that was handed out.
func (r *merged) advance() bool {
	t := r.tracks[0]
	if t.next(&t.cur) {
		if len(r.tracks) > 1 {
			heap.Fix(&r.tracks, 0)
		}
		return true
	}
	heap.Pop(&r.tracks)
	return r.finish(t)
}

// openNext opens the next input and reads its first frame.
func (r *merged) openNext() bool {
	t, err := r.source.open(r.opened)
	if err != nil {
		r.err = err
		return false
	}
	r.opened++
	if !t.next(&t.cur) {
		return r.finish(t)
	}
	heap.Push(&r.tracks, t)
	return true
}

// finish closes an input that has ended.
func (r *merged) finish(t *track) bool {
	r.err = t.fail()
	if err := t.close(); r.err == nil {
		r.err = err
	}
	r.done += t.in.size
	return r.err == nil
}

func (r *merged) Err() error { return r.err }

func (r *merged) Offset() int64 {
	n := r.done
	for _, t := range r.tracks {
		n += t.base().off
	}
	return n
}

func (r *merged) Close() error {
	r.closed = true
	var first error
	for _, t := range r.tracks {
		if err := t.close(); first == nil {
			first = err
		}
	}
	r.tracks = nil
	return first
}

// tracks is a heap by the time of the next frame, then by input.
type tracks []*track

func (h tracks) Len() int { return len(h) }
func (h tracks) Less(i, j int) bool {
	a, b := &h[i].cur, &h[j].cur
	return a.Nanos < b.Nanos || a.Nanos == b.Nanos && a.File < b.File
}
func (h tracks) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *tracks) Push(x any)   { *h = append(*h, x.(*track)) }
func (h *tracks) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return t
}
