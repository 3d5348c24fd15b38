package forms

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"os/exec"
	"slices"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"

	"callx/testdata/synth"
)

// A storage writes a capture into files.
type storage func(Capture) ([][]byte, error)

func whole(f synth.File) storage {
	return func(c Capture) ([][]byte, error) {
		b, err := f.Write(c.Ifaces, c.Frames)
		return [][]byte{b}, err
	}
}

// resolution stores a pcapng whose clock ticks as if_tsresol says.
func resolution(f synth.File, resol byte, offset int64) storage {
	return func(c Capture) ([][]byte, error) {
		for i := range c.Ifaces {
			c.Ifaces[i].TSResol, c.Ifaces[i].TSOffset = resol, offset
		}
		return whole(f)(c)
	}
}

// interfaces lets the frames of a capture come from several interfaces in turn.
func interfaces(n int) step {
	return func(c Capture) Capture {
		link := c.Ifaces[0].Link
		c.Ifaces = nil
		for i := range n {
			c.Ifaces = append(c.Ifaces, synth.Iface{Link: link, TSResol: []byte{6, 9, 0}[i%3]})
		}
		for i := range c.Frames {
			c.Frames[i].Iface = i % n
		}
		return c
	}
}

// snapLength stores a little-endian pcap whose header tells an untrue snaplen.
func snapLength(n uint32) storage {
	return func(c Capture) ([][]byte, error) {
		files, err := whole(synth.File{})(c)
		if err == nil {
			binary.LittleEndian.PutUint32(files[0][16:], n)
		}
		return files, err
	}
}

// A compressor gives a writer whose Close ends the stream.
type compressor func(w io.Writer) (io.WriteCloser, error)

func gzipped(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }
func zstded(w io.Writer) (io.WriteCloser, error)  { return zstd.NewWriter(w) }
func lz4ed(w io.Writer) (io.WriteCloser, error)   { return lz4.NewWriter(w), nil }
func xzed(w io.Writer) (io.WriteCloser, error)    { return xz.NewWriter(w) }

// bzipped runs bzip2: there is no writer in Go's library.
func bzipped(w io.Writer) (io.WriteCloser, error) {
	cmd := exec.Command("bzip2", "-c")
	cmd.Stdout = w
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	return &pipe{in, cmd}, cmd.Start()
}

type pipe struct {
	io.WriteCloser
	cmd *exec.Cmd
}

func (p *pipe) Close() error {
	if err := p.WriteCloser.Close(); err != nil {
		return err
	}
	return p.cmd.Wait()
}

// compressed stores in and compresses its files, each in so many streams, one
// behind the other, which is what cat makes of compressed pieces.
func compressed(in storage, with compressor, streams int) storage {
	return func(c Capture) ([][]byte, error) {
		files, err := in(c)
		if err != nil {
			return nil, err
		}
		for i, data := range files {
			var buf bytes.Buffer
			for s := range streams {
				if err := compress(&buf, with, data[len(data)*s/streams:len(data)*(s+1)/streams]); err != nil {
					return nil, err
				}
			}
			files[i] = buf.Bytes()
		}
		return files, nil
	}
}

func compress(w io.Writer, with compressor, b []byte) error {
	z, err := with(w)
	if err != nil {
		return err
	}
	if _, err := z.Write(b); err != nil {
		return err
	}
	return z.Close()
}

const skippableFrame = "\x5a\x2a\x4d\x18\x04\x00\x00\x00note"

// skippable puts a frame in front that zstd and lz4 readers must skip (RFC
// 8878 section 3.1.2; the formats share it).
func skippable(in storage) storage {
	return func(c Capture) ([][]byte, error) {
		files, err := in(c)
		for i := range files {
			files[i] = append([]byte(skippableFrame), files[i]...)
		}
		return files, err
	}
}

// split cuts the capture by time into files of equal numbers of frames, given
// in the order of the arguments.
func split(f storage, order ...int) storage {
	return func(c Capture) ([][]byte, error) {
		var files [][]byte
		for _, i := range order {
			n := len(order)
			part := Capture{c.Ifaces, c.Frames[len(c.Frames)*i/n : len(c.Frames)*(i+1)/n]}
			one, err := f(part)
			if err != nil {
				return nil, err
			}
			if len(one) != 1 {
				return nil, fmt.Errorf("a piece became %d files", len(one))
			}
			files = append(files, one[0])
		}
		return files, nil
	}
}

// overlapping captures at two points: the first sees the first 60 % of the
// frames, the second the last 60 %.
func overlapping(c Capture) ([][]byte, error) {
	n := len(c.Frames)
	first, err := whole(synth.File{})(Capture{c.Ifaces, c.Frames[:n*6/10]})
	if err != nil {
		return nil, err
	}
	second, err := whole(synth.File{NG: true})(Capture{c.Ifaces, c.Frames[n*4/10:]})
	return append(second, first...), err
}

// twoPoints captures everything at two points; the second sees it later,
// through other, and with a clock of its own.
func twoPoints(later int64, other step) storage {
	return func(c Capture) ([][]byte, error) {
		first, err := whole(synth.File{})(c)
		if err != nil {
			return nil, err
		}
		far := other(Capture{slices.Clone(c.Ifaces), slices.Clone(c.Frames)})
		for i := range far.Frames {
			far.Frames[i].Nanos += later
		}
		second, err := whole(synth.File{Nanos: true})(far)
		return append(second, first...), err
	}
}
