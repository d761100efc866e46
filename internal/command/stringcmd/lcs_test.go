package stringcmd

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// lcsLength is the definition.
func lcsLength(a, b []byte) int {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	if a[0] == b[0] {
		return 1 + lcsLength(a[1:], b[1:])
	}
	return max(lcsLength(a[1:], b), lcsLength(a, b[1:]))
}

func wanted() bool { return false }

func TestLCSIsLongestAndCommon(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	word := func() []byte {
		w := make([]byte, rnd.IntN(9))
		for i := range w {
			w[i] = "abc"[rnd.IntN(3)]
		}
		return w
	}
	for range 2000 {
		a, b := word(), word()
		length, up, _ := lcsTable(a, b, true, wanted)
		if short, _, _ := lcsTable(a, b, false, wanted); length != lcsLength(a, b) || short != length {
			t.Fatalf("%q %q: length %d, without walk %d, want %d", a, b, length, short, lcsLength(a, b))
		}
		sum, endA, endB := 0, len(a), len(b)
		commonRuns(a, b, up, func(atA, atB, size int) {
			if size == 0 || atA+size > endA || atB+size > endB || !bytes.Equal(a[atA:atA+size], b[atB:atB+size]) {
				t.Fatalf("%q %q: run at %d and %d of %d", a, b, atA, atB, size)
			}
			sum, endA, endB = sum+size, atA, atB
		})
		if sum != length || len(commonBytes(a, b, length, up)) != length {
			t.Fatalf("%q %q: the runs have %d bytes, want %d", a, b, sum, length)
		}
	}
}
