/* Encodes or decodes AMR with opencore-amr: standard input to standard output.
 *
 *   amrnb encode MODE DTX   little-endian PCM to frames of the storage format
 *   amrnb decode            frames of the storage format to PCM
 *   amrnb judge             the same, but a frame whose Q bit is 0 is bad
 *
 * The magic number of the storage format is neither read nor written. The
 * library's interface has no bad frames, so judge goes past it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <opencore-amrnb/interf_dec.h>
#include <opencore-amrnb/interf_enc.h>

static const int octets[16] = {12, 13, 15, 17, 19, 20, 26, 31, 5};

enum { GOOD, DEGRADED, ONSET, BAD, SID_FIRST, SID_UPDATE, SID_BAD, NO_DATA };

short GSMInitDecode(void **state, signed char *name);
void GSMFrameDecode(void *state, int mode, short *bits, int type, short *pcm);

extern const short reorderBits_MR475[], reorderBits_MR515[], reorderBits_MR59[], reorderBits_MR67[],
	reorderBits_MR74[], reorderBits_MR795[], reorderBits_MR102[], reorderBits_MR122[], numOfBits[];

static int bit(const unsigned char *b, int i) { return b[i / 8] >> (7 - i % 8) & 1; }

static void judge(void *state, const unsigned char *frame, short *pcm)
{
	static const short *const order[8] = {reorderBits_MR475, reorderBits_MR515, reorderBits_MR59,
		reorderBits_MR67, reorderBits_MR74, reorderBits_MR795, reorderBits_MR102, reorderBits_MR122};
	static int mode;
	short bits[244] = {0};
	int type = frame[0] >> 3 & 15, good = frame[0] >> 2 & 1, i, rx = NO_DATA;

	if (type < 8) {
		mode = type;
		for (i = 0; i < numOfBits[mode]; i++)
			bits[order[mode][i]] = bit(frame + 1, i);
		rx = good ? GOOD : BAD;
	} else if (type == 8) {
		for (i = 0; i < 35; i++)
			bits[i] = bit(frame + 1, i);
		mode = bit(frame + 1, 36) | bit(frame + 1, 37) << 1 | bit(frame + 1, 38) << 2;
		rx = !good ? SID_BAD : bit(frame + 1, 35) ? SID_UPDATE : SID_FIRST;
	}
	GSMFrameDecode(state, mode, bits, rx, pcm);
}

int main(int argc, char **argv)
{
	short pcm[160];
	unsigned char frame[64];

	if (argc == 4 && !strcmp(argv[1], "encode")) {
		void *e = Encoder_Interface_init(atoi(argv[3]));
		while (fread(pcm, sizeof pcm, 1, stdin) == 1) {
			int n = Encoder_Interface_Encode(e, atoi(argv[2]), pcm, frame, 0);
			fwrite(frame, n, 1, stdout);
		}
		Encoder_Interface_exit(e);
		return 0;
	}
	if (argc == 2 && (!strcmp(argv[1], "decode") || !strcmp(argv[1], "judge"))) {
		void *d = Decoder_Interface_init(), *state;
		GSMInitDecode(&state, (signed char *)"decoder");
		while (fread(frame, 1, 1, stdin) == 1) {
			int n = octets[frame[0] >> 3 & 15];
			if (n && fread(frame + 1, n, 1, stdin) != 1)
				return 1;
			if (argv[1][0] == 'd')
				Decoder_Interface_Decode(d, frame, pcm, 0);
			else
				judge(state, frame, pcm);
			fwrite(pcm, sizeof pcm, 1, stdout);
		}
		Decoder_Interface_exit(d);
		return 0;
	}
	return 2;
}
