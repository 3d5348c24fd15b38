/* Encodes AMR-WB with vo-amrwbenc, decodes it with opencore-amr: standard
 * input to standard output.
 *
 *   amrwb encode MODE DTX   little-endian PCM to frames of the storage format
 *   amrwb decode            frames of the storage format to PCM
 *
 * The magic number of the storage format is neither read nor written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <opencore-amrwb/dec_if.h>
#include <vo-amrwbenc/enc_if.h>

static const int octets[16] = {17, 23, 32, 36, 40, 46, 50, 58, 60, 5};

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
	if (argc == 2 && !strcmp(argv[1], "decode")) {
		void *d = D_IF_init();
		while (fread(frame, 1, 1, stdin) == 1) {
			int n = octets[frame[0] >> 3 & 15];
			if (n && fread(frame + 1, n, 1, stdin) != 1)
				return 1;
			D_IF_decode(d, frame, pcm, 0);
			fwrite(pcm, sizeof pcm, 1, stdout);
		}
		D_IF_exit(d);
		return 0;
	}
	return 2;
}
