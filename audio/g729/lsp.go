package g729

const order = 10 // of the linear prediction

// Bounds of the line spectral frequencies, in Q13 of a radian (section 3.2.4).
const (
	lowestLSF  = 40
	highestLSF = 25681
	leastGap   = 321
)

// A predictor says how a vector of line spectral frequencies is made of the
// code vectors of this frame and the last four.
type predictor struct {
	past    [4][order]int16 // Q15
	now     [order]int16    // Q15: 1 less the sum of past
	inverse [order]int16    // Q12: 1/now; only where frames can be concealed
}

// coefficients are those of a linear prediction filter A(z) without the
// first, which is 1, in Q12. They can exceed 16 bits on streams that no
// encoder wrote.
type coefficients [order]int32

// An lspDecoder is the state of the LSP quantizer: what one frame leaves to
// the next (sections 3.2.4 and 4.1.1).
type lspDecoder struct {
	codes [4][order]int16 // code vectors of the last frames, newest first, Q13
	lsf   [order]int16    // of the last speech frame, Q13
	used  *predictor      // by the last speech frame
	lsp   [order]int16    // of the last frame, Q15
}

func (d *lspDecoder) reset() {
	for j := range order {
		d.lsf[j] = int16((j + 1) * 25736 / 11) // evenly spaced over pi
	}
	d.codes = [4][order]int16{d.lsf, d.lsf, d.lsf, d.lsf}
	d.used = &predictors[0]
	d.lsp = [order]int16{30000, 26000, 21000, 15000, 8000, 0, -8000, -15000, -21000, -26000}
}

// speech returns the filters of the two subframes of a frame.
func (d *lspDecoder) speech(f *frame) [2]coefficients {
	d.used = &predictors[f.predictor]
	code := codeVector(f.lsp[0], f.lsp[1], f.lsp[2])
	spread(&code, 10)
	spread(&code, 5)
	d.lsf = d.predict(&code, d.used)
	stabilize(&d.lsf)
	return d.filters(cosine(&d.lsf))
}

// repeat takes the frequencies of the last speech frame for an erased one
// (section 4.4.1).
func (d *lspDecoder) repeat() [2]coefficients {
	var code [order]int16
	for j := range order {
		v := int64(d.lsf[j]) << 15
		for k := range d.codes {
			v -= int64(d.used.past[k][j]) * int64(d.codes[k][j])
		}
		code[j] = saturate(int64(saturate(v>>15)) * int64(d.used.inverse[j]) >> 12)
	}
	d.remember(&code)
	return d.filters(cosine(&d.lsf))
}

// noise returns the spectrum that a SID frame describes (section B.4.2.1).
func (d *lspDecoder) noise(s *sid) [order]int16 {
	used := &predictors[0]
	if s.predictor != 0 {
		used = &noisePredictor
	}
	code := codeVector(int(noiseFirst[s.lsp[0]]), int(noiseLow[s.lsp[1]]), int(noiseHigh[s.lsp[1]]))
	spread(&code, 10)
	lsf := d.predict(&code, used)
	stabilize(&lsf)
	return cosine(&lsf)
}

func codeVector(first, low, high int) [order]int16 {
	code := lspFirst[first]
	for j := range order / 2 {
		code[j] += lspSecond[low][j]
		code[j+order/2] += lspSecond[high][j+order/2]
	}
	return code
}

// spread moves neighbours apart that are nearer than gap.
func spread(code *[order]int16, gap int16) {
	for j := 1; j < order; j++ {
		if move := (code[j-1] - code[j] + gap) >> 1; move > 0 {
			code[j-1] -= move
			code[j] += move
		}
	}
}

// predict adds the prediction to a code vector, and remembers the vector.
func (d *lspDecoder) predict(code *[order]int16, p *predictor) [order]int16 {
	var lsf [order]int16
	for j := range order {
		v := int64(code[j]) * int64(p.now[j])
		for k := range d.codes {
			v += int64(p.past[k][j]) * int64(d.codes[k][j])
		}
		lsf[j] = saturate(v >> 15)
	}
	d.remember(code)
	return lsf
}

func (d *lspDecoder) remember(code *[order]int16) {
	copy(d.codes[1:], d.codes[:3])
	d.codes[0] = *code
}

// stabilize orders the frequencies and keeps them apart, so that the filter
// that they make is stable.
func stabilize(lsf *[order]int16) {
	for j := range order - 1 {
		if lsf[j+1] < lsf[j] {
			lsf[j], lsf[j+1] = lsf[j+1], lsf[j]
		}
	}
	lsf[0] = max(lsf[0], lowestLSF)
	for j := range order - 1 {
		lsf[j+1] = max(lsf[j+1], lsf[j]+leastGap)
	}
	lsf[order-1] = min(lsf[order-1], highestLSF)
}

// cosine turns frequencies into line spectral pairs, Q15 (section 3.2.3).
func cosine(lsf *[order]int16) [order]int16 {
	var lsp [order]int16
	for j, w := range lsf {
		at := mult(w, 20861) // 1/(2 pi) in Q17: a half circle is 16384
		i := min(at>>8, 63)
		lsp[j] = cosines[i] + int16(int32(cosineSlopes[i])*int32(at&255)>>12)
	}
	return lsp
}

// filters returns the filters of both subframes, the first from what lies in
// the middle between the last frame's pairs and these (section 3.2.5).
func (d *lspDecoder) filters(lsp [order]int16) [2]coefficients {
	var middle [order]int16
	for j := range order {
		middle[j] = lsp[j]>>1 + d.lsp[j]>>1
	}
	d.lsp = lsp
	return [2]coefficients{predictionFilter(&middle), predictionFilter(&lsp)}
}

// predictionFilter converts line spectral pairs (section 3.2.6).
func predictionFilter(lsp *[order]int16) coefficients {
	sum, difference := polynomial(lsp[0:]), polynomial(lsp[1:])
	var a coefficients
	for i := 5; i > 0; i-- {
		sum[i] += sum[i-1]
		difference[i] -= difference[i-1]
	}
	for i := range 5 {
		a[i] = int32((sum[i+1] + difference[i+1] + 1<<12) >> 13)
		a[9-i] = int32((sum[i+1] - difference[i+1] + 1<<12) >> 13)
	}
	return a
}

// polynomial multiplies out 1-2qz^-1+z^-2 for every second pair q, and
// returns the first half of the coefficients in Q24.
func polynomial(lsp []int16) [6]int64 {
	f := [6]int64{1 << 24, -int64(lsp[0]) << 10}
	for i := 2; i < 6; i++ {
		q := lsp[2*i-2]
		f[i] = f[i-2]
		for j := i; j > 1; j-- {
			f[j] += f[j-2] - 2*product(f[j-1], q)
		}
		f[1] -= int64(q) << 10
	}
	return f
}
