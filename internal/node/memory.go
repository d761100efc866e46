package node

import (
	"fmt"
	"strings"

	"github.com/curfewkv/curfew/internal/command/servercmd"
	"github.com/curfewkv/curfew/internal/keyspace"
)

// memoryStats are the figures of MEMORY STATS under Redis's names. All shards are locked.
func (n *Node) memoryStats(tx *keyspace.Txn) []servercmd.MemoryFigure {
	now := n.look(tx)
	keys := int64(0)
	for _, db := range tx.DBStats() {
		keys += int64(db.Keys)
	}
	data, committed := n.Keyspace.UsedByData(), n.Keyspace.Committed()
	integer := func(name string, i int64) servercmd.MemoryFigure { return servercmd.MemoryFigure{Name: name, Int: i} }
	float := func(name string, f float64) servercmd.MemoryFigure {
		return servercmd.MemoryFigure{Name: name, Float: f, IsFloat: true}
	}
	dataset := now.used - now.overhead
	return []servercmd.MemoryFigure{
		integer("peak.allocated", n.peak.bytes.Load()),
		integer("total.allocated", now.used),
		integer("startup.allocated", 0),
		integer("replication.backlog", 0),
		integer("clients.slaves", 0),
		integer("clients.normal", n.clientBytes.Load()),
		integer("cluster.links", 0),
		integer("aof.buffer", 0),
		integer("overhead.hashtable.main", tx.IndexBytes()),
		integer("overhead.total", now.overhead),
		integer("keys.count", keys),
		integer("keys.bytes-per-key", data/max(1, keys)),
		integer("dataset.bytes", dataset),
		float("dataset.percentage", 100*float64(dataset)/float64(max(1, now.used))),
		float("peak.percentage", 100*float64(now.used)/float64(max(1, n.peak.bytes.Load()))),
		integer("allocator.allocated", data),
		integer("allocator.active", committed),
		integer("allocator.resident", committed),
		float("allocator-fragmentation.ratio", float64(committed)/float64(max(1, data))),
		integer("allocator-fragmentation.bytes", committed-data),
		float("fragmentation", float64(now.rss)/float64(max(1, now.used))),
		integer("fragmentation.bytes", now.rss-now.used),
	}
}

// allocatorReport is the text of MEMORY MALLOC-STATS.
func (n *Node) allocatorReport() string {
	var b strings.Builder
	fmt.Fprintf(&b, "shards: %d\nlive blocks: %d bytes\npages in use: %d bytes\n", n.Keyspace.Shards(), n.Keyspace.UsedByData(), n.Keyspace.Committed())
	return b.String()
}
