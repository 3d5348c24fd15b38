package ws

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzControl holds parseControl against encoding/json into a plain map:
// exactly the JSON objects are read, strings come out as they went in, and no
// tag becomes an unsafe name.
func FuzzControl(f *testing.F) {
	for _, seed := range []string{
		hello, bye, `{}`, `[]`, `null`, ` null`, `{"tag":null}`, `{"tag":7,"rate":"8000"}`, `{"tag":"../x","rate":1e3}`,
		`{"TAG":"x"}`, `{"tag":{"a":[1,2]},"type":true}`, "{\"tag\":\"\xff\"}", "{\"tag\":{\"\x87\":[0]}}", `{"tag":"a","tag":"b"}`, `{"rate":-5}{`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseControl(data)
		var plain map[string]any
		object := json.Unmarshal(data, &plain) == nil && plain != nil
		if (err == nil) != object {
			t.Fatalf("error %v, but an object: %v", err, object)
		}
		if !safeName.MatchString(fileName(string(c.Tag))) {
			t.Errorf("tag %q gives the name %q", c.Tag, fileName(string(c.Tag)))
		}
		if err != nil {
			return
		}
		keys := 0 // spelt like "tag" if case is ignored: the last one counts
		for k := range plain {
			if bytes.EqualFold([]byte(k), []byte("tag")) {
				keys++
			}
		}
		if s, ok := plain["tag"].(string); ok && keys == 1 && string(c.Tag) != s {
			t.Errorf("tag %q, want %q", c.Tag, s)
		}
		if keys == 0 && c.Tag != "" {
			t.Errorf("tag %q out of nothing", c.Tag)
		}
		again, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if c2, err := parseControl(again); err != nil || c2 != c {
			t.Errorf("%+v came back as %+v, %v", c, c2, err)
		}
	})
}
