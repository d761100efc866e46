package keyspace

import (
	"fmt"
	"hash/maphash"
	"math/bits"
	"sync/atomic"

	"github.com/curfewkv/curfew/internal/blob"
	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/metrics"
)

// maxShards bounds the shards of a keyspace, so that the set of locked ones is a word.
const maxShards = 64

// Settings are the switches that configuration turns; each is read anew at every use.
type Settings struct {
	// WallExpiry makes relative TTLs follow the wall clock, as Redis does (expire-clock wall).
	WallExpiry atomic.Bool
	// MaxMemory is the limit of Used in bytes; 0 is none. SetMaxMemory changes it.
	MaxMemory atomic.Int64
	// LFULogFactor and LFUDecayMinutes are lfu-log-factor and lfu-decay-time.
	LFULogFactor    atomic.Int32
	LFUDecayMinutes atomic.Int32
	// ActiveExpiry removes due keys at their deadline; off (DEBUG SET-ACTIVE-EXPIRE 0), only lookups do.
	ActiveExpiry atomic.Bool
	// HoldExpiry keeps due keys in memory, invisible, while clients are paused.
	HoldExpiry atomic.Bool
}

// Options are fixed when the keyspace is made.
type Options struct {
	Shards    int // a power of two, at most 64
	Databases int
	// ReservePerShard is the address space of a shard's arena in bytes; it is halved until the system grants it.
	ReservePerShard int64
	Journal         *journal.Journal
	// Wake is called, under a shard's lock, when a deadline was armed that is earlier than the shard's announced next one.
	Wake func(shard int)
}

// Keyspace is all databases of the server.
type Keyspace struct {
	Settings Settings
	// ActiveLag and LazyLag are how late due keys were removed, in ns, by the expiry slices and by lookups.
	ActiveLag, LazyLag *metrics.Histogram
	// EvictionLag is how long commands waited for room to be made, in ns.
	EvictionLag *metrics.Histogram

	shards   []*shard // immutable
	mask     uint64   // len(shards)-1
	dbs      int
	reserved int64 // immutable, see Reserved
	seed     maphash.Seed
	journal  *journal.Journal
	wake     func(int)
	holds    holds
	befores  []Before   // changed under all shards' locks, read under any
	blobs    *blob.Heap // large strings

	_ [cacheLine]byte // every command reads the above; what follows changes all the time

	limits limits
	extra  atomic.Int64 // bytes in use outside the shards (connections), see AddExternal

	_ [cacheLine]byte
}

// New makes an empty keyspace.
func New(o Options) (*Keyspace, error) {
	if o.Shards < 1 || o.Shards > maxShards || bits.OnesCount(uint(o.Shards)) != 1 {
		return nil, fmt.Errorf("keyspace: %d shards: not a power of two up to %d", o.Shards, maxShards)
	}
	k := &Keyspace{
		ActiveLag: metrics.NewHistogram(), LazyLag: metrics.NewHistogram(), EvictionLag: metrics.NewHistogram(),
		mask: uint64(o.Shards - 1), dbs: o.Databases, seed: maphash.MakeSeed(), journal: o.Journal, wake: o.Wake,
	}
	k.reserved = affordable(o.Shards, o.ReservePerShard)
	k.blobs = blob.NewHeap(o.ReservePerShard)
	k.holds.init()
	k.Settings.LFULogFactor.Store(10)
	k.Settings.LFUDecayMinutes.Store(1)
	k.Settings.ActiveExpiry.Store(true)
	for i := range o.Shards {
		s, err := newShard(k, i, k.reserved)
		if err != nil {
			k.Close()
			return nil, fmt.Errorf("keyspace: shard %d: %w", i, err)
		}
		k.shards = append(k.shards, s)
	}
	return k, nil
}

// Close gives the memory back. No transaction may be running, and nobody may hold a reference to a large string.
func (k *Keyspace) Close() {
	for _, s := range k.shards {
		s.arena.Close()
	}
	k.blobs.Close()
}

// Databases is the number of databases.
func (k *Keyspace) Databases() int { return k.dbs }

// Shards is the number of shards.
func (k *Keyspace) Shards() int { return len(k.shards) }

// hash of a key, for its shard and its table.
func (k *Keyspace) hash(key []byte) uint64 { return maphash.Bytes(k.seed, key) }

// shardIndex of a hash. The multiplication mixes all bits into the top ones, so that the keys of one shard still differ
// evenly in the bits that the table takes its segment, bucket and tag from.
func (k *Keyspace) shardIndex(h uint64) int { return int((h * 0x9E3779B97F4A7C15) >> 58 & k.mask) }

// AddExternal accounts n bytes (negative: gives back) of memory outside the shards: buffers of connections.
func (k *Keyspace) AddExternal(n int64) { k.extra.Add(n) }

// Used is the memory in use in bytes, exact at the time of the call for a quiet keyspace: blocks and tables of all shards,
// large strings, each once however many keys share it or readers hold it, and what AddExternal reported.
func (k *Keyspace) Used() int64 {
	n := k.extra.Load()
	for _, s := range k.shards {
		n += s.arena.Used()
	}
	return n + k.blobs.Used()
}

// UsedByData is Used without the external part.
func (k *Keyspace) UsedByData() int64 { return k.Used() - k.extra.Load() }

// NextDueMs is the shard's earliest deadline as time to wait from now in ms: 0 when something is due, false when nothing is
// armed, or a long command holds the shard, whose end wakes the shard's loop.
func (k *Keyspace) NextDueMs(shard int, now clock.Instant) (int64, bool) {
	s := k.shards[shard]
	if s.isHeld() {
		return 0, false
	}
	return s.nextDueMs(now)
}

func (s *shard) nextDueMs(now clock.Instant) (int64, bool) {
	ms, ok := int64(0), false
	if at := s.nextMono.Load(); at != never {
		ms, ok = max(0, at-now.MonoMs()), true
	}
	if at := s.nextWall.Load(); at != never {
		left := max(0, at-now.WallMs())
		if !ok || left < ms {
			ms, ok = left, true
		}
	}
	return ms, ok
}
