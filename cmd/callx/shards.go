package main

import (
	"runtime"
	"sync"
	"sync/atomic"

	"callx/audio"
)

// A job is one packet of a leg, or the leg's end.
type job struct {
	w    *legWork
	kind jobKind
	pt   uint8
	part int
	seq  int64
	// ticks is the packet's place in its part; nanos its capture time.
	ticks, nanos int64
	cut          int
	payload      []byte // in the batch's room
}

type jobKind uint8

const (
	jobAudio  jobKind = iota // payload is that of the RTP packet
	jobSecure                // payload is the whole SRTP packet
	jobRaw                   // payload is the whole RTP packet
	jobEnd
)

// A batch is some jobs with their payloads, copied: the capture's own bytes
// are gone when a shard comes to them.
type batch struct {
	jobs []job
	room []byte
}

const (
	batchRoom = 128 << 10
	batchJobs = 1024
	// batchQueue bounds how far the pass runs ahead of a shard.
	batchQueue = 4
)

// shards are the workers of pass 2. Each takes the jobs of its legs in order.
type shards struct {
	queues []chan *batch
	fill   []*batch // what the pass is filling, by shard
	spare  chan *batch
	wg     sync.WaitGroup
	failed atomic.Bool
	once   sync.Once
	err    error // the first
}

// newShards starts as many workers as there are processors: decoding and
// writing take most of the time of a pass.
func newShards() *shards {
	n := runtime.GOMAXPROCS(0)
	s := &shards{spare: make(chan *batch, n*(batchQueue+2))}
	for range n {
		q := make(chan *batch, batchQueue)
		s.queues = append(s.queues, q)
		s.fill = append(s.fill, newBatch())
		s.wg.Go(func() { s.work(q) })
	}
	return s
}

func newBatch() *batch {
	return &batch{jobs: make([]job, 0, batchJobs), room: make([]byte, 0, batchRoom)}
}

func (s *shards) count() int { return len(s.queues) }

// send gives a job to the shard of its leg; payload is copied. The error is
// that of any shard.
func (s *shards) send(w *legWork, j job, payload []byte) error {
	b := s.fill[w.shard]
	if len(b.jobs) == batchJobs || len(b.room)+len(payload) > cap(b.room) && len(b.jobs) > 0 {
		if s.failed.Load() {
			return s.wait()
		}
		s.queues[w.shard] <- b
		select {
		case b = <-s.spare:
		default:
			b = newBatch()
		}
		s.fill[w.shard] = b
	}
	at := len(b.room)
	b.room = append(b.room, payload...)
	j.w, j.payload = w, b.room[at:]
	b.jobs = append(b.jobs, j)
	return nil
}

// wait lets the shards finish all jobs and returns their first error.
func (s *shards) wait() error {
	for i, q := range s.queues {
		q <- s.fill[i]
		close(q)
	}
	s.queues = nil
	s.wg.Wait()
	return s.err
}

// work is one shard. After an error it only empties its queue.
func (s *shards) work(q <-chan *batch) {
	for b := range q {
		for i := range b.jobs {
			if s.failed.Load() {
				break
			}
			if err := b.jobs[i].do(); err != nil {
				s.once.Do(func() { s.err = err })
				s.failed.Store(true)
			}
		}
		clear(b.jobs)
		b.jobs, b.room = b.jobs[:0], b.room[:0]
		select {
		case s.spare <- b:
		default:
		}
	}
}

func (j *job) do() error {
	w := j.w
	switch {
	case w.closed:
		return nil // behind its last packet
	case j.kind == jobEnd:
		return w.end()
	case j.kind == jobRaw:
		return w.raw.Write(j.nanos, j.payload, j.cut)
	case j.kind == jobSecure && !w.decrypt(j):
		return w.refuse(j)
	}
	w.heard++
	return w.track.Add(&audio.Packet{
		Part: j.part, Seq: j.seq, Ticks: j.ticks, PayloadType: j.pt, Payload: j.payload, Cut: j.cut,
	})
}
