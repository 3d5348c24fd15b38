package output

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/netip"
	"os"
)

// An RTPDump saves the RTP packets of a leg that callx cannot decode, in the
// format of the rtptools (rtpdump -F dump), which rtpplay reads.
type RTPDump struct {
	path    string
	f       *os.File
	w       *bufio.Writer
	sum     hash.Hash
	start   int64
	Packets int64
}

// NewRTPDump creates path (by way of path.part) for packets that went to dst;
// start is the capture time of the first in nanoseconds.
func NewRTPDump(path string, dst netip.AddrPort, start int64) (*RTPDump, error) {
	f, err := createPart(path)
	if err != nil {
		return nil, err
	}
	d := &RTPDump{path: path, f: f, sum: sha256.New(), start: start}
	d.w = bufio.NewWriterSize(io.MultiWriter(f, d.sum), 64<<10)
	fmt.Fprintf(d.w, "#!rtpplay1.0 %s/%d\n", dst.Addr(), dst.Port())
	var h [16]byte // RD_hdr_t
	binary.BigEndian.PutUint32(h[0:], uint32(start/1e9))
	binary.BigEndian.PutUint32(h[4:], uint32(start%1e9/1e3))
	if dst.Addr().Is4() {
		a := dst.Addr().As4()
		copy(h[8:], a[:])
	}
	binary.BigEndian.PutUint16(h[12:], dst.Port())
	d.w.Write(h[:])
	return d, nil
}

// Write appends one RTP packet, header included, captured at nanos. cut is
// how many bytes of it the capture did not keep.
func (d *RTPDump) Write(nanos int64, packet []byte, cut int) error {
	if len(packet) > 0xffff-8 {
		return nil // no UDP datagram is that long
	}
	var h [8]byte // RD_packet_t
	binary.BigEndian.PutUint16(h[0:], uint16(len(packet)+8))
	binary.BigEndian.PutUint16(h[2:], uint16(min(len(packet)+cut, 0xffff)))
	binary.BigEndian.PutUint32(h[4:], uint32(max(nanos-d.start, 0)/1e6))
	d.w.Write(h[:])
	_, err := d.w.Write(packet)
	d.Packets++
	return err
}

// Close completes the file under its final name and returns its SHA-256.
func (d *RTPDump) Close() (sha string, err error) {
	err = d.w.Flush()
	if e := d.f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(d.path+".part", d.path)
	}
	if err != nil {
		os.Remove(d.path + ".part")
	}
	return hex.EncodeToString(d.sum.Sum(nil)), err
}

// Abort removes what was written.
func (d *RTPDump) Abort() {
	d.f.Close()
	os.Remove(d.path + ".part")
}
