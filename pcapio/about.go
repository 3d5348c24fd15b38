package pcapio

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"
)

// An Interface is a place where frames were captured, as a pcapng file
// describes it. What the file does not say is zero.
type Interface struct {
	Link        LinkType
	Snaplen     uint32 // bytes of a frame that are kept; 0 is no limit
	Name        string // e.g. eth0
	Description string
	Hardware    string
	OS          string
	Filter      string // a libpcap expression
	Speed       uint64 // bits a second
	Frames      uint64 // that the file has of it
	Stats       Stats
}

// Stats are what the capturing system had counted at an interface since the
// capture began when it said so last. A count that it does not give is -1,
// one beyond 63 bits stays at the limit.
type Stats struct {
	Pos              // of the block that says so
	Nanos     int64  // when it was counted
	Blocks    uint64 // statistics blocks of the interface; if 0, all else here means nothing
	Received  int64  // frames that the interface received
	Accepted  int64  // by the filter
	Delivered int64  // to the capturing program
	IfDropped int64  // lost by the interface, for lack of resources
	OSDropped int64  // lost by the operating system
}

// A Drop says that the capture itself lost frames. What is missing from the
// same time, the network may have delivered.
type Drop struct {
	Pos              // of the block that says so
	Interface int    // index in Input.Interfaces
	From, To  int64  // nanoseconds between which they were lost; From may be math.MinInt64
	Frames    uint64 // how many
}

// A Comment is what somebody, or a program, wrote into a capture file.
type Comment struct {
	Pos         // of the block; Frame numbers the packet, or the first one after the block
	On   string // what it is about: section, interface, packet, names, statistics or secrets
	Text string // valid UTF-8, otherwise as it stands in the file
}

// A SecretsType says what the secrets in a capture file are for.
type SecretsType uint32

// SecretsTLS are lines in the format of SSLKEYLOGFILE; they serve DTLS as well.
const SecretsTLS SecretsType = 0x544c534b

// Secrets are keys that stand in a capture file.
type Secrets struct {
	Pos
	Type SecretsType
	Data []byte
}

const (
	// maxAbout bounds the memory for what a file says of its capture, in bytes
	// about; maxSecrets that for keys.
	maxAbout   = 1 << 20
	maxSecrets = 16 << 20

	// entry is what an entry of a list or map is taken to cost beside its text.
	entry = 64

	// maxDescribed is how many interfaces a file may describe in Input.
	maxDescribed = 1024
	// maxDrops is how many drops are kept apart; further ones are added to the
	// last of their interface.
	maxDrops = 4096
	// maxNames is how many names an address may have.
	maxNames = 16
)

// An about gathers what a file says of its capture beside the frames.
type about struct {
	live       []netif // the interfaces of this section, by their numbers
	interfaces []described
	drops      []Drop
	lastDrop   []int // index in drops of the last one, by index in interfaces
	dropped    uint64
	counted    bool // some counter says how much was dropped, be it nothing
	comments   []Comment
	names      map[netip.Addr][]string
	secrets    []Secrets
	custom     map[uint32]uint64

	used, usedSecrets int
	leftOut           uint64 // texts, names and secrets for which there was no room
}

// A described interface is one of Input.Interfaces.
type described struct {
	Interface
	told  uint64 // frames in drops so far
	until int64  // the end of the time that drops tell about
}

// A netif is what frames need of their interface. It fills a cache line.
type netif struct {
	clock  clock
	last   int64 // time of its last frame
	frames uint64
	snap   uint32
	about  int32 // index in about.interfaces; -1 if it found no place there
	link   LinkType
}

// room reports whether an entry with n bytes may be kept.
func (a *about) room(n int) bool {
	if n += entry; n > maxAbout-a.used {
		a.leftOut++
		return false
	}
	a.used += n
	return true
}

// text copies a string of the file; it is empty if there is no room.
func (a *about) text(b []byte) string {
	if len(b) == 0 || !a.room(len(b)) {
		return ""
	}
	// Some writers count the terminating zero.
	return strings.ToValidUTF8(strings.TrimRight(string(b), "\x00"), "\ufffd")
}

// describe takes an interface into the list and returns its index, or -1.
func (a *about) describe(in Interface) int32 {
	if len(a.interfaces) == maxDescribed {
		a.leftOut++
		return -1
	}
	a.interfaces = append(a.interfaces, described{Interface: in, until: math.MinInt64})
	a.lastDrop = append(a.lastDrop, -1)
	return int32(len(a.interfaces) - 1)
}

