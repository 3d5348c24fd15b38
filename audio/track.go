package audio

import (
	"math/bits"
	"slices"
)

// A Track reconstructs one leg: it takes the leg's packets as they were
// captured, puts each part in order, decodes, and writes blocks without gap
// or overlap to a Sink. Memory is bounded by the reordering that pass 1
// measured, never by the length of the call.
type Track struct {
	cfg   Config
	out   placer
	parts []partState
	pcm   []int16 // reused for decoding
	free  [][]byte
	stats Stats
}

// Config describes the leg to a Track.
type Config struct {
	Rate     int // of the output in Hz: the highest that the leg uses
	Channels int
	Parts    []Part // in order of start
	// Decoder returns the decoder for a payload type of a part; nil where
	// there is none, for what is no audio or cannot be decoded.
	Decoder func(part int, payloadType uint8) Decoder
}

// A Part is a stretch of the leg on one RTP clock, as pass 1 fitted it.
type Part struct {
	Start int64 // of tick 0, nanoseconds from the call's origin
	End   int64 // of the last packet's end
	Clock int   // RTP clock rate in Hz
	Late  int64 // nanoseconds by which a packet may come after a later one
}

// A Packet is one RTP packet with its place in a part.
type Packet struct {
	Part        int
	Seq         int64 // extended sequence number
	Ticks       int64 // extended timestamp, counted from the part's start
	PayloadType uint8
	Payload     []byte // borrowed for the call of Add
	Cut         int    // bytes that the capture did not keep of it
}

// Stats counts what became of the packets of a Track.
type Stats struct {
	Decoded     uint64
	Duplicates  uint64
	Overlapped  uint64 // spoken over by a later stream, or placed where audio already was
	Undecodable uint64 // payloads that the decoder refused, wholly or in part
	NotAudio    uint64 // without a decoder
	Cut         uint64 // decoded as far as the capture kept them
	Samples     int64  // written
}

// A partState is one part in work.
type partState struct {
	start, end int64 // samples of the output
	late       int64 // ticks
	top        int64 // highest ticks seen
	begun      bool
	last       int64 // sequence number decoded last
	queue      []Packet
	pt         uint8 // the payload type decoded last,
	decoder    Decoder
	decoders   map[uint8]Decoder // of all types so far; nil for what is no audio
}

// NewTrack returns a Track that writes to dst. Close closes dst too.
func NewTrack(cfg Config, dst Sink) *Track {
	t := &Track{cfg: cfg, parts: make([]partState, len(cfg.Parts))}
	t.out = placer{dst: dst, rate: cfg.Rate, channels: cfg.Channels}
	for i, p := range cfg.Parts {
		t.parts[i].start = scale(p.Start, int64(cfg.Rate), 1e9)
		t.parts[i].end = scale(p.End, int64(cfg.Rate), 1e9)
		t.parts[i].late = scale(p.Late, int64(p.Clock), 1e9) + 1
		if p.Late == 0 {
			t.parts[i].late = 0
		}
	}
	return t
}

// scale returns v*mul/div rounded to nearest, without overflow on the way.
// v may be negative.
func scale(v, mul, div int64) int64 {
	neg := v < 0
	if neg {
		v = -v
	}
	hi, lo := bits.Mul64(uint64(v), uint64(mul))
	lo, carry := bits.Add64(lo, uint64(div/2), 0)
	q, _ := bits.Div64(hi+carry, lo, uint64(div))
	if neg {
		return -int64(q)
	}
	return int64(q)
}

// Add takes the next packet as captured; it is copied if it has to wait for
// its turn. The error is the Sink's.
func (t *Track) Add(p *Packet) error {
	ps := &t.parts[p.Part]
	if ps.late == 0 && len(ps.queue) == 0 {
		return t.play(p)
	}
	q := *p
	q.Payload = t.buffer(len(p.Payload))
	copy(q.Payload, p.Payload)
	i := len(ps.queue)
	for i > 0 && ps.queue[i-1].Seq > p.Seq {
		i--
	}
	ps.queue = slices.Insert(ps.queue, i, q)
	ps.top = max(ps.top, p.Ticks)
	n := 0
	for n < len(ps.queue) && ps.queue[n].Ticks < ps.top-ps.late {
		n++
	}
	return t.release(p.Part, n)
}

