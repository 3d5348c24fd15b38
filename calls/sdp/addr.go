package sdp

import (
	"net/netip"
	"strconv"
	"strings"
)

// parseConnection reads the value of c= (RFC 8866 section 5.7), and of others
// that end alike. Network and address type may be missing before an address,
// not before a name.
//
//	<nettype> <addrtype> <connection-address>["/"<ttl>]["/"<number of addresses>]
func parseConnection(value string) (addr netip.Addr, name string, ok bool) {
	first, rest := cutField(value)
	second, rest := cutField(rest)
	third, _ := cutField(rest)
	for _, f := range [...]string{third, second, first} {
		if a, ok := parseAddr(f); ok {
			return a, "", true
		}
	}
	name, _, _ = strings.Cut(third, "/")
	if !isHostName(name) {
		return netip.Addr{}, "", false
	}
	return netip.Addr{}, name, true
}

// parseAddr reads an IP literal. Unlike [netip.ParseAddr] it takes brackets,
// leading zeros (decimal, as the senders mean them), and drops a suffix after
// a slash and the zone. IPv4 in IPv6 is unmapped.
func parseAddr(s string) (netip.Addr, bool) {
	s, _, _ = strings.Cut(s, "/")
	s = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	s, _, _ = strings.Cut(s, "%")
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Unmap(), true
	}
	var b [4]byte
	for i := range b {
		part, rest, more := strings.Cut(s, ".")
		n, err := strconv.ParseUint(part, 10, 8)
		if err != nil || more != (i < 3) {
			return netip.Addr{}, false
		}
		b[i], s = byte(n), rest
	}
	return netip.AddrFrom4(b), true
}

// isHostName tells names from garbage; digits and dots alone are a damaged
// address.
func isHostName(s string) bool {
	letters := false
	for i := range len(s) {
		switch c := s[i]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			letters = true
		case c >= '0' && c <= '9', c == '-', c == '.', c == '_':
		default:
			return false
		}
	}
	return letters && len(s) <= 255
}
