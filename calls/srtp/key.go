// Package srtp decrypts captured SRTP (RFC 3711) with keys that are known from
// the signalling or given by hand. The cryptography is that of pion/srtp; what
// is added here is what a capture needs: keys that have to be found out, and
// streams that are met in the middle.
package srtp

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/srtp/v3"
)

var (
	// ErrSuite: the crypto suite is not one that callx decrypts.
	ErrSuite = errors.New("crypto suite is not supported")
	// ErrKey: the key parameters cannot be read, or are of the wrong length.
	ErrKey = errors.New("bad SRTP key")
)

// A suite is a row of the registry of SDP security descriptions (RFC 4568
// section 6.2, RFC 6188, RFC 7714 section 14.1).
type suite struct {
	name      string
	profile   srtp.ProtectionProfile // 0 where pion/srtp has none
	key, salt int                    // octets
	tag       int                    // octets that a packet is longer by
}

var suites = []suite{
	{"AES_CM_128_HMAC_SHA1_80", srtp.ProtectionProfileAes128CmHmacSha1_80, 16, 14, 10},
	{"AES_CM_128_HMAC_SHA1_32", srtp.ProtectionProfileAes128CmHmacSha1_32, 16, 14, 4},
	{"AES_192_CM_HMAC_SHA1_80", 0, 24, 14, 10},
	{"AES_192_CM_HMAC_SHA1_32", 0, 24, 14, 4},
	{"AES_256_CM_HMAC_SHA1_80", srtp.ProtectionProfileAes256CmHmacSha1_80, 32, 14, 10},
	{"AES_256_CM_HMAC_SHA1_32", srtp.ProtectionProfileAes256CmHmacSha1_32, 32, 14, 4},
	{"AEAD_AES_128_GCM", srtp.ProtectionProfileAeadAes128Gcm, 16, 12, 16},
	{"AEAD_AES_256_GCM", srtp.ProtectionProfileAeadAes256Gcm, 32, 12, 16},
	{"NULL_HMAC_SHA1_80", srtp.ProtectionProfileNullHmacSha1_80, 16, 14, 10},
	{"NULL_HMAC_SHA1_32", srtp.ProtectionProfileNullHmacSha1_32, 16, 14, 4},
}

func suiteOf(name string) *suite {
	name = strings.ToUpper(name)
	// Some clients turn two words of the suites of RFC 6188 round.
	name = strings.Replace(name, "AES_CM_256_HMAC", "AES_256_CM_HMAC", 1)
	name = strings.Replace(name, "AES_CM_192_HMAC", "AES_192_CM_HMAC", 1)
	for i := range suites {
		if suites[i].name == name {
			return &suites[i]
		}
	}
	return nil
}

// A Key is a master key with its salt, for one suite.
type Key struct {
	suite        *suite
	master, salt string
	mki          string // on the wire; "" if packets carry none
	clear        bool   // the payload is authenticated only
}

// Overhead is by how many octets a packet is longer than its payload.
func (k *Key) Overhead() int { return k.suite.tag + len(k.mki) }

// String does not tell the key.
func (k Key) String() string { return "SRTP key" }

// GoString does not tell the key.
func (k Key) GoString() string { return k.String() }

