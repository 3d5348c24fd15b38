package sip_test

import (
	"strings"
	"testing"

	"callx/calls/sip"
)

// evidence lists headers that tell which calls belong together or why they
// ended, as their RFCs show them, with their compact form if they have one.
var evidence = []struct{ name, compact, value string }{
	{"Via", "v", "SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds"},                               // RFC 3261 section 20.42
	{"Contact", "m", `"Mr. Watson" <sip:watson@worcester.bell.com> ;q=0.7`},                            // RFC 3261 section 20.10
	{"User-Agent", "", "Softphone Beta1.5"},                                                            // RFC 3261 section 20.41
	{"Refer-To", "r", "<sip:dave@denver.example.org?Replaces=12345%40a%3Bx>"},                          // RFC 3515 section 2.1
	{"Referred-By", "b", `<sip:r@ref.example>;cid="2UWQFN309shb3@ref.example"`},                        // RFC 3892 section 3
	{"Replaces", "", "425928@bobster.example.org;to-tag=7743;from-tag=6472"},                           // RFC 3891 section 6.1
	{"Session-ID", "", "ab30317f1a784dc48ff824d0d3715d86;remote=47755a9de7794ba387653f2099600ef2"},     // RFC 7989 section 11
	{"Session-Expires", "x", "4000;refresher=uac"},                                                     // RFC 4028 section 4
	{"P-Charging-Vector", "", `icid-value="AyretyU0dm+6O2IrT5tAFrbHLso=023551024";orig-ioi=home1.net`}, // RFC 7315 section 4.6
	{"P-Asserted-Identity", "", `"Cullen Jennings" <sip:fluffy@cisco.com>`},                            // RFC 3325 section 9.1
	{"Diversion", "", "<tel:+19195551002>;reason=no-answer;counter=1"},                                 // RFC 5806 section 4
	{"History-Info", "", "<sip:bob@example.com>;index=1"},                                              // RFC 7044 section 5
	{"Reason", "", `Q.850 ;cause=16 ;text="Terminated"`},                                               // RFC 3326 section 2
	{"RSeq", "", "988789"},                               // RFC 3262 section 7.1
	{"RAck", "", "776656 1 INVITE"},                      // RFC 3262 section 7.2
	{"X-CID", "", "a84b4c76e66710@pc33.atlanta.example"}, // of no RFC
	{"X-My-Correlation_Header", "", "4711"},
}

// TestHeaderForms finds each header first, last, in any case, in its compact
// form, with blanks before the colon, after an empty one, and cut by the end of
// the capture; a folded one has its blanks back.
func TestHeaderForms(t *testing.T) {
	rest := fromLine + toLine + callIDLine + cseqLine
	for _, h := range evidence {
		line := h.name + ": " + h.value + "\r\n"
		forms := map[string]string{
			"first":        startLine + line + rest + "\r\n",
			"last":         startLine + rest + line + "\r\n",
			"cut behind":   startLine + rest + strings.TrimSpace(line),
			"upper case":   startLine + strings.ToUpper(h.name) + ":" + h.value + "\r\n" + rest + "\r\n",
			"lower case":   startLine + strings.ToLower(h.name) + " \t:  " + h.value + "  \r\n" + rest + "\r\n",
			"after empty":  startLine + h.name + ":\r\n" + line + rest + "\r\n",
			"before other": startLine + line + rest + h.name + ": other\r\n\r\n",
			"LF only":      strings.ReplaceAll(startLine+line+rest+"\r\n", "\r\n", "\n"),
			"folded":       startLine + h.name + ":\r\n\t" + strings.ReplaceAll(h.value, " ", "\r\n  ") + "\r\n" + rest + "\r\n",
		}
		if h.compact != "" {
			forms["compact"] = startLine + h.compact + ":" + h.value + "\r\n" + rest + "\r\n"
			forms["compact in upper case"] = startLine + strings.ToUpper(h.compact) + " : " + h.value + "\r\n" + rest + "\r\n"
		}
		for form, text := range forms {
			var m sip.Message
			if err := sip.Parse(&m, []byte(text)); err != nil && form != "cut behind" {
				t.Errorf("%s, %s: %v", h.name, form, err)
			}
			if got := string(m.Header(h.name)); got != h.value {
				t.Errorf("%s, %s: got %q, want %q", h.name, form, got, h.value)
			}
		}
	}
}

// TestHeaderAllocations: only a value that is folded is copied.
func TestHeaderAllocations(t *testing.T) {
	for _, h := range evidence {
		var m sip.Message
		if err := sip.Parse(&m, []byte(with(startLine, startLine+h.name+": "+h.value+"\r\n"))); err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(10, func() { m.Header(h.name) }); n != 0 {
			t.Errorf("%s: %v allocations", h.name, n)
		}
	}
}
