package pcapio

import "fmt"

// Records of the classic format have no magic and no check: damage shows only
// by lengths and times that make no sense, and by where they lead.

const (
	// day, in seconds, is how far a record's time may be from the last one's
	// without a closer look.
	day = 86400

	// chainRecords further records must make sense for an unusual record to
	// be believed, runRecords in a row for a place to be taken for a record.
	chainRecords = 3
	runRecords   = 4

	// runFrame is the longest frame of such a run (tcpdump's largest snaplen).
	runFrame = 256 << 10
	// runLength is the longest length on the wire in such a run.
	runLength = 16 << 20

	runSpan = (runRecords + 1) * (runFrame + 24)
)

type verdict int

const (
	verdictGood  verdict = iota // take the record
	verdictMoved                // p.off was moved to the next record
	verdictEnd                  // the walk has ended
)

// farApart reports whether two times, in seconds, are more than a day apart.
func farApart(a, b uint32) bool { return a-b+day > 2*day }

// wellFormed reports whether a record header can be one at all. A hole of
// zeros (what a crashed system leaves in a file) is none.
func (r pcapRecord) wellFormed() bool {
	return r.caplen <= maxFrame && r != pcapRecord{}
}

// examine judges the unusual record r at p.off: it may be honest (wrong
// snaplen, clock set) or the sign of damage. What follows it tells.
func (p *pcap) examine(r pcapRecord) verdict {
	overruns := int64(p.head)+int64(r.caplen) > p.left()
	if r.wellFormed() && !overruns && p.chained(r) {
		if r.sub >= p.subRange() && p.count(&p.oddTime) {
			p.noteFirst(&p.oddTime, "time", "a sub-second field of %d is out of range; taken as a signed number", int32(r.sub))
		}
		return verdictGood
	}
	if h, ok := parsePcapHeader(p.win.at(p.off, pcapFileHeader)); ok {
		p.note("joined", "another capture file begins here (files were joined end to end); it is read on")
		p.start(h)
		return verdictMoved
	}
	why := fmt.Sprintf("no record here (time %d.%06d, captured length %d, length %d)", r.sec, r.sub, r.caplen, r.length)
	skipped, ok := p.search(runSpan, p.findRun)
	switch {
	case ok:
		p.note("damaged", "%s; %d bytes are skipped", why, skipped)
		p.off += skipped
		return verdictMoved
	case overruns && r.wellFormed():
		return verdictGood // and next finds it cut by the end of the file
	}
	p.giveUp(why, skipped)
	return verdictEnd
}

// learn takes from an unusual record that is good what is usual in this file,
// so that the records before damage are not doubted for it.
func (p *pcap) learn(r pcapRecord) {
	if r.caplen > p.long {
		p.long = max(p.long, runFrame)
	}
	p.short = p.short || r.caplen > r.length
}

// chained reports whether the lengths lead from r, at p.off, to further
// records, or to the end of the file. Those records may be as odd as r is.
func (p *pcap) chained(r pcapRecord) bool {
	first := r
	off := p.off
	for range chainRecords {
		off += int64(p.head) + int64(r.caplen)
		b := p.win.at(off, p.head)
		if len(b) < p.head {
			return true
		}
		r = p.record(b)
		if !r.wellFormed() || r.sub >= p.subRange() && first.sub < p.subRange() ||
			farApart(r.sec, first.sec) && farApart(r.sec, p.lastSec) {
			return false
		}
	}
	return true
}

// findRun finds the first run of records in b; see walk.search.
func (p *pcap) findRun(b []byte, limit int, eof bool) int {
	for i := range min(limit, len(b)-p.head+1) {
		if p.isRun(b[i:], eof) {
			return i
		}
	}
	return -1
}

// isRun reports whether b begins with runRecords records beyond doubt. At the
// end of the file fewer do: one, whether it ends there or the next is cut.
func (p *pcap) isRun(b []byte, eof bool) bool {
	last, known := p.lastSec, p.frames > 0
	for n := range runRecords {
		if len(b) < p.head {
			return eof && n > 0
		}
		r := p.record(b)
		if known && farApart(r.sec, last) || !p.likely(r) {
			return false
		}
		if size := p.head + int(r.caplen); size <= len(b) {
			b = b[size:]
		} else {
			return eof && n > 0
		}
		last, known = r.sec, true
	}
	return true
}

// likely reports whether a record header, taken by itself, is an ordinary one.
func (p *pcap) likely(r pcapRecord) bool {
	return r.sec != 0 && r.sub < p.subRange() && r.caplen != 0 && r.caplen <= runFrame &&
		r.length >= r.caplen && r.length <= runLength
}

// leads returns how many records with headers of head bytes, as far as it
// looks, lead from p.off to each other; 0 if they lead to what is no record.
func (p *pcap) leads(head int) int {
	off := p.off
	for n := range runRecords {
		b := p.win.at(off, head)
		if len(b) < head {
			return n
		}
		r := p.record(b)
		if !p.likely(r) {
			return 0
		}
		off += int64(head) + int64(r.caplen)
	}
	return runRecords
}
