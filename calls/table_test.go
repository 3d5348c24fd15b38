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

func TestTable(t *testing.T) {
	var tab table
	want := map[streamKey]int{}
	for i := range 20000 {
		k := keyOf(i)
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
	v6 := keyOf(1)
	v6.flow.Src = netip.MustParseAddrPort("[2001:db8::1]:4000")
	if tab.find(&v6) != -1 {
		t.Error("found a key that was never added")
	}
	k := keyOf(5)
	if n := testing.AllocsPerRun(100, func() { tab.find(&k) }); n != 0 {
		t.Errorf("find allocates %v times", n)
	}
}

func BenchmarkTableFind(b *testing.B) {
	var tab table
	keys := make([]streamKey, 40000)
	for i := range keys {
		keys[i] = keyOf(i)
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
