package ws

import (
	"net"
	"sync"
	"time"
)

// A batchConn collects what is written until flush, so that many small
// messages are one system call. Before batch it is transparent.
//
// Any goroutine may write, one flushes: what answers the peer from the reading
// side never waits for a peer that does not read.
type batchConn struct {
	net.Conn
	timeout time.Duration // of one flush

	mu       sync.Mutex
	batching bool
	buf      []byte
	limit    time.Time // not zero: when everything has to be over
}

// batch starts to collect.
func (c *batchConn) batch() {
	c.mu.Lock()
	c.batching = true
	c.mu.Unlock()
}

func (c *batchConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	if !c.batching {
		c.mu.Unlock()
		return c.Conn.Write(p)
	}
	c.buf = append(c.buf, p...)
	c.mu.Unlock()
	return len(p), nil
}

// SetWriteDeadline does nothing: writes do not block, and flush has its own.
func (c *batchConn) SetWriteDeadline(time.Time) error { return nil }

// flush writes what was collected. spare is empty and takes what is written
// meanwhile; the buffer that became free is returned in its place.
func (c *batchConn) flush(spare []byte) ([]byte, error) {
	c.mu.Lock()
	out := c.buf
	c.buf = spare[:0]
	deadline := time.Now().Add(c.timeout)
	if !c.limit.IsZero() && c.limit.Before(deadline) {
		deadline = c.limit
	}
	c.Conn.SetWriteDeadline(deadline)
	c.mu.Unlock()
	if len(out) == 0 {
		return out, nil
	}
	_, err := c.Conn.Write(out)
	return out[:0], err
}

// hurry ends all reading and writing at limit, also what is blocked now.
func (c *batchConn) hurry(limit time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.limit.IsZero() || limit.Before(c.limit) {
		c.limit = limit
		c.Conn.SetDeadline(limit)
	}
}
