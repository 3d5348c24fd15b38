package calls

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// A sketch is a sample of a run's payloads by which two runs can be told to
// carry the same voice, whatever was done to their headers on the way: the
// smallest digests of all (bottom-k sampling; E. Cohen and H. Kaplan,
// "Summarizing Data using Bottom-k Sketches", PODC 2007). Of two runs with the
// same payloads it holds the same ones, whichever packets else they hold.
type sketch struct {
	hash [sketchSize]uint32 // each once; ascending once settled
	ts   [sketchSize]uint32 // of the first packet with that payload, as on the wire
	seq  [sketchSize]uint16
	n    uint16
}

const (
	sketchSize = 23 // so that a sketch fills a size class of the allocator
	// digestOctets is how much of a payload is looked at: what the processor
	// has fetched with the RTP header anyway.
	digestOctets = 16
	// digestVary is how many bits of an octet must differ somewhere among these.
	// Of the encodings of silence and faint noise most are alike: signs and the
	// lowest bits change. Two of three G.711 packets of speech pass, and nearly all
	// of other codecs.
	digestVary = 7
	// noDigest stands for a payload that tells nothing. It is never sampled.
	noDigest = math.MaxUint32
)

// digest sums up length and beginning of a payload. Payloads that many voices
// have in common, the encodings of silence and of tones whose period divides
// eight octets, are noDigest, see digestVary. So are short ones.
func digest(payload []byte) uint32 {
	if len(payload) < digestOctets {
		return noDigest
	}
	x, y := binary.LittleEndian.Uint64(payload), binary.LittleEndian.Uint64(payload[8:])
	some, all := x|y, x&y
	some |= some >> 32
	some |= some >> 16
	some |= some >> 8
	all &= all >> 32
	all &= all >> 16
	all &= all >> 8
	if bits.OnesCount8(uint8(some^all)) < digestVary || x == y {
		return noDigest
	}
	hi, lo := bits.Mul64(x^0xa0761d6478bd642f^uint64(len(payload)), y^0xe7037ed1a0b428db)
	return uint32((hi ^ lo) >> 32)
}

// sample takes a packet whose digest is below r.limit. Where a digest stands
// does not matter before settle, so nothing is moved: with thousands of streams
// what this costs is to wait for memory.
func (r *run) sample(s *sample) {
	if r.sketch == nil {
		r.sketch = new(sketch)
	}
	k := r.sketch
	place, limit := int(k.n), s.digest
	for i, h := range k.hash[:k.n] {
		switch h {
		case s.digest:
			return
		case r.limit: // only of a full sketch: the one to go
			place = i
		default:
			limit = max(limit, h)
		}
	}
	k.hash[place], k.ts[place], k.seq[place] = s.digest, s.ts, s.seq
	if k.n < sketchSize {
		k.n++
	}
	if k.n == sketchSize {
		r.limit = limit
	}
}

// settle sorts the sketch.
func (k *sketch) settle() {
	for i := 1; i < int(k.n); i++ {
		for j := i; j > 0 && k.hash[j] < k.hash[j-1]; j-- {
			k.hash[j], k.hash[j-1] = k.hash[j-1], k.hash[j]
			k.ts[j], k.ts[j-1] = k.ts[j-1], k.ts[j]
			k.seq[j], k.seq[j-1] = k.seq[j-1], k.seq[j]
		}
	}
}

// common returns how many digests are in both sketches.
func (k *sketch) common(o *sketch) (n int) {
	k.each(o, func(uint16, uint16) { n++ })
	return n
}

// each calls f with the places in k and o of every digest that is in both.
func (k *sketch) each(o *sketch, f func(i, j uint16)) {
	for i, j := uint16(0), uint16(0); i < k.n && j < o.n; {
		switch a, b := k.hash[i], o.hash[j]; {
		case a < b:
			i++
		case a > b:
			j++
		default:
			f(i, j)
			i++
			j++
		}
	}
}

// below counts the digests up to limit whose packets were captured in [from, to].
func (r *run) below(limit uint32, from, to int64) (n int) {
	for i := range r.sketch.n {
		if at := r.sampled(i); r.sketch.hash[i] <= limit && at >= from && at <= to {
			n++
		}
	}
	return n
}

// sampled returns when the capture holds packet i of r's sketch, jitter apart.
func (r *run) sampled(i uint16) int64 { return r.capture(r.extend(r.sketch.ts[i])) }

