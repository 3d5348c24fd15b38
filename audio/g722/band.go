package g722

// A band is the state of one ADPCM decoder: the adaptive quantizer and the
// predictor with two poles and six zeros (block 4 of the Recommendation).
// All values fit 16 bits; 32 spare the conversions.
type band struct {
	log, scale int32 // NB and DET

	predicted int32    // S: what the predictor expects of the next sample
	zeros     int32    // SZ: the part of it that the zeros contribute
	r         int32    // RLT1: the last reconstructed sample
	p         [2]int32 // PLT: the last partially reconstructed ones
	a         [2]int32 // pole coefficients
	b         [6]int32 // zero coefficients
	d         [6]int32 // the last quantized differences
}

// adapt takes the quantized difference of one sample, brings the predictor up
// to date and predicts the next sample.
func (s *band) adapt(difference int32) {
	r := saturate(s.predicted + difference) // RECONS
	p := saturate(s.zeros + difference)     // PARREC
	a1, a2 := s.poles(p)
	s.a, s.p = [2]int32{a1, a2}, [2]int32{p, s.p[0]}

	// UPZERO, DELAYA and FILTEZ in one go, from the oldest difference on.
	step := int32(128)
	if difference == 0 {
		step = 0
	}
	sum := int32(0)
	for i := 5; i >= 0; i-- {
		towards := step
		if s.d[i]^difference < 0 {
			towards = -step
		}
		s.b[i] = saturate(s.b[i]*32640>>15 + towards)
		newer := difference
		if i > 0 {
			newer = s.d[i-1]
		}
		s.d[i] = newer
		sum += s.b[i] * saturate(2*newer) >> 15
	}
	s.zeros = saturate(sum)

	poles := a1*saturate(2*r)>>15 + a2*saturate(2*s.r)>>15 // FILTEP
	s.r = r
	s.predicted = saturate(saturate(poles) + s.zeros) // PREDIC
}

// poles returns the pole coefficients after the partially reconstructed
// sample p (blocks UPPOL2 and UPPOL1), within the bounds of stability.
func (s *band) poles(p int32) (a1, a2 int32) {
	gradient := saturate(4 * s.a[0])
	first, second := int32(-192), int32(-128)
	if p^s.p[0] >= 0 {
		gradient, first = min(-gradient, 32767), 192
	}
	if p^s.p[1] >= 0 {
		second = 128
	}
	a2 = gradient>>7 + second + s.a[1]*32512>>15
	a2 = min(max(a2, -12288), 12288)
	bound := 15360 - a2
	a1 = min(max(s.a[0]*32640>>15+first, -bound), bound)
	return a1, a2
}

func saturate(v int32) int32 { return min(max(v, -32768), 32767) }

// A synthesis is the receive quadrature mirror filter (block RECEIVE QMF): 12
// sums and 12 differences of both bands, newest first.
type synthesis struct {
	// Written twice, twelve places apart, so that the newest twelve are
	// always one piece.
	sum, difference [24]int32
	at              int
}

// join returns the two samples of 16000 Hz that one of each band makes.
func (f *synthesis) join(low, high int32) (first, second int16) {
	if f.at == 0 {
		f.at = 12
	}
	f.at--
	f.sum[f.at], f.sum[f.at+12] = low+high, low+high
	f.difference[f.at], f.difference[f.at+12] = low-high, low-high
	sum, difference := (*[12]int32)(f.sum[f.at:]), (*[12]int32)(f.difference[f.at:])
	var x, y int32
	for i, h := range mirror {
		x += difference[i] * h
		y += sum[i] * mirror[11-i]
	}
	return int16(saturate(x >> 11)), int16(saturate(y >> 11))
}
