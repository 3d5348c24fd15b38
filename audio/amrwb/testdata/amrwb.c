/* Encodes AMR-WB with vo-amrwbenc, decodes it with opencore-amr: standard
 * input to standard output.
 *
 *   amrwb encode MODE DTX   little-endian PCM to frames of the storage format
 *   amrwb decode            frames of the storage format to PCM
 *   amrwb judge             the same, but a frame whose Q bit is 0 is bad
 *
 * The magic number of the storage format is neither read nor written. The
 * library's interface has no bad frames, so judge goes past it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <opencore-amrwb/dec_if.h>
#include <vo-amrwbenc/enc_if.h>

static const int octets[16] = {17, 23, 32, 36, 40, 46, 50, 58, 60, 5};

enum { GOOD, DEGRADED, LOST, BAD, SID_FIRST, SID_UPDATE, SID_BAD, NO_DATA };

int pvDecoder_AmrWbMemRequirements(void);
void pvDecoder_AmrWb_Init(void **state, void *memory, short **scratch);
int pvDecoder_AmrWb(short mode, short *bits, short *pcm, short *length, void *state, short type, short *scratch);

extern const short sort_660[], sort_885[], sort_1265[], sort_1425[], sort_1585[], sort_1825[], sort_1985[],
	sort_2305[], sort_2385[], unpacked_size[];

/* The library departs from the reference code of TS 26.173 where bad frames
 * need the past: it keeps the last gain only, not the last five; and of the
 * corrections it hands on half their mean instead of the mean, and the oldest
 * instead of the oldest but one. This puts its memory right. */
void __real_dec_gain2_amr_wb(short, short, short *, short, short *, int *, short, short, short, short, short, short *);
void __wrap_dec_gain2_amr_wb(short index, short bits, short *code, short length, short *pitch, int *gain, short bad,
	short last_bad, short state, short unusable, short quiet, short *memory)
{
	enum { CORRECTIONS = 0, PITCHES = 7, CODES = 12, GOOD_PITCHES = 17, END = 22 };
	short old[END], mean;

	memcpy(old, memory, sizeof old);
	__real_dec_gain2_amr_wb(index, bits, code, length, pitch, gain, bad, last_bad, state, unusable, quiet, memory);
	if (bad) {
		mean = ((old[0] + old[1] + old[2] + old[3]) >> 2) - 3072;
		memory[CORRECTIONS] = mean < -14336 ? -14336 : mean;
		memcpy(memory + CORRECTIONS + 1, old + CORRECTIONS, 3 * sizeof *old);
	} else {
		memcpy(memory + PITCHES, old + PITCHES + 1, 4 * sizeof *old);
		memcpy(memory + CODES, old + CODES + 1, 4 * sizeof *old);
		memcpy(memory + GOOD_PITCHES, old + GOOD_PITCHES + 1, 4 * sizeof *old);
	}
}

/* Nearly silent frames: the library cannot shift to the right by more than 15
 * bits, as it would have to for the upper band; */
void __real_one_ov_sqrt_norm(int *fraction, short *exponent);
void __wrap_one_ov_sqrt_norm(int *fraction, short *exponent)
{
	__real_one_ov_sqrt_norm(fraction, exponent);
	for (; *exponent < -16; ++*exponent)
		*fraction >>= 1;
}

/* and it takes a gain of 0 to have headroom, where norm_s of G.191 gives 0. */
int Dot_product12(short *x, short *y, short length, short *exponent);
short div_16by16(short a, short b);
short __real_voice_factor(short *adaptive, short scale, short pitch, short *code, short gain, short length);
short __wrap_voice_factor(short *adaptive, short scale, short pitch, short *code, short gain, short length)
{
	int square = 2 * pitch * pitch, energy, n, down;
	short e1, e2;

	if (gain || !pitch)
		return __real_voice_factor(adaptive, scale, pitch, code, gain, length);
	n = __builtin_clz(square) - 1;
	energy = (Dot_product12(adaptive, adaptive, length, &e1) >> 16) * (square << n >> 16) >> 15;
	Dot_product12(code, code, length, &e2);
	down = e2 - (e1 - 2 * scale - n - 10) + 1;
	energy >>= down < 1 ? 1 : down > 31 ? 31 : down;
	return div_16by16(energy, energy + 1);
}

static int bit(const unsigned char *b, int i) { return b[i / 8] >> (7 - i % 8) & 1; }

static void judge(const unsigned char *frame, short *pcm)
{
	static const short *const order[9] = {sort_660, sort_885, sort_1265, sort_1425, sort_1585, sort_1825, sort_1985,
		sort_2305, sort_2385};
	static void *state;
	static short *scratch;
	static int mode;
	short bits[477], length;
	int type = frame[0] >> 3 & 15, good = frame[0] >> 2 & 1, i, rx = type == 14 ? LOST : NO_DATA;

	if (!state)
		pvDecoder_AmrWb_Init(&state, malloc(pvDecoder_AmrWbMemRequirements()), &scratch);
	for (i = 0; i < 477; i++)
		bits[i] = -127;
	if (type < 9) {
		mode = type;
		for (i = 0; i < unpacked_size[mode]; i++)
			bits[order[mode][i]] = bit(frame + 1, i) ? 127 : -127;
		rx = good ? GOOD : BAD;
	} else if (type == 9) {
		for (i = 0; i < 35; i++)
			bits[i] = bit(frame + 1, i) ? 127 : -127;
		rx = !good ? SID_BAD : bit(frame + 1, 35) ? SID_UPDATE : SID_FIRST;
	}
	pvDecoder_AmrWb(mode, bits, pcm, &length, state, rx, scratch);
	for (i = 0; i < 320; i++)
		pcm[i] &= ~3;
}

int main(int argc, char **argv)
{
	short pcm[320];
	unsigned char frame[128];

	if (argc == 4 && !strcmp(argv[1], "encode")) {
		void *e = E_IF_init();
		while (fread(pcm, sizeof pcm, 1, stdin) == 1) {
			int n = E_IF_encode(e, atoi(argv[2]), pcm, frame, atoi(argv[3]));
			fwrite(frame, n, 1, stdout);
		}
		E_IF_exit(e);
		return 0;
	}
	if (argc == 2 && (!strcmp(argv[1], "decode") || !strcmp(argv[1], "judge"))) {
		void *d = D_IF_init();
		while (fread(frame, 1, 1, stdin) == 1) {
			int n = octets[frame[0] >> 3 & 15];
			if (n && fread(frame + 1, n, 1, stdin) != 1)
				return 1;
			if (argv[1][0] == 'd')
				D_IF_decode(d, frame, pcm, 0);
			else
				judge(frame, pcm);
			fwrite(pcm, sizeof pcm, 1, stdout);
		}
		D_IF_exit(d);
		return 0;
	}
	return 2;
}
