package gsm

// A quantizer is that of one logarithmic area ratio (tables 5.1 and 5.2).
type quantizer struct {
	bits               uint
	offset, least, inv int32 // B, MIC and INVA
}

var ratioCodes = [8]quantizer{
	{6, 0, -32, 13107},
	{6, 0, -32, 13107},
	{5, 2048, -16, 13107},
	{5, -2560, -16, 13107},
	{4, 94, -8, 19223},
	{4, -1792, -8, 17476},
	{3, -341, -4, 31454},
	{3, -1144, -4, 29708},
}

// decode returns the ratio that a code stands for (section 5.2.8).
func (q *quantizer) decode(code int32) int32 {
	v := product(q.inv, saturate((code+q.least)<<10-2*q.offset))
	return saturate(2 * v)
}

// stretches are the four parts of a frame in which the ratios go over from
// those of the last frame to its own, and the weight of the old ones there in
// quarters (section 5.2.9.1).
var stretches = [4]struct{ from, to, old int }{{0, 13, 3}, {13, 27, 2}, {27, 40, 1}, {40, 160, 0}}

// synthesize runs the residual of a frame, in pcm, through the lattice filter
// (section 5.3.4).
func (d *decoder) synthesize(pcm *[frameSamples]int16, ratios *[8]int32) {
	for _, s := range stretches {
		var reflection [8]int32
		for i, ratio := range ratios {
			reflection[i] = reflect(interpolate(d.ratios[i], ratio, s.old))
		}
		d.lattice(pcm[s.from:s.to], &reflection)
	}
}

// interpolate returns the mean of an old and a new ratio, the old one
// weighing so many quarters. Each part is cut off on its own, as the standard
// has it.
func interpolate(a, b int32, old int) int32 {
	switch old {
	case 3:
		return saturate(a>>2 + b>>2 + a>>1)
	case 2:
		return saturate(a>>1 + b>>1)
	case 1:
		return saturate(a>>2 + b>>2 + b>>1)
	}
	return b
}

// reflect returns the reflection coefficient of a ratio (section 5.2.9.2).
func reflect(ratio int32) int32 {
	v := min(max(ratio, -ratio), 32767)
	switch {
	case v < 11059:
		v *= 2
	case v < 20070:
		v += 11059
	default:
		v = saturate(v>>2 + 26112)
	}
	if ratio < 0 {
		return -v
	}
	return v
}

// lattice filters pcm in place with eight reflection coefficients.
func (d *decoder) lattice(pcm []int16, reflection *[8]int32) {
	v := d.v
	for i, s := range pcm {
		x := saturate(int32(s) - product(reflection[7], v[7]))
		for k := 6; k >= 0; k-- {
			x = saturate(x - product(reflection[k], v[k]))
			v[k+1] = saturate(v[k] + product(reflection[k], x))
		}
		v[0] = x
		pcm[i] = int16(x)
	}
	d.v = v
}
