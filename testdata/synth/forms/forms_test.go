package forms

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"callx/testdata/synth"
)

// TestForms: names are unique, every form can be built twice with the same
// bytes, and what it was built from stays as it was.
func TestForms(t *testing.T) {
	base := mixture(t)
	before := make([][]byte, len(base.Frames))
	for i, fr := range base.Frames {
		before[i] = slices.Clone(fr.Data)
	}
	names := map[string]bool{}
	for _, f := range All() {
		if names[f.Name] {
			t.Errorf("two forms are called %q", f.Name)
		}
		names[f.Name] = true
		t.Run(f.Name, func(t *testing.T) {
			if !slices.EqualFunc(build(t, f, base), build(t, f, base), bytes.Equal) {
				t.Error("other bytes the second time")
			}
			if !reflect.DeepEqual(base.Ifaces, []synth.Iface{{Link: synth.Ethernet}}) {
				t.Error("the interfaces of the capture it was made of have changed")
			}
			for i, fr := range base.Frames {
				if !bytes.Equal(fr.Data, before[i]) {
					t.Fatalf("frame %d of the capture it was made of has changed", i+1)
				}
			}
		})
	}
}
