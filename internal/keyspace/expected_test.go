package keyspace

import (
	"testing"

	"pgregory.net/rapid"
)

// TestExpectedKeysHaveTheirOwnHashes, in whatever order a command looks them up, however often, and whatever else.
func TestExpectedKeysHaveTheirOwnHashes(t *testing.T) {
	f := newFixture(t, 4).quiet()
	for i := range 100 {
		f.set(name(i), "v", None)
	}
	rapid.Check(t, func(t *rapid.T) {
		all := []byte("key:1 key:22 key:3 other")
		var args [][]byte
		var at []int
		for i := range rapid.IntRange(0, 60).Draw(t, "keys") {
			from := rapid.IntRange(0, len(all)).Draw(t, "from") // keys may share bytes, and be empty
			args = append(args, all[from:rapid.IntRange(from, len(all)).Draw(t, "to")])
			at = append(at, i)
		}
		f.tx.Begin(f.clock.Now(), 0, 1, false)
		if !f.tx.TryLockKeys(args, at) {
			t.Fatal("not locked")
		}
		for _, key := range args {
			if f.tx.locked&f.tx.ShardBit(key) == 0 {
				t.Fatalf("the shard of %q is not locked", key)
			}
		}
		for i := 0; i < len(args); i++ {
			if rapid.IntRange(0, 4).Draw(t, "jump") == 0 {
				i = rapid.IntRange(0, len(args)-1).Draw(t, "to")
			}
			for range rapid.IntRange(1, 2).Draw(t, "times") {
				if f.tx.hashOf(args[i]) != f.k.hash(args[i]) {
					t.Fatalf("%q has the hash of another key", args[i])
				}
			}
		}
		f.tx.Unlock()
		if len(f.tx.expected.keys) != 0 || f.tx.locked != 0 {
			t.Fatal("something is left when the command is done")
		}
	})
}
