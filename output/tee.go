package output

import (
	"errors"

	"callx/audio"
)

// tee writes every block to several sinks.
type tee []audio.Sink

// Tee returns a sink that writes to all of sinks in turn.
func Tee(sinks ...audio.Sink) audio.Sink {
	if len(sinks) == 1 {
		return sinks[0]
	}
	return tee(sinks)
}

func (t tee) Write(b audio.Block) error {
	for _, s := range t {
		if err := s.Write(b); err != nil {
			return err
		}
	}
	return nil
}

func (t tee) Close() error {
	var errs []error
	for _, s := range t {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
