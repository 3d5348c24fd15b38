package wire

import (
	"slices"
	"testing"
	"unsafe"

	"callx/pcapio"
)

// FuzzDecode holds Decode to its promises: a datagram if and only if the class
// is UDP, whose payload lies within the frame and whose address is plain, and
// the same again from the same frame, by the fast path and by the layers,
// whatever was decoded in between. What fragments make in one frame (a part of
// an aggregate each), and compressed HEP, has memory of its own.
func FuzzDecode(f *testing.F) {
	for _, r := range rules() {
		f.Add(uint16(r.link), len(r.data), r.data)
		f.Add(uint16(r.link), 0, r.data) // shorter on the wire than in the file
	}
	for _, r := range udpRules() {
		data := eth(etherIPv4, ip4(17, udpTo(r.port, r.data)))
		f.Add(uint16(linkEthernet), len(data), data)
	}
	compressed := ip4(17, udp(hepCompressedOf(unhex(f, optionsZlib))))
	f.Add(uint16(linkRaw), len(compressed), compressed)
	whole := udp(noise(80))
	parts := wifiFrameOf(0x0188, be16(0x8000), join(
		subframe(snap(etherIPv4, part(false, 1, whole, 0, 48, true))), subframe(snap(etherIPv4, part(false, 1, whole, 48, 88, false)))))
	f.Add(uint16(linkWiFi), len(parts), parts)
	var used Decoder
	f.Fuzz(func(t *testing.T, link uint16, orig int, data []byte) {
		frame := pcapio.Frame{Pos: pcapio.Pos{File: 1, Frame: 2, Off: 3}, Nanos: 4, Link: pcapio.LinkType(link), Orig: orig, Data: slices.Clone(data)}
		got, class := used.Decode(make([]Datagram, 0, 1), &frame)
		joined := used.fragments.byKey != nil || used.inflated.zlib != nil
		if joined {
			used = Decoder{}
		}
		if class > ClassUndecodable {
			t.Fatalf("class %d", class)
		}
		if (class == ClassUDP) != (len(got) > 0) {
			t.Fatalf("class %d with %d datagrams", class, len(got))
		}
		for _, g := range got {
			if g.Cut < 0 {
				t.Errorf("cut %d", g.Cut)
			}
			if g.Pos != frame.Pos || g.Nanos != frame.Nanos {
				t.Errorf("frame %v %d, datagram %v %d", frame.Pos, frame.Nanos, g.Pos, g.Nanos)
			}
			if !joined && !within(g.Payload, frame.Data) {
				t.Errorf("a payload of %d bytes does not lie in its frame", len(g.Payload))
			}
			for _, a := range []Flow{g.Flow, g.Flow.Reverse()} {
				if s := a.Src.Addr(); !s.IsValid() || s.Is4In6() || s.Zone() != "" {
					t.Errorf("address %v", s)
				}
			}
			if g.Flow.Proto != UDP {
				t.Errorf("protocol %d", g.Flow.Proto)
			}
		}
		if !slices.Equal(frame.Data, data) {
			t.Error("the frame was changed")
		}
		var fresh Decoder
		for name, decode := range map[string]func([]Datagram, *pcapio.Frame) ([]Datagram, Class){"again": fresh.Decode, "layers": fresh.layers} {
			again, c := decode(make([]Datagram, 0, 1), &frame)
			if c != class || !slices.EqualFunc(got, again, equal) {
				t.Errorf("class %d %+v, %s %d %+v", class, got, name, c, again)
			}
		}
	})
}

// within reports whether the bytes of part are those of whole, not a copy.
func within(part, whole []byte) bool {
	if len(part) == 0 {
		return true
	}
	at := uintptr(unsafe.Pointer(&part[0])) - uintptr(unsafe.Pointer(unsafe.SliceData(whole)))
	return at < uintptr(len(whole)) && uintptr(len(part)) <= uintptr(len(whole))-at
}
