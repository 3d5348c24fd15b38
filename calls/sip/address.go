package sip

import "bytes"

// An Address is the name-addr or addr-spec of a From, To, Contact or similar
// header (RFC 3261 sections 20.10 and 25.1).
//
//	"Bob Jones" <sip:bob:secret@biloxi.example:5060;transport=tcp>;tag=a6c85cf
//	 Display     ----URI----------------------------------------
//	                 User       Host                                   Tag
//
// Its parts stand as written; DisplayName takes the quotes off.
type Address struct {
	Display []byte // with its quotes, if any; see DisplayName
	URI     []byte // without angle brackets
	User    []byte // without password and parameters; the number of a tel: URI
	Host    []byte // without port and brackets; nil for a tel: URI
	Tag     []byte
}

// DisplayName returns the display name without quotes and backslash escapes.
// Bytes that are not UTF-8 are kept.
func (a *Address) DisplayName() string {
	d := a.Display
	if len(d) == 0 || d[0] != '"' {
		return string(unfold(d))
	}
	d = d[1:]
	name := make([]byte, 0, len(d))
	for i := 0; i < len(d) && d[i] != '"'; i++ {
		if d[i] == '\\' && i+1 < len(d) {
			i++
		}
		name = append(name, d[i])
	}
	return string(unfold(name))
}

// ParseAddress scans the first address of a header value. It finds what it
// can: quotes and angle brackets may be missing or not balanced.
func ParseAddress(v []byte) Address {
	var a Address
	a.parse(trimRight(trimLeft(v)))
	return a
}

// parse is ParseAddress for a value without blanks around it. a is empty.
func (a *Address) parse(v []byte) {
	rest := v
	if len(v) > 0 && v[0] == '"' {
		rest = v[quotedLen(v):]
	}
	display, rest, angle := cutAngle(v, rest)
	a.Display = display
	if angle {
		if i := bytes.IndexByte(rest, '>'); i >= 0 {
			a.setURI(rest[:i])
			a.Tag = tagOf(rest[i+1:])
			return
		}
	}
	// Without brackets the parameters are the header's, not the URI's
	// (section 20). A bracket never closed is taken for none, as that finds
	// the tag.
	n := specLen(rest)
	a.setURI(rest[:n])
	a.Tag = tagOf(rest[n:])
}

// cutAngle splits v into the display name and what follows the `<`, or else
// the URI without brackets. after is the part of v behind a quoted name.
func cutAngle(v, after []byte) (display, rest []byte, angle bool) {
	quoted := len(v) - len(after)
	uri := trimLeft(after)
	if n, m := schemeLen(uri), specLen(uri); n > 0 && m > n {
		end := trimLeft(uri[m:])
		if len(end) == 0 || end[0] != '<' {
			return v[:quoted], uri, false
		}
	}
	i := bytes.IndexByte(after, '<')
	if i < 0 && quoted > 0 {
		// A quote that closes too late, or never, has swallowed the URI.
		quoted, after = 0, v
		i = bytes.IndexByte(v, '<')
	}
	if i < 0 {
		return nil, uri, false
	}
	if display = trimRight(v[:quoted+i]); len(display) == 0 {
		display = nil
	}
	return display, after[i+1:], true
}

// quotedLen returns the length of the quoted string that v begins with, all
// of v if it does not end.
func quotedLen(v []byte) int {
	for i := 1; i < len(v); i++ {
		switch v[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(v)
}

// specLen returns the length of an addr-spec without brackets.
func specLen(v []byte) int {
	for i, c := range v {
		if c == ';' || c == ',' || c == '>' || c == '<' || c == '"' || isSpace(c) {
			return i
		}
	}
	return len(v)
}

// schemeLen returns the length of the URI scheme that v begins with, colon
// included; 0 if it begins with none.
func schemeLen(v []byte) int {
	for i, c := range v {
		switch {
		case c == ':' && i > 0:
			return i + 1
		case c|0x20 >= 'a' && c|0x20 <= 'z':
		case i > 0 && (isDigit(c) || c == '+' || c == '-' || c == '.'):
		default:
			return 0
		}
	}
	return 0
}

// setURI stores a URI and splits the user and host out of it.
func (a *Address) setURI(uri []byte) {
	uri = trimRight(trimLeft(uri))
	if len(uri) == 0 {
		return
	}
	a.URI = uri
	n := schemeLen(uri)
	scheme, rest := uri[:n], uri[n:]
	if equalFold(scheme, "tel:") {
		a.User = nonEmpty(upTo(rest, ';', '?'))
		return
	}
	at := userLen(rest)
	if at < 0 {
		if equalFold(scheme, "sip:") || equalFold(scheme, "sips:") {
			a.Host = hostOf(rest)
		}
		return
	}
	a.User = nonEmpty(upTo(rest[:at], ':', ';'))
	a.Host = hostOf(rest[at+1:])
}

// userLen returns the position of the @ that ends the userinfo, -1 if there
// is none. A user may hold ; and ? and a broken one even @ (then the last one
// before any parameter counts).
func userLen(b []byte) int {
	before := upTo(b, ';', '?')
	if at := bytes.LastIndexByte(before, '@'); at >= 0 {
		return at
	}
	if at := bytes.IndexByte(b[len(before):], '@'); at >= 0 {
		return len(before) + at
	}
	return -1
}

// hostOf returns the host of `host [":" port] [";" params] ["?" headers]`.
func hostOf(b []byte) []byte {
	b = upTo(b, ';', '?')
	if len(b) > 0 && b[0] == '[' {
		return nonEmpty(upTo(b[1:], ']', ']'))
	}
	if i := bytes.IndexByte(b, ':'); i >= 0 && bytes.IndexByte(b[i+1:], ':') < 0 {
		b = b[:i] // else an IPv6 address that lacks its brackets
	}
	return nonEmpty(trimRight(b))
}

// tagOf finds the tag among the header parameters, up to the next value.
func tagOf(b []byte) []byte {
	quotes := true
	for len(b) > 0 && b[0] != ',' {
		if b[0] == ';' || b[0] == '>' || isSpace(b[0]) {
			b = b[1:]
			continue
		}
		var n int
		n, quotes = paramLen(b, quotes)
		if len(b) > len("tag") && equalFold(b[:len("tag")], "tag") {
			value := trimLeft(b[len("tag"):n])
			if len(value) > 0 && value[0] == '=' {
				// A token (section 25.1), though some put it in quotes.
				value = bytes.TrimLeft(trimLeft(value[1:]), `"`)
				end := 0
				for end < len(value) && !endsTag(value[end]) {
					end++
				}
				return nonEmpty(value[:end])
			}
		}
		b = b[n:]
	}
	return nil
}

func endsTag(c byte) bool {
	return c == '"' || c == '>' || c == ';' || c == ',' || isSpace(c)
}

// paramLen returns the length of the parameter that b begins with. Within
// quotes ; and , belong to it, unless the quotes do not close: then quotes
// mean nothing from there on (also so that no byte is searched twice).
func paramLen(b []byte, quotes bool) (n int, balanced bool) {
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == ';' || c == ',':
			return i, quotes
		case c == '"' && quotes:
			if end := i + quotedLen(b[i:]); end < len(b) || end > i+1 && b[end-1] == '"' {
				i = end - 1
			} else {
				quotes = false
			}
		}
	}
	return len(b), quotes
}

// upTo cuts b before the first of two bytes.
func upTo(b []byte, stop1, stop2 byte) []byte {
	for i, c := range b {
		if c == stop1 || c == stop2 {
			return b[:i]
		}
	}
	return b
}

func nonEmpty(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}
