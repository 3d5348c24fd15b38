package sdp

import (
	"hash/maphash"
	"slices"
	"strings"
)

// A Pool makes sessions that are kept in great numbers small: they share what
// they have in common, the strings and lists of formats that every phone of a
// model sends, and hold on to nothing else of the text they were read from.
// The zero value is empty. A Pool is for one goroutine.
type Pool struct {
	texts   map[string]string
	formats map[uint64][]Format
	seed    maphash.Seed
}

// maxPooled bounds each of the pool's maps; beyond it nothing new is shared.
const maxPooled = 1 << 14

// Parse is like the function [Parse]; what the session's slices and strings
// hold must not be changed. Origin is not kept.
func (p *Pool) Parse(b []byte) (*Session, error) {
	parsed, err := Parse(b)
	if err != nil {
		return nil, err
	}
	s := new(Session) // parsed lies within a parser
	*s = *parsed
	if p.texts == nil {
		p.texts, p.formats, p.seed = map[string]string{}, map[uint64][]Format{}, maphash.MakeSeed()
	}
	s.Origin, s.OriginID, s.OriginVersion = "", "", ""
	s.AddrName = p.text(s.AddrName)
	for _, group := range s.Bundle {
		for i := range group {
			group[i] = p.text(group[i])
		}
	}
	s.Media = append(make([]Media, 0, len(s.Media)), s.Media...)
	for i := range s.Media {
		m := &s.Media[i]
		m.Kind, m.Proto, m.AddrName, m.MID = p.text(m.Kind), p.text(m.Proto), p.text(m.AddrName), p.text(m.MID)
		m.Formats = p.list(m.Formats)
		for k := range m.Crypto {
			c := &m.Crypto[k]
			c.Suite, c.Key, c.Params = p.text(c.Suite), strings.Clone(c.Key), strings.Clone(c.Params)
		}
	}
	return s, nil
}

// text returns a string equal to s that is shared, or a copy.
func (p *Pool) text(s string) string {
	if s == "" {
		return ""
	}
	if t, ok := p.texts[s]; ok {
		return t
	}
	t := strings.Clone(s)
	if len(p.texts) < maxPooled {
		p.texts[t] = t
	}
	return t
}

func (p *Pool) list(fs []Format) []Format {
	if len(fs) == 0 {
		return nil
	}
	var h maphash.Hash
	h.SetSeed(p.seed)
	for i := range fs {
		maphash.WriteComparable(&h, fs[i])
	}
	k := h.Sum64()
	if shared, ok := p.formats[k]; ok && slices.Equal(shared, fs) {
		return shared
	}
	out := make([]Format, len(fs))
	for i, f := range fs {
		f.Name, f.Fmtp = p.text(f.Name), p.text(f.Fmtp)
		out[i] = f
	}
	if len(p.formats) < maxPooled {
		p.formats[k] = out
	}
	return out
}
