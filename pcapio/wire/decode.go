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
	opaque     [numOpaque]Unknown
	fragments  fragments
	copies     copies
	streams    streams
	inflated   inflater
	depth      int // of tunnels
}

// Decode appends the datagrams that f holds to dst and says what f is. It
// copies and allocates nothing, fragments, TCP streams and compressed HEP apart:
// payloads point into f.Data.
//
// A fragment may bring datagrams of earlier frames, before its own: those of
// which it shows that the rest will not come any more. What was captured of
// them before the first gap is the payload, the rest is Cut.
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
	cut := 0
	if f.Orig > len(f.Data) {
		cut = f.Orig - len(f.Data)
	}
	d.frame, d.out = f, dst
	c := d.link(f.Link, f.Data, cut)
	return d.out, c
}

// Flush appends the datagrams that only the end of the capture completes: what
// is there of IP datagrams whose fragments did not all come, and what is left of
// TCP streams. They may be of any frame.
func (d *Decoder) Flush(dst []Datagram) []Datagram {
	d.out = dst
	d.flushFragments()
	d.flush()
	return d.out
}

// link is the table of link types.
func (d *Decoder) link(link pcapio.LinkType, b []byte, cut int) Class {
	switch link {
	case linkEthernet:
		return d.ethernet(b, cut)
	case linkSLL:
		return d.sll(b, cut)
	case linkSLL2:
		return d.sll2(b, cut)
	case linkRaw, linkRaw12, linkRaw14, linkIPv4, linkIPv6:
		return d.raw(b, cut)
	case linkNull:
		return d.null(b, cut)
	case linkLoop:
		return d.loop(b, cut)
	case linkEnc:
		return d.enc(b, cut)
	case linkPFLog:
		return d.pflog(b, cut)
	case linkIPNet:
		return d.ipnet(b, cut)
	case linkNFLog:
		return d.nflog(b, cut)
	case linkPPP:
		return d.ppp(b, cut)
	case linkPPPHDLC:
		return d.pppSerial(b, cut)
	case linkPPPEther:
		return d.pppoe(b, cut)
	case linkPPPD, linkPPPDirection:
		return d.pppDirection(b, cut)
	case linkHDLC:
		return d.hdlc(b, cut)
	case linkFrameRelay:
		return d.frameRelay(b, cut)
	case linkMPLS:
		return d.mpls(b, cut)
	case linkATM1483:
		return d.llc(b, cut)
	case linkDOCSIS:
		return d.docsis(b, cut)
	case linkWiFi:
		return d.wifi(b, cut)
	case linkRadiotap:
		return d.radiotap(b, cut)
	case linkPrism:
		return d.prism(b, cut)
	case linkAVS:
		return d.avs(b, cut)
	case linkPPI:
		return d.ppi(b, cut)
	case linkPKTAP:
		return d.pktap(b, cut)
	case linkJuniperEthernet:
		return d.juniper((*Decoder).ethernet, b, cut)
	case linkJuniperPPP:
		return d.juniper((*Decoder).ppp, b, cut)
	case linkJuniperFrameRelay:
		return d.juniper((*Decoder).frameRelay, b, cut)
	case linkJuniperHDLC:
		return d.juniper((*Decoder).hdlc, b, cut)
	case linkExported:
		return d.exported(b, cut)
	}
	d.missLink(link)
	return ClassUndecodable
}

// Link types (https://www.tcpdump.org/linktypes.html). DLT_RAW is 12 or 14 in
// files of systems that did not translate it to LINKTYPE_RAW.
const (
	linkNull              pcapio.LinkType = 0
	linkEthernet          pcapio.LinkType = 1
	linkPPP               pcapio.LinkType = 9
	linkRaw12             pcapio.LinkType = 12
	linkRaw14             pcapio.LinkType = 14
	linkPPPHDLC           pcapio.LinkType = 50
	linkPPPEther          pcapio.LinkType = 51
	linkATM1483           pcapio.LinkType = 100
	linkRaw               pcapio.LinkType = 101
	linkHDLC              pcapio.LinkType = 104
	linkWiFi              pcapio.LinkType = 105
	linkFrameRelay        pcapio.LinkType = 107
	linkLoop              pcapio.LinkType = 108
	linkEnc               pcapio.LinkType = 109
	linkSLL               pcapio.LinkType = 113
	linkPFLog             pcapio.LinkType = 117
	linkPrism             pcapio.LinkType = 119
	linkRadiotap          pcapio.LinkType = 127
	linkDOCSIS            pcapio.LinkType = 143
	linkAVS               pcapio.LinkType = 163
	linkPPPD              pcapio.LinkType = 166
	linkJuniperEthernet   pcapio.LinkType = 178
	linkJuniperPPP        pcapio.LinkType = 179
	linkJuniperFrameRelay pcapio.LinkType = 180
	linkJuniperHDLC       pcapio.LinkType = 181
	linkPPI               pcapio.LinkType = 192
	linkPPPDirection      pcapio.LinkType = 204
	linkMPLS              pcapio.LinkType = 219
	linkIPNet             pcapio.LinkType = 226
	linkIPv4              pcapio.LinkType = 228
	linkIPv6              pcapio.LinkType = 229
	linkNFLog             pcapio.LinkType = 239
	linkExported          pcapio.LinkType = 252
	linkPKTAP             pcapio.LinkType = 258
	linkSLL2              pcapio.LinkType = 276
)
