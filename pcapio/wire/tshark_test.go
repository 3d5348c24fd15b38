package wire

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"callx/pcapio"
)

var tsharkFields = []string{
	"frame.number", "frame.cap_len", "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "udp.srcport", "udp.dstport", "udp.length",
	"udp.payload", "ip.flags.mf", "ip.frag_offset", "ipv6.fraghdr.more", "ipv6.fraghdr.offset",
}

// A view is what tshark sees in a frame: in the outermost IP packet, before
// tunnels, without reassembly.
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
	args := []string{"-n", "-r", path, "-T", "fields", "-E", "occurrence=f", "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"}
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
	captured, err := strconv.Atoi(cells[0])
	if err != nil {
		t.Fatal(err)
	}
	cells = cells[1:]
	v := view{captured: captured, protocols: cells[0], length: number(cells[7])}
	var ip string
	ip, v.class, v.sure = classify(cells[0])
	if more := cells[9]; ip == "ip" && more == "1" || ip == "ip" && number(cells[10]) != 0 {
		v.class, v.sure = ClassFragment, true
	}
	if more := cells[11]; ip == "ipv6" && more == "1" || ip == "ipv6" && number(cells[12]) != 0 {
		v.class, v.sure = ClassFragment, true
	}
	if v.class != ClassUDP || !v.sure {
		return v
	}
	src, dst := cells[1], cells[2]
	if ip == "ipv6" {
		src, dst = cells[3], cells[4]
	}
	addr := func(s string, port int) netip.AddrPort {
		a, err := netip.ParseAddr(s)
		if err != nil {
			t.Fatal(err)
		}
		return netip.AddrPortFrom(a.Unmap(), uint16(port))
	}
	v.flow = Flow{Src: addr(src, number(cells[5])), Dst: addr(dst, number(cells[6])), Proto: UDP}
	if v.payload, err = hex.DecodeString(cells[8]); err != nil {
		t.Fatal(err)
	}
	return v
}

// classify tells from a stack such as eth:ethertype:vlan:ethertype:ip:udp:rtp
// what the outermost IP packet holds. It is not sure where the link layer is
// none of ours, or where the stack ends with IP: a stack does not tell damage.
func classify(protocols string) (ip string, class Class, sure bool) {
	stack := strings.Split(protocols, ":")
	for i, p := range stack {
		switch p {
		case "eth", "ethertype", "vlan", "ieee8021ad", "llc", "sll", "raw", "null", "loop":
			continue
		case "arp", "lldp", "stp":
			return "", ClassOther, true
		case "ip", "ipv6":
			for _, above := range stack[i+1:] {
				switch {
				case above == "udp":
					return p, ClassUDP, true
				case above == "tcp":
					return p, ClassTCP, true
				case strings.HasPrefix(above, "icmp"), above == "igmp", above == "sctp", above == "esp":
					return p, ClassOther, true
				case strings.HasPrefix(above, "ipv6."), p == "ipv6" && (above == "ah" || above == "mipv6" || above == "hip" || above == "shim6"):
				case above == "ip", above == "ipv6", above == "gre": // a tunnel, which gopacket is asked about
					return "", 0, false
				default:
					return p, 0, false
				}
			}
			return p, 0, false
		}
		return "", 0, false
	}
	return "", 0, false
}

// against holds what we see in a frame against tshark's view.
func (v *view) against(t *testing.T, f *pcapio.Frame) error {
	t.Helper()
	got, class := decodeBoth(t, f)
	if !v.sure {
		tunnel := strings.Contains(v.protocols, ":gre:") || strings.Contains(v.protocols, ":ip:ip") || strings.Contains(v.protocols, ":ipv6:ip")
		if class == ClassUDP && !tunnel {
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
			}
		}
	}
	t.Logf("frames compared: %v by class, %v by link type", counts, links)
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
	if sure < 60 {
		t.Errorf("only %d rules compared", sure)
	}
}
