// Encrypts RTP packets with libsrtp: protect SUITE HEXKEY [HEXMKI].
// Records on stdin and stdout: length in two octets, big endian, and the packet.
#include <srtp2/srtp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int unhex(const char *s, unsigned char *out) {
	int n = 0;
	unsigned v;
	for (; sscanf(s, "%2x", &v) == 1; s += 2)
		out[n++] = v;
	return n;
}

int main(int argc, char **argv) {
	unsigned char key[128] = {0}, id[128], pkt[4096];
	srtp_policy_t p;
	srtp_master_key_t mk = {key, id, 0}, *keys[] = {&mk};
	srtp_t s;
	memset(&p, 0, sizeof p);
	if (!strcmp(argv[1], "AES_CM_128_HMAC_SHA1_80"))
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p.rtp);
	else if (!strcmp(argv[1], "AES_CM_128_HMAC_SHA1_32"))
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&p.rtp);
	else if (!strcmp(argv[1], "AES_192_CM_HMAC_SHA1_80"))
		srtp_crypto_policy_set_aes_cm_192_hmac_sha1_80(&p.rtp);
	else if (!strcmp(argv[1], "AES_192_CM_HMAC_SHA1_32"))
		srtp_crypto_policy_set_aes_cm_192_hmac_sha1_32(&p.rtp);
	else if (!strcmp(argv[1], "AES_256_CM_HMAC_SHA1_80"))
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&p.rtp);
	else if (!strcmp(argv[1], "AES_256_CM_HMAC_SHA1_32"))
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32(&p.rtp);
	else if (!strcmp(argv[1], "AEAD_AES_128_GCM"))
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&p.rtp);
	else if (!strcmp(argv[1], "AEAD_AES_256_GCM"))
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&p.rtp);
	else if (!strcmp(argv[1], "NULL_HMAC_SHA1_80"))
		srtp_crypto_policy_set_null_cipher_hmac_sha1_80(&p.rtp);
	else
		return 2;
	p.rtcp = p.rtp;
	p.ssrc.type = ssrc_any_outbound;
	unhex(argv[2], key);
	if (argc > 3) {
		mk.mki_size = unhex(argv[3], id);
		p.keys = keys;
		p.num_master_keys = 1;
	} else {
		p.key = key;
	}
	if (srtp_init() || srtp_create(&s, &p))
		return 3;
	for (;;) {
		int hi = getchar(), lo = getchar();
		if (lo == EOF)
			return 0;
		int n = hi << 8 | lo;
		if (fread(pkt, 1, n, stdin) != (size_t)n)
			return 4;
		srtp_err_status_t err = argc > 3 ? srtp_protect_mki(s, pkt, &n, 1, 0) : srtp_protect(s, pkt, &n);
		if (err)
			return 10 + err;
		putchar(n >> 8);
		putchar(n);
		fwrite(pkt, 1, n, stdout);
	}
}
