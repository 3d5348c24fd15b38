/* Encodes or decodes AMR with opencore-amr: standard input to standard output.
 *
 *   amrnb encode MODE DTX   little-endian PCM to frames of the storage format
 *   amrnb decode            frames of the storage format to PCM
 *
 * The magic number of the storage format is neither read nor written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <opencore-amrnb/interf_dec.h>
#include <opencore-amrnb/interf_enc.h>

static const int octets[16] = {12, 13, 15, 17, 19, 20, 26, 31, 5};

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
	if (argc == 2 && !strcmp(argv[1], "decode")) {
		void *d = Decoder_Interface_init();
		while (fread(frame, 1, 1, stdin) == 1) {
			int n = octets[frame[0] >> 3 & 15];
			if (n && fread(frame + 1, n, 1, stdin) != 1)
				return 1;
			Decoder_Interface_Decode(d, frame, pcm, 0);
			fwrite(pcm, sizeof pcm, 1, stdout);
		}
		Decoder_Interface_exit(d);
		return 0;
	}
	return 2;
}
