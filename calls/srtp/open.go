package srtp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"hash"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// An opener is a key at work: it authenticates the SRTP packet b and decrypts
// it behind dst, for one roll-over counter. It keeps nothing of a packet, and
// uses header for its own.
type opener interface {
	open(dst, b []byte, header *rtp.Header, ssrc, roc uint32) ([]byte, bool)
}

// openers are the ways in which senders use a key.
func (k *Key) openers() ([]opener, error) {
	if k.suite.profile == 0 {
		right, err := newCounterMode(k, k.master, k.salt)
		if err != nil {
			return nil, err
		}
		// libsrtp, until its pull request 765, took the derivation of AES-256, with key,
		// salt and zeros one after the other as its key and salt.
		wrong, err := newCounterMode(k, k.master+k.salt[:8], k.salt[8:])
		return []opener{right, wrong}, err
	}
	var options []srtp.ContextOption
	if k.mki != "" {
		options = append(options, srtp.MasterKeyIndicator([]byte(k.mki)))
	}
	if k.clear {
		options = append(options, srtp.SRTPNoEncryption())
	}
	c, err := srtp.CreateContext([]byte(k.master), []byte(k.salt), k.suite.profile, options...)
	return []opener{pion{c}}, err
}

// pion is an opener of pion/srtp.
type pion struct{ *srtp.Context }

func (p pion) open(dst, b []byte, header *rtp.Header, ssrc, roc uint32) ([]byte, bool) {
	p.SetROC(ssrc, roc) // also makes it forget the sequence number: roc is no guess
	out, err := p.DecryptRTP(dst, b, header)
	return out, err == nil
}

// A counterMode is AES in counter mode with HMAC-SHA1 (RFC 3711 sections 4.1.1
// and 4.2.1) for AES-192 (RFC 6188), which pion/srtp lacks.
type counterMode struct {
	block cipher.Block
	mac   hash.Hash
	salt  [aes.BlockSize]byte
	tag   int
	mki   string
	clear bool

	counter, stream [aes.BlockSize]byte // of the packet in hand
	roc             [4]byte
	sum             [sha1.Size]byte
}

// The labels of RFC 3711 section 4.3.2.
const (
	labelEncryption     = 0
	labelAuthentication = 1
	labelSalt           = 2
)

// newCounterMode derives the session keys for k from key and salt.
func newCounterMode(k *Key, key, salt string) (*counterMode, error) {
	master, err := aes.NewCipher([]byte(key))
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derive(master, salt, labelEncryption, k.suite.key))
	if err != nil {
		return nil, err
	}
	c := &counterMode{block: block, tag: k.suite.tag, mki: k.mki, clear: k.clear}
	c.mac = hmac.New(sha1.New, derive(master, salt, labelAuthentication, sha1.Size))
	copy(c.salt[:], derive(master, salt, labelSalt, 14))
	return c, nil
}

// derive makes n octets of session key, for a key derivation rate of 0 (RFC
// 3711 section 4.3.1, RFC 6188 section 3).
func derive(master cipher.Block, salt string, label byte, n int) []byte {
	var x [aes.BlockSize]byte
	copy(x[:14], salt)
	x[7] ^= label
	out := make([]byte, n)
	cipher.NewCTR(master, x[:]).XORKeyStream(out, out)
	return out
}

func (c *counterMode) open(dst, b []byte, header *rtp.Header, ssrc, roc uint32) ([]byte, bool) {
	head, err := header.Unmarshal(b)
	end := len(b) - c.tag - len(c.mki)
	if err != nil || end < head || string(b[end:end+len(c.mki)]) != c.mki {
		return dst, false
	}
	binary.BigEndian.PutUint32(c.roc[:], roc)
	c.mac.Reset()
	c.mac.Write(b[:end])
	c.mac.Write(c.roc[:])
	if subtle.ConstantTimeCompare(c.mac.Sum(c.sum[:0])[:c.tag], b[len(b)-c.tag:]) != 1 {
		return dst, false
	}
	at := len(dst)
	dst = append(dst, b[:end]...)
	if !c.clear {
		c.crypt(dst[at+head:], ssrc, uint64(roc)<<16|uint64(header.SequenceNumber))
	}
	return dst, true
}

// crypt adds the key stream of a packet to its payload b.
func (c *counterMode) crypt(b []byte, ssrc uint32, index uint64) {
	c.counter = c.salt
	var x [aes.BlockSize]byte
	binary.BigEndian.PutUint32(x[4:], ssrc)
	binary.BigEndian.PutUint64(x[8:], index<<16)
	subtle.XORBytes(c.counter[:], c.counter[:], x[:])
	for i := uint16(0); len(b) > 0; i++ { // no datagram has 2^16 blocks
		binary.BigEndian.PutUint16(c.counter[14:], i)
		c.block.Encrypt(c.stream[:], c.counter[:])
		b = b[subtle.XORBytes(b, b, c.stream[:]):]
	}
}
