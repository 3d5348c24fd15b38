package output

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// ErrNotEmpty says that an output folder holds files already.
var ErrNotEmpty = errors.New("folder is not empty")

// A Dir is the folder that a run writes to. Nothing is created or removed
// before Create, so that a run that fails early leaves no trace.
type Dir struct {
	path string
	old  []string // files of an earlier run, to be removed by Create
	made []string // folders that were not there before
}

// OpenDir checks that dir can be written to: it does not exist, is empty, or
// overwrite allows to replace what an earlier run wrote there. Files that no
// manifest lists are never touched, unless a new file has their name.
func OpenDir(dir string, overwrite bool) (*Dir, error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &Dir{path: dir}, nil
	case err != nil:
		return nil, err
	case len(entries) > 0 && !overwrite:
		return nil, fmt.Errorf("%s: %w; choose another, or --overwrite", dir, ErrNotEmpty)
	}
	return &Dir{path: dir, old: earlierFiles(dir)}, nil
}

// earlierFiles lists what the manifest of an earlier run says it wrote.
func earlierFiles(dir string) []string {
	b, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		return nil
	}
	type file struct{ Path string }
	var m struct {
		Files []file
		Calls []struct{ Legs []struct{ Files []file } }
	}
	if json.Unmarshal(b, &m) != nil {
		return nil
	}
	for _, c := range m.Calls {
		for _, l := range c.Legs {
			m.Files = append(m.Files, l.Files...)
		}
	}
	paths := []string{"manifest.json"}
	for _, f := range m.Files {
		paths = append(paths, f.Path)
	}
	return paths
}

// Create makes the folder and removes what an earlier run left in it.
func (d *Dir) Create() error {
	if _, err := os.Lstat(d.path); errors.Is(err, fs.ErrNotExist) {
		d.made = append(d.made, d.path)
	}
	if err := os.MkdirAll(d.path, 0o755); err != nil {
		return err
	}
	if len(d.old) == 0 {
		return nil
	}
	root, err := os.OpenRoot(d.path) // a path that leads out of the folder is refused
	if err != nil {
		return err
	}
	defer root.Close()
	folders := map[string]bool{}
	for _, p := range d.old {
		root.Remove(p)
		folders[path.Dir(p)] = true
	}
	for f := range folders {
		root.Remove(f) // stays if something else is in it
	}
	return nil
}

// Mkdir makes a folder inside the folder.
func (d *Dir) Mkdir(name string) error {
	err := os.Mkdir(d.Path(name), 0o755)
	switch {
	case err == nil:
		d.made = append(d.made, d.Path(name))
	case errors.Is(err, fs.ErrExist):
		return nil
	}
	return err
}

// Abandon removes the folders that were made and have nothing in them.
func (d *Dir) Abandon() {
	for _, path := range slices.Backward(d.made) {
		os.Remove(path)
	}
}

// Path returns the path of a file; name is relative with slashes.
func (d *Dir) Path(name string) string { return filepath.Join(d.path, filepath.FromSlash(name)) }
