package calls

import (
	"slices"
	"sort"

	"callx/pcapio"
)

// A run is a stretch of one RTP stream in which sequence numbers and
// timestamps go on plausibly. A sender that restarts, or a second call that
// uses the same addresses and SSRC, begins a new run; everything that pass 1
// learns of media it learns by run. Its size does not grow with its packets,
// only with the number of its gaps.
//
// Sequence numbers and timestamps are extended to 64 bits from the first
// packet's values (RFC 3550 appendix A.1); both may become negative.
type run struct {
	// What the packets of an ordinary stream touch stands together, in four
	// cache lines; see touch.
	seqMax    int64
	tsTop     int64 // timestamp of packet seqMax
	tsMax     int64
	cover     int64  // end of the audio of packet seqMax, in ticks
	lastNanos int64  // arrival of the last plausible packet
	last      int64  // arrival of the last packet
	packets   uint64 // every copy, wild ones included
	lastOrd   uint64 // ordinal of the last packet's frame in the pass
	lastPos   pcapio.Pos
	cur       format // of the last packet; formats[pt] is behind while it is in use
	limit     uint32 // digests below it go into the sketch
	maxSize   uint16 // longest payload in octets
	holding   bool   // the Indexer holds a packet that did not go on from here
	clock     clock

	stream     int32 // number of its key in the table
	pt         uint8 // index of cur in formats
	moreGaps   bool  // there were more than maxGaps
	seqMin     int64
	tsMin      int64
	duplicates uint64
	reordered  uint64
	wild       uint64 // timestamps that arrival does not allow: never placed
	maxLate    int64  // ticks by which a packet came after a later one
	gaps       []gap

	first    int64 // arrival of the first packet
	firstPos pcapio.Pos
	formats  []format
	sketch   *sketch // nil until a payload tells something

	// What Finish makes of it.
	at     *Part
	anchor int64 // capture time of timestamp clock.base
}

// touch loads a byte of each cache line that a packet needs.
func (r *run) touch() uint8 {
	return uint8(r.seqMax) + uint8(r.lastPos.File) + uint8(r.clock.rate) + uint8(r.clock.floor) + uint8(r.clock.jitter.n)
}

// A gap is a hole between two packets that follow each other in the capture's
// best order: n packets from seq on are missing, the ticks [from, to) are not
// covered. n is 0 where the timestamp advanced and the sequence did not.
type gap struct {
	seq, n   int64
	from, to int64
	pt       uint8 // payload type before the gap
}

// maxGaps bounds what one run keeps of its gaps; beyond it they are counted
// but not listed, and a note says so.
const maxGaps = 1 << 16

// A format is a payload type as one run uses it.
type format struct {
	pt           uint8
	bytesPerTick uint8 // 0 where the duration cannot be told from the length so
	frame        frame
	step         int64 // least advance of the timestamp between packets in sequence; 0 unknown
	first        int64 // arrival of its first packet
	packets      uint64
}

// begin makes r the run of one packet.
func (r *run) begin(stream int32, s *sample) {
	seq, ts := int64(s.seq), int64(s.ts)
	*r = run{
		stream: stream, seqMin: seq, seqMax: seq, tsMin: ts, tsMax: ts, tsTop: ts,
		packets: 1, first: s.nanos, last: s.nanos, lastNanos: s.nanos, firstPos: s.pos, lastPos: s.pos, lastOrd: s.ord,
		maxSize: uint16(s.size), limit: noDigest, // the first packet is not sampled: many a stream has no other
	}
	r.cover = ts + r.duration(s)
	r.clock.add(s.nanos, ts)
}

// duration returns the ticks that a packet covers as far as pass 1 can tell,
// and counts the packet for its payload type, which becomes the current one.
func (r *run) duration(s *sample) int64 {
	if r.cur.pt != s.pt || r.cur.packets == 0 {
		r.change(s)
	}
	r.cur.packets++
	if r.cur.bytesPerTick > 0 {
		return int64(s.size) / int64(r.cur.bytesPerTick)
	}
	if f := r.cur.frame; f.octets > 0 {
		n := s.size / int32(f.octets)
		if rest := s.size % int32(f.octets); rest == int32(f.sid) && rest > 0 {
			n++
		}
		return int64(n) * int64(f.ticks)
	}
	return r.cur.step
}

const maxFormats = 16

