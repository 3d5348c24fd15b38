package amrwb

import "callx/audio/fixed"

// A synthesis is the state of the filters from the excitation to the sound at
// 16 kHz (TS 26.190 sections 6.1 to 6.3).
type synthesis struct {
	hi, lo   vector // last samples of the linear prediction, in two words
	emphasis int32  // last sample with its emphasis taken back
	low      biquad // cuts off below 50 Hz
	upper    [24]int32
	noise    noise
	tilt     biquad    // cuts off below 400 Hz, to measure the tilt
	shape    [20]int32 // last samples of the upper band's linear prediction
	band     [30]int32 // of the band pass
	limit    [30]int32 // of the low pass
}

// A part is a subframe at 16 kHz.
type part = [highSamples]int32

// lowBand filters the excitation of a subframe, shifted to the left by scale
// bits, with 1/a and takes the emphasis back. The output is at 12.8 kHz.
func (s *synthesis) lowBand(a *[order + 1]int32, e *[subframeSamples]int32, scale int32) (out [subframeSamples]int32) {
	var hi, lo [order + subframeSamples]int32
	copy(hi[:], s.hi[:])
	copy(lo[:], s.lo[:])
	for i, x := range e {
		var fine, coarse int64
		for j := range order {
			c := int64(a[order-j])
			fine += c * int64(lo[i+j])
			coarse += c * int64(hi[i+j])
		}
		t := -fine>>11 + int64(x)<<(synthesisHeadway-scale) - coarse<<1
		v := fixed.LongShl(long(t), 3)
		hi[order+i] = v >> 16
		lo[order+i] = v>>4 - v>>16<<12

		t2 := fixed.LongShl(v>>4<<4, 3)
		t2 = long(int64(t2) + int64(s.emphasis)*22282)
		s.emphasis = fixed.Round(fixed.LongShl(t2, 1))
		out[i] = s.emphasis
	}
	copy(s.hi[:], hi[subframeSamples:])
	copy(s.lo[:], lo[subframeSamples:])
	s.low.cut50(&out)
	return out
}

func long(v int64) int32 { return int32(min(max(v, -1<<31), 1<<31-1)) }

// upsample brings a subframe from 12.8 to 16 kHz, 12 samples late.
func (s *synthesis) upsample(in *[subframeSamples]int32, out *part) {
	var x [len(s.upper) + subframeSamples]int32
	copy(x[:], s.upper[:])
	copy(x[len(s.upper):], in[:])
	for n := range out {
		at, phase := n*4/5, n%5
		if phase == 0 {
			out[n] = x[at+12]
			continue
		}
		sum := int64(1 << 13)
		for i, c := range upsampling[phase-1] {
			sum += int64(x[at+1+i]) * int64(c)
		}
		out[n] = saturate(sum >> 14)
	}
	copy(s.upper[:], x[subframeSamples:])
}

// A biquad is the state of a filter of second order: the last two samples of
// its input and, in two words, of its output, the latest first.
type biquad struct{ in, hi, lo [2]int32 }

func (b *biquad) remember(in, out int32) {
	b.in[1], b.in[0] = b.in[0], in
	b.hi[1], b.lo[1] = b.hi[0], b.lo[0]
	b.hi[0], b.lo[0] = fixed.Split(out)
}

// cut50 cuts off below 50 Hz in place.
func (b *biquad) cut50(v *[subframeSamples]int32) {
	for i, x := range v {
		fine := int64(b.lo[0])*16211 - int64(b.lo[1])*8021 + 1<<13
		coarse := int64(b.hi[0])*32422 - int64(b.hi[1])*16042 +
			int64(x+b.in[1])*8106 - int64(b.in[0])*16212
		y := long((fine>>14 + coarse) << 2)
		b.remember(x, y)
		v[i] = fixed.Round(fixed.LongShl(y, 1))
	}
}

// cut400 cuts off below 400 Hz in place; the output is divided by 16.
func (b *biquad) cut400(v *[subframeSamples]int32) {
	for i, x := range v {
		fine := int64(b.lo[0])*29280 - int64(b.lo[1])*14160 + 1<<13
		coarse := int64(b.hi[0])*29280 - int64(b.hi[1])*14160 +
			int64(x+b.in[1])*915 - int64(b.in[0])*1830
		y := long(fine>>13 + coarse<<2)
		b.remember(x, y)
		v[i] = fixed.Round(y)
	}
}

// filter runs v, shifted to the right, through a symmetric filter of 31 taps,
// of which half holds the first 16. memory is that of the filter.
func filter(v *part, memory *[30]int32, half *[16]int16, right int) {
	var x [len(memory) + highSamples]int32
	copy(x[:], memory[:])
	for i, y := range v {
		x[len(memory)+i] = y >> right
	}
	for n := range v {
		sum := int64(1<<14) + int64(x[n+15])*int64(half[15])
		for i, c := range half[:15] {
			sum += int64(c) * int64(x[n+i]+x[n+30-i])
		}
		v[n] = saturate(sum >> 15)
	}
	copy(memory[:], x[highSamples:])
}
