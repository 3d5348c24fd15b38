/* Encodes 16-bit PCM to G.726, or decodes it, with spandsp, from standard input
 * to standard output. Arguments: "encode" or "decode", the bit rate, and the
 * packing: 1 for AAL2, 2 for RFC 3551. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <spandsp.h>

int main(int argc, char **argv) {
	if (argc != 4)
		return 2;
	g726_state_t *state = g726_init(NULL, atoi(argv[2]), G726_ENCODING_LINEAR, atoi(argv[3]));
	uint8_t codes[120];
	int16_t pcm[8 * sizeof codes];
	size_t n;
	if (strcmp(argv[1], "encode") == 0) {
		while ((n = fread(pcm, sizeof pcm[0], 160, stdin)) > 0)
			fwrite(codes, 1, g726_encode(state, codes, pcm, n), stdout);
		return 0;
	}
	while ((n = fread(codes, 1, sizeof codes, stdin)) > 0)
		fwrite(pcm, sizeof pcm[0], g726_decode(state, pcm, codes, n), stdout);
	return 0;
}
