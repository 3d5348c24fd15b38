package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A room is a package and what it may import of callx.
type room struct {
	path string
	may  string // packages; "audio/*" means those one level below audio
	test bool   // help for tests: only tests import it
}

// rooms are the import directions of the design: cmd -> all, output -> audio ->
// calls/rtp, calls -> pcapio, pcapio/wire -> pcapio. Imports of tests are free.
// A new package has to be given its place here.
var rooms = []room{
	{path: "cmd/callx", may: "pcapio pcapio/wire calls calls/* audio audio/* output output/*"},
	{path: "pcapio", may: ""},
	{path: "pcapio/wire", may: "pcapio"},
	{path: "calls", may: "pcapio pcapio/wire calls/*"},
	{path: "calls/sip", may: ""},
	{path: "calls/sdp", may: ""},
	{path: "calls/rtp", may: ""},
	{path: "calls/rtcp", may: ""},
	{path: "calls/srtp", may: ""},
	{path: "calls/dtls", may: ""},
	{path: "audio", may: "calls/rtp"},
	{path: "audio/amr", may: "audio audio/amr/payload audio/fixed"},
	{path: "audio/amr/payload", may: "audio"},
	{path: "audio/amrwb", may: "audio audio/amr/payload audio/fixed"},
	{path: "audio/dvi4", may: "audio"},
	{path: "audio/fixed", may: ""},
	{path: "audio/g711", may: "audio"},
	{path: "audio/g722", may: "audio"},
	{path: "audio/g726", may: "audio"},
	{path: "audio/g729", may: "audio audio/fixed"},
	{path: "audio/gsm", may: "audio"},
	{path: "audio/l16", may: "audio"},
	{path: "audio/opus", may: "audio"},
	{path: "audio/all", may: "audio audio/*"},
	{path: "output", may: "audio calls"},
	{path: "output/ws", may: "output audio"},
	{path: "calls/sip/siptest", may: "", test: true},
	{path: "audio/amr/amrtest", may: "audio/audiotest", test: true},
	{path: "audio/audiotest", may: "audio", test: true},
	{path: "output/outputtest", may: "output audio", test: true},
	{path: "testdata/synth", may: "", test: true},
	{path: "testdata/synth/forms", may: "testdata/synth", test: true},
	{path: "testdata/synth/cmd", may: "testdata/synth", test: true},
}

const module = "callx/"

// TestImportDirections holds the imports of every package against the table.
func TestImportDirections(t *testing.T) {
	byPath := map[string]room{}
	for _, r := range rooms {
		byPath[r.path] = r
	}
	for path, imports := range listImports(t) {
		r, ok := byPath[path]
		if !ok {
			t.Errorf("%s stands in no row of the table in imports_test.go: decide what it may import", path)
			continue
		}
		for _, imported := range imports {
			switch {
			case !r.allows(imported):
				t.Errorf("%s imports %s; it may import of callx: %q", path, imported, r.may)
			case byPath[imported].test && !r.test:
				t.Errorf("%s imports %s, which is for tests only", path, imported)
			}
		}
	}
}

func (r room) allows(path string) bool {
	return slices.ContainsFunc(strings.Fields(r.may), func(may string) bool {
		parent, wild := strings.CutSuffix(may, "/*")
		if !wild {
			return path == may
		}
		rest, below := strings.CutPrefix(path, parent+"/")
		return below && !strings.Contains(rest, "/")
	})
}

// listImports asks the go tool for what every package of the module imports of
// the module, tests left out. "./..." does not cover testdata.
func listImports(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...", "./testdata/synth/...")
	cmd.Dir = "../.."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	all := map[string][]string{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		var own []string
		for _, path := range p.Imports {
			if rest, ok := strings.CutPrefix(path, module); ok {
				own = append(own, rest)
			}
		}
		all[strings.TrimPrefix(p.ImportPath, module)] = own
	}
	if len(all) < 2 {
		t.Fatalf("go list found only %d packages", len(all))
	}
	return all
}