// release plays the first n queued packets of a part.
func (t *Track) release(part, n int) error {
	q := t.parts[part].queue
	for i := range n {
		err := t.play(&q[i])
		t.free = append(t.free, q[i].Payload)
		if err != nil {
			return err
		}
	}
	t.parts[part].queue = q[:copy(q, q[n:])]
	return nil
}

func (t *Track) buffer(n int) []byte {
	if k := len(t.free) - 1; k >= 0 {
		b := t.free[k]
		t.free = t.free[:k]
		if cap(b) >= n {
			return b[:n]
		}
	}
	return make([]byte, n, max(n, 256))
}

// play decodes one packet and puts it in its place.
func (t *Track) play(p *Packet) error {
	ps := &t.parts[p.Part]
	if ps.begun && p.Seq <= ps.last {
		t.stats.Duplicates++
		return nil
	}
	if err := t.settle(p.Part); err != nil {
		return err
	}
	ps.begun, ps.last = true, p.Seq
	dec := t.decoder(ps, p)
	if dec == nil {
		t.stats.NotAudio++
		return nil
	}
	pcm, err := dec.Decode(t.pcm[:0], p.Payload)
	t.pcm = pcm
	if err != nil {
		t.stats.Undecodable++
	}
	if p.Cut > 0 {
		t.stats.Cut++
	}
	if len(pcm) == 0 {
		return nil
	}
	t.stats.Decoded++
	at := ps.start + scale(p.Ticks, int64(t.cfg.Rate), int64(t.cfg.Parts[p.Part].Clock))
	limit, spoken := t.limit(p.Part, at)
	if spoken {
		t.stats.Overlapped++
		return nil
	}
	trimmed, err := t.out.put(at, limit, pcm, dec.Rate(), dec.Channels())
	if trimmed {
		t.stats.Overlapped++
	}
	return err
}

// decoder returns the decoder of a packet, nil if there is none.
func (t *Track) decoder(ps *partState, p *Packet) Decoder {
	if ps.decoders != nil && ps.pt == p.PayloadType {
		return ps.decoder
	}
	d, known := ps.decoders[p.PayloadType]
	if !known {
		if ps.decoders == nil {
			ps.decoders = map[uint8]Decoder{}
		}
		d = t.cfg.Decoder(p.Part, p.PayloadType)
		ps.decoders[p.PayloadType] = d
	}
	ps.pt, ps.decoder = p.PayloadType, d
	return d
}

// settle plays what earlier parts still hold back when a later one speaks:
// it cannot be placed afterwards.
func (t *Track) settle(part int) error {
	if t.parts[part].begun {
		return nil
	}
	for i := range part {
		if n := len(t.parts[i].queue); n > 0 && t.parts[i].end <= t.parts[part].start {
			if err := t.release(i, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// limit says up to where a packet at a position may speak: a part that
// starts later is heard instead. spoken is true within such a part.
func (t *Track) limit(part int, at int64) (limit int64, spoken bool) {
	limit = int64(1) << 62
	for i := part + 1; i < len(t.parts); i++ {
		q := &t.parts[i]
		if at >= q.start && at < q.end {
			return at, true
		}
		if q.start > at {
			return min(limit, q.start), false
		}
	}
	return limit, false
}

// Close plays what is held back, fills up to the leg's end with silence and
// closes the Sink.
func (t *Track) Close() error {
	var err error
	end := int64(0)
	for i := range t.parts {
		if e := t.release(i, len(t.parts[i].queue)); err == nil {
			err = e
		}
		end = max(end, t.parts[i].end)
	}
	if e := t.out.silence(end); err == nil {
		err = e
	}
	if e := t.out.close(); err == nil {
		err = e
	}
	return err
}

// Stats returns the counts so far; final after Close.
func (t *Track) Stats() Stats {
	s := t.stats
	s.Samples = t.out.at
	return s
}
