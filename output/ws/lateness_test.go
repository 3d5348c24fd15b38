package ws

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestLateness compares with the percentiles of the sorted values.
func TestLateness(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, scale := range []float64{1e4, 1e6, 1e9, 1e13} {
		var l, other Lateness
		var all []time.Duration
		for i := range 10000 {
			d := time.Duration(rng.ExpFloat64() * scale)
			all = append(all, d)
			if i%2 == 0 {
				l.add(d)
			} else {
				other.add(d)
			}
		}
		l.Merge(&other)
		slices.Sort(all)
		if l.Count() != 10000 || l.Max() != all[9999] {
			t.Errorf("count %d, max %v", l.Count(), l.Max())
		}
		for _, p := range []float64{1, 50, 90, 99, 99.9, 100} {
			exact := all[int(p/100*10000)-1]
			if got := l.Percentile(p); got < exact || got > exact+exact/8+time.Microsecond {
				t.Errorf("scale %g: p%v is %v, exactly %v", scale, p, got, exact)
			}
		}
	}
	var none Lateness
	none.add(-time.Second)
	if none.Max() != 0 || none.Percentile(50) != 0 {
		t.Errorf("early is %v late", none.Max())
	}
	none.add(1 << 62)
	if p := none.Percentile(100); p != 1<<62 {
		t.Errorf("p100 of a century is %v", p)
	}
	if p := new(Lateness).Percentile(99); p != 0 {
		t.Errorf("p99 of nothing is %v", p)
	}
}
