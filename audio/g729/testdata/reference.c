/* reference encode: 16-bit PCM of 8000 Hz on standard input, frames of 10
 * octets on standard output. reference encode-vad: the same with Annex B, each
 * frame after an octet with its size, 10, 2 or 0. reference decode: frames
 * like those, where 255 is one that is lost, to PCM. */
#include <bcg729/decoder.h>
#include <bcg729/encoder.h>
#include <stdio.h>
#include <string.h>

static int encode(int vad) {
	bcg729EncoderChannelContextStruct *e = initBcg729EncoderChannel(vad);
	int16_t pcm[80];
	uint8_t octets[11];
	while (fread(pcm, 2, 80, stdin) == 80) {
		bcg729Encoder(e, pcm, octets + 1, octets);
		if (vad)
			fwrite(octets, 1, 1 + octets[0], stdout);
		else
			fwrite(octets + 1, 1, 10, stdout);
	}
	closeBcg729EncoderChannel(e);
	return 0;
}

static int decode(void) {
	bcg729DecoderChannelContextStruct *d = initBcg729DecoderChannel();
	int16_t pcm[80];
	uint8_t octets[10], size;
	while (fread(&size, 1, 1, stdin) == 1) {
		int lost = size == 255;
		if (lost)
			size = 0;
		if (size > 10 || fread(octets, 1, size, stdin) != size)
			return 1;
		bcg729Decoder(d, size ? octets : NULL, size, lost, size != 10, 0, pcm);
		fwrite(pcm, 2, 80, stdout);
	}
	closeBcg729DecoderChannel(d);
	return 0;
}

int main(int argc, char **argv) {
	if (argc == 2 && !strcmp(argv[1], "encode"))
		return encode(0);
	if (argc == 2 && !strcmp(argv[1], "encode-vad"))
		return encode(1);
	if (argc == 2 && !strcmp(argv[1], "decode"))
		return decode();
	return 1;
}