// ParseSDES reads the suite, key parameters and session parameters of an
// a=crypto line (RFC 4568 section 9.1):
//
//	inline:<base64 of key and salt>["|"lifetime]["|"MKI":"length] *(";" the same)
//
// and returns its keys. The error wraps [ErrSuite] or [ErrKey]; what is wrong
// with one key of several takes nothing from the others.
func ParseSDES(name, params, session string) (keys []Key, err error) {
	s := suiteOf(name)
	if s == nil {
		return nil, fmt.Errorf("%w: %s", ErrSuite, name)
	}
	clear := false
	for _, p := range strings.Fields(session) {
		switch {
		case strings.EqualFold(p, "UNENCRYPTED_SRTP"):
			clear = true
		case strings.EqualFold(p, "UNAUTHENTICATED_SRTP"), strings.HasPrefix(strings.ToUpper(p), "KDR=") && p[4:] != "0":
			return nil, fmt.Errorf("%w: session parameter %s", ErrSuite, p)
		}
	}
	for param := range strings.SplitSeq(params, ";") {
		k, e := parseInline(s, strings.TrimSpace(param))
		if e != nil {
			err = e
		} else if k.clear = clear; len(keys) < maxKeys && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	if len(keys) > 0 {
		err = nil
	}
	return keys, err
}

// maxKeys bounds the keys of one line.
const maxKeys = 8

func parseInline(s *suite, param string) (Key, error) {
	method, info, ok := strings.Cut(param, ":")
	if !ok || !strings.EqualFold(method, "inline") {
		return Key{}, fmt.Errorf("%w: no inline key", ErrKey)
	}
	fields := strings.Split(info, "|")
	k, err := newKey(s, decodeBase64(fields[0]))
	if err != nil {
		return Key{}, err
	}
	if value, length, ok := strings.Cut(fields[len(fields)-1], ":"); ok && len(fields) > 1 {
		v, err := strconv.ParseUint(value, 10, 64)
		n, err2 := strconv.ParseUint(length, 10, 8)
		if err != nil || err2 != nil || n == 0 || n > 128 {
			return Key{}, fmt.Errorf("%w: MKI", ErrKey)
		}
		mki := make([]byte, n)
		for i := len(mki) - 1; i >= 0; i-- {
			mki[i], v = byte(v), v>>8
		}
		k.mki = string(mki)
	}
	return k, nil
}

// ProfileKeys returns the keys of client and server of a DTLS-SRTP association
// (RFC 5764 section 4.2). export makes that many octets of keying material. The
// error wraps [ErrSuite], or is that of export.
func ProfileKeys(profile uint16, mki string, export func(n int) ([]byte, error)) (client, server Key, err error) {
	i := slices.IndexFunc(suites, func(s suite) bool { return profile != 0 && uint16(s.profile) == profile })
	if i < 0 {
		return client, server, fmt.Errorf("%w: protection profile 0x%04x", ErrSuite, profile)
	}
	s := &suites[i]
	m, err := export(2 * (s.key + s.salt))
	if err != nil {
		return client, server, err
	}
	key := func(n int) Key {
		return Key{suite: s, master: string(m[n*s.key:][:s.key]), salt: string(m[2*s.key+n*s.salt:][:s.salt]), mki: mki}
	}
	return key(0), key(1), nil
}

// ParseKey reads a key that was given by hand: base64 or hex of key and salt,
// and the suite's name; without one the length tells the commonest suite.
func ParseKey(text, name string) (Key, error) {
	raw, err := hex.DecodeString(text)
	if err != nil {
		raw = decodeBase64(text)
	}
	if name == "" {
		for i := range suites {
			if s := &suites[i]; len(raw) == s.key+s.salt {
				return newKey(s, raw)
			}
		}
		return Key{}, fmt.Errorf("%w: %d octets fit no suite", ErrKey, len(raw))
	}
	s := suiteOf(name)
	if s == nil {
		return Key{}, fmt.Errorf("%w: %s", ErrSuite, name)
	}
	return newKey(s, raw)
}

func newKey(s *suite, raw []byte) (Key, error) {
	if len(raw) != s.key+s.salt {
		return Key{}, fmt.Errorf("%w: %d octets, want %d for %s", ErrKey, len(raw), s.key+s.salt, s.name)
	}
	return Key{suite: s, master: string(raw[:s.key]), salt: string(raw[s.key:])}, nil
}

// decodeBase64 takes what is written with or without padding; nil if it is
// neither.
func decodeBase64(s string) []byte {
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		return nil
	}
	return raw
}
