package g726

// A rate holds what differs between the four bit rates. The slices are by the
// size of a code: the code without its sign, counted from 0.
type rate struct {
	bits    uint
	leak    uint    // by how many bits a zero is shifted to leak (UPB)
	levels  []int32 // inverse quantizer, logarithmic (RECONST); -2048 is the logarithm of 0
	weights []int32 // W, sixteenths (FUNCTW)
	speeds  []int32 // F (FUNCTF)
}

var (
	rate16 = rate{
		bits: 2, leak: 8,
		levels:  []int32{116, 365},
		weights: []int32{-22, 439},
		speeds:  []int32{0, 7},
	}
	rate24 = rate{
		bits: 3, leak: 8,
		levels:  []int32{-2048, 135, 273, 373},
		weights: []int32{-4, 30, 137, 582},
		speeds:  []int32{0, 1, 2, 7},
	}
	rate32 = rate{
		bits: 4, leak: 8,
		levels:  []int32{-2048, 4, 135, 213, 273, 323, 373, 425},
		weights: []int32{-12, 18, 41, 64, 112, 198, 355, 1122},
		speeds:  []int32{0, 0, 0, 1, 1, 1, 3, 7},
	}
	rate40 = rate{
		bits: 5, leak: 9,
		levels:  []int32{-2048, -66, 28, 104, 169, 224, 274, 318, 358, 395, 429, 459, 488, 514, 539, 566},
		weights: []int32{14, 14, 24, 39, 40, 41, 58, 100, 141, 179, 219, 280, 358, 440, 529, 696},
		speeds:  []int32{0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6},
	}
)
