package dtls

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"hash"
)

var (
	// ErrVersion: keying material of this version is not worked out.
	ErrVersion = errors.New("DTLS version is not supported")
	// ErrNoSecret: the key log has no line for the handshake.
	ErrNoSecret = errors.New("the key log has no line for the handshake")
)

// A Handshake is what both hellos of a connection agreed upon.
type Handshake struct {
	Version, Suite       uint16
	ClientRandom, Random [32]byte // Random is the server's
	Profile              uint16   // of SRTP; 0 if it is not DTLS-SRTP
	MKI                  string
}

// Agree returns the handshake of a ClientHello and its ServerHello.
func Agree(client, server *Hello) Handshake {
	h := Handshake{Version: server.Version, Suite: server.Suite, ClientRandom: client.Random, Random: server.Random, Profile: server.Profile}
	if client.MKI == server.MKI {
		h.MKI = server.MKI // RFC 5764 section 4.1.3
	}
	return h
}

// Export returns n octets of keying material for a label, without a context
// (RFC 5705 section 4). The error is [ErrNoSecret] or [ErrVersion].
func (h *Handshake) Export(log *KeyLog, label string, n int) ([]byte, error) {
	if h.Version != Version12 && h.Version != Version10 {
		return nil, ErrVersion
	}
	master, ok := log.masters[h.ClientRandom]
	if !ok {
		return nil, ErrNoSecret
	}
	seed := append([]byte(label), h.ClientRandom[:]...)
	seed = append(seed, h.Random[:]...)
	out := make([]byte, n)
	switch {
	case h.Version == Version10:
		// RFC 2246 section 5: the halves of the secret, one for each hash.
		stretch(out, md5.New, master[:24], seed)
		stretch(out, sha1.New, master[24:], seed)
	case usesSHA384(h.Suite):
		stretch(out, sha512.New384, master[:], seed)
	default:
		stretch(out, sha256.New, master[:], seed)
	}
	return out, nil
}

// stretch adds P_hash(secret, seed) to out, bit by bit (RFC 5246 section 5).
func stretch(out []byte, hash func() hash.Hash, secret, seed []byte) {
	mac := hmac.New(hash, secret)
	sum := func(parts ...[]byte) []byte {
		mac.Reset()
		for _, p := range parts {
			mac.Write(p)
		}
		return mac.Sum(nil)
	}
	for a := sum(seed); len(out) > 0; a = sum(a) {
		block := sum(a, seed)
		n := min(len(out), len(block))
		for i := range n {
			out[i] ^= block[i]
		}
		out = out[n:]
	}
}

// usesSHA384 lists the cipher suites of the IANA registry whose PRF is built on
// SHA-384, those whose names end so; that of all others is built on SHA-256
// (RFC 5246 section 5).
func usesSHA384(suite uint16) bool {
	odd := suite&1 == 1
	switch {
	case suite >= 0x009d && suite <= 0x00b9: // AES-256 of RFC 5288, 5487
		return odd
	case suite >= 0xc024 && suite <= 0xc032: // ECDH of RFC 5289
		return !odd
	case suite >= 0xc03b && suite <= 0xc09b, suite >= 0xc0b1 && suite <= 0xc0b5: // ARIA, Camellia, ECCPWD
		return odd
	}
	return suite == 0x1302 || suite == 0xc038 || suite == 0xd002
}
