package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"callx/calls/srtp"
)

// srtpKeys are the SRTP keys that the user gave. They are secrets: no
// error repeats one.
type srtpKeys struct {
	bySSRC map[uint32][]srtp.Key
	any    []srtp.Key
}

// of returns the keys for an SSRC, and those for all.
func (k *srtpKeys) of(ssrc uint32) (own, all []srtp.Key) { return k.bySSRC[ssrc], k.any }

// parseSRTPKeys takes the keys of the command line and of files. They are no
// flags of a type of their own: what is wrong with those is quoted.
func parseSRTPKeys(given, files []string) (*srtpKeys, error) {
	k := &srtpKeys{}
	for _, s := range given {
		if err := k.add(s); err != nil {
			return nil, usagef("--srtp-key: %w", err)
		}
	}
	for _, path := range files {
		if err := k.file(path); err != nil {
			return nil, usagef("--srtp-keys: %w", err)
		}
	}
	return k, nil
}

// add takes SSRC=KEY[,SUITE].
func (k *srtpKeys) add(s string) error {
	who, rest, ok := strings.Cut(strings.TrimSpace(s), "=")
	if !ok {
		return errors.New("want SSRC=KEY or SSRC=KEY,SUITE")
	}
	text, suite, _ := strings.Cut(rest, ",")
	key, err := srtp.ParseKey(strings.TrimSpace(text), strings.TrimSpace(suite))
	if err != nil {
		return err
	}
	who = strings.TrimSpace(who)
	if who == "*" {
		k.any = append(k.any, key)
		return nil
	}
	ssrc, err := strconv.ParseUint(strings.TrimPrefix(strings.ToLower(who), "0x"), 16, 32)
	if err != nil {
		return errors.New("the SSRC is neither hexadecimal nor *")
	}
	if k.bySSRC == nil {
		k.bySSRC = map[uint32][]srtp.Key{}
	}
	k.bySSRC[uint32(ssrc)] = append(k.bySSRC[uint32(ssrc)], key)
	return nil
}

// file takes the keys of a file, one a line; # begins a comment.
func (k *srtpKeys) file(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	n := 0
	for line := range strings.Lines(string(b)) {
		n++
		if line, _, _ = strings.Cut(line, "#"); strings.TrimSpace(line) == "" {
			continue
		}
		if err := k.add(line); err != nil {
			return fmt.Errorf("%s: line %d: %w", path, n, err)
		}
	}
	return nil
}
