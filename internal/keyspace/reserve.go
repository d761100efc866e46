package keyspace

import "github.com/curfewkv/curfew/internal/store"

// leastReserve is what a shard reserves at least: with less a server is of no use, and says so by failing to start.
const leastReserve = 4 << 20

// affordable is the largest reservation for each of the shards, up to want, that leaves half as much again of the address
// space for all else: Go's heap and stacks, large strings, files. A process whose address space is limited (ulimit -v) would
// otherwise not start, although it may never hold more keys than fit.
func affordable(shards int, want int64) int64 {
	reserve := want
	for reserve > leastReserve && !store.CanReserve(int64(shards)*store.Footprint(reserve)/2*3) {
		reserve /= 2
	}
	return reserve
}

// Reserved is the address space for keys of each shard in bytes: Options.ReservePerShard, or less where the system granted
// less.
func (k *Keyspace) Reserved() int64 { return k.reserved }
