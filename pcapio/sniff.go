package pcapio

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// sniffLen is how many leading bytes sniff wants to see: enough for the magic
// of a tar archive, which stands at offset 257.
const sniffLen = 512

const (
	formatPcap   = "pcap"
	formatPcapng = "pcapng"
)

const (
	unpack  = ": unpack it first"
	convert = ": convert it with editcap -F pcapng IN OUT"
	hexDump = ": convert it with text2pcap IN OUT"
)

// foreign are the formats that people hand over instead of a capture, by the
// bytes at a fixed offset. Those that Wireshark opens, its editcap converts.
var foreign = []struct {
	at    int
	magic string
	looks string
}{
	{0, "PK\x03\x04", "zip" + unpack},
	{0, "Rar!\x1a\x07", "rar" + unpack},
	{0, "7z\xbc\xaf\x27\x1c", "7z" + unpack},
	{0, "MSCF\x00\x00\x00\x00", "cab" + unpack},
	{257, "ustar", "tar" + unpack},
	{0, "\x1f\x9d", "compress (.Z): decompress it first with uncompress"},
	{0, "LZIP", "lzip: decompress it first with lzip -d"},
	{0, "GMBU", "Microsoft NetMon" + convert},
	{0, "RTSS", "Microsoft NetMon 1" + convert},
	{0, "snoop\x00\x00\x00", "snoop" + convert},
	{0, "btsnoop\x00", "btsnoop" + convert},
	{0, "XCP\x00", "NetXRay" + convert},
	{0, "TRSNIFF data    \x1a", "Sniffer" + convert},
	{0, "iptrace ", "AIX iptrace" + convert},
	{0, "\x7fver", "OmniPeek" + convert},
	{0, "ObserverPktBuffe", "Network Instruments Observer" + convert},
	{0, "\x05VNF", "Visual Networks" + convert},
	{0, "EyeSDN", "EyeSDN" + convert},
	{0, "\xaa\xaa\xaa\xaa", "Accellent 5View" + convert},
	{0, "TR\x00\x64\x00", "HP-UX nettl" + convert},
	{0, "\x00\x00\x02\x00\x12\x05\x00\x10", "Tektronix K12" + convert},
	{0, "#!rtpplay1.0 ", "rtpdump" + convert},
	{8, "WAVE", "WAV audio"},
	{0, "fLaC", "FLAC audio"},
	{0, "OggS", "Ogg audio"},
}

// sniff names the capture format of a file that begins with head ("" if it
// is none) and, if it is none, what it looks like ("" if nobody can tell).
// Four bytes of a capture are enough: a file cut inside its first header is a
// capture that is truncated.
func sniff(head []byte) (format, looks string) {
	if _, ok := pcapMagic(head); ok {
		return formatPcap, ""
	}
	if isPcapng(head) {
		return formatPcapng, ""
	}
	for _, m := range foreign {
		if len(head) >= m.at && bytes.HasPrefix(head[m.at:], []byte(m.magic)) {
			return "", m.looks
		}
	}
	if text := looksLikeText(head); text != "" {
		return "", text
	}
	if looksLikeERF(head) {
		return "", "ERF" + convert
	}
	return "", ""
}

func looksLikeText(head []byte) string {
	if bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) {
		return "text (UTF-16)"
	}
	b := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			if len(b)-i < utf8.UTFMax && len(head) == sniffLen {
				i = len(b) // cut inside a character by sniffLen, not by the file
				continue
			}
			return ""
		case r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' && r != '\x1b':
			return ""
		}
		i += n
	}
	b = bytes.ToLower(bytes.TrimSpace(b))
	switch {
	case looksLikeHexDump(b):
		return "a hex dump" + hexDump
	case bytes.HasPrefix(b, []byte("<?xml")):
		return "XML"
	case len(b) == 0:
		return "text (blank)"
	case bytes.HasPrefix(b, []byte("<!doctype html")), bytes.HasPrefix(b, []byte("<html")):
		return "HTML"
	case b[0] == '{', b[0] == '[' && len(b) > 1 && bytes.IndexByte([]byte("{[\"]0123456789- \r\n"), b[1]) >= 0:
		return "JSON"
	}
	return "text"
}

// looksLikeHexDump knows text2pcap's and tcpdump's way to print bytes: offset
// 0, then bytes in hexadecimal.
func looksLikeHexDump(b []byte) bool {
	for line := range bytes.Lines(b) {
		offset, rest, _ := bytes.Cut(bytes.TrimSpace(line), []byte(" "))
		offset = bytes.TrimSuffix(bytes.TrimPrefix(offset, []byte("0x")), []byte(":"))
		if len(offset) < 4 || len(bytes.Trim(offset, "0")) > 0 {
			continue
		}
		first, _, _ := bytes.Cut(bytes.TrimSpace(rest), []byte(" "))
		if n := len(first); (n == 2 || n == 4) && len(bytes.Trim(first, "0123456789abcdef")) == 0 {
			return true
		}
	}
	return false
}

// looksLikeERF knows Endace's records, which have no magic, by the first of
// them: little-endian seconds within 1995..2100, a known type, and a record
// length that holds the header. https://wiki.wireshark.org/ERF
func looksLikeERF(head []byte) bool {
	if len(head) < 18 {
		return false
	}
	sec := binary.LittleEndian.Uint32(head[4:])
	typ := head[8] & 0x7f
	rlen, wlen := binary.BigEndian.Uint16(head[10:]), binary.BigEndian.Uint16(head[14:])
	return sec > 788918400 && sec < 4102444800 && typ >= 1 && typ <= 48 && rlen >= 18 && wlen > 0
}
