package dtls

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

const label = "EXTRACTOR-dtls_srtp"

// A tap passes on what one end of a TLS connection writes, and keeps the
// handshake messages of the first records.
type tap struct {
	net.Conn
	sent bytes.Buffer
}

func (c *tap) Write(b []byte) (int, error) {
	c.sent.Write(b)
	return c.Conn.Write(b)
}

// hello reads the first handshake message of a TLS stream. A ClientHello has no
// cookie there, which that of DTLS has.
func (c *tap) hello(t *testing.T) *Hello {
	t.Helper()
	b := c.sent.Bytes()
	if len(b) < 9+34 || b[0] != recordHandshake {
		t.Fatalf("no hello in % x", b)
	}
	body := slices.Clone(b[9 : 9+int(binary.BigEndian.Uint32(b[5:9])&0xffffff)])
	if b[5] == clientHello {
		body = slices.Insert(body, 35+int(body[34]), 0)
	}
	h, ok := parseHello(b[5], body)
	if !ok {
		t.Fatal("the hello could not be read")
	}
	return &h
}

// TestExport holds keying material against crypto/tls: the PRFs of TLS 1.0 and
// 1.2 are those of DTLS, by other numbers of the version.
func TestExport(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		version, as uint16
		suite       uint16
	}{
		{tls.VersionTLS10, Version10, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA},
		{tls.VersionTLS12, Version12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		{tls.VersionTLS12, Version12, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384},
		{tls.VersionTLS12, Version12, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256},
	} {
		t.Run(tls.CipherSuiteName(tt.suite), func(t *testing.T) {
			var keys bytes.Buffer
			a, b := net.Pipe()
			client, server := &tap{Conn: a}, &tap{Conn: b}
			conf := &tls.Config{
				MinVersion: tt.version, MaxVersion: tt.version, CipherSuites: []uint16{tt.suite}, InsecureSkipVerify: true,
				Certificates: []tls.Certificate{{Certificate: [][]byte{cert}, PrivateKey: key}}, KeyLogWriter: &keys,
			}
			s := tls.Server(server, conf.Clone())
			done := make(chan error, 1)
			go func() { done <- s.Handshake() }()
			c := tls.Client(client, conf)
			if err := errors.Join(c.Handshake(), <-done); err != nil {
				t.Fatal(err)
			}
			state := c.ConnectionState()
			want, err := state.ExportKeyingMaterial(label, nil, 97)
			if err != nil {
				t.Fatal(err)
			}
			var log KeyLog
			if err := log.Read(&keys); err != nil {
				t.Fatal(err)
			}
			h := Agree(client.hello(t), server.hello(t))
			if h.Suite != tt.suite || h.Version != tt.version {
				t.Errorf("suite %#x version %#x", h.Suite, h.Version)
			}
			h.Version = tt.as
			got, err := h.Export(&log, label, 97)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("% x, want % x: %v", got, want, err)
			}
			if _, err := h.Export(&KeyLog{}, label, 97); !errors.Is(err, ErrNoSecret) {
				t.Errorf("without a secret: %v", err)
			}
			h.Version = Version13
			if _, err := h.Export(&log, label, 97); !errors.Is(err, ErrVersion) {
				t.Errorf("of DTLS 1.3: %v", err)
			}
		})
	}
}

// TestSHA384 compares the table of cipher suites with tshark's names.
func TestSHA384(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	out, err := exec.Command("tshark", "-G", "values").Output()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) < 4 || f[1] != "tls.handshake.ciphersuite" || !strings.HasPrefix(f[3], "TLS_") {
			continue
		}
		var suite uint16
		if _, err := fmt.Sscan(f[2], &suite); err != nil {
			t.Fatal(err)
		}
		n++
		if want := strings.HasSuffix(f[3], "SHA384"); usesSHA384(suite) != want {
			t.Errorf("%s (%#x): SHA-384 %v", f[3], suite, !want)
		}
	}
	if n < 300 {
		t.Errorf("tshark knows only %d suites", n)
	}
}

// helloBody writes a hello with use_srtp and some other extension.
func helloBody(typ byte, random byte) []byte {
	b := []byte{0xfe, 0xfd}
	b = append(b, bytes.Repeat([]byte{random}, 32)...)
	b = append(b, 3, 's', 'i', 'd')
	if typ == clientHello {
		b = append(b, 2, 'c', 'o', 0, 4, 0xc0, 0x2b, 0xc0, 0x2c, 1, 0)
	} else {
		b = append(b, 0xc0, 0x2c, 0)
	}
	ext := []byte{0, 23, 0, 0}
	ext = append(ext, 0, extUseSRTP, 0, 7, 0, 2, 0, 7, 2, 'm', 'k')
	return append(append(b, byte(len(ext)>>8), byte(len(ext))), ext...)
}

