// Package forms stores the traffic of a capture in every form in which callx
// promises to read it: other containers, compressed, in pieces, on other links,
// in tunnels, in fragments, seen twice, over TCP. What is said does not change:
// the calls and the audio that come out must not either.
//
// The headers are written by hand after their specifications and share no code
// with callx's decoders; tshark and the compressors' own programs check them.
package forms

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"callx/testdata/synth"
)

// A Capture is the content of a capture file, in the order of the file.
type Capture struct {
	Ifaces []synth.Iface
	Frames []synth.Frame
}

// Read reads a microsecond pcap of Ethernet frames and keeps those that hold
// IP: not every link can carry the others.
func Read(r io.Reader) (Capture, error) {
	pr, err := pcapgo.NewReader(r)
	if err != nil {
		return Capture{}, err
	}
	if pr.LinkType() != layers.LinkTypeEthernet {
		return Capture{}, fmt.Errorf("link type %s: forms are made of Ethernet", pr.LinkType())
	}
	c := Capture{Ifaces: []synth.Iface{{Link: synth.Ethernet}}}
	for {
		data, info, err := pr.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err != nil {
			return Capture{}, err
		}
		if info.CaptureLength < info.Length {
			return Capture{}, fmt.Errorf("a frame of %d bytes was cut to %d", info.Length, info.CaptureLength)
		}
		if p, ok := peel(data); ok && len(p.data) > 0 {
			c.Frames = append(c.Frames, synth.Frame{Nanos: info.Timestamp.UnixNano(), Data: data})
		}
	}
}

// Changes are what may differ in callx's view of a form, beside the places of
// frames in files.
type Changes uint

const (
	// Framing: a datagram takes another number of frames.
	Framing Changes = 1 << iota
	// Copies: datagrams were captured more than once.
	Copies
	// Transport: SIP goes over TCP.
	Transport
	// Cut: the last bytes of SIP messages were not captured.
	Cut
)

// A Form is one way to store a capture.
type Form struct {
	Name    string
	Changes Changes

	wrap  step    // of the frames; nil leaves them
	store storage // as files; nil is one little-endian microsecond pcap
	// decodeAs are the options that tshark needs to read the form.
	decodeAs []string
	// hidden says why tshark cannot read the form.
	hidden string
}

// Files returns the capture files that hold c in this form, in the order in
// which to name them.
func (f Form) Files(c Capture) ([][]byte, error) {
	c.Ifaces, c.Frames = slices.Clone(c.Ifaces), slices.Clone(c.Frames)
	if f.wrap != nil {
		c = f.wrap(c)
	}
	store := f.store
	if store == nil {
		store = whole(synth.File{})
	}
	files, err := store(c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	return files, nil
}

// A step rewrites the frames of a capture. It may change the slices of
// interfaces and frames, but not the bytes in them.
type step func(Capture) Capture

// chain does one step after the other.
func chain(steps ...step) step {
	return func(c Capture) Capture {
		for _, s := range steps {
			c = s(c)
		}
		return c
	}
}

// each rewrites every frame, given its number.
func each(f func(n int, frame []byte) []byte) step {
	return func(c Capture) Capture {
		for n := range c.Frames {
			c.Frames[n].Data = f(n, c.Frames[n].Data)
		}
		return c
	}
}

// spread replaces every frame by those that f makes of it.
func spread(f func(n int, fr synth.Frame) []synth.Frame) step {
	return func(c Capture) Capture {
		var all []synth.Frame
		for n, fr := range c.Frames {
			all = append(all, f(n, fr)...)
		}
		c.Frames = all
		return c
	}
}

// inOrder sorts frames by time; those of one time keep their order.
func inOrder(c Capture) Capture {
	slices.SortStableFunc(c.Frames, func(x, y synth.Frame) int { return cmp.Compare(x.Nanos, y.Nanos) })
	return c
}
