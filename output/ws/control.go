package ws

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// A control is what a text message of a client says, as far as it is read.
type control struct {
	Type     text   `json:"type"`
	CallID   text   `json:"call_id"`
	Tag      text   `json:"tag"`
	Format   text   `json:"format"`
	Rate     number `json:"rate"`
	Channels number `json:"channels"`
	Party    text   `json:"party"`
	Caller   text   `json:"caller"`
	Callee   text   `json:"callee"`
}

var errControl = errors.New("a text message must be a JSON object with type, call_id and tag")

// parseControl reads a text message. Keys may be missing and values of another
// type: clients differ, and only what names the leg matters.
func parseControl(message []byte) (c control, err error) {
	if err := json.Unmarshal(message, &c); err != nil || string(bytes.TrimSpace(message)) == "null" {
		return control{}, errControl
	}
	return c, nil
}

// A text is a JSON string; anything else is taken as it is written, null as "".
// Either way it is valid UTF-8.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		s = strings.ToValidUTF8(string(b), "\uFFFD")
	}
	*t = text(s)
	return nil
}

// A number is a JSON integer, also in a string; anything else is 0.
type number int

func (n *number) UnmarshalJSON(b []byte) error {
	var s text
	s.UnmarshalJSON(b)
	i, _ := strconv.ParseInt(string(s), 10, 32)
	*n = number(i)
	return nil
}
