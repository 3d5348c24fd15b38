package calls

import (
	"cmp"
	"errors"
	"net/netip"
	"slices"

	"callx/calls/dtls"
	"callx/calls/srtp"
	"callx/pcapio/wire"
)

// DTLS-SRTP: the handshakes are gathered in pass 1; with a key log they give
// keys in Finish.

const (
	// maxHandshakes bounds those of all flows together, maxRekeys those of one.
	maxHandshakes = 1 << 17
	maxRekeys     = 8
	// maxPending bounds the hellos of which fragments are missing.
	maxPending = 256
)

// srtpLabel is that of RFC 5764 section 4.2.
const srtpLabel = "EXTRACTOR-dtls_srtp"

// handshakes holds the DTLS handshakes of a capture.
type handshakes struct {
	byFlow  map[wire.Flow]*secured // by the flow from client to server
	pending map[wire.Flow]*dtls.Half
	queue   []wire.Flow // of pending, the oldest first
	count   int
	log     *dtls.KeyLog
	ends    map[netip.AddrPort][]*secured // by either end, once it is asked for
}

// A secured flow is one on which there was a DTLS handshake.
type secured struct {
	flow   wire.Flow // from client to server
	hello  dtls.Hello
	agreed []agreement // in order of time
}

type agreement struct {
	nanos int64
	dtls.Handshake
}

// take looks for hellos in a datagram.
func (h *handshakes) take(d *wire.Datagram) {
	half, known := h.pending[d.Flow]
	if !known {
		half = &dtls.Half{}
	}
	half.Take(d.Payload, func(hello *dtls.Hello) { h.hello(d, hello) })
	switch {
	case known == half.Pending():
	case known:
		delete(h.pending, d.Flow)
	default:
		if h.pending == nil {
			h.pending = map[wire.Flow]*dtls.Half{}
		}
		// The queue may name flows that are complete; then it is longer than what
		// is pending, and so bounds it all the more.
		if len(h.queue) >= maxPending {
			delete(h.pending, h.queue[0])
			h.queue = append(h.queue[:0], h.queue[1:]...)
		}
		h.queue = append(h.queue, d.Flow)
		h.pending[d.Flow] = half
	}
}

func (h *handshakes) hello(d *wire.Datagram, hello *dtls.Hello) {
	if hello.Client {
		s := h.byFlow[d.Flow]
		if s == nil {
			if h.count >= maxHandshakes {
				return
			}
			if h.byFlow == nil {
				h.byFlow = map[wire.Flow]*secured{}
			}
			s = &secured{flow: d.Flow}
			h.byFlow[d.Flow] = s
			h.count++
		}
		s.hello = *hello
		return
	}
	s := h.byFlow[d.Flow.Reverse()]
	if s == nil {
		return // half of it is missing
	}
	a := agreement{d.Nanos, dtls.Agree(&s.hello, hello)}
	if n := len(s.agreed); n > 0 && s.agreed[n-1].Handshake == a.Handshake {
		return // sent again
	}
	if len(s.agreed) == maxRekeys {
		s.agreed = slices.Delete(s.agreed, 0, 1)
	} else {
		h.count++
	}
	s.agreed = append(s.agreed, a)
}

// of returns the handshakes that may protect a flow, and whether its sender was
// their client: those of its own addresses, else those that share one, as where
// ICE or a NAT moved either end.
func (h *handshakes) of(flow wire.Flow) (list []*secured, client []bool) {
	if s := h.byFlow[flow]; s != nil {
		list, client = append(list, s), append(client, true)
	}
	if s := h.byFlow[flow.Reverse()]; s != nil {
		list, client = append(list, s), append(client, false)
	}
	if len(list) > 0 || len(h.byFlow) == 0 {
		return list, client
	}
	if h.ends == nil {
		h.ends = map[netip.AddrPort][]*secured{}
		for _, s := range h.byFlow {
			h.ends[s.flow.Src] = append(h.ends[s.flow.Src], s)
			h.ends[s.flow.Dst] = append(h.ends[s.flow.Dst], s)
		}
		for _, all := range h.ends {
			slices.SortFunc(all, func(a, b *secured) int {
				return cmp.Or(a.flow.Src.Compare(b.flow.Src), a.flow.Dst.Compare(b.flow.Dst))
			})
		}
	}
	for _, s := range firstOf(h.ends[flow.Src]) {
		list, client = append(list, s), append(client, s.flow.Src == flow.Src)
	}
	for _, s := range firstOf(h.ends[flow.Dst]) {
		list, client = append(list, s), append(client, s.flow.Dst == flow.Dst)
	}
	return list, client
}

// firstOf bounds what is tried for one address.
func firstOf(all []*secured) []*secured { return all[:min(len(all), maxRekeys)] }

// secures reports whether a handshake on the flow agreed upon SRTP.
func (h *handshakes) secures(flow wire.Flow) bool {
	for _, f := range []wire.Flow{flow, flow.Reverse()} {
		if s := h.byFlow[f]; s != nil && slices.ContainsFunc(s.agreed, func(a agreement) bool { return a.Profile != 0 }) {
			return true
		}
	}
	return false
}

var (
	errNoKeys      = errors.New("no keys in the capture")
	errNoHandshake = errors.New("its handshake is not in the capture")
)

// keys lists the keys of what is sent on a flow at a time, the likeliest first.
// The error says why there is none.
func (h *handshakes) keys(flow wire.Flow, t int64) ([]srtp.Key, error) {
	if h.log == nil || h.log.Len() == 0 {
		return nil, errNoKeys
	}
	type candidate struct {
		key  srtp.Key
		away int64
	}
	var found []candidate
	why := errNoHandshake
	list, client := h.of(flow)
	for i, s := range list {
		for _, a := range s.agreed {
			if a.Profile == 0 {
				continue
			}
			c, v, err := srtp.ProfileKeys(a.Profile, a.MKI, func(n int) ([]byte, error) { return a.Export(h.log, srtpLabel, n) })
			if err != nil {
				why = err
				continue
			}
			if !client[i] {
				c = v
			}
			away := t - a.nanos
			if away < -slack/5 { // not yet in force
				away = 1<<61 - away
			}
			found = append(found, candidate{c, away})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.away, b.away) })
	var keys []srtp.Key
	for _, c := range found {
		if len(keys) < maxKeys && !slices.Contains(keys, c.key) {
			keys = append(keys, c.key)
		}
	}
	if len(keys) == 0 {
		return nil, why
	}
	return keys, nil
}

// KeyLog gives the secrets of DTLS handshakes, before Finish.
func (x *Indexer) KeyLog(log *dtls.KeyLog) { x.dtls.log = log }
