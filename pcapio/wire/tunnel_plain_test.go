package wire

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"callx/pcapio"
)

// tunnelPorts are those of the table, and ports of HEP servers.
var tunnelPorts = []int{1701, 2152, 3544, 4754, 4789, 4790, 6081, 6635, 8472, 9060, 37008}

// telephony are datagrams that must come out as they are from any port: each of
// the media kinds that RFC 7983 tells apart by the first byte, and signalling.
func telephony(r *rand.Rand, i int) []byte {
	media := make([]byte, 12+r.IntN(400))
	for i := range media {
		media[i] = byte(r.Uint32())
	}
	binary.BigEndian.PutUint16(media[2:], uint16(i))
	switch i % 8 {
	case 0:
		return []byte("INVITE sip:bob@biloxi.example.com SIP/2.0\r\nVia: SIP/2.0/UDP pc33.atlanta.example.com;branch=z9hG4bK776asdhds\r\nMax-Forwards: 70\r\n\r\n")
	case 1:
		return []byte("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP pc33.atlanta.example.com;branch=z9hG4bK776asdhds\r\nCSeq: 314159 INVITE\r\n\r\n")
	case 2:
		return []byte("\r\n\r\n") // keepalive (RFC 5626 section 4.4.1)
	case 3: // RTCP
		media[0], media[1] = 0x80|media[0]&0x1f, 200+media[1]%5
	case 4: // STUN
		copy(media, join(be16([]int{1, 0x0101, 0x0111}[i/8%3], len(media)-20&0xfffc), be32(0x2112a442)))
	case 5: // DTLS
		media[0], media[1], media[2] = 20+media[0]%4, 0xfe, 0xfd
	case 6: // PCMU, as it is most often
		media[0], media[1] = 0x80, 0
	case 7:
		media[0] = 0x80 | media[0]&0x3f
	}
	return media
}

// TestPlainAtTunnelPorts: to or from a port of the table, telephony is itself.
func TestPlainAtTunnelPorts(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 9))
	for _, port := range tunnelPorts {
		for _, cut := range []int{0, 300} {
			for i := range 1 << 14 {
				payload := telephony(r, i)
				u := join(be16(srcPort, port, 8+len(payload)+cut, 0), payload)
				if i%2 == 0 {
					u = join(be16(port, dstPort, 8+len(payload)+cut, 0), payload)
				}
				data := ip4With(20+len(u)+cut, 0, 17, nil, u)
				var d Decoder
				got, class := d.layers(nil, &pcapio.Frame{Link: linkRaw, Orig: len(data) + cut, Data: data})
				if class != ClassUDP || len(got) != 1 || !slices.Equal(got[0].Payload, payload) || got[0].Cut != cut {
					t.Errorf("port %d, %d cut: class %d, %d datagrams of %q", port, cut, class, len(got), payload)
				}
			}
		}
	}
}

// TestTunnelsAllocateNothing: neither what is in tunnels in UDP, nor what only
// goes to their ports.
func TestTunnelsAllocateNothing(t *testing.T) {
	var d Decoder
	list := udpRules()
	dst := make([]Datagram, 0, len(list))
	for i := range list {
		list[i].data = eth(etherIPv4, ip4(17, udpTo(list[i].port, list[i].data)))
	}
	f := pcapio.Frame{Link: linkEthernet}
	n := testing.AllocsPerRun(100, func() {
		dst = dst[:0]
		for i := range list {
			f.Data, f.Orig = list[i].data, len(list[i].data)
			dst, _ = d.Decode(dst, &f)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations for %d frames", n, len(list))
	}
	if len(dst) < len(list)/2 {
		t.Errorf("only %d datagrams", len(dst))
	}
}
