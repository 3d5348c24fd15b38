package output

import (
	"errors"
	"fmt"
	"io"
	"math"

	"callx/audio"
)

// mixSamples is the length of the blocks that Mix writes.
const mixSamples = 4096

// Mix writes finished legs of one call to dst as stereo: the first of legs,
// the caller, left; the second right; what further parties say is added to
// the right, saturated. A leg of several channels counts with their mean. All
// legs have the rate of dst; the shorter ones are followed by silence. Memory
// does not depend on their length, and descriptors count with those of pool.
// Mix does not close dst.
func Mix(pool *Pool, dst audio.Sink, legs ...Info) (err error) {
	inputs := make([]mixInput, 0, len(legs))
	defer func() {
		for _, in := range inputs {
			err = errors.Join(err, in.r.Close())
		}
	}()
	for _, info := range legs {
		if info.Rate != legs[0].Rate {
			return fmt.Errorf("output: %s: cannot mix %d Hz with %d Hz", info.Path, info.Rate, legs[0].Rate)
		}
		inputs = append(inputs, mixInput{r: OpenPCM(pool, info), pcm: make([]int16, mixSamples*info.Channels)})
	}
	var (
		at     int64
		sums   [2][mixSamples]int32
		stereo [2 * mixSamples]int16
	)
	for {
		n := 0
		clear(sums[0][:])
		clear(sums[1][:])
		for i := range inputs {
			k, err := inputs[i].add(sums[min(i, 1)][:])
			if err != nil {
				return err
			}
			n = max(n, k)
		}
		if n == 0 {
			return nil
		}
		for i := range n {
			stereo[2*i], stereo[2*i+1] = saturate(sums[0][i]), saturate(sums[1][i])
		}
		if err := dst.Write(audio.Block{At: at, PCM: stereo[:2*n]}); err != nil {
			return err
		}
		at += int64(n)
	}
}

// A mixInput is one leg to be mixed.
type mixInput struct {
	r   *PCMReader
	pcm []int16 // room for mixSamples
}

// add adds the next samples of the leg to sums and returns how many there
// were.
func (in *mixInput) add(sums []int32) (int, error) {
	k, err := in.r.Read(in.pcm)
	if err != nil && err != io.EOF {
		return 0, err
	}
	channels := in.r.info.Channels
	if channels == 1 {
		for i, v := range in.pcm[:k] {
			sums[i] += int32(v)
		}
		return k, nil
	}
	k /= channels
	for i := range k {
		sum := int32(0)
		for _, v := range in.pcm[i*channels:][:channels] {
			sum += int32(v)
		}
		sums[i] += sum / int32(channels)
	}
	return k, nil
}

func saturate(v int32) int16 { return int16(max(min(v, math.MaxInt16), math.MinInt16)) }
