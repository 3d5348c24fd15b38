package calls

import (
	"net/netip"
	"testing"

	"callx/pcapio/wire"
)

func keyOf(i int) streamKey {
	src := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
	return streamKey{wire.Flow{Src: netip.AddrPortFrom(src, uint16(10000+i%7)), Dst: netip.MustParseAddrPort("10.0.0.1:4000"), Proto: wire.UDP}, uint32(i % 3)}
}

func packedOf(i int) packedKey {
	k := keyOf(i)
	return pack(&k.flow, k.ssrc)
}

func TestTable(t *testing.T) {
	var tab table
	want := map[packedKey]int{}
	for i := range 20000 {
		k := packedOf(i)
		if got := tab.find(&k); got != -1 {
			t.Fatalf("key %d found as %d before it was added", i, got)
		}
		want[k] = tab.add(k)
	}
	if len(want) != 20000 {
		t.Fatal("keys are not distinct")
	}
	for k, id := range want {
		if got := tab.find(&k); got != id {
			t.Fatalf("found %d, want %d", got, id)
		}
	}
	mixed := keyOf(1)
	mixed.flow.Src = netip.MustParseAddrPort("[2001:db8::1]:4000")
	v6 := pack(&mixed.flow, mixed.ssrc)
	if tab.find(&v6) != -1 {
		t.Error("found a key that was never added")
	}
	k := packedOf(5)
	if n := testing.AllocsPerRun(100, func() { tab.find(&k) }); n != 0 {
		t.Errorf("find allocates %v times", n)
	}
}

func TestPackedKey(t *testing.T) {
	for _, pair := range [][2]string{
		{"192.0.2.1:0", "255.255.255.255:65535"}, {"[2001:db8::1]:4000", "[ffff:ffff:ffff:ffff:ffff::1]:1"},
		{"[2001:db8::1]:4000", "192.0.2.1:5"}, {"0.0.0.0:5", "[::]:5"},
	} {
		k := streamKey{wire.Flow{Src: netip.MustParseAddrPort(pair[0]), Dst: netip.MustParseAddrPort(pair[1]), Proto: wire.UDP}, 0xfffffffe}
		p := pack(&k.flow, k.ssrc)
		if got := p.unpack(); got != k {
			t.Errorf("%v comes back as %v", k, got)
		}
	}
}

func BenchmarkTableFind(b *testing.B) {
	var tab table
	keys := make([]packedKey, 40000)
	for i := range keys {
		keys[i] = packedOf(i)
		tab.add(keys[i])
	}
	i := 0
	for b.Loop() {
		tab.find(&keys[i])
		if i++; i == len(keys) {
			i = 0
		}
	}
}
