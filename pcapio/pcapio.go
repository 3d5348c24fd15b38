// Package pcapio reads capture files: it turns one file, several files or a
// pipe into one sequence of frames in order of capture time.
//
// Damage is data: a bad record is noted with its file, frame and offset, and
// reading goes on where that is safe. Only I/O ends a pass with an error.
package pcapio

import (
	"fmt"
	"net/netip"
	"time"
)

// LinkType is a link-layer type as capture files number them
// (https://www.tcpdump.org/linktypes.html).
type LinkType uint16

// LinkUnknown is the link type of a frame whose interface the file does not
// describe (a pcapng packet of an interface that has no description block).
// No registered link type has this number.
const LinkUnknown LinkType = 0xffff

// A Pos says where something stands in the input. File indexes the inputs of
// the Source, Frame counts the records of that file from 1 (as Wireshark
// does), and Off is the byte offset of the record in the uncompressed file.
type Pos struct {
	File  int
	Frame uint64
	Off   int64
}

// A Frame is one captured link-layer frame.
//
// Data is borrowed from the Reader: it is valid until the next call of Next.
type Frame struct {
	Pos
	Nanos int64    // capture time, nanoseconds since 1970-01-01 UTC
	Link  LinkType // of the interface that captured it
	Orig  int      // length on the wire in bytes; more than len(Data) if the capture cut it
	Data  []byte
}

// A Reader yields the frames of one pass.
//
// Next fills f and reports whether there was a frame; after false, Err says
// whether the input ended (nil) or could not be read. The error is sticky.
// Offset is how many bytes of all inputs have been consumed, for a progress
// bar against Source.Size; it never steps back and ends at Size.
type Reader interface {
	Next(f *Frame) bool
	Err() error
	Offset() int64
	Close() error
}

// A Note says what was damaged, missing, guessed or left out, and where.
type Note struct {
	Pos
	Kind string // one word, e.g. "truncated"
	Text string // one sentence for people
}

func (n Note) String() string {
	return fmt.Sprintf("file %d frame %d offset %d: %s: %s", n.File, n.Frame, n.Off, n.Kind, n.Text)
}

// An Input describes one capture file, complete once a pass has read it.
//
// From Interfaces on it is what the file says of its capture; only pcapng
// files can. All of it is bounded: a note of kind "metadata" counts what is
// left out. Slices and maps are for reading only.
type Input struct {
	Path        string
	Size        int64  // bytes on disk
	Format      string // "pcap", "pcapng"
	Compression string // "none"
	Links       []LinkType
	Frames      uint64
	First, Last time.Time // capture times of the earliest and latest frame; zero if there is none
	Truncated   bool      // the file ends in the middle of a record
	Notes       []Note

	Interfaces []Interface // of all sections, in the order of the file
	Counted    bool        // the file says how many frames the capture dropped, be it 0
	Dropped    uint64      // the sum over Drops
	Drops      []Drop      // in the order of the file
	Comments   []Comment   // in the order of the file
	Names      map[netip.Addr][]string
	Secrets    []Secrets         // in the order of the file
	Custom     map[uint32]uint64 // custom blocks by private enterprise number
}
