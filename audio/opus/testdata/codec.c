/* Encodes 16-bit PCM of 48 kHz to Opus packets, or decodes these, with
 * libopus, from standard input to standard output. A packet comes after its
 * length in two octets, the low one first. To the decoder a length of 0 is a
 * lost packet, to be concealed, and 65535 one to be made from the redundancy of
 * the packet that follows. Arguments: "decode" CHANNELS, or "encode" CHANNELS MODE BANDWIDTH
 * BITRATE SAMPLES FEC, with the numbers that libopus has for mode and
 * bandwidth. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <opus/opus.h>

#define FORCE_MODE(x) 11002, (opus_int32)(x) /* of libopus's own tests */

static uint8_t packet[65536];
static int16_t pcm[2 * 5760];

static void check(int code) {
	if (code < 0) {
		fprintf(stderr, "%s\n", opus_strerror(code));
		exit(1);
	}
}

static int encode(int channels, char **argv) {
	int error, samples = atoi(argv[3]);
	OpusEncoder *e = opus_encoder_create(48000, channels, OPUS_APPLICATION_VOIP, &error);
	check(error);
	check(opus_encoder_ctl(e, FORCE_MODE(atoi(argv[0]))));
	check(opus_encoder_ctl(e, OPUS_SET_BANDWIDTH(atoi(argv[1]))));
	check(opus_encoder_ctl(e, OPUS_SET_BITRATE(atoi(argv[2]))));
	check(opus_encoder_ctl(e, OPUS_SET_FORCE_CHANNELS(channels)));
	check(opus_encoder_ctl(e, OPUS_SET_INBAND_FEC(atoi(argv[4]))));
	check(opus_encoder_ctl(e, OPUS_SET_PACKET_LOSS_PERC(atoi(argv[4]) ? 20 : 0)));
	while (fread(pcm, 2 * channels, samples, stdin) == samples) {
		int n = opus_encode(e, pcm, samples, packet, 1500);
		check(n);
		putchar(n & 255);
		putchar(n >> 8);
		fwrite(packet, 1, n, stdout);
	}
	return 0;
}

static void write_pcm(int n, int channels) {
	check(n);
	fwrite(pcm, 2 * channels, n, stdout);
}

/* length reads one, or returns -1 at the end. */
static int length(void) {
	int low = getchar(), high = getchar();
	return low == EOF || high == EOF ? -1 : low | high << 8;
}

static int decode(int channels) {
	int error, n, recover = 0, last = 960;
	OpusDecoder *d = opus_decoder_create(48000, channels, &error);
	check(error);
	while ((n = length()) >= 0) {
		if (n == 65535) {
			recover = 1;
			continue;
		}
		if (fread(packet, 1, n, stdin) != n)
			return 1;
		if (recover)
			write_pcm(opus_decode(d, packet, n, pcm, opus_packet_get_samples_per_frame(packet, 48000), 1), channels);
		recover = 0;
		last = opus_decode(d, n ? packet : NULL, n, pcm, n ? 5760 : last, 0);
		write_pcm(last, channels);
	}
	return 0;
}

int main(int argc, char **argv) {
	if (argc == 8 && strcmp(argv[1], "encode") == 0)
		return encode(atoi(argv[2]), argv + 3);
	if (argc == 3 && strcmp(argv[1], "decode") == 0)
		return decode(atoi(argv[2]));
	return 2;
}
