package ws

import (
	"encoding/json"
	"math"
	"time"
)

// Mirror is the dialect of callx recv. A text message announces the leg,
// binary messages are its PCM, a last text message ends it:
//
//	{"type":"initConfig","call_id":...,"tag":...,"format":"L16","rate":16000,"channels":1,...}
//	s16le ...
//	{"type":"end","call_id":...,"tag":...}
type Mirror struct{}

// MaxSpeed implements Dialect: such servers only store what they get.
func (Mirror) MaxSpeed() float64 { return math.Inf(1) }

// Session implements Dialect.
func (Mirror) Session(leg *Leg) Session { return mirrorSession{leg} }

type mirrorSession struct{ leg *Leg }

type mirrorStart struct {
	Type     string    `json:"type"`
	CallID   string    `json:"call_id"`
	Tag      string    `json:"tag"`
	Format   string    `json:"format"`
	Rate     int       `json:"rate"`
	Channels int       `json:"channels"`
	Party    string    `json:"party"`
	Caller   string    `json:"caller"`
	Callee   string    `json:"callee"`
	Start    time.Time `json:"start,omitzero"`
}

type mirrorEnd struct {
	Type   string `json:"type"`
	CallID string `json:"call_id"`
	Tag    string `json:"tag"`
}

func (s mirrorSession) Start(conn Conn) error {
	l := s.leg
	return sendJSON(conn, mirrorStart{
		Type: "initConfig", CallID: l.CallID, Tag: l.Tag, Format: "L16", Rate: l.Rate, Channels: l.Channels,
		Party: l.Party, Caller: l.Caller, Callee: l.Callee, Start: l.Start.UTC(),
	})
}

func (s mirrorSession) Audio(conn Conn, pcm []byte) error { return conn.Binary(pcm) }

func (s mirrorSession) Stop(conn Conn) error {
	return sendJSON(conn, mirrorEnd{Type: "end", CallID: s.leg.CallID, Tag: s.leg.Tag})
}

func sendJSON(conn Conn, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return conn.Text(b)
}