// endSection forgets the numbers of the interfaces.
func (a *about) endSection() {
	for i := range a.live {
		if in := &a.live[i]; in.about >= 0 {
			a.interfaces[in.about].Frames += in.frames
		}
	}
	a.live = a.live[:0]
}

// drop takes the statement at pos that an interface has lost n frames until
// nanos since it spoke last, or since from if that is later.
func (a *about) drop(pos Pos, iface int32, from, nanos int64, n uint64) {
	a.counted = true
	in := &a.interfaces[iface]
	from = min(max(from, in.until), nanos) // clocks may step back
	in.until = nanos
	if n == 0 {
		return
	}
	a.dropped = addSaturated(a.dropped, n)
	in.told = addSaturated(in.told, n)
	if last := a.lastDrop[iface]; len(a.drops) >= maxDrops && last >= 0 {
		d := &a.drops[last]
		d.To, d.Frames = max(d.To, nanos), addSaturated(d.Frames, n)
		return
	}
	a.lastDrop[iface] = len(a.drops)
	a.drops = append(a.drops, Drop{Pos: pos, Interface: int(iface), From: from, To: nanos, Frames: n})
}

func addSaturated(a, b uint64) uint64 {
	if a > math.MaxUint64-b {
		return math.MaxUint64
	}
	return a + b
}

func (a *about) comment(pos Pos, on string, b []byte) {
	if s := a.text(b); s != "" {
		a.comments = append(a.comments, Comment{Pos: pos, On: on, Text: s})
	}
}

// name keeps that addr has a name.
func (a *about) name(addr netip.Addr, b []byte) {
	have := a.names[addr]
	switch {
	case slices.Contains(have, string(b)):
		return
	case len(have) == maxNames:
		a.leftOut++
		return
	}
	if s := a.text(b); s != "" {
		if a.names == nil {
			a.names = make(map[netip.Addr][]string)
		}
		a.names[addr] = append(have, s)
	}
}

func (a *about) secret(pos Pos, typ SecretsType, b []byte) {
	if len(b)+entry > maxSecrets-a.usedSecrets {
		a.leftOut++
		return
	}
	a.usedSecrets += len(b) + entry
	a.secrets = append(a.secrets, Secrets{Pos: pos, Type: typ, Data: slices.Clone(b)})
}

func (a *about) customBlock(pen uint32) {
	if _, ok := a.custom[pen]; !ok {
		if !a.room(0) {
			return
		}
		if a.custom == nil {
			a.custom = make(map[uint32]uint64)
		}
	}
	a.custom[pen]++
}

// report fills in what the file has said.
func (a *about) report(in *Input, file int) {
	for i := range a.interfaces {
		in.Interfaces = append(in.Interfaces, a.interfaces[i].Interface)
	}
	for i := range a.live {
		if n := &a.live[i]; n.about >= 0 {
			in.Interfaces[n.about].Frames += n.frames
		}
	}
	in.Drops, in.Dropped, in.Counted = slices.Clone(a.drops), a.dropped, a.counted
	in.Comments = slices.Clone(a.comments)
	in.Secrets = slices.Clone(a.secrets)
	in.Custom = maps.Clone(a.custom)
	in.Names = maps.Clone(a.names)
	if len(a.drops) > 0 {
		in.Notes = append(in.Notes, Note{Pos: a.drops[0].Pos, Kind: "drop", Text: a.dropText()})
	}
	if a.leftOut > 0 {
		in.Notes = append(in.Notes, Note{
			Pos:  Pos{File: file},
			Kind: "metadata",
			Text: fmt.Sprintf("%d comments, names, descriptions and keys in this file are left out: there are too many", a.leftOut),
		})
	}
}

// dropText says which interfaces dropped how much.
func (a *about) dropText() string {
	const most = 4
	var where []string
	for i := range a.interfaces {
		in := &a.interfaces[i]
		if in.told == 0 {
			continue
		}
		if len(where) == most {
			where = append(where, "others")
			break
		}
		where = append(where, fmt.Sprintf("%s %d", cmp.Or(in.Name, fmt.Sprintf("interface %d", i)), in.told))
	}
	return fmt.Sprintf("the capture dropped %d frames (%s): what is missing here may have been on the wire", a.dropped, strings.Join(where, ", "))
}
