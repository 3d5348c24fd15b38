package wire

import "callx/pcapio"

// A Decoder takes frames apart. The zero value is ready; it belongs to one
// goroutine.
//
// Its methods are the layers. A layer gets the bytes that begin with its
// header and the number of bytes that the capture lacks behind them; it takes
// its header off and hands on to the layer inside.
type Decoder struct {
	// Streams says whether a TCP connection is wanted. It is asked at the first
	// bytes of a stream, and, of a connection that is not followed, at each
	// payload; f is the flow of the bytes, which it must not keep. nil wants none.
	//
	// A stream that is followed comes as Datagrams in its own order, one for
	// each stretch of it. Every frame with payload of it yields at least one
	// that begins with its own, empty if its bytes were there before or wait for
	// earlier ones. The last of a stream has End.
	Streams func(f Flow, b []byte) Interest

	frame      *pcapio.Frame // in hand
	out        []Datagram    // the caller's slice
	links      map[uint16]*Unknown
	etherTypes map[uint16]*Unknown
	fragments  fragments
	copies     copies
	streams    streams
	depth      int // of tunnels
}

// Decode appends the datagrams that f holds to dst and says what f is. It
// copies and allocates nothing: payloads point into f.Data.
func (d *Decoder) Decode(dst []Datagram, f *pcapio.Frame) ([]Datagram, Class) {
	if n := len(dst); f.Link == linkEthernet && n < cap(dst) {
		if grown := dst[:n+1]; fast(&grown[n], f) {
			d.mark(&grown[n])
			return grown, ClassUDP
		}
	}
	n := len(dst)
	dst, class := d.layers(dst, f)
	for i := range dst[n:] {
		d.mark(&dst[n+i])
	}
	return dst, class
}

// layers is Decode for every kind of frame.
func (d *Decoder) layers(dst []Datagram, f *pcapio.Frame) ([]Datagram, Class) {
	if int(f.Link) >= len(linkLayers) || linkLayers[f.Link] == nil {
		d.missLink(f)
		return dst, ClassUndecodable
	}
	cut := 0
	if f.Orig > len(f.Data) {
		cut = f.Orig - len(f.Data)
	}
	d.frame, d.out = f, dst
	c := linkLayers[f.Link](d, f.Data, cut)
	return d.out, c
}

// Flush appends the datagrams that only the end of the capture completes: what
// is left of TCP streams. They may be of any frame.
func (d *Decoder) Flush(dst []Datagram) []Datagram {
	d.out = dst
	d.flush()
	return d.out
}

// linkLayers is the table of link types.
var linkLayers = [...]func(d *Decoder, b []byte, cut int) Class{
	linkNull:     (*Decoder).null,
	linkEthernet: (*Decoder).ethernet,
	linkRaw12:    (*Decoder).raw,
	linkRaw14:    (*Decoder).raw,
	linkRaw:      (*Decoder).raw,
	linkLoop:     (*Decoder).loop,
	linkSLL:      (*Decoder).sll,
	linkIPv4:     (*Decoder).raw,
	linkIPv6:     (*Decoder).raw,
	linkSLL2:     (*Decoder).sll2,
}

// Link types (https://www.tcpdump.org/linktypes.html). DLT_RAW is 12 or 14 in
// files of systems that did not translate it to LINKTYPE_RAW.
const (
	linkNull     pcapio.LinkType = 0
	linkEthernet pcapio.LinkType = 1
	linkRaw12    pcapio.LinkType = 12
	linkRaw14    pcapio.LinkType = 14
	linkRaw      pcapio.LinkType = 101
	linkLoop     pcapio.LinkType = 108
	linkSLL      pcapio.LinkType = 113
	linkIPv4     pcapio.LinkType = 228
	linkIPv6     pcapio.LinkType = 229
	linkSLL2     pcapio.LinkType = 276
)
