package srtp

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// protect encrypts packets with libsrtp.
func protect(t *testing.T, packets [][]byte, args ...string) (out [][]byte) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "protect")
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("gcc is not installed")
	}
	if words, err := exec.Command("gcc", "-O1", "-o", program, "testdata/protect.c", "-lsrtp2").CombinedOutput(); err != nil {
		if bytes.Contains(words, []byte("srtp2/srtp.h: No such file")) {
			t.Skip("libsrtp2-dev is not installed")
		}
		t.Fatalf("%v\n%s", err, words)
	}
	var in bytes.Buffer
	for _, p := range packets {
		binary.Write(&in, binary.BigEndian, uint16(len(p)))
		in.Write(p)
	}
	cmd := exec.Command(program, args...)
	cmd.Stdin = &in
	b, err := cmd.Output()
	if err != nil {
		t.Fatalf("protect %v: %v", args, err)
	}
	for len(b) >= 2 {
		n := int(binary.BigEndian.Uint16(b))
		out = append(out, b[2:2+n])
		b = b[2+n:]
	}
	return out
}

// packets makes n RTP packets from sequence number seq on, some with CSRC list,
// header extension or padding.
func packets(n int, seq uint16) (list [][]byte) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		p := []byte{0x80, 8}
		p = binary.BigEndian.AppendUint16(p, seq+uint16(i))
		p = binary.BigEndian.AppendUint32(p, uint32(i*160))
		p = binary.BigEndian.AppendUint32(p, 0xcafe)
		switch i % 5 {
		case 1:
			p[0] |= 2
			p = append(p, 1, 2, 3, 4, 5, 6, 7, 8)
		case 2:
			p[0] |= 0x10
			p = append(p, 0xbe, 0xde, 0, 1, 0x10, 7, 0, 0)
		}
		for range 40 + r.IntN(121) {
			p = append(p, byte(r.Uint32()))
		}
		list = append(list, p)
	}
	return list
}

func keyOf(t *testing.T, s *suite) (key Key, hexKey, inline string) {
	raw := make([]byte, s.key+s.salt)
	for i := range raw {
		raw[i] = byte(17*i + 5)
	}
	inline = "inline:" + base64.StdEncoding.EncodeToString(raw)
	key, err := ParseSDES(s.name, inline, "")
	if err != nil {
		t.Fatal(err)
	}
	return key, hex.EncodeToString(raw), inline
}

// TestDecrypt decrypts what libsrtp made: every suite, over two wraps of the
// sequence number, from the beginning and from the middle, out of order.
func TestDecrypt(t *testing.T) {
	for i := range suites {
		s := &suites[i]
		if s.name == "NULL_HMAC_SHA1_32" {
			continue // libsrtp has no policy of that name
		}
		t.Run(s.name, func(t *testing.T) {
			key, hexKey, _ := keyOf(t, s)
			plain := packets(2*65536+500, 65000)
			secret := protect(t, plain, s.name, hexKey)
			if len(secret) != len(plain) {
				t.Fatalf("%d packets of %d", len(secret), len(plain))
			}
			if got := len(secret[0]) - len(plain[0]); got != key.Overhead() {
				t.Errorf("packets grow by %d octets, want %d", got, key.Overhead())
			}
			for _, from := range []int{0, 400, 66000, len(plain) - 300} {
				st, err := NewStream([]Key{key})
				if err != nil {
					t.Fatal(err)
				}
				step := 1
				if from == 0 {
					step = 97
				}
				var buf []byte
				for i := from; i < len(plain) && i < from+step*2000; i += step {
					k := i ^ 1 // in pairs, turned round
					if k >= len(plain) {
						continue
					}
					buf, err = st.Decrypt(buf[:0], secret[k])
					if err != nil || !bytes.Equal(buf, plain[k]) {
						t.Fatalf("from %d: packet %d: %v", from, k, err)
					}
				}
			}
		})
	}
}

// TestAway: a stream that is away for more than half a round comes back.
func TestAway(t *testing.T) {
	s := &suites[0]
	key, hexKey, _ := keyOf(t, s)
	plain := packets(3*65536, 10)
	secret := protect(t, plain, s.name, hexKey)
	st, _ := NewStream([]Key{key})
	for _, i := range []int{5, 6, 50000, 50001, 120000, 3*65536 - 1} {
		got, err := st.Decrypt(nil, secret[i])
		if err != nil || !bytes.Equal(got, plain[i]) {
			t.Errorf("packet %d: %v", i, err)
		}
	}
}

