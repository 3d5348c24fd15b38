/* Encodes 16-bit PCM to DVI4 in blocks of 160 samples, or decodes such blocks,
 * with spandsp, from standard input to standard output. The argument is
 * "encode" or "decode". */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <spandsp.h>

int main(int argc, char **argv) {
	if (argc != 2)
		return 2;
	ima_adpcm_state_t *state = ima_adpcm_init(NULL, IMA_ADPCM_DVI4, 0);
	uint8_t block[84];
	int16_t pcm[160];
	size_t n;
	if (strcmp(argv[1], "encode") == 0) {
		while ((n = fread(pcm, sizeof pcm[0], 160, stdin)) == 160)
			fwrite(block, 1, ima_adpcm_encode(state, block, pcm, n), stdout);
		return 0;
	}
	while ((n = fread(block, 1, sizeof block, stdin)) == sizeof block)
		fwrite(pcm, sizeof pcm[0], ima_adpcm_decode(state, pcm, block, n), stdout);
	return 0;
}
