package calls

import (
	"cmp"
	"fmt"
	"slices"
)

// A held digest is one of the smallest of a run's sketch.
type held struct {
	digest uint32
	run    int32 // position in a list of runs
}

// heldDigests is how many digests of a run are looked for in others: voices
// that are the same have nearly the same smallest ones.
const heldDigests = 6

// linksByPayload links calls in which the same voice is heard: what a
// back-to-back user agent passes on untouched, as it does with G.711. A voice
// in more than maxShare calls is an announcement, and tells nothing; nor does an echo.
func (f *finisher) linksByPayload(list []*conversation, said map[*member][]*run) []link {
	var runs []*run
	var of []int // the conversation of each
	for i, c := range list {
		for _, d := range c.dialogs {
			for _, m := range d.members {
				for _, r := range said[m] {
					if r.sketch != nil && r.sketch.n >= sketchLeast {
						runs, of = append(runs, r), append(of, i)
					}
				}
			}
		}
	}
	if len(list) < 2 {
		return nil
	}
	index := make([]held, 0, heldDigests*len(runs))
	for i, r := range runs {
		for _, h := range r.sketch.hash[:heldDigests] {
			index = append(index, held{h, int32(i)})
		}
	}
	slices.SortFunc(index, func(a, b held) int { return cmp.Or(cmp.Compare(a.digest, b.digest), cmp.Compare(a.run, b.run)) })
	var links []link
	linked := map[[2]int]bool{}
	shared := map[*run]int{} // with how many other calls
	for i, a := range runs {
		for _, h := range a.sketch.hash[:a.sketch.n] {
			for _, k := range holders(index, h) {
				b := runs[k.run]
				pair := [2]int{min(of[i], of[k.run]), max(of[i], of[k.run])}
				if pair[0] == pair[1] || linked[pair] || f.key(a).flow == f.key(b).flow.Reverse() || !sameVoice(a, b) {
					continue
				}
				linked[pair] = true
				shared[a]++
				shared[b]++
				links = append(links, link{
					a: pair[0], b: pair[1], rank: byPayload, voice: [2]*run{a, b},
					evidence: fmt.Sprintf("payload: %s and %s carry the same voice", f.describeRun(a), f.describeRun(b)),
				})
			}
		}
	}
	return slices.DeleteFunc(links, func(l link) bool { return shared[l.voice[0]] >= maxShare || shared[l.voice[1]] >= maxShare })
}

// holders returns who holds a digest; nobody if too many do.
func holders(index []held, digest uint32) []held {
	at, _ := slices.BinarySearchFunc(index, digest, func(e held, d uint32) int { return cmp.Compare(e.digest, d) })
	n := 0
	for at+n < len(index) && index[at+n].digest == digest {
		if n++; n > 2*maxShare {
			return nil
		}
	}
	return index[at : at+n]
}
