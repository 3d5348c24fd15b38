package synth

import (
	"bytes"
	"encoding/json"
)

// An Output is one file that a script becomes.
type Output struct {
	Name string
	Data []byte
}

// Files returns the capture and its truth as they stand in testdata.
func (s Script) Files() ([]Output, error) {
	data, truth, err := s.Build()
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetIndent("", "  ")
	if err := enc.Encode(truth); err != nil {
		return nil, err
	}
	return []Output{{s.Name, data}, {s.Name + ".truth.json", text.Bytes()}}, nil
}
