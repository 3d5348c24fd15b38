package calls

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestEnvelopeFit makes arrivals of a sender with known offset and drift,
// delayed at random and held up by stalls, and expects the line back.
func TestEnvelopeFit(t *testing.T) {
	for _, tt := range []struct {
		name    string
		seconds int
		ppm     float64
		offset  float64 // least delay, nanoseconds
		jitter  float64
		stall   bool
	}{
		{"steady", 60, 0, 5e6, 0.2e6, false},
		{"jittery", 60, 0, 5e6, 30e6, false},
		{"fast sender", 3600, 80, 5e6, 5e6, false},
		{"slow sender", 600, -120, 1e6, 5e6, false},
		{"stalled at the start", 60, 0, 2e6, 0.2e6, true},
		{"a night", 40000, 25, 2e6, 10e6, false},
	} {
		rnd := rand.New(rand.NewPCG(3, 4))
		var e envelope
		first := int64(0)
		for i := range tt.seconds * 50 {
			media := float64(i) * 20e6
			arrival := media/(1+tt.ppm/1e6) + tt.offset + rnd.Float64()*tt.jitter
			if tt.stall && media < 5e9 {
				arrival = 5e9 + tt.offset // a burst
			}
			if i == 0 {
				first = int64(arrival)
			}
			e.add(int64(arrival), int64(arrival-media))
		}
		fit := e.fit()
		want := tt.offset - float64(first)*tt.ppm/1e6
		if d := math.Abs(float64(fit.offset) - want); d > 0.3e6+tt.jitter/20 {
			t.Errorf("%s: offset %.3f ms, want %.3f", tt.name, float64(fit.offset)/1e6, want/1e6)
		}
		if !fit.ok || math.Abs(fit.ppm-tt.ppm) > 3+tt.jitter/float64(tt.seconds)/1e3/5 {
			t.Errorf("%s: drift %.2f ppm (%v), want %.2f", tt.name, fit.ppm, fit.ok, tt.ppm)
		}
	}
}

func TestEnvelopeShort(t *testing.T) {
	var e envelope
	for i := range 100 {
		e.add(int64(i)*20e6+1e6, 1e6+int64(i%7)*1e5)
	}
	if fit := e.fit(); fit.ok || fit.offset != 1e6 {
		t.Errorf("two seconds give %+v, want the least delay and no drift", fit)
	}
	if fit := new(envelope).fit(); fit.ok {
		t.Error("an empty envelope has a drift")
	}
}
