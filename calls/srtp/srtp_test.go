package srtp

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pion/rtp"
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

func keyOf(t testing.TB, s *suite) (key Key, hexKey, inline string) {
	t.Helper()
	raw := make([]byte, s.key+s.salt)
	for i := range raw {
		raw[i] = byte(17*i + 5)
	}
	inline = "inline:" + base64.StdEncoding.EncodeToString(raw)
	keys, err := ParseSDES(s.name, inline, "")
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	return keys[0], hex.EncodeToString(raw), inline
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
	keys, err := ParseSDES(s.name, inline+"|2^20|7:4; "+inline+"|1066:4", "")
	if err != nil || len(keys) != 2 {
		t.Fatal(keys, err)
	}
	key := keys[1]
	plain := packets(50, 1)
	secret := protect(t, plain, s.name, hexKey, "0000042a")
	st, _ := NewStream(keys)
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
	keys, err := ParseSDES("AES_CM_128_HMAC_SHA1_80", example, "")
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	k := keys[0]
	if k.mki != "\x00\x00\x00\x01" || k.master != "wDfvg&T+)xG7@fb5" || k.salt != "jU,RaA}\\|p0%*#" {
		t.Errorf("%q %q %q", k.mki, k.master, k.salt)
	}
	if s := fmt.Sprintf("%v %+v %#v %s", k, &keys, keys, k); strings.Contains(s, k.master) || strings.Contains(s, "77, 44") {
		t.Errorf("a key prints: %s", s)
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
		keys, err := ParseSDES(suite, params, session)
		if (err != nil) == (len(keys) > 0) {
			t.Fatalf("%d keys: %v", len(keys), err)
		}
		for _, k := range keys {
			if len(k.master) != k.suite.key || len(k.salt) != k.suite.salt {
				t.Errorf("%d and %d octets", len(k.master), len(k.salt))
			}
		}
		st, err := NewStream(keys)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.Decrypt(nil, []byte(params+session)); err == nil {
			t.Error("text was authenticated")
		}
	})
}

// TestProfileKeys: the order of the keying material is that of RFC 5764 section
// 4.2; its length that of the suite.
func TestProfileKeys(t *testing.T) {
	for profile, want := range map[uint16]struct {
		suite     string
		key, salt int
	}{
		1: {"AES_CM_128_HMAC_SHA1_80", 16, 14}, 2: {"AES_CM_128_HMAC_SHA1_32", 16, 14}, // RFC 5764 section 4.1.2
		5: {"NULL_HMAC_SHA1_80", 16, 14}, 6: {"NULL_HMAC_SHA1_32", 16, 14},
		7: {"AEAD_AES_128_GCM", 16, 12}, 8: {"AEAD_AES_256_GCM", 32, 12}, // RFC 7714 section 14.2
	} {
		client, server, err := ProfileKeys(profile, "m", func(n int) ([]byte, error) {
			parts := []string{strings.Repeat("C", want.key), strings.Repeat("S", want.key), strings.Repeat("c", want.salt), strings.Repeat("s", want.salt)}
			if m := strings.Join(parts, ""); len(m) == n {
				return []byte(m), nil
			}
			return nil, fmt.Errorf("%d octets asked for", n)
		})
		if err != nil || client.suite.name != want.suite || server.suite.name != want.suite || client.mki != "m" ||
			strings.Trim(client.master, "C")+strings.Trim(client.salt, "c")+strings.Trim(server.master, "S")+strings.Trim(server.salt, "s") != "" {
			t.Errorf("profile %d: %v", profile, err)
		}
	}
	for _, profile := range []uint16{0, 9, 0xffff} {
		if _, _, err := ProfileKeys(profile, "", nil); !errors.Is(err, ErrSuite) {
			t.Errorf("profile %d: %v", profile, err)
		}
	}
	broken := errors.New("no secret")
	if _, _, err := ProfileKeys(1, "", func(int) ([]byte, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("an error of export gave %v", err)
	}
}

// TestRestart: the counter begins at 0 again with a new key, which some senders
// do, and goes on with another, as RFC 3711 section 3.3.1 has it.
func TestRestart(t *testing.T) {
	s := &suites[0]
	first, hexKey, _ := keyOf(t, s)
	again := first
	again.master = strings.Repeat("y", 16)
	before := protect(t, packets(70000, 60000), s.name, hexKey)
	after := protect(t, packets(200, 64900), s.name, hex.EncodeToString([]byte(again.master+again.salt)))
	st, _ := NewStream([]Key{first, again})
	for i, b := range append(before[69000:], after...) {
		if _, err := st.Decrypt(nil, b); err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
	}
}

// TestForeign: packets that no key fits neither cost much nor disturb others.
func TestForeign(t *testing.T) {
	s := &suites[0]
	key, hexKey, _ := keyOf(t, s)
	plain := packets(3000, 65000)
	secret := protect(t, plain, s.name, hexKey)
	st, _ := NewStream([]Key{key})
	tries := 0
	st.keys[0] = counted{st.keys[0], &tries}
	for i := range secret {
		bad := bytes.Clone(secret[i])
		bad[15] ^= 0x40
		if _, err := st.Decrypt(nil, bad); !errors.Is(err, ErrAuthentication) {
			t.Fatalf("altered packet %d: %v", i, err)
		}
		if got, err := st.Decrypt(nil, secret[i]); err != nil || !bytes.Equal(got, plain[i]) {
			t.Fatalf("packet %d: %v", i, err)
		}
	}
	if most := 10*len(secret) + 20*maxROC; tries > most {
		t.Errorf("%d tries for %d packets, at most %d", tries, 2*len(secret), most)
	}
}

type counted struct {
	opener
	tries *int
}

func (c counted) open(dst, b []byte, header *rtp.Header, ssrc, roc uint32) ([]byte, bool) {
	*c.tries++
	return c.opener.open(dst, b, header, ssrc, roc)
}

const fuzzPacket = "80080007000000100000cafeeb816c0c69a3723d78e4d7b55bc236f4"

// FuzzDecrypt: nothing but what was protected is authenticated, and what was
// remains so whatever came in between.
func FuzzDecrypt(f *testing.F) {
	// Made by libsrtp with the key of keyOf and AES_CM_128_HMAC_SHA1_80.
	secret, err := hex.DecodeString(fuzzPacket)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(secret)
	f.Add(secret[:20])
	f.Add(append([]byte{0x9f, 8, 0xff, 0xff}, secret[4:]...))
	f.Fuzz(func(t *testing.T, b []byte) {
		key, _, _ := keyOf(t, &suites[0])
		st, err := NewStream([]Key{key})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := st.Decrypt(nil, b); (err == nil) != bytes.Equal(b, secret) {
				t.Fatalf("% x: %v", b, err)
			}
		}
		got, err := st.Decrypt(nil, secret)
		if err != nil || string(got[12:]) != "Bartok" {
			t.Fatalf("%q %v", got, err)
		}
	})
}

func BenchmarkDecrypt(b *testing.B) {
	secret, _ := hex.DecodeString(fuzzPacket)
	key, _, _ := keyOf(b, &suites[0])
	st, err := NewStream([]Key{key})
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 0, 2048)
	for b.Loop() {
		if _, err := st.Decrypt(buf, secret); err != nil {
			b.Fatal(err)
		}
	}
}
