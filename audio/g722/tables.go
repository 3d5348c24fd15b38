package g722

// mirror holds every other coefficient of the 24 of the quadrature mirror
// filter (G.722 Table 11); the rest are the same in reverse order. They are
// scaled by 2^12, two of which are the gain of interpolation.
var mirror = [12]int32{3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11}

// quantum6 is the inverse quantizer of 6 bits (QM6, G.722 Table 14-3).
var quantum6 = [64]int16{
	-136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856,
	-7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688, -1360, -1040, -728,
	24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
	4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
}

// quantum4 and quantum2 are those of 4 and of 2 bits (QM4, QM2).
var (
	quantum4 = [16]int16{
		0, -20456, -12896, -8968, -6288, -4240, -2584, -1200,
		20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
	}
	quantum2 = [4]int16{-7408, -1616, 7408, 1616}
)

// stepLow and stepHigh say by how much a code moves the logarithmic scale
// factor (WL by way of RIL4, WH by way of RIH2).
var (
	stepLow = [16]int16{
		-60, 3042, 1198, 538, 334, 172, 58, -30,
		3042, 1198, 538, 334, 172, 58, -30, -60,
	}
	stepHigh = [4]int16{798, -214, 798, -214}
)

// mantissa is 2^11 to 2^12 in 32 equal ratios (ILB).
var mantissa = [32]int16{
	2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
	2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
}
