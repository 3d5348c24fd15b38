package main

import (
	"bytes"
	"fmt"
	"os"

	"callx/calls/dtls"
	"callx/pcapio"
)

// readKeyLogs reads the key logs that the user named.
func readKeyLogs(paths []string) (*dtls.KeyLog, error) {
	log := &dtls.KeyLog{}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return nil, usagef("--keylog: %w", err)
		}
		err = log.Read(f)
		f.Close()
		if err != nil {
			return nil, usagef("--keylog: %s: %w", path, err)
		}
	}
	return log, nil
}

// inputSecrets adds the key logs that stand in a capture file. What it returns
// says which of them cannot be read.
func inputSecrets(log *dtls.KeyLog, in *pcapio.Input) (notes []string) {
	for _, s := range in.Secrets {
		if s.Type != pcapio.SecretsTLS {
			continue
		}
		if err := log.Read(bytes.NewReader(s.Data)); err != nil {
			notes = append(notes, fmt.Sprintf("%s: offset %d: secrets: %v", in.Path, s.Off, err))
		}
	}
	return notes
}
