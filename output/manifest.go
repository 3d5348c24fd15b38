package output

import (
	"bufio"
	"encoding/json"
	"io"

	"callx/calls"
)

// A Manifest says what a run read, what became of every packet, and what it
// wrote. Only Run differs between two runs over the same inputs.
type Manifest struct {
	Run     Run              `json:"run"`
	Inputs  []Input          `json:"inputs"`
	Packets calls.Accounting `json:"packets"`
	Files   []calls.File     `json:"files"` // every file but the manifest itself
	Notes   []calls.Note     `json:"notes"`
	Calls   []*calls.Call    `json:"calls"`
}

// A Run describes one invocation.
type Run struct {
	Tool     string     `json:"tool"`
	Version  string     `json:"version"`
	Options  []string   `json:"options"`
	Started  calls.Time `json:"started"`
	Finished calls.Time `json:"finished"`
}

// An Input is one capture file.
type Input struct {
	Path        string       `json:"path"`
	Size        int64        `json:"size"`
	SHA256      string       `json:"sha256"`
	Format      string       `json:"format"`
	Compression string       `json:"compression"`
	LinkTypes   []int        `json:"link_types"`
	Frames      uint64       `json:"frames"`
	First       calls.Time   `json:"first"`
	Last        calls.Time   `json:"last"`
	Truncated   bool         `json:"truncated"`
	Notes       []calls.Note `json:"notes"`

	// What a pcapng file says of its capture.
	Interfaces []Interface `json:"interfaces"`
	Dropped    *uint64     `json:"dropped"` // frames that the capture lost; null if the file does not say
	Comments   []Comment   `json:"comments"`
}

// An Interface is a place where frames of an input were captured. The counters
// run from the beginning of the capture; null is what the file does not say.
type Interface struct {
	LinkType    int    `json:"link_type"`
	Snaplen     uint32 `json:"snaplen"` // 0 is no limit
	Name        string `json:"name"`
	Description string `json:"description"`
	Hardware    string `json:"hardware"`
	OS          string `json:"os"`
	Filter      string `json:"filter"`
	Speed       uint64 `json:"speed_bps"` // 0 is unknown
	Frames      uint64 `json:"frames"`    // in the file
	Received    *int64 `json:"received"`
	IfDropped   *int64 `json:"dropped_by_interface"`
	OSDropped   *int64 `json:"dropped_by_os"`
}

// A Comment is a remark in an input about its section, an interface, a packet
// or another block.
type Comment struct {
	Frame  uint64 `json:"frame"` // the packet's, or that of the next one
	Offset int64  `json:"offset"`
	On     string `json:"on"`
	Text   string `json:"text"`
}

// WriteManifest writes m as indented JSON.
func WriteManifest(w io.Writer, m *Manifest) error {
	bw := bufio.NewWriter(w)
	e := json.NewEncoder(bw)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(m); err != nil {
		return err
	}
	return bw.Flush()
}

// WriteJSONL writes one call a line.
func WriteJSONL(w io.Writer, cs []*calls.Call) error {
	bw := bufio.NewWriter(w)
	e := json.NewEncoder(bw)
	e.SetEscapeHTML(false)
	for _, c := range cs {
		if err := e.Encode(c); err != nil {
			return err
		}
	}
	return bw.Flush()
}
