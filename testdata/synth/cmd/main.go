// Command synth writes the synthetic captures of testdata, or one capture of
// any size:
//
//	go run ./testdata/synth/cmd -o testdata
//	go run ./testdata/synth/cmd -big /tmp/big.pcap -calls 1000 -seconds 120
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"callx/testdata/synth"
)

func main() {
	var b synth.Big
	dir := flag.String("o", "", "write the captures of the catalogue and their truth into this `folder`")
	big := flag.String("big", "", "write one big capture of G.711 calls to this `file`")
	flag.IntVar(&b.Calls, "calls", 1000, "big: number of calls")
	flag.IntVar(&b.Seconds, "seconds", 120, "big: seconds of media in each call")
	flag.IntVar(&b.Concurrent, "concurrent", 0, "big: calls at a time, 0 for all of them, however short they are")
	flag.IntVar(&b.LossPerMillion, "loss", 0, "big: packets lost of a million")
	seed := flag.Uint("seed", 1, "big: seed")
	flag.Parse()
	b.Seed = uint32(*seed)

	var err error
	switch {
	case flag.NArg() > 0 || (*dir == "") == (*big == ""):
		fmt.Fprintln(os.Stderr, "synth: give either -o FOLDER or -big FILE")
		flag.Usage()
		os.Exit(2)
	case *dir != "":
		err = writeCatalog(*dir)
	default:
		err = writeBig(b, *big)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "synth:", err)
		os.Exit(1)
	}
}

func writeCatalog(dir string) error {
	for _, s := range synth.Catalog() {
		files, err := s.Files()
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
				return err
			}
			fmt.Printf("%8d  %s\n", len(f.Data), f.Name)
		}
	}
	return nil
}

func writeBig(b synth.Big, path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	began := time.Now()
	stats, err := b.Write(f)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	fmt.Printf("%s: %d calls, %d RTP streams, %d RTP packets (%d more lost), %d SIP messages, %d bytes, %s of capture time; %.1f s, %.0f MB/s\n",
		path, stats.Calls, stats.Streams, stats.RTP, stats.Lost, stats.SIP, stats.Bytes, stats.Duration, took, float64(stats.Bytes)/1e6/took)
	return nil
}
