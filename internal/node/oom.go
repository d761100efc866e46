package node

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/curfewkv/curfew/internal/eviction"
	"github.com/curfewkv/curfew/internal/keyspace"
)

const (
	// oomSamples is how many keys of each shard and database are looked at for the prefix that most keys have.
	oomSamples = 32
	// oomShare is the least share of the sampled keys, in percent, for a prefix to be named.
	oomShare = 10
)

// explainOOM says why nothing could be evicted: the policy, how many keys there are, how many have no TTL and under which
// prefix most of them are. No shard may be locked.
func (n *Node) explainOOM(tx *keyspace.Txn) string {
	if !tx.TryLockSet(n.Keyspace.AllShards()) {
		return "" // a long command holds some of them
	}
	defer tx.Unlock()
	keys, volatile := 0, 0
	for _, db := range tx.DBStats() {
		keys += db.Keys
		volatile += db.Volatile
	}
	policy := n.Keyspace.Policy()
	why := "maxmemory-policy is noeviction"
	switch {
	case keys == 0:
		return "no evictable keys: there are no keys; " + human(n.clientBytes.Load()+n.Keyspace.Unowned()) +
			" are requests and replies of clients"
	case policy.Volatile() || policy == eviction.VolatileTTL:
		why = "no evictable keys"
	case policy.AllKeys():
		why = "the value does not fit"
	}
	text := fmt.Sprintf("%s: %s of %s keys have no TTL", why, thousands(keys-volatile), thousands(keys))
	if prefix, share := commonPrefix(tx); share >= oomShare {
		text += fmt.Sprintf(", %d%% of them under %s*", share, prefix)
	}
	return text
}

// commonPrefix samples keys without a TTL and returns the prefix (up to the first ':') that most have, with its share in percent.
func commonPrefix(tx *keyspace.Txn) (prefix string, share int) {
	counts, total := map[string]int{}, 0
	tx.SampleKeys(oomSamples, func(key []byte, volatile bool) {
		if volatile {
			return
		}
		total++
		if i := bytes.IndexByte(key, ':'); i >= 0 && i < 64 && printable(key[:i]) {
			counts[string(key[:i+1])]++
		}
	})
	for p, n := range counts {
		if at := n * 100 / total; at > share || at == share && p < prefix {
			prefix, share = p, at
		}
	}
	return prefix, share
}

func printable(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// thousands formats n with commas.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
