package pcapio

import (
	"bytes"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A dissected is a block of a pcapng file as tshark takes the file apart.
type dissected struct {
	pos    int64
	typ    string
	fields []dissectedField
}

type dissectedField struct{ name, show, value string }

// dissect has tshark take the file itself apart, not the packets in it.
func dissect(t *testing.T, path string) []dissected {
	t.Helper()
	cmd := exec.Command("tshark", "-X", "read_format:MIME Files Format", "-r", path, "-T", "pdml")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var blocks []dissected
	for d := xml.NewDecoder(bytes.NewReader(out)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return blocks
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		e, ok := token.(xml.StartElement)
		if !ok || e.Name.Local != "field" {
			continue
		}
		a := make(map[string]string)
		for _, attr := range e.Attr {
			a[attr.Name.Local] = attr.Value
		}
		switch a["name"] {
		case "pcapng.block":
			pos, _ := strconv.ParseInt(a["pos"], 10, 64)
			blocks = append(blocks, dissected{pos: pos})
		case "pcapng.block.type":
			blocks[len(blocks)-1].typ = a["show"]
		default:
			if n := len(blocks); n > 0 {
				blocks[n-1].fields = append(blocks[n-1].fields, dissectedField{a["name"], a["show"], a["value"]})
			}
		}
	}
}

// text returns the strings of all fields of a name.
func (b *dissected) text(name string) []string {
	var all []string
	for _, f := range b.fields {
		if f.name == "pcapng."+name {
			raw, _ := hex.DecodeString(f.value)
			all = append(all, strings.ToValidUTF8(strings.TrimRight(string(raw), "\x00"), "\ufffd"))
		}
	}
	return all
}

func (b *dissected) one(name string) string {
	if v := b.text(name); len(v) > 0 {
		return v[len(v)-1]
	}
	return ""
}

// number returns the value of a field, or what is missing.
func (b *dissected) number(name string, missing int64) int64 {
	for _, f := range b.fields {
		if f.name == "pcapng."+name {
			n, _ := strconv.ParseInt(f.show, 0, 64)
			return n
		}
	}
	return missing
}

// theirInput makes of tshark's blocks what we say of the file.
func theirInput(blocks []dissected) Input {
	const opt = "options.option.data."
	var in Input
	var section []int // its interfaces, as indices
	foreign := false
	for i := range blocks {
		b := &blocks[i]
		if b.typ == "0x0a0d0d0a" {
			foreign = b.number("section_header.version.major", 0) != 1
		}
		if foreign {
			continue // the dissector goes on, but tshark's reader does not
		}
		on := map[string]string{
			"0x0a0d0d0a": "section", "0x00000001": "interface", "0x00000002": "packet", "0x00000004": "names",
			"0x00000005": "statistics", "0x00000006": "packet", "0x0000000a": "secrets",
		}[b.typ]
		for _, c := range b.text(opt + "comment") {
			if c != "" {
				in.Comments = append(in.Comments, Comment{Pos: Pos{Off: b.pos}, On: on, Text: c})
			}
		}
		switch b.typ {
		case "0x0a0d0d0a":
			section = nil
		case "0x00000001":
			section = append(section, len(in.Interfaces))
			in.Interfaces = append(in.Interfaces, Interface{
				Link:        LinkType(b.number("interface_description.link_type", 0)),
				Snaplen:     uint32(b.number("interface_description.snap_length", 0)),
				Name:        b.one(opt + "interface.name"),
				Description: b.one(opt + "interface.description"),
				Hardware:    b.one(opt + "interface.hardware"),
				OS:          b.one(opt + "interface.os"),
				Filter:      b.one(opt + "interface.filter.string"),
				Speed:       uint64(b.number(opt+"interface.speed", 0)),
			})
		case "0x00000002", "0x00000003", "0x00000006":
			id := b.number("interface_id", b.number("packet.interface_id", 0))
			if id < int64(len(section)) {
				in.Interfaces[section[id]].Frames++
			}
		case "0x00000004":
			var addr netip.Addr
			for _, f := range b.fields {
				switch f.name {
				case "pcapng.records.record.data.ipv4", "pcapng.records.record.data.ipv6":
					addr, _ = netip.ParseAddr(f.show)
				case "pcapng.records.record.data.name":
					if in.Names == nil {
						in.Names = make(map[netip.Addr][]string)
					}
					if !slices.Contains(in.Names[addr], f.show) {
						in.Names[addr] = append(in.Names[addr], f.show)
					}
				}
			}
		case "0x00000005":
			if id := b.number("interface_id", -1); id >= 0 && id < int64(len(section)) {
				s := &in.Interfaces[section[id]].Stats
				*s = Stats{
					Pos: Pos{Off: b.pos}, Blocks: s.Blocks + 1,
					Received:  b.number(opt+"interface.received", -1),
					Accepted:  b.number(opt+"interface.accepted_by_filter", -1),
					Delivered: b.number(opt+"interface.delivered_to_user", -1),
					IfDropped: b.number(opt+"interface.dropped", -1),
					OSDropped: b.number(opt+"interface.dropped_by_os", -1),
				}
			}
		case "0x0000000a":
			raw, _ := hex.DecodeString(b.fields[slices.IndexFunc(b.fields, func(f dissectedField) bool { return f.name == "pcapng.dsb.secrets_data" })].value)
			in.Secrets = append(in.Secrets, Secrets{Pos: Pos{Off: b.pos}, Type: SecretsType(b.number("dsb.secrets_type", 0)), Data: raw})
		}
	}
	return in
}

// told strips what tshark's dissection does not tell.
func told(in Input) Input {
	out := Input{Names: in.Names}
	for _, i := range in.Interfaces {
		i.Stats.Nanos, i.Stats.File, i.Stats.Frame = 0, 0, 0
		out.Interfaces = append(out.Interfaces, i)
	}
	for _, c := range in.Comments {
		c.Frame = 0
		out.Comments = append(out.Comments, c)
	}
	for _, s := range in.Secrets {
		s.Frame = 0
		out.Secrets = append(out.Secrets, s)
	}
	return out
}

// compareAbout compares what a file says of its capture with what tshark finds
// in it, and returns how much there was.
func compareAbout(t *testing.T, path string) (stats, comments, secrets int) {
	t.Helper()
	s := openSource(t, path)
	readAll(t, s)
	have, want := told(s.Inputs()[0]), theirInput(dissect(t, path))
	if !reflect.DeepEqual(have, want) {
		t.Errorf("%s:\nwe     %+v\ntshark %+v", path, have, want)
	}
	for _, i := range want.Interfaces {
		stats += int(i.Stats.Blocks)
	}
	return stats, len(want.Comments), len(want.Secrets)
}

// TestAboutAgainstTshark compares on all real pcapng files of moderate size.
func TestAboutAgainstTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	files, stats, comments := 0, 0, 0
	for _, path := range captures(t) {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !isPcapng(file) || len(file) > 300<<10 {
			continue
		}
		s, c, _ := compareAbout(t, path)
		files, stats, comments = files+1, stats+s, comments+c
	}
	t.Logf("%d files with %d statistics blocks and %d comments compared", files, stats, comments)
	if files < 30 || stats < 30 || comments < 50 {
		t.Errorf("too little to compare: %d files with %d statistics blocks and %d comments", files, stats, comments)
	}
}

