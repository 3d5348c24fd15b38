package calls

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"callx/calls/dtls"
	"callx/calls/srtp"
	"callx/pcapio/wire"
)

// helloRecord writes a hello of DTLS 1.2 in one record, or the first octets of
// its message in a fragment.
func helloRecord(client bool, random byte, fragment int) []byte {
	typ, rest := byte(2), []byte{0, 0xc0, 0x2b, 0} // session, suite, compression
	if client {
		typ, rest = 1, []byte{0, 0, 0, 2, 0xc0, 0x2b, 1, 0} // session, cookie, suites, compression
	}
	body := append([]byte{0xfe, 0xfd}, bytes.Repeat([]byte{random}, 32)...)
	body = append(body, rest...)
	body = append(body, 0, 9, 0, 14, 0, 5, 0, 2, 0, 1, 0) // use_srtp: AES128_CM_HMAC_SHA1_80, no MKI
	n := len(body)
	if fragment > 0 {
		n = fragment
	}
	msg := []byte{typ, 0, 0, byte(len(body)), 0, 0, 0, 0, 0, 0, 0, byte(n)}
	msg = append(msg, body[:n]...)
	return append(binary.BigEndian.AppendUint16([]byte{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0}, uint16(len(msg))), msg...)
}

func logOf(t *testing.T, randoms ...byte) *dtls.KeyLog {
	t.Helper()
	log := &dtls.KeyLog{}
	for _, r := range randoms {
		line := fmt.Sprintf("CLIENT_RANDOM %s %s\n", strings.Repeat(hex.EncodeToString([]byte{r}), 32), strings.Repeat("5a", 48))
		if err := log.Read(strings.NewReader(line)); err != nil {
			t.Fatal(err)
		}
	}
	return log
}

// TestHandshakeKeys: whose key it is, of which handshake, and why there is none.
func TestHandshakeKeys(t *testing.T) {
	at := func(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }
	client, server, moved := at("10.0.0.1:4000"), at("10.0.0.2:5000"), at("192.0.2.9:7777")
	flow := func(a, b netip.AddrPort) wire.Flow { return wire.Flow{Src: a, Dst: b, Proto: wire.UDP} }
	var h handshakes
	shake := func(c, s netip.AddrPort, at int64, random byte) {
		h.take(&wire.Datagram{Nanos: at, Flow: flow(c, s), Payload: helloRecord(true, random, 0)})
		for range 2 { // sent again
			h.take(&wire.Datagram{Nanos: at, Flow: flow(s, c), Payload: helloRecord(false, random+1, 0)})
		}
	}
	if _, err := h.keys(flow(client, server), 0); !errors.Is(err, errNoKeys) {
		t.Errorf("without a log: %v", err)
	}
	h.log = logOf(t, 1, 11)
	if _, err := h.keys(flow(client, server), 0); !errors.Is(err, errNoHandshake) {
		t.Errorf("without a handshake: %v", err)
	}
	shake(client, server, 1e9, 1)
	shake(client, server, 100e9, 11)
	first := dtls.Handshake{Version: dtls.Version12, Suite: 0xc02b, ClientRandom: [32]byte(bytes.Repeat([]byte{1}, 32)), Random: [32]byte(bytes.Repeat([]byte{2}, 32))}
	ofClient, ofServer, err := srtp.ProfileKeys(1, "", func(n int) ([]byte, error) { return first.Export(h.log, "EXTRACTOR-dtls_srtp", n) })
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		flow wire.Flow
		at   int64
		want srtp.Key
		n    int // keys
		nth  int // the place of want
	}{
		"client":             {flow(client, server), 2e9, ofClient, 2, 0},
		"server":             {flow(server, client), 2e9, ofServer, 2, 0},
		"after a second one": {flow(server, client), 101e9, ofServer, 2, 1},
		"client has moved":   {flow(moved, server), 2e9, ofClient, 2, 0},
		"to a moved client":  {flow(server, moved), 2e9, ofServer, 2, 0},
		"server has moved":   {flow(moved, client), 2e9, ofServer, 2, 0},
		"to a moved server":  {flow(client, moved), 2e9, ofClient, 2, 0},
	} {
		keys, err := h.keys(tt.flow, tt.at)
		if err != nil || len(keys) != tt.n || keys[tt.nth] != tt.want {
			t.Errorf("%s: %d keys, not the one wanted: %v", name, len(keys), err)
		}
	}
	if _, err := h.keys(flow(moved, at("192.0.2.1:1")), 0); !errors.Is(err, errNoHandshake) {
		t.Errorf("of other addresses: %v", err)
	}
	h.log = logOf(t, 99)
	if _, err := h.keys(flow(client, server), 0); !errors.Is(err, dtls.ErrNoSecret) {
		t.Errorf("with a log of others: %v", err)
	}
	if !h.secures(flow(server, client)) || h.secures(flow(moved, client)) {
		t.Error("the secured flow is not known")
	}
}

// TestHandshakesBounded: hellos that never end, or never end coming, take a
// bounded room.
func TestHandshakesBounded(t *testing.T) {
	var h handshakes
	server := netip.MustParseAddrPort("10.0.0.2:5000")
	from := func(i int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 9)
	}
	for i := range 10 * maxPending {
		h.take(&wire.Datagram{Flow: wire.Flow{Src: from(i), Dst: server}, Payload: helloRecord(true, 1, 20)})
	}
	if len(h.pending) > maxPending || len(h.queue) > maxPending {
		t.Errorf("%d pending, %d in the queue", len(h.pending), len(h.queue))
	}
	whole := helloRecord(true, 1, 0)
	for i := range maxHandshakes + 1000 {
		h.take(&wire.Datagram{Flow: wire.Flow{Src: from(i), Dst: server}, Payload: whole})
	}
	for i := range 100 { // new keys for ever
		h.take(&wire.Datagram{Flow: wire.Flow{Src: server, Dst: from(5)}, Payload: helloRecord(false, byte(i), 0)})
	}
	if len(h.byFlow) > maxHandshakes || len(h.byFlow[wire.Flow{Src: from(5), Dst: server}].agreed) != maxRekeys {
		t.Errorf("%d flows, %d handshakes of one", len(h.byFlow), len(h.byFlow[wire.Flow{Src: from(5), Dst: server}].agreed))
	}
}