func TestMKI(t *testing.T) {
	s := &suites[0]
	_, hexKey, inline := keyOf(t, s)
	key, err := ParseSDES(s.name, inline+"|2^20|1066:4", "")
	if err != nil {
		t.Fatal(err)
	}
	plain := packets(50, 1)
	secret := protect(t, plain, s.name, hexKey, "0000042a")
	st, _ := NewStream([]Key{key})
	for i := range plain {
		got, err := st.Decrypt(nil, secret[i])
		if err != nil || !bytes.Equal(got, plain[i]) {
			t.Fatalf("packet %d: %v", i, err)
		}
	}
	if got := len(secret[0]) - len(plain[0]); got != key.Overhead() {
		t.Errorf("packets grow by %d octets, want %d", got, key.Overhead())
	}
}

// TestKeys: the key that a packet needs is found among several, and none is
// found for a packet that was altered.
func TestKeys(t *testing.T) {
	s := &suites[0]
	first, hexKey, _ := keyOf(t, s)
	other := first
	other.master = strings.Repeat("x", 16)
	plain := packets(100, 1)
	secret := protect(t, plain, s.name, hexKey)
	second := protect(t, plain, s.name, hex.EncodeToString([]byte(other.master+other.salt)))
	st, _ := NewStream([]Key{other, first})
	for i := range plain {
		list := secret
		if i >= 50 {
			list = second // a new key from here on
		}
		got, err := st.Decrypt(nil, list[i])
		if err != nil || !bytes.Equal(got, plain[i]) {
			t.Fatalf("packet %d: %v", i, err)
		}
		bad := bytes.Clone(list[i])
		bad[20] ^= 1
		if _, err := st.Decrypt(nil, bad); !errors.Is(err, ErrAuthentication) {
			t.Fatalf("altered packet %d: %v", i, err)
		}
	}
}

func TestDecryptAllocates(t *testing.T) {
	for i := range suites {
		s := &suites[i]
		if s.name == "NULL_HMAC_SHA1_32" {
			continue
		}
		key, hexKey, _ := keyOf(t, s)
		secret := protect(t, packets(10, 1), s.name, hexKey)
		st, _ := NewStream([]Key{key})
		buf := make([]byte, 0, 2048)
		st.Decrypt(buf, secret[0])
		k := 0
		n := testing.AllocsPerRun(100, func() {
			k++
			if _, err := st.Decrypt(buf, secret[k%10]); err != nil {
				t.Fatal(err)
			}
		})
		if n > 0 {
			t.Errorf("%s: %v allocations a packet", s.name, n)
		}
	}
}

func TestParseKey(t *testing.T) {
	// The example of RFC 4568 section 6.1.
	const example = "inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:4"
	k, err := ParseSDES("AES_CM_128_HMAC_SHA1_80", example, "")
	if err != nil || k.mki != "\x00\x00\x00\x01" || k.master != "wDfvg&T+)xG7@fb5" || k.salt != "jU,RaA}\\|p0%*#" {
		t.Errorf("%+v %v", k, err)
	}
	for _, tt := range []struct {
		suite, params, session string
		want                   error
	}{
		{"F8_128_HMAC_SHA1_80", example, "", ErrSuite},
		{"AES_CM_128_HMAC_SHA1_80", "inline:AAAA", "", ErrKey},
		{"AES_CM_128_HMAC_SHA1_80", "uri:x", "", ErrKey},
		{"AES_CM_128_HMAC_SHA1_80", "inline:%%%%", "", ErrKey},
		{"AES_CM_128_HMAC_SHA1_80", example + "x", "", ErrKey},
		{"AES_CM_128_HMAC_SHA1_80", example, "KDR=1", ErrSuite},
	} {
		if _, err := ParseSDES(tt.suite, tt.params, tt.session); !errors.Is(err, tt.want) {
			t.Errorf("%s %s %s: %v, want %v", tt.suite, tt.params, tt.session, err, tt.want)
		}
	}
	for _, text := range []string{"d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj", "77446676672654" + "2b2978473740666235" + "6a552c5261417d5c7c7030252a23"} {
		if got, err := ParseKey(text, ""); err != nil || got.master != k.master || got.salt != k.salt {
			t.Errorf("%s: %+v %v", text, got, err)
		}
	}
}

// FuzzParseSDES: what is accepted has the lengths of its suite, and serves.
func FuzzParseSDES(f *testing.F) {
	f.Add("AES_CM_128_HMAC_SHA1_80", "inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:4", "")
	f.Add("AEAD_AES_256_GCM", "inline:", "UNENCRYPTED_SRTP")
	f.Fuzz(func(t *testing.T, suite, params, session string) {
		k, err := ParseSDES(suite, params, session)
		if err != nil {
			return
		}
		if len(k.master) != k.suite.key || len(k.salt) != k.suite.salt {
			t.Errorf("%d and %d octets", len(k.master), len(k.salt))
		}
		st, err := NewStream([]Key{k})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.Decrypt(nil, []byte(params+session)); err == nil {
			t.Error("text was authenticated")
		}
	})
}
