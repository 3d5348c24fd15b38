package fixed_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"callx/audio/fixed"
)

// numbers returns words, or longs, with the bounds of their range among them.
func numbers(bits int) []int32 {
	rnd := rand.New(rand.NewPCG(1, uint64(bits)))
	most := int64(1)<<(bits-1) - 1
	v := []int32{0, 1, -1, int32(most), int32(-most), int32(-most - 1)}
	for range 40 {
		v = append(v, int32(rnd.Uint32())>>(32-bits)>>rnd.IntN(bits))
	}
	return v
}

// bound limits v to so many bits, by arithmetic without bounds.
func bound(v *big.Int, bits uint) int32 {
	most := new(big.Int).Lsh(big.NewInt(1), bits-1)
	least := new(big.Int).Neg(most)
	most.Sub(most, big.NewInt(1))
	if v.Cmp(most) > 0 {
		v = most
	}
	if v.Cmp(least) < 0 {
		v = least
	}
	return int32(v.Int64())
}

// TestOperators: the operators of two words give the exact result, cut off or
// rounded towards negative infinity where bits are dropped, within bounds.
func TestOperators(t *testing.T) {
	big64 := func(v int32) *big.Int { return big.NewInt(int64(v)) }
	for _, a := range numbers(16) {
		for _, b := range numbers(16) {
			product := new(big.Int).Mul(big64(a), big64(b))
			rounded := new(big.Int).Add(product, big.NewInt(1<<14))
			for _, c := range []struct {
				name string
				got  int32
				want int32
			}{
				{"Add", fixed.Add(a, b), bound(new(big.Int).Add(big64(a), big64(b)), 16)},
				{"Sub", fixed.Sub(a, b), bound(new(big.Int).Sub(big64(a), big64(b)), 16)},
				{"Mult", fixed.Mult(a, b), bound(new(big.Int).Rsh(product, 15), 16)},
				{"MultRound", fixed.MultRound(a, b), bound(new(big.Int).Rsh(rounded, 15), 16)},
				{"LongMult", fixed.LongMult(a, b), bound(new(big.Int).Lsh(product, 1), 32)},
			} {
				if c.got != c.want {
					t.Errorf("%s(%d, %d) = %d, want %d", c.name, a, b, c.got, c.want)
				}
			}
			if a >= 0 && b > a {
				if got, want := fixed.Div(a, b), int32(int64(a)<<15/int64(b)); got != want {
					t.Errorf("Div(%d, %d) = %d, want %d", a, b, got, want)
				}
			}
		}
	}
}

// TestLongs: the operators of longs.
func TestLongs(t *testing.T) {
	for _, a := range numbers(32) {
		v := big.NewInt(int64(a))
		for _, b := range numbers(32) {
			w := big.NewInt(int64(b))
			if got, want := fixed.LongAdd(a, b), bound(new(big.Int).Add(v, w), 32); got != want {
				t.Errorf("LongAdd(%d, %d) = %d, want %d", a, b, got, want)
			}
			if got, want := fixed.LongSub(a, b), bound(new(big.Int).Sub(v, w), 32); got != want {
				t.Errorf("LongSub(%d, %d) = %d, want %d", a, b, got, want)
			}
		}
		for n := range int32(40) {
			left, right := bound(new(big.Int).Lsh(v, uint(n)), 32), bound(new(big.Int).Rsh(v, uint(n)), 32)
			if got := fixed.LongShl(a, n); got != left || fixed.LongShr(a, -n) != left {
				t.Errorf("LongShl(%d, %d) = %d, want %d", a, n, got, left)
			}
			if got := fixed.LongShr(a, n); got != right || fixed.LongShl(a, -n) != right {
				t.Errorf("LongShr(%d, %d) = %d, want %d", a, n, got, right)
			}
			word := fixed.Saturate(a)
			if got, want := fixed.Shl(word, n), bound(new(big.Int).Lsh(big.NewInt(int64(word)), uint(n)), 16); got != want || fixed.Shr(word, -n) != want {
				t.Errorf("Shl(%d, %d) = %d, want %d", word, n, got, want)
			}
			if got, want := fixed.Shr(word, n), bound(new(big.Int).Rsh(big.NewInt(int64(word)), uint(n)), 16); got != want {
				t.Errorf("Shr(%d, %d) = %d, want %d", word, n, got, want)
			}
		}
		hi, lo := fixed.Split(a)
		if lo < 0 || lo > 32767 || hi<<16+lo<<1 != a&^1 {
			t.Errorf("Split(%d) = %d, %d", a, hi, lo)
		}
		if a != 0 {
			if n := fixed.Norm(a); int32(int64(a)<<n) != a<<n || fixed.LongShl(a, n) != a<<n || fixed.LongShl(a, n)>>30&1 == a>>31&1 {
				t.Errorf("Norm(%d) = %d", a, n)
			}
		}
		if w := fixed.Saturate(a); w != 0 {
			if n := fixed.NormWord(w); fixed.Shl(w, n) != w<<n || w<<n>>14&1 == w>>31&1 {
				t.Errorf("NormWord(%d) = %d", w, n)
			}
		}
	}
}

// TestFunctions: to the precision of their tables.
func TestFunctions(t *testing.T) {
	for _, v := range numbers(32) {
		if v <= 0 {
			continue
		}
		exponent, fraction := fixed.Log2(v)
		if got, want := float64(exponent)+float64(fraction)/32768, math.Log2(float64(v)); math.Abs(got-want) > 2e-4 {
			t.Errorf("log2(%d) = %f, want %f", v, got, want)
		}
		// What comes back lacks the lower half of the bits at most.
		if got := fixed.Pow2(exponent, fraction); exponent < 30 && math.Abs(float64(got)/float64(v)-1) > 2e-4+1/float64(v) {
			t.Errorf("pow2(log2(%d)) = %d", v, got)
		}
		if got, want := float64(fixed.InvSqrt(v))/(1<<30), 1/math.Sqrt(float64(v)); math.Abs(got/want-1) > 2e-3 {
			t.Errorf("1/sqrt(%d) = %g, want %g", v, got, want)
		}
		root, exponent := fixed.Sqrt(v)
		if got, want := float64(root)/(1<<31)/math.Pow(2, float64(exponent)/2), math.Sqrt(float64(v)/(1<<31)); math.Abs(got/want-1) > 2e-3 {
			t.Errorf("sqrt(%d) = %g, want %g", v, got, want)
		}
	}
	for _, v := range []int32{0, -1, math.MinInt32} {
		if e, f := fixed.Log2(v); e != 0 || f != 0 {
			t.Errorf("log2(%d) = %d, %d", v, e, f)
		}
		if r, e := fixed.Sqrt(v); r != 0 || e != 0 {
			t.Errorf("sqrt(%d) = %d, %d", v, r, e)
		}
	}
}
