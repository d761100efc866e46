package server

import (
	"fmt"
	"strings"

	"github.com/curfewkv/curfew/internal/command/servercmd"
	"github.com/curfewkv/curfew/internal/keyspace"
)

// memoryStats are the figures of MEMORY STATS under Redis's names. All shards are locked.
func (s *Server) memoryStats(tx *keyspace.Txn) []servercmd.MemoryFigure {
	snap := s.takeSnapshot(tx)
	keys := int64(0)
	for _, db := range tx.DBStats() {
		keys += int64(db.Keys)
	}
	data, committed := s.keyspace.UsedByData(), s.keyspace.Committed()
	integer := func(name string, n int64) servercmd.MemoryFigure { return servercmd.MemoryFigure{Name: name, Int: n} }
	float := func(name string, f float64) servercmd.MemoryFigure {
		return servercmd.MemoryFigure{Name: name, Float: f, IsFloat: true}
	}
	dataset := snap.used - snap.overhead
	return []servercmd.MemoryFigure{
		integer("peak.allocated", s.stats.peakMemory.Load()),
		integer("total.allocated", snap.used),
		integer("startup.allocated", 0),
		integer("replication.backlog", 0),
		integer("clients.slaves", 0),
		integer("clients.normal", s.keyspace.External()),
		integer("cluster.links", 0),
		integer("aof.buffer", 0),
		integer("overhead.hashtable.main", tx.IndexBytes()),
		integer("overhead.total", snap.overhead),
		integer("keys.count", keys),
		integer("keys.bytes-per-key", data/max(1, keys)),
		integer("dataset.bytes", dataset),
		float("dataset.percentage", 100*float64(dataset)/float64(max(1, snap.used))),
		float("peak.percentage", 100*float64(snap.used)/float64(max(1, s.stats.peakMemory.Load()))),
		integer("allocator.allocated", data),
		integer("allocator.active", committed),
		integer("allocator.resident", committed),
		float("allocator-fragmentation.ratio", float64(committed)/float64(max(1, data))),
		integer("allocator-fragmentation.bytes", committed-data),
		float("fragmentation", float64(snap.rss)/float64(max(1, snap.used))),
		integer("fragmentation.bytes", snap.rss-snap.used),
	}
}

// allocatorReport is the text of MEMORY MALLOC-STATS.
func (s *Server) allocatorReport() string {
	var b strings.Builder
	fmt.Fprintf(&b, "shards: %d\nlive blocks: %d bytes\npages in use: %d bytes\n", s.keyspace.Shards(), s.keyspace.UsedByData(), s.keyspace.Committed())
	return b.String()
}

// purge gives free pages back to the system soon.
func (s *Server) purge() {
	select {
	case s.release <- struct{}{}:
	default: // it is about to run anyway
	}
}
