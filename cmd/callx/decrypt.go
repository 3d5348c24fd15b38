package main

import (
	"callx/calls"
	"callx/calls/rtp"
	"callx/calls/srtp"
	"callx/output"
)

// A decryption is the part of a leg's work that SRTP makes.
type decryption struct {
	crypt   []*srtp.Stream // of each part; nil where it is in the clear
	plain   []byte         // reused: the packet in hand
	refused uint64         // packets that no key fits
	heard   uint64         // packets that went to the track
	// open opens the file for packets that give no audio; nil drops them.
	open func() (*output.RTPDump, error)
}

func newDecryption(l *calls.Leg) (decryption, error) {
	d := decryption{crypt: make([]*srtp.Stream, len(l.Parts))}
	for i, p := range l.Parts {
		if len(p.Keys) == 0 {
			continue
		}
		s, err := srtp.NewStream(p.Keys)
		if err != nil {
			return d, err
		}
		d.crypt[i] = s
	}
	return d, nil
}

// decrypt turns an SRTP packet into the payload of an RTP packet. It reports
// false if no key fits: nothing of such a packet is audio.
func (d *decryption) decrypt(j *job) bool {
	if j.cut > 0 {
		return false // the tag is at the end
	}
	var err error
	if d.plain, err = d.crypt[j.part].Decrypt(d.plain[:0], j.payload); err != nil {
		return false
	}
	var p rtp.Packet
	if rtp.Parse(&p, d.plain, false) != nil {
		return false
	}
	j.payload = p.Payload
	return true
}

// nothing reports whether no packet could be decrypted: silence as long as the
// call would be a lie.
func (d *decryption) nothing() bool { return d.refused > 0 && d.heard == 0 }

// refuse saves a packet that no key fits, as it was.
func (w *legWork) refuse(j *job) error {
	w.refused++
	if w.raw == nil && w.open != nil {
		var err error
		if w.raw, err = w.open(); err != nil {
			return err
		}
	}
	if w.raw == nil {
		return nil
	}
	return w.raw.Write(j.nanos, j.payload, j.cut)
}