// extend returns the extended timestamp of one of the run's packets: timestamps
// of one run lie within half of their range, or are only a guess.
func (r *run) extend(ts uint32) int64 { return r.tsMax + int64(int32(ts-uint32(r.tsMax))) }

// What two runs must have in common to be the same voice.
const (
	voiceLeast  = 6           // digests in common
	sketchLeast = 16          // digests in each
	voiceLag    = int64(25e7) // nanoseconds that a hop may take
)

// sameVoice reports whether two runs carry the same payloads at the same time,
// under whatever addresses, SSRC, sequence numbers and timestamps: two hops of
// one voice. a and b must have settled clocks, as in Finish.
//
// Below the lower limit of the two sketches each holds all digests that its run
// has, so there the share of common ones is that of common payloads. It is
// taken over the time in which both runs were there, and a third will do: one
// hop may have lost packets, and may have played something else for a while.
//
// False positives. Digests of 32 bits agree by chance, and at the same time,
// about once in 10^7 pairs of runs however long these are; six of them never.
// What is left is sound that is the same, not alike: a voice echoed by the
// other side (the same voice in the opposite direction: compare parties, not
// only runs), a conference, an announcement or a test recording that is played
// to several calls within a quarter of a second. A caller that finds one voice
// in many calls should believe none of them. Silence and steady tones do not
// count, see digest; muted codecs have fewer different packets than sketchLeast.
//
// False negatives. Transcoding, SRTP that is not passed through, payloads below
// digestOctets octets, and a run that is more than about four times as long as
// the other, of which too few digests remain.
func sameVoice(a, b *run) bool {
	from, to := max(a.first, b.first)-voiceLag, min(a.last, b.last)+voiceLag
	if from > to || a.sketch == nil || b.sketch == nil || a.sketch.n < sketchLeast || b.sketch.n < sketchLeast {
		return false
	}
	n := 0
	a.sketch.each(b.sketch, func(i, j uint16) {
		if lag := a.sampled(i) - b.sampled(j); max(lag, -lag) <= voiceLag {
			n++
		}
	})
	if n < voiceLeast {
		return false
	}
	limit := min(a.limit, b.limit)
	return 3*n >= min(a.below(limit, from, to), b.below(limit, from, to))
}

// mapping returns what to add to b's extended sequence numbers and timestamps
// to get a's, of two runs with the same voice; ok is false where no constant
// does it for nearly all packets that both sketches hold.
func mapping(a, b *run) (seqAdd, tsAdd int64, ok bool) {
	type offset struct {
		seq uint16
		ts  uint32
	}
	var found [sketchSize]offset
	n := 0
	a.sketch.each(b.sketch, func(i, j uint16) {
		found[n] = offset{a.sketch.seq[i] - b.sketch.seq[j], a.sketch.ts[i] - b.sketch.ts[j]}
		n++
	})
	var best offset
	most := 0
	for i := range n {
		votes := 0
		for k := range n {
			if found[k] == found[i] {
				votes++
			}
		}
		if votes > most {
			best, most = found[i], votes
		}
	}
	if most < voiceLeast || 10*most < 9*n {
		return 0, 0, false
	}
	// Both are known but for multiples of their range: the nearest to what the
	// capture times say.
	tsAdd = nearest(int64(best.ts), a.tsAt(b.last)-b.tsAt(b.last), 1<<32)
	seqAdd = nearest(int64(best.seq), a.seqAt(b.tsMax+tsAdd)-b.seqMax, 1<<16)
	return seqAdd, tsAdd, true
}

// nearest returns the number nearest to v that is x modulo m, a power of two.
func nearest(x, v, m int64) int64 { return x + roundTo(v-x, m) }

// tsAt returns the timestamp that the sender would have given at a capture time.
func (r *run) tsAt(nanos int64) int64 {
	return r.clock.base + nanosToTicks(nanos-r.anchor, r.clock.hz())
}

// seqAt returns about which packet of the run has a timestamp.
func (r *run) seqAt(ts int64) int64 {
	span := r.tsMax - r.tsMin
	if span <= 0 {
		return r.seqMax
	}
	at := min(max(ts, r.tsMin), r.tsMax) - r.tsMin
	return r.seqMin + int64(float64(r.seqMax-r.seqMin)*float64(at)/float64(span))
}
