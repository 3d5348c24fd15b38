/* Decodes GSM frames of 33 octets from standard input to 16-bit PCM with
 * libgsm. */
#include <stdio.h>
#include <gsm.h>

int main(void) {
	gsm state = gsm_create();
	gsm_byte in[33];
	gsm_signal out[160];
	while (fread(in, 1, sizeof in, stdin) == sizeof in) {
		if (gsm_decode(state, in, out) != 0)
			return 1;
		fwrite(out, sizeof out[0], 160, stdout);
	}
	return 0;
}
