// Package dtls reads of captured DTLS handshakes what stands in them in the
// clear, and works out the keying material of DTLS 1.0 and 1.2 (RFC 4347, RFC
// 6347) from a key log. It decrypts nothing.
package dtls

import "encoding/binary"

// Versions as they stand on the wire: ones' complement of what they are called.
const (
	Version10 = 0xfeff
	Version12 = 0xfefd
	Version13 = 0xfefc
)

// A Hello is a ClientHello or ServerHello (RFC 5246 section 7.4.1).
type Hello struct {
	Client  bool
	Version uint16 // what a server chose; what a client names at first
	Random  [32]byte
	Suite   uint16 // the cipher suite that a server chose
	// Profile is the SRTP protection profile that a server chose (RFC 5764
	// section 4.1.1), the first that a client offers; 0 if there is none.
	Profile uint16
	// MKI goes with every SRTP packet if both sides say the same.
	MKI string
}

const (
	clientHello = 1
	serverHello = 2

	extUseSRTP           = 14
	extSupportedVersions = 43
)

// helloRetry is the Random of a ServerHello that is a HelloRetryRequest (RFC
// 8446 section 4.1.3): SHA-256 of "HelloRetryRequest".
const helloRetry = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"

// parseHello reads the body of a handshake message. ok is false if it is cut
// or damaged before its extensions, or asks to try again.
//
//	client: version(2) random(32) session<1> cookie<1> suites<2> compression<1> extensions<2>
//	server: version(2) random(32) session<1> suite(2) compression(1) extensions<2>
func parseHello(typ byte, b []byte) (h Hello, ok bool) {
	r := reader{b: b}
	h.Client = typ == clientHello
	h.Version = r.u16()
	copy(h.Random[:], r.bytes(32))
	r.vector8()
	if h.Client {
		r.vector8()
		r.vector16()
		r.vector8()
	} else {
		h.Suite = r.u16()
		r.bytes(1)
	}
	if r.short || string(h.Random[:]) == helloRetry {
		return h, false
	}
	all := reader{b: r.vector16()}
	for len(all.b) > 0 {
		typ := all.u16()
		e := reader{b: all.vector16()}
		switch {
		case all.short:
			return h, true
		case typ == extUseSRTP:
			profiles := reader{b: e.vector16()}
			mki := e.vector8()
			if !e.short && len(profiles.b) >= 2 {
				h.Profile, h.MKI = profiles.u16(), string(mki)
			}
		case typ == extSupportedVersions && !h.Client:
			if v := e.u16(); !e.short {
				h.Version = v
			}
		}
	}
	return h, true
}

// A reader takes fields off b; once it ran short it returns zeros.
type reader struct {
	b     []byte
	short bool
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.b) {
		r.b, r.short = nil, true
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) u8() int {
	if v := r.bytes(1); v != nil {
		return int(v[0])
	}
	return 0
}

func (r *reader) u16() uint16 {
	if v := r.bytes(2); v != nil {
		return binary.BigEndian.Uint16(v)
	}
	return 0
}

func (r *reader) u24() int { return r.u8()<<16 | int(r.u16()) }

func (r *reader) vector8() []byte  { return r.bytes(r.u8()) }
func (r *reader) vector16() []byte { return r.bytes(int(r.u16())) }
