package calls

import "callx/pcapio/wire"

// stretch takes the next bytes of a TCP stream and returns the counter that
// their frame belongs to.
func (x *Indexer) stretch(d *wire.Datagram) *uint64 {
	return &x.told.OtherTCP
}
