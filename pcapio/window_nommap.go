//go:build !unix

package pcapio

import (
	"errors"
	"os"
)

const mapStep = 256 << 10

func newMapWindow(*os.File, int64, int64, int) (*window, []byte, error) {
	return nil, nil, errors.ErrUnsupported
}
