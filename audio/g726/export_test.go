package g726

import "callx/audio"

// NewFixed is New without the search for the packing.
func NewFixed(s audio.Spec) (audio.Decoder, error) {
	d, err := New(s)
	if err == nil {
		d.(*decoder).judge.sure = true
	}
	return d, err
}
