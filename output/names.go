package output

import (
	"fmt"
	"strings"

	"callx/calls"
)

// maxName is the longest folder name in bytes: far below what any file
// system takes, so that files inside it fit into a path.
const maxName = 80

// Folder names the folder of a call: its number, which makes it unique on any
// file system, then who called whom as far as that is safe in a name.
func Folder(c *calls.Call) string {
	if c.State == calls.Unattributed {
		return fmt.Sprintf("%04d-unattributed", c.Number)
	}
	name := fmt.Sprintf("%04d-%s-%s", c.Number, SafeName(c.Caller.User), SafeName(c.Callee.User))
	if len(name) > maxName {
		name = name[:maxName]
	}
	return strings.TrimRight(name, ".")
}

// SafeName turns text from a packet into a part of a file name: only ASCII
// letters, digits, '.', '_', '+' and '-' stay, none of them doubled up into a
// path, and never more than 32 bytes. Nothing usable gives "unknown".
func SafeName(s string) string {
	var b strings.Builder
	for _, r := range s {
		if b.Len() == 32 {
			break
		}
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '+':
			b.WriteRune(r)
		case r == '.' && b.Len() > 0, r == '-' && b.Len() > 0:
			b.WriteRune(r)
		default:
			if n := b.Len(); n > 0 && b.String()[n-1] != '_' {
				b.WriteByte('_')
			}
		}
	}
	if name := strings.Trim(b.String(), "._-"); name != "" {
		return name
	}
	return "unknown"
}
