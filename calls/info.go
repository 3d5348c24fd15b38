package calls

import (
	"strings"

	"callx/calls/sip"
)

// info takes an INFO request (RFC 6086): some phones send digits in it, as
// application/dtmf-relay ("Signal=5", "Duration=160") or application/dtmf.
func (d *dialog) info(who *member, m *sip.Message, t int64) {
	kind, _, _ := strings.Cut(strings.ToLower(text(m.ContentType)), ";")
	body := strings.TrimSpace(text(m.Body))
	digit := body
	switch strings.TrimSpace(kind) {
	case "application/dtmf":
	case "application/dtmf-relay":
		digit = ""
		for line := range strings.Lines(body) {
			if name, value, ok := strings.Cut(line, "="); ok && strings.EqualFold(strings.TrimSpace(name), "Signal") {
				digit = strings.TrimSpace(value)
			}
		}
	default:
		return
	}
	if len(digit) == 1 && strings.Contains("0123456789*#ABCDabcd", digit) {
		d.event(t, "dtmf", who, strings.ToUpper(digit)+" by SIP INFO")
	}
}
