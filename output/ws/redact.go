package ws

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"
)

const (
	maxLine     = 500 // bytes of an error's line
	maxLocation = 200 // bytes of the place that a redirect names
	leastSecret = 4   // bytes; what is shorter is no secret
	leastPart   = 8   // bytes; a shorter part of a secret gives nothing away
)

// secrets lists what a server may repeat of our handshake, but an error must
// not: the values of the headers and of the query.
func secrets(header http.Header, u *url.URL) []string {
	var all []string
	for _, values := range header {
		for _, v := range values {
			all = append(all, v)
			all = append(all, strings.Fields(v)...)
		}
	}
	for pair := range strings.FieldsFuncSeq(u.RawQuery, func(r rune) bool { return r == '&' || r == ';' }) {
		_, v, found := strings.Cut(pair, "=")
		if !found {
			v = pair
		}
		all = append(all, v)
		if plain, err := url.QueryUnescape(v); err == nil {
			all = append(all, plain)
		}
	}
	return all
}

// redact takes secrets out of what a server says, also parts of them: a close
// reason has room for 123 bytes, many tokens are longer.
func redact(s string, secrets []string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		n := 0
		for _, secret := range secrets {
			n = max(n, shared(s[i:], secret))
		}
		if n == 0 {
			b.WriteByte(s[i])
			i++
			continue
		}
		b.WriteString("***")
		i += n
	}
	return b.String()
}

// shared is the length of the longest start of s that is the secret or a part
// of it; 0 if that is too short to matter.
func shared(s, secret string) int {
	if len(secret) < leastSecret {
		return 0
	}
	n := min(len(secret), leastPart)
	if len(s) < n || !strings.Contains(secret, s[:n]) {
		return 0
	}
	for n < len(s) && strings.Contains(secret, s[:n+1]) {
		n++
	}
	return n
}

// oneLine makes text that servers have a part in safe for a terminal.
func oneLine(s string) string {
	s = strings.ToValidUTF8(cut(s, maxLine), "?")
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}

// cut is s, or its start if it has more than n bytes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "..."
}
