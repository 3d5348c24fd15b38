package calls

import "slices"

// A clock relates one run's timestamps to the capture's: clock rate, jitter
// and envelope. The rate may become known only while packets arrive (SDP may
// come late or be missing), so the first packets are kept until it is.
type clock struct {
	// What every packet touches stands together.
	rate        int64 // Hz; 0 until settled
	base        int64 // timestamp of the first packet
	least       int64 // least delay so far
	near        int64 // delay of the last packet whose arrival is believed
	first, last int64 // arrivals of the first and last such packet
	// The envelope's bucket in hand: most packets arrive within it, are later
	// than its least delayed, and are done with it.
	from, to, floor int64
	jitter          jitter

	env     *envelope
	pending []tick // the first packets, until the rate is settled
}

// wildArrival is by how much the delay may change from one packet to the next.
// Beyond it the capture's own clock is not believed: a time stamp that is
// damaged, or a clock that was set, must not move a leg by as much.
const wildArrival = int64(600e9)

type tick struct{ nanos, ts int64 }

// settleAfter packets the rate is taken from the signalling, the payload type
// or, failing both, from their slope.
const settleAfter = 32

func (c *clock) add(nanos, ts int64) {
	if c.rate == 0 {
		if len(c.pending) == 0 {
			c.base = ts
		}
		c.pending = append(c.pending, tick{nanos, ts})
		return
	}
	c.take(nanos, ts)
}

// settle fixes the clock rate; it is called once.
func (c *clock) settle(rate int64) {
	c.rate, c.env, c.least = rate, new(envelope), noDelay
	delays := make([]int64, len(c.pending))
	for i, t := range c.pending {
		delays[i] = c.delay(t.nanos, t.ts)
	}
	slices.Sort(delays)
	c.near = delays[len(delays)/2]
	for _, t := range c.pending {
		c.take(t.nanos, t.ts)
	}
	c.pending = nil
}

func (c *clock) take(nanos, ts int64) {
	delay := c.delay(nanos, ts)
	if off := delay - c.near; max(off, -off) > wildArrival {
		return
	}
	if c.first == 0 {
		c.first = nanos
	}
	c.near, c.last = delay, nanos
	c.least = min(c.least, delay)
	if delay < c.floor || nanos < c.from || nanos >= c.to {
		c.from, c.to, c.floor = c.env.add(nanos, delay)
	}
	c.jitter.add(delay, ts)
}

// delay returns arrival less media time.
func (c *clock) delay(nanos, ts int64) int64 {
	return nanos - int64(float64(ts-c.base)*(1e9/float64(c.rate)))
}

// late returns by how much a packet is later than the least delayed ones;
// false while that is not known.
func (c *clock) late(nanos, ts int64) (int64, bool) {
	if c.rate == 0 {
		return 0, false
	}
	return c.delay(nanos, ts) - c.least, true
}

// hz returns the rate, 8000 while it is not known.
func (c *clock) hz() int64 {
	if c.rate == 0 {
		return 8000
	}
	return c.rate
}

// guess returns the usual clock rate nearest to the slope of the first packets.
func (c *clock) guess() int64 {
	n := len(c.pending)
	if n < 2 {
		return 8000
	}
	a, b := c.pending[0], c.pending[n-1]
	if b.nanos <= a.nanos || b.ts <= a.ts {
		return 8000
	}
	slope := float64(b.ts-a.ts) * 1e9 / float64(b.nanos-a.nanos)
	return usualRate(slope)
}

// usualRate returns the clock rate of audio or video that is nearest.
func usualRate(slope float64) int64 {
	best := int64(8000)
	for _, hz := range []int64{8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 90000} {
		if ratio(slope, float64(hz)) < ratio(slope, float64(best)) {
			best = hz
		}
	}
	return best
}

func ratio(a, b float64) float64 {
	if a > b {
		return a / b
	}
	return b / a
}

// jitter is the estimator of RFC 3550 section 6.4.1 and appendix A.8, in
// nanoseconds; packets that share a timestamp count once.
type jitter struct {
	j16       int64 // the running estimate times 16
	max       int64
	sum       int64
	n         int64
	delay, ts int64 // of the packet before
	started   bool
}

func (j *jitter) add(delay, ts int64) {
	if !j.started {
		j.started, j.delay, j.ts = true, delay, ts
		return
	}
	if ts == j.ts {
		return
	}
	d := delay - j.delay
	j.delay, j.ts = delay, ts
	j.j16 += max(d, -d) - (j.j16+8)>>4
	j.max = max(j.max, j.j16>>4)
	j.sum += j.j16 >> 4
	j.n++
}

// report returns the figures in milliseconds, nil if there were too few packets.
func (j *jitter) report() *Jitter {
	if j.n == 0 {
		return nil
	}
	return &Jitter{Mean: Decimal(float64(j.sum/j.n) / 1e6), Max: Decimal(float64(j.max) / 1e6)}
}
