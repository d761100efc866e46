package rdb

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The classes are those of the manual of jemalloc, for 16 bytes and 8 between the smallest.
func TestAllocationsAreRoundedUpToTheirClass(t *testing.T) {
	for quantum, classes := range map[int64][]int64{
		16: {8, 16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024, 1280},
		8:  {8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024, 1280},
	} {
		l := newLayout(quantum)
		for n := int64(1); n <= 1280; n++ {
			at, _ := slices.BinarySearch(classes, n)
			if got := l.class(n); got != classes[at] {
				t.Errorf("quantum %d: %d is rounded to %d, not %d", quantum, n, got, classes[at])
			}
		}
		for n, want := range map[int64]int64{4096: 4096, 4097: 5120, 16385: 20480, 1 << 20: 1 << 20, 1<<20 + 1: 5 << 18} {
			if got := l.class(n); got != want {
				t.Errorf("quantum %d: %d is rounded to %d, not %d", quantum, n, got, want)
			}
		}
	}
}

// radixNodes counts the nodes of the tree of the ids by building one.
func radixNodes(ids []string) int64 {
	if len(ids) == 1 && ids[0] == "" {
		return 1 // the end of an id
	}
	// All ids share a run of bytes up to the first place where two part.
	run := len(ids[0])
	for _, id := range ids[1:] {
		n := 0
		for n < run && id[n] == ids[0][n] {
			n++
		}
		run = n
	}
	if run > 0 {
		rest := make([]string, len(ids))
		for i, id := range ids {
			rest[i] = id[run:]
		}
		return 1 + radixNodes(rest)
	}
	children := map[byte][]string{}
	for _, id := range ids {
		children[id[0]] = append(children[id[0]], id[1:])
	}
	nodes := int64(1)
	for _, rest := range children {
		nodes += radixNodes(rest)
	}
	return nodes
}

func TestRadixNodesAreCountedAsIfTheTreeWereBuilt(t *testing.T) {
	rnd := rand.New(rand.NewPCG(11, 12))
	for round := range 2000 {
		size, alphabet := 1+rnd.IntN(6), 1+rnd.IntN(4)
		set := map[string]bool{}
		for range 1 + rnd.IntN(30) {
			var id strings.Builder
			for range size {
				id.WriteByte(byte('a' + rnd.IntN(alphabet)))
			}
			set[id.String()] = true
		}
		var ids []string
		for id := range set {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		var c radixCount
		for _, id := range ids {
			c.add([]byte(id))
		}
		if want := radixNodes(ids); c.nodes != want || c.ids != int64(len(ids)) {
			t.Fatalf("round %d: %q: %d nodes, not %d", round, ids, c.nodes, want)
		}
	}
}

// Ids of a broken file do not ascend; they must be counted without harm.
func TestRadixNodesOfIdsInDisorder(t *testing.T) {
	var c radixCount
	for i := range 1000 {
		c.add(raw16(uint64(i * 7919 % 1000)))
	}
	c.add(nil)
	c.add([]byte("x"))
	if c.ids != 1002 || c.nodes < 1002 || c.nodes > 4*1002 {
		t.Errorf("%d ids, %d nodes", c.ids, c.nodes)
	}
}