// TestAboutByEditcap reads comments and keys that another program wrote.
func TestAboutByEditcap(t *testing.T) {
	if _, err := exec.LookPath("editcap"); err != nil {
		t.Skip("editcap is not installed")
	}
	dir := t.TempDir()
	const keys = "CLIENT_RANDOM 00112233 44556677\n"
	in, out, log := filepath.Join(dir, "in"), filepath.Join(dir, "out"), writeFile(t, "keys", []byte(keys))
	if err := os.WriteFile(in, seconds(1, 0, 1, 2, 3), 0o600); err != nil {
		t.Fatal(err)
	}
	edit := exec.Command("editcap", "-F", "pcapng", "--capture-comment", "mirror of the night", "-a", "2:second frame",
		"-a", "4:\u260e rings", "--inject-secrets", "tls,"+log, in, out)
	if text, err := edit.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if _, comments, secrets := compareAbout(t, out); comments != 3 || secrets != 1 {
		t.Errorf("%d comments, %d secrets", comments, secrets)
	}
	s := openSource(t, out)
	readAll(t, s)
	have := s.Inputs()[0]
	var texts []string
	for _, c := range have.Comments {
		texts = append(texts, fmt.Sprint(c.On, " ", c.Frame, " ", c.Text))
	}
	if !slices.Equal(texts, []string{"section 1 mirror of the night", "packet 2 second frame", "packet 4 \u260e rings"}) {
		t.Errorf("comments %q", texts)
	}
	if len(have.Secrets) != 1 || have.Secrets[0].Type != SecretsTLS || string(have.Secrets[0].Data) != keys {
		t.Errorf("secrets %+v", have.Secrets)
	}
}
