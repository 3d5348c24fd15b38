/* Decodes G.722 at 64 kbit/s from standard input to 16-bit PCM with spandsp. */
#include <stdint.h>
#include <stdio.h>
#include <spandsp.h>

int main(void) {
	g722_decode_state_t *state = g722_decode_init(NULL, 64000, 0);
	uint8_t in[4096];
	int16_t out[2 * sizeof in];
	size_t n;
	while ((n = fread(in, 1, sizeof in, stdin)) > 0)
		fwrite(out, sizeof out[0], g722_decode(state, out, in, n), stdout);
	return 0;
}
