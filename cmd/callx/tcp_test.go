package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestSIPOverTCP lists a call between real clients whose INVITE is too long for
// UDP: its parties, keys and end are known from TCP alone.
func TestSIPOverTCP(t *testing.T) {
	dir := filepath.Join(captures(t), "ours", "c08_tcp_big_invite")
	truth := readTruth(t, dir)
	code, stdout, stderr := callx(t, "list", "--json", filepath.Join(dir, "cap.pcap"))
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	listed := jsonLines(t, stdout)
	if len(listed) != 1 || len(truth.Calls) != 1 {
		t.Fatalf("%d calls, %d in truth.json", len(listed), len(truth.Calls))
	}
	c, want := listed[0], truth.Calls[0]
	if c.State != "completed" || len(c.CallIDs) != 1 || c.CallIDs[0] != want.CallID {
		t.Errorf("state %s, Call-IDs %v; want completed, %s", c.State, c.CallIDs, want.CallID)
	}
	if !strings.HasPrefix(want.From, "<sip:"+c.Caller.User+"@") || !strings.HasPrefix(want.To, "<sip:"+c.Callee.User+"@") {
		t.Errorf("from %q to %q, want %s to %s", c.Caller.User, c.Callee.User, want.From, want.To)
	}
	if len(c.Legs) != 2 {
		t.Fatalf("%d legs", len(c.Legs))
	}
	for _, l := range c.Legs {
		if l.Encryption != "sdes" {
			t.Errorf("%s: encryption %s, want sdes", l.Party, l.Encryption)
		}
	}
}
