package wire

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"callx/pcapio"
)

var tsharkFields = []string{
	"frame.number", "frame.cap_len", "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "udp.srcport", "udp.dstport",
	"udp.length", "udp.payload", "ip.flags.mf", "ip.frag_offset", "ipv6.fraghdr.more", "ipv6.fraghdr.offset",
}

// A view is what tshark sees in a frame: in the innermost IP packet, without
// reassembly.
type view struct {
	captured  int // bytes
	protocols string
	class     Class
	sure      bool // its class is one that tshark can tell
	flow      Flow
	payload   []byte
	length    int // UDP length field
}

// tshark gives its view of every frame of a capture.
func tshark(t *testing.T, path string) []view {
	t.Helper()
	args := []string{"-n", "-r", path, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=,", "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"}
	for _, f := range tsharkFields {
		args = append(args, "-e", f)
	}
	out, err := exec.Command("tshark", args...).Output()
	if err != nil && len(out) == 0 {
		t.Logf("%s: tshark reads nothing: %v", path, err)
		return nil
	}
	var views []view
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		cells := strings.Split(lines.Text(), "\t")
		if len(cells) != len(tsharkFields) || cells[0] != strconv.Itoa(len(views)+1) {
			t.Fatalf("%s: tshark line %d: %q", path, len(views)+1, lines.Text())
		}
		views = append(views, parseView(t, cells[1:]))
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return views
}

func parseView(t *testing.T, cells []string) view {
	t.Helper()
	number := func(s string) int {
		n, err := strconv.ParseUint("0"+s, 10, 16)
		if err != nil {
			t.Fatal(err)
		}
		return int(n)
	}
	// nth gives an occurrence of a field; some are absent in some layers.
	nth := func(cell string, n int) string {
		list := strings.Split(cell, ",")
		return list[min(n, len(list)-1)]
	}
	captured, err := strconv.Atoi(cells[0])
	if err != nil {
		t.Fatal(err)
	}
	s := classify(cells[1])
	cells = cells[2:]
	v := view{captured: captured, protocols: s.protocols, class: s.class, sure: s.sure}
	for i := range s.ipv4 { // tshark looks into a first fragment
		if nth(cells[8], i) == "1" || number(nth(cells[9], i)) != 0 {
			v.class, v.sure = ClassFragment, true
		}
	}
	if s.ip == "ipv6" && (nth(cells[10], 0) == "1" || number(nth(cells[11], 0)) != 0) {
		v.class, v.sure = ClassFragment, true
	}
	if v.class != ClassUDP || !v.sure {
		return v
	}
	src, dst := cells[0], cells[1]
	if s.ip == "ipv6" {
		src, dst = cells[2], cells[3]
	}
	addr := func(s string, port string) netip.AddrPort {
		a, err := netip.ParseAddr(s)
		if err != nil {
			t.Fatal(err)
		}
		return netip.AddrPortFrom(a.Unmap(), uint16(number(port)))
	}
	v.flow = Flow{Src: addr(nth(src, s.nip), nth(cells[4], s.nudp)), Dst: addr(nth(dst, s.nip), nth(cells[5], s.nudp)), Proto: UDP}
	v.length = number(nth(cells[6], s.nudp))
	if v.payload, err = hex.DecodeString(nth(cells[7], s.nudp)); err != nil {
		t.Fatal(err)
	}
	return v
}

// A stack is what a list such as eth:ethertype:ip:gre:ip:udp:rtp tells.
type stack struct {
	protocols string
	ip        string // "ip" or "ipv6", the innermost
	nip, nudp int    // which of its kind the innermost is, from 0
	ipv4      int    // how many there are
	class     Class
	sure      bool // not where it ends with IP: a stack does not tell damage
	bears     bool // the innermost UDP bears a tunnel that we know
}

// classify walks a stack to the innermost datagram. What an error message
// quotes is none.
func classify(protocols string) stack {
	s := stack{protocols: protocols, nudp: -1}
	seen := map[string]int{}
	for p := range strings.SplitSeq(protocols, ":") {
		switch {
		case p == "ip", p == "ipv6":
			if s.class == ClassUDP && s.sure {
				s.sure = false // a tunnel that UDP bears
			}
			s.ip, s.nip = p, seen[p]
			seen[p]++
			s.ipv4 = seen["ip"]
		case slices.Contains([]string{"vxlan", "geneve", "gtp", "l2tp", "tzsp", "teredo"}, p):
			s.bears = true
		case p == "udp":
			s.class, s.sure = ClassUDP, s.nudp < 0 || s.bears
			s.nudp++
			s.bears = false
		case p == "tcp":
			s.class, s.sure = ClassTCP, s.nudp < 0 || s.bears
			return s
		case strings.HasPrefix(p, "icmp"), p == "igmp", p == "sctp", p == "esp", p == "arp", p == "lldp", p == "stp", p == "pppoed", p == "lcp", p == "ipcp", p == "ipv6cp":
			s.class, s.sure = ClassOther, s.nudp < 0 || s.bears
			return s
		}
	}
	return s
}

// against holds what we see in a frame against tshark's view.
func (v *view) against(t *testing.T, f *pcapio.Frame) error {
	t.Helper()
	got, class := decodeBoth(t, f)
	if !v.sure {
		if class == ClassUDP && !strings.Contains(v.protocols, ":udp:") { // a tunnel that UDP bears
			return fmt.Errorf("a datagram, but tshark sees %s", v.protocols)
		}
		return nil
	}
	if class != v.class {
		return fmt.Errorf("class %d, want %d: tshark sees %s", class, v.class, v.protocols)
	}
	if class != ClassUDP {
		return nil
	}
	g := got[0]
	if g.Flow != v.flow || !bytes.Equal(g.Payload, v.payload) {
		return fmt.Errorf("%v %x, tshark %v %x", g.Flow, g.Payload, v.flow, v.payload)
	}
	if v.length >= 8 && len(g.Payload)+g.Cut != v.length-8 {
		return fmt.Errorf("%d bytes and %d cut, tshark reads a UDP length of %d", len(g.Payload), g.Cut, v.length)
	}
	return nil
}

func needTshark(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("one tshark a capture takes a minute")
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
}

// TestAgainstTshark compares class, flow, payload and missing bytes of every
// frame with tshark, over all captures that pcapgo can read.
func TestAgainstTshark(t *testing.T) {
	needTshark(t)
	counts := map[Class]int{}
	links := map[pcapio.LinkType]int{}
	wrapped := map[string]int{} // frames compared inside a header of the name
	for _, path := range captures(t) {
		frames, err := readCapture(path)
		if err != nil {
			t.Fatal(err)
		}
		views := tshark(t, path)
		for i := range min(len(frames), len(views)) {
			if views[i].captured != len(frames[i].Data) {
				t.Logf("%s: frame %d is another one to pcapgo", path, i+1)
				break
			}
			if err := views[i].against(t, &frames[i]); err != nil {
				t.Errorf("%s: frame %d: %v", path, i+1, err)
			}
			if views[i].sure {
				counts[views[i].class]++
				links[frames[i].Link]++
				for _, name := range []string{"vlan", "pppoes", "gre", "erspan", "vxlan", "geneve", "gtp", "l2tp", "tzsp", "teredo"} {
					if strings.Contains(views[i].protocols, ":"+name+":") {
						wrapped[name]++
					}
				}
			}
		}
	}
	t.Logf("frames compared: %v by class, %v by link type, %v inside others", counts, links, wrapped)
	for name, least := range map[string]int{"vlan": 100, "pppoes": 100, "gre": 200, "erspan": 5} {
		if wrapped[name] < least {
			t.Errorf("only %d frames inside %s compared", wrapped[name], name)
		}
	}
	if counts[ClassUDP] < 100_000 || counts[ClassTCP] < 100 || counts[ClassOther] < 100 || counts[ClassFragment] < 10 {
		t.Errorf("too few frames compared: %v", counts)
	}
	for _, l := range []pcapio.LinkType{linkNull, linkEthernet, linkRaw, linkSLL, linkSLL2} {
		if links[l] == 0 {
			t.Errorf("no frame of link type %d compared", l)
		}
	}
}

// TestRulesAgainstTshark checks the hand-built frames, so that the rules are
// not ours alone.
func TestRulesAgainstTshark(t *testing.T) {
	needTshark(t)
	byLink := map[pcapio.LinkType][]rule{}
	for _, r := range rules() {
		if r.notTshark == "" {
			byLink[r.link] = append(byLink[r.link], r)
		}
	}
	sure := 0
	for link, list := range byLink {
		views := tshark(t, writeRules(t, link, list))
		if len(views) != len(list) {
			t.Errorf("link type %d: tshark sees %d frames of %d", link, len(views), len(list))
			continue
		}
		for i, r := range list {
			if err := views[i].against(t, r.frame()); err != nil {
				t.Errorf("%s: %v", r.name, err)
			}
			if views[i].sure {
				sure++
			} else if r.class == ClassUDP {
				t.Errorf("%s: tshark sees %s", r.name, views[i].protocols)
			}
		}
	}
	t.Logf("%d of %d rules compared", sure, len(rules()))
	if sure < 220 {
		t.Errorf("only %d rules compared", sure)
	}
}