// change makes the payload type of a packet the current one. A run with more
// types than any sender has counts the rest with the last.
func (r *run) change(s *sample) {
	r.keep()
	i := slices.IndexFunc(r.formats, func(f format) bool { return f.pt == s.pt })
	if i < 0 {
		if len(r.formats) < maxFormats {
			r.formats = append(r.formats, format{pt: s.pt, bytesPerTick: bytesPerTick[s.pt], frame: frames[s.pt], first: s.nanos})
		}
		i = len(r.formats) - 1
	}
	r.pt = uint8(i)
	r.cur = r.formats[r.pt]
}

// keep brings formats up to date.
func (r *run) keep() {
	if len(r.formats) > 0 {
		r.formats[r.pt] = r.cur
	}
}

// comfortNoise is the static payload type of RFC 3389: it covers no audio.
const comfortNoise = 13

// bytesPerTick holds the static payload types whose length gives their
// duration (RFC 3551 table 4): PCMU, PCMA, G722, L16 stereo and mono.
var bytesPerTick = [128]uint8{0: 1, 8: 1, 9: 1, 10: 4, 11: 2}

// A frame says how long a codec's frames are and last; the zero value is of
// one whose frames differ. sid is the length of one of comfort noise, which may
// come last in a packet.
type frame struct{ octets, ticks, sid uint8 }

// frames holds the static payload types whose frames are all alike (RFC 3551
// sections 4.5.6 and 4.5.8.1): GSM and G729.
var frames = [128]frame{3: {33, 160, 0}, 18: {10, 80, 2}}

// add takes one packet, and reports false where it does not go on from what
// the run holds; nothing is changed then.
func (r *run) add(s *sample) bool {
	dseq := int64(int16(s.seq - uint16(r.seqMax)))
	dts := int64(int32(s.ts - uint32(r.tsTop)))
	if !r.plausible(dseq, dts, s.nanos) || dseq < 0 && r.again(dseq, dts, s.nanos) {
		return false
	}
	r.packets++
	r.last, r.lastPos, r.lastOrd = s.nanos, s.pos, s.ord
	seq, ts := r.seqMax+dseq, r.tsTop+dts
	r.maxSize = max(r.maxSize, uint16(s.size))
	if s.digest < r.limit {
		r.sample(s)
	}
	if dseq > 0 {
		r.advance(s, seq, ts, dseq, dts)
	} else if !r.fill(s, seq, ts) {
		r.duplicates++
		return true
	}
	r.lastNanos = s.nanos
	if !s.isEvent() { // events keep the timestamp of their beginning, or one of their own making
		r.clock.add(s.nanos, ts)
	}
	return true
}

// plausible judges a step of sequence number and timestamp against the
// arrival times, or against each other: a sender that stalls and catches up
// has contiguous timestamps, a pause moves the timestamp with the clock.
func (r *run) plausible(dseq, dts, nanos int64) bool {
	step := r.step()
	if dts == step && dseq == 1 {
		return true
	}
	const dropout = 3000 // RFC 3550 appendix A.1, MAX_DROPOUT
	n := max(dseq, -dseq)
	if off := dts - dseq*step; n <= dropout && max(off, -off) <= (n/2+4)*step {
		return true
	}
	hz := r.clock.hz()
	if !r.timely(dts, nanos, hz) {
		return false
	}
	return dseq >= -2*hz/step && dseq <= max(dts, 0)/step*2+64
}

// again reports whether a packet from behind is seconds late and misses
// nowhere: no copy is held up for so long. A sender that begins each call with
// the same SSRC and numbers does that.
func (r *run) again(dseq, dts, nanos int64) bool {
	if nanos-r.lastNanos-ticksToNanos(dts, r.clock.hz()) < slack {
		return false
	}
	_, missing := r.gapOf(r.seqMax + dseq)
	return !missing
}

// timely reports whether arrival allows the timestamp: it has moved as the
// time since the last packet has, or it is back where the least delayed
// packets of the run are (a sender that stalled may drop its backlog).
func (r *run) timely(dts, nanos, hz int64) bool {
	const tolerance = int64(2e9)
	off := ticksToNanos(dts, hz) - (nanos - r.lastNanos)
	if max(off, -off) <= tolerance {
		return true
	}
	late, ok := r.clock.late(nanos, r.tsTop+dts)
	return ok && max(late, -late) <= tolerance
}

// step returns the usual advance of the timestamp, 20 ms where unknown.
func (r *run) step() int64 {
	if r.cur.step > 0 {
		return r.cur.step
	}
	return max(r.clock.hz()/50, 1)
}

