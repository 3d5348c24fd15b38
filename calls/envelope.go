package calls

// An envelope keeps the lower envelope of (arrival - media time) of one RTP
// run in a fixed number of buckets: what is left of the network's delay when
// only the least delayed packets are looked at. It gives the offset between
// the sender's clock and the capture's, and the drift of one against the other.
type envelope struct {
	width   int64 // nanoseconds of arrival time a bucket covers; 0 before the first add
	start   int64 // arrival time of the first packet
	buckets []bucket
	line    clockFit // once settled
}

// A bucket holds the least delayed packet of its time.
type bucket struct {
	at  int64 // its arrival time, from start
	min int64 // its delay in nanoseconds; noDelay if there was no packet
}

const (
	// The buckets become more as the stream goes on: most streams are short.
	firstBuckets    = 4
	envelopeBuckets = 32
	envelopeWidth   = int64(500e6) // 500 ms at first; doubles as often as the stream needs
	noDelay         = int64(1) << 62
	// A fit needs ten seconds: over less, one packet's jitter of 1 ms already
	// looks like 100 ppm.
	driftMinSpan = int64(10e9)
)

// add takes one packet: its arrival in nanoseconds and its delay, arrival
// less media time, against any constant base. It returns the bucket that the
// packet fell into: the arrivals [from, to) that it covers, and the least delay
// of these. A packet that arrives within and is delayed more changes nothing.
func (e *envelope) add(arrival, delay int64) (from, to, floor int64) {
	if e.width == 0 {
		e.width, e.start = envelopeWidth, arrival
	}
	t := max(arrival-e.start, 0)
	for t/e.width >= envelopeBuckets {
		e.halve()
	}
	i := int(t / e.width)
	if i >= len(e.buckets) {
		e.grow(i + 1)
	}
	b := &e.buckets[i]
	if delay < b.min {
		b.min, b.at = delay, t
	}
	return e.start + int64(i)*e.width, e.start + int64(i+1)*e.width, b.min
}

// settle fits the line and lets go of the buckets.
func (e *envelope) settle() {
	e.line, e.buckets = e.fit(), nil
}

// grow makes room for n buckets, at most envelopeBuckets.
func (e *envelope) grow(n int) {
	size := firstBuckets
	for size < n {
		size *= 2
	}
	grown := make([]bucket, size)
	for i := copy(grown, e.buckets); i < size; i++ {
		grown[i].min = noDelay
	}
	e.buckets = grown
}

// halve merges the buckets in pairs and doubles their width.
func (e *envelope) halve() {
	for i := range e.buckets {
		if b := e.buckets[i]; i%2 == 0 || b.min < e.buckets[i/2].min {
			e.buckets[i/2] = b
		}
	}
	for i := len(e.buckets) / 2; i < len(e.buckets); i++ {
		e.buckets[i].min = noDelay
	}
	e.width *= 2
}

// A clockFit is the line under all delays: delay(t) = offset - ppm/1e6 * t, with
// t from the first packet's arrival.
type clockFit struct {
	offset int64   // nanoseconds
	ppm    float64 // positive: the sender's clock is fast against the capture's
	ok     bool    // the run was long enough for ppm
}

// fit returns the line that lies under all bucket minima and closest to them:
// the edge of their lower convex hull above the mean time (the linear program
// of S. Moon et al., "Estimation and Removal of Clock Skew from Network Delay
// Measurements", INFOCOM 1999). Stalls and queues lie above the line and have
// no say.
func (e *envelope) fit() clockFit {
	type point struct{ t, d int64 }
	var hull [envelopeBuckets]point
	n, points := 0, 0
	var mean float64
	lowest := noDelay
	for _, b := range e.buckets {
		if b.min == noDelay {
			continue
		}
		p := point{b.at, b.min}
		points++
		mean += float64(p.t)
		lowest = min(lowest, p.d)
		for n >= 2 {
			a, b := hull[n-2], hull[n-1]
			if float64(b.d-a.d)*float64(p.t-a.t) < float64(p.d-a.d)*float64(b.t-a.t) {
				break
			}
			n--
		}
		hull[n] = p
		n++
	}
	if points == 0 {
		return clockFit{}
	}
	if n < 2 || hull[n-1].t-hull[0].t < driftMinSpan {
		return clockFit{offset: lowest}
	}
	mean /= float64(points)
	k := 0
	for k < n-2 && float64(hull[k+1].t) < mean {
		k++
	}
	a, b := hull[k], hull[k+1]
	slope := float64(b.d-a.d) / float64(b.t-a.t)
	least := float64(a.d) - float64(slope*float64(a.t))
	return clockFit{offset: int64(least), ppm: -slope * 1e6, ok: true}
}
