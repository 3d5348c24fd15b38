package dtls

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"io"
)

// ErrKeyLog: a key log in which no line can be read.
var ErrKeyLog = errors.New("no line is one of a TLS key log")

// A KeyLog holds the master secrets of a key log in the format of
// SSLKEYLOGFILE (RFC 9850), by client random. The zero value is empty. It never
// prints what it holds.
type KeyLog struct {
	masters map[[32]byte][48]byte
}

// Len returns how many secrets there are.
func (k *KeyLog) Len() int { return len(k.masters) }

// String does not tell the secrets.
func (k *KeyLog) String() string { return "TLS key log" }

// Read adds the lines of r: those labelled CLIENT_RANDOM, which hold the master
// secrets up to (D)TLS 1.2; those for TLS 1.3, comments and damaged ones are
// passed over. The error is one of reading, or [ErrKeyLog] if there are lines
// and none is of the format.
func (k *KeyLog) Read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 64<<10)
	any, fits := false, false
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		any = true
		f := bytes.Fields(line)
		var random [32]byte
		if len(f) != 3 || len(f[1]) != 2*len(random) {
			continue
		}
		if _, err := hex.Decode(random[:], f[1]); err != nil {
			continue
		}
		var master [48]byte
		if string(f[0]) == "CLIENT_RANDOM" && len(f[2]) == 2*len(master) {
			if _, err := hex.Decode(master[:], f[2]); err != nil {
				continue
			}
			if k.masters == nil {
				k.masters = map[[32]byte][48]byte{}
			}
			k.masters[random] = master
		}
		fits = true
	}
	if err := lines.Err(); err != nil && !errors.Is(err, bufio.ErrTooLong) {
		return err
	}
	if any && !fits || lines.Err() != nil {
		return ErrKeyLog
	}
	return nil
}