// advance takes a packet behind the highest sequence number so far.
func (r *run) advance(s *sample, seq, ts, dseq, dts int64) {
	before := r.cur.pt
	speaks := !s.isEvent() && s.pt != comfortNoise
	if dseq == 1 && dts > 0 && before == s.pt && (r.cur.step == 0 || dts < r.cur.step) && speaks {
		if r.cur.step == 0 && r.cur.bytesPerTick == 0 {
			r.cover = r.tsTop + dts // the first packet's duration is known only now
		}
		r.cur.step = dts
	}
	if dseq > 1 || speaks && ts > r.cover {
		to := max(ts, r.cover)
		if dts < 0 {
			to = r.cover // the sender's timestamps went back: nothing is left open
		}
		r.addGap(gap{seq: r.seqMax + 1, n: dseq - 1, from: r.cover, to: to, pt: before})
		r.cover = to
	}
	if ts < r.tsMax {
		r.maxLate = max(r.maxLate, r.tsMax-ts)
		r.tsMin = min(r.tsMin, ts)
	}
	r.seqMax, r.tsTop, r.tsMax = seq, ts, max(r.tsMax, ts)
	if d := r.duration(s); speaks {
		r.cover = ts + d
	}
}

func (r *run) addGap(g gap) {
	if len(r.gaps) >= maxGaps {
		r.moreGaps = true
		return
	}
	r.gaps = append(r.gaps, g)
}

// fill takes a packet that is not behind the highest sequence number: late
// into a gap or in front of the first. It reports false for a duplicate.
func (r *run) fill(s *sample, seq, ts int64) bool {
	if seq < r.seqMin {
		end := ts + r.duration(s)
		if n := r.seqMin - seq - 1; (n > 0 || end < r.tsMin) && len(r.gaps) >= maxGaps {
			r.moreGaps = true
		} else if n > 0 || end < r.tsMin {
			r.gaps = append([]gap{{seq: seq + 1, n: n, from: min(end, r.tsMin), to: r.tsMin, pt: s.pt}}, r.gaps...)
		}
		r.seqMin = seq
	} else {
		i, ok := r.gapOf(seq)
		if !ok {
			return false
		}
		r.split(i, seq, ts, ts+r.duration(s))
	}
	r.reordered++
	r.maxLate = max(r.maxLate, r.tsMax-ts)
	r.tsMin, r.tsMax = min(r.tsMin, ts), max(r.tsMax, ts)
	return true
}

// gapOf finds the gap in which packet seq is missing.
func (r *run) gapOf(seq int64) (int, bool) {
	// A gap without missing packets has the number of the packet behind it
	// and so may stand in front of the one that is meant.
	for i := r.search(seq); i < len(r.gaps) && r.gaps[i].seq <= seq; i++ {
		if seq < r.gaps[i].seq+r.gaps[i].n {
			return i, true
		}
	}
	return 0, false
}

// search returns the index of the first gap that does not end before seq.
func (r *run) search(seq int64) int {
	return sort.Search(len(r.gaps), func(i int) bool { return seq < r.gaps[i].seq+max(r.gaps[i].n, 1) })
}

// split takes packet seq, which covers the ticks [from, to), out of gap i.
func (r *run) split(i int, seq, from, to int64) {
	g := r.gaps[i]
	left := gap{seq: g.seq, n: seq - g.seq, from: g.from, to: max(g.from, min(from, g.to)), pt: g.pt}
	right := gap{seq: seq + 1, n: g.seq + g.n - seq - 1, from: min(g.to, max(to, g.from)), to: g.to, pt: g.pt}
	keep := make([]gap, 0, 2)
	for _, h := range []gap{left, right} {
		if len(keep) == 1 && len(r.gaps) >= maxGaps {
			r.moreGaps = true
		} else if h.n > 0 || h.to > h.from {
			keep = append(keep, h)
		}
	}
	r.gaps = append(r.gaps[:i], append(keep, r.gaps[i+1:]...)...)
}

// settle ends the run for Finish: what depends on its last packets, and
// arrivals that were not believed.
func (r *run) settle() {
	r.keep()
	if r.sketch != nil {
		r.sketch.settle()
	}
	r.clock.env.settle()
	r.anchor = r.clock.env.line.offset
	far := func(a, b int64) bool { return max(a-b, b-a) > wildArrival }
	if far(r.first, r.clock.first) {
		r.first = r.clock.first
	}
	if far(r.last, r.clock.last) {
		r.last = r.clock.last
	}
}

// missing returns how many sequence numbers between first and last packet
// were never seen.
func (r *run) missing() uint64 {
	return uint64(r.seqMax-r.seqMin+1) - r.unique()
}

// unique returns the packets that were placed, copies not counted.
func (r *run) unique() uint64 { return r.packets - r.duplicates - r.wild }