// record writes fragments of a message, each a record of its own.
func record(typ byte, body []byte, from, to int) []byte {
	part := body[from:to]
	msg := []byte{typ, 0, byte(len(body) >> 8), byte(len(body)), 0, 1, 0, byte(from >> 8), byte(from), 0, byte(len(part) >> 8), byte(len(part))}
	b := []byte{recordHandshake, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9}
	b = binary.BigEndian.AppendUint16(b, uint16(len(msg)+len(part)))
	return append(append(b, msg...), part...)
}

// TestFragments: a hello is found whole or in fragments, in any order and
// overlapping, once.
func TestFragments(t *testing.T) {
	for _, typ := range []byte{clientHello, serverHello} {
		body := helloBody(typ, 7)
		n := len(body)
		want := Hello{Client: typ == clientHello, Version: Version12, Random: [32]byte(bytes.Repeat([]byte{7}, 32)), Profile: 7, MKI: "mk"}
		if typ == serverHello {
			want.Suite = 0xc02c
		}
		for name, list := range map[string][][]byte{
			"whole":       {record(typ, body, 0, n)},
			"in order":    {record(typ, body, 0, 20), record(typ, body, 20, n)},
			"turned":      {record(typ, body, 20, n), record(typ, body, 0, 20)},
			"overlapping": {record(typ, body, 30, n), record(typ, body, 10, 40), record(typ, body, 10, 40), record(typ, body, 0, 11)},
			"together":    {slices.Concat(record(typ, body, 0, 30), record(typ, body, 30, n), []byte{23, 0xfe, 0xfd, 0, 1})},
		} {
			var h Half
			var got []Hello
			for _, b := range list {
				h.Take(b, func(h *Hello) { got = append(got, *h) })
			}
			if len(got) != 1 || got[0] != want {
				t.Errorf("%s: %+v, want %+v", name, got, want)
			}
			if h.Pending() {
				t.Errorf("%s: something is left", name)
			}
		}
	}
	retry := helloBody(serverHello, 7)
	copy(retry[2:], helloRetry)
	new(Half).Take(record(serverHello, retry, 0, len(retry)), func(*Hello) { t.Error("a HelloRetryRequest is no ServerHello") })
}

func TestKeyLog(t *testing.T) {
	random, master := strings.Repeat("ab", 32), strings.Repeat("01", 48)
	good := "CLIENT_RANDOM " + random + " " + master
	for _, tt := range []struct {
		text string
		n    int
		err  error
	}{
		{"", 0, nil},
		{"# only a comment\r\n", 0, nil},
		{good, 1, nil},
		{"# c\r\n\r\n" + strings.ToUpper(good) + "\r\nnonsense\n" + good, 1, nil},
		{"EXPORTER_SECRET " + random + " " + master[:64], 0, nil},
		{good[:len(good)-2], 0, nil}, // the writer died
		{"-----BEGIN PRIVATE KEY-----\nxx\n", 0, ErrKeyLog},
		{"CLIENT_RANDOM " + random[1:] + "x " + master, 0, ErrKeyLog},
		{strings.Repeat("x", 70000), 0, ErrKeyLog},
	} {
		var k KeyLog
		if err := k.Read(strings.NewReader(tt.text)); !errors.Is(err, tt.err) || k.Len() != tt.n {
			t.Errorf("%.40q: %d secrets, %v, want %d, %v", tt.text, k.Len(), err, tt.n, tt.err)
		}
		if s := fmt.Sprintf("%v %+v", &k, &k); strings.Contains(s, "1 1 1") {
			t.Errorf("prints its secrets: %s", s)
		}
	}
	if err := new(KeyLog).Read(io.MultiReader(strings.NewReader(good), errReader{})); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a read error gave %v", err)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// FuzzTake: however the datagrams of a hello are mixed with any others, what is
// kept stays bounded, and a hello that is whole is found.
func FuzzTake(f *testing.F) {
	body := helloBody(clientHello, 1)
	f.Add(record(clientHello, body, 0, 30), record(clientHello, body, 30, len(body)))
	f.Add(record(serverHello, helloBody(serverHello, 2), 0, 9), []byte{recordHandshake, 0xfe})
	f.Add([]byte{}, bytes.Repeat([]byte{recordHandshake, 0xfe, 0xfd}, 40))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		var h Half
		for _, d := range [][]byte{a, b, b, a} {
			h.Take(d, func(*Hello) {})
			if cap(h.buf) > 4*maxHello || len(h.pieces) > maxPieces {
				t.Fatalf("%d octets, %d pieces", cap(h.buf), len(h.pieces))
			}
			for i := 1; i < len(h.pieces); i++ {
				if h.pieces[i-1].to >= h.pieces[i].from {
					t.Fatalf("pieces %v", h.pieces)
				}
			}
		}
		n := 0
		h.Take(record(clientHello, body, 0, len(body)), func(got *Hello) {
			n++
			if hex.EncodeToString(got.Random[:2]) != "0101" {
				t.Errorf("random % x", got.Random)
			}
		})
		if n != 1 {
			t.Errorf("%d hellos found in a whole one", n)
		}
	})
}
