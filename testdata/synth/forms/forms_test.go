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
		var built [2][][]byte
		for i := range built {
			var err error
			if built[i], err = f.Files(base); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.EqualFunc(built[0], built[1], bytes.Equal) {
			t.Errorf("%s: other bytes the second time", f.Name)
		}
		if !reflect.DeepEqual(base.Ifaces, []synth.Iface{{Link: synth.Ethernet}}) {
			t.Fatalf("%s: the interfaces of the capture it was made of have changed", f.Name)
		}
		for i, fr := range base.Frames {
			if !bytes.Equal(fr.Data, before[i]) {
				t.Fatalf("%s: frame %d of the capture it was made of has changed", f.Name, i+1)
			}
		}
	}
}
