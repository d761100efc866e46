package node

import (
	"fmt"
	"strings"

	"github.com/curfewkv/curfew/internal/command/servercmd"
	"github.com/curfewkv/curfew/internal/keyspace"
)

// ProcessMemory is how much memory a program takes, in bytes; 0 where it cannot be told.
type ProcessMemory struct {
	// Resident is all that is resident; Code is what of it are pages of files: the program itself.
	Resident, Code int64
	// Start is what was resident besides Code before the first client and key.
	Start int64
	// Live, Active and Kept are of Go's heap and runtime: what is in use, the pages that this is in, and all that was not
	// given back to the system. The buffers of connections are in Live.
	Live, Active, Kept int64
}

// memoryFigures are what INFO and MEMORY STATS tell of memory.
type memoryFigures struct {
	ProcessMemory
	used      int64 // what maxmemory bounds: blocks, tables and what clients take
	data      int64 // used without clients
	overhead  int64 // of used: index, deadlines, clients
	committed int64 // pages of the keyspace
	databases []keyspace.Overhead
}

// lookAtMemory measures. All shards are locked.
func (n *Node) lookAtMemory(tx *keyspace.Txn) memoryFigures {
	m := memoryFigures{
		ProcessMemory: n.process.Memory(), used: n.Keyspace.Used(), data: n.Keyspace.UsedByData(), committed: n.Keyspace.Committed(),
		databases: tx.Overheads(), overhead: n.heldForClients(),
	}
	for _, db := range m.databases {
		m.overhead += db.Index + db.Deadlines
	}
	return m
}

// The allocator is the keyspace's and Go's together, as jemalloc is Redis's for everything.
func (m *memoryFigures) allocated() int64 { return m.data + m.Live }
func (m *memoryFigures) active() int64    { return m.committed + m.Active }
func (m *memoryFigures) resident() int64  { return m.committed + m.Kept }

// expected is how much would be resident if no byte was lost between blocks: what is in use, and the program itself with
// what its runtime took before the first key. That is not in used_memory, because maxmemory is for data.
func (m *memoryFigures) expected() int64 { return m.used + m.Code + m.Start }

// memoryStats are the figures of MEMORY STATS under Redis's names. All shards are locked.
func (n *Node) memoryStats(tx *keyspace.Txn) []servercmd.MemoryFigure {
	m := n.look(tx).memory
	keys := int64(0)
	stats := tx.DBStats()
	for _, db := range stats {
		keys += int64(db.Keys)
	}
	peak, dataset := n.peak.bytes.Load(), m.used-m.overhead
	figures := []servercmd.MemoryFigure{
		integer("peak.allocated", peak),
		integer("total.allocated", m.used),
		integer("startup.allocated", 0),
		integer("replication.backlog", 0),
		integer("clients.slaves", 0),
		integer("clients.normal", n.heldForClients()),
		integer("cluster.links", 0),
		integer("aof.buffer", 0),
		integer("lua.caches", 0),
		integer("functions.caches", 0),
	}
	tables := int64(0)
	for i, db := range m.databases {
		tables += db.Index
		if stats[i].Keys > 0 {
			figures = append(figures, servercmd.MemoryFigure{Name: fmt.Sprintf("db.%d", i), DB: []servercmd.MemoryFigure{
				integer("overhead.hashtable.main", db.Index), integer("overhead.hashtable.expires", db.Deadlines),
			}})
		}
	}
	return append(figures,
		integer("overhead.db.hashtable.lut", tables),
		integer("overhead.db.hashtable.rehashing", 0),
		integer("overhead.total", m.overhead),
		integer("db.dict.rehashing.count", 0),
		integer("keys.count", keys),
		integer("keys.bytes-per-key", (m.data-n.Keyspace.Unowned())/max(1, keys)),
		integer("dataset.bytes", dataset),
		float("dataset.percentage", 100*quotient(dataset, m.used)),
		float("peak.percentage", 100*quotient(m.used, peak)),
		integer("allocator.allocated", m.allocated()),
		integer("allocator.active", m.active()),
		integer("allocator.resident", m.resident()),
		integer("allocator.muzzy", 0),
		float("allocator-fragmentation.ratio", quotient(m.active(), m.allocated())),
		integer("allocator-fragmentation.bytes", m.active()-m.allocated()),
		float("allocator-rss.ratio", quotient(m.resident(), m.active())),
		integer("allocator-rss.bytes", m.resident()-m.active()),
		float("rss-overhead.ratio", quotient(m.Resident-m.Code, m.resident())),
		integer("rss-overhead.bytes", m.Resident-m.Code-m.resident()),
		float("fragmentation", quotient(m.Resident, m.expected())),
		integer("fragmentation.bytes", m.Resident-m.expected()),
	)
}

func integer(name string, n int64) servercmd.MemoryFigure {
	return servercmd.MemoryFigure{Name: name, Int: n}
}

func float(name string, f float64) servercmd.MemoryFigure {
	return servercmd.MemoryFigure{Name: name, Float: f, IsFloat: true}
}

func quotient(a, b int64) float64 { return float64(a) / float64(max(1, b)) }

// allocatorReport is the text of MEMORY MALLOC-STATS.
func (n *Node) allocatorReport() string {
	var b strings.Builder
	fmt.Fprintf(&b, "shards: %d\nlive blocks: %d bytes\npages in use: %d bytes\n", n.Keyspace.Shards(), n.Keyspace.UsedByData(), n.Keyspace.Committed())
	return b.String()
}
