// Package all lists the codecs that callx decodes.
package all

import (
	"callx/audio"
	"callx/audio/amr"
	"callx/audio/amrwb"
	"callx/audio/dvi4"
	"callx/audio/g711"
	"callx/audio/g722"
	"callx/audio/g726"
	"callx/audio/g729"
	"callx/audio/gsm"
	"callx/audio/l16"
	"callx/audio/opus"
)

// Decoders returns the decoder of every codec, by encoding name.
func Decoders() audio.Registry {
	return audio.Registry{
		"amr-wb":       amrwb.New,
		"amr":          amr.New,
		"pcma":         g711.NewALaw,
		"pcmu":         g711.NewMuLaw,
		"g722":         g722.New,
		"g721":         g726.New,
		"g726-16":      g726.New,
		"g726-24":      g726.New,
		"g726-32":      g726.New,
		"g726-40":      g726.New,
		"aal2-g726-16": g726.New,
		"aal2-g726-24": g726.New,
		"aal2-g726-32": g726.New,
		"aal2-g726-40": g726.New,
		"g729":         g729.New,
		// Names that some devices write for the annexes, whose bitstream is
		// the same.
		"g729a":  g729.New,
		"g729ab": g729.New,
		"gsm":    gsm.New,
		"l8":     l16.New8,
		"l16":    l16.New,
		"l20":    l16.New20,
		"l24":    l16.New24,
		"dvi4":   dvi4.New,
		"opus":   opus.New,
	}
}
