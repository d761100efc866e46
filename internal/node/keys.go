package node

import (
	"fmt"

	"github.com/curfewkv/curfew/internal/config"
	"github.com/curfewkv/curfew/internal/eviction"
)

// Keys are the configuration keys that a node reads. Each is read anew at every use, or applied when CONFIG SET changes it.
type Keys struct {
	Password                *config.String
	MaxBulk, QueryLimit     *config.Int
	OutputLimit             *config.ClientLimits
	Databases               *config.Int
	MaxMemory, ClientMemory *config.Int
	Policy                  *config.Enum
	LFULogFactor, LFUDecay  *config.Int
	Notify                  *config.Notify
	SlowerThan, SlowLen     *config.Int
	LatencyThreshold        *config.Int
	LatencyTracking         *config.Bool
	LatencyPercentiles      *config.Percentiles
	TrackingKeys            *config.Int
	LazyUserFlush           *config.Bool
	ExpireClock             *config.Enum
	ActiveDefrag            *config.Bool
	DebugCommand            *config.Enum

	apply *config.Apply // hands values to the parts that keep them
}

// Declare declares a node's keys in r, to be loaded and then given to New.
func Declare(r *config.Registry) *Keys {
	const anyNumber = 1<<63 - 1
	apply := &config.Apply{Run: func() error { return nil }} // there is no node yet
	k := &Keys{
		apply:      apply,
		Password:   r.String("requirepass", "", config.Sensitive(), config.Doc("password of the default user")),
		MaxBulk:    r.Memory("proto-max-bulk-len", 512<<20, 1<<20, anyNumber, config.Doc("longest argument in bytes")),
		QueryLimit: r.Memory("client-query-buffer-limit", 1<<30, 1<<20, anyNumber, config.Doc("unprocessed bytes of a client before it is closed")),

		OutputLimit:  r.ClientOutputBufferLimit(config.Doc("when a client that does not read its replies is closed")),
		Databases:    r.Int("databases", 16, 1, 1<<15, config.Immutable(), config.Doc("number of databases")),
		MaxMemory:    r.Memory("maxmemory", 0, 0, anyNumber, config.OnApply(apply), config.Doc("bytes of memory in use; 0: no limit")),
		ClientMemory: r.MemoryOrPercent("maxmemory-clients", 0, 100, anyNumber, config.OnApply(apply), config.Doc("bytes of memory of all clients over which the largest are closed, or a percentage of maxmemory; 0: no limit")),
		Policy:       r.Enum("maxmemory-policy", "noeviction", eviction.Names(), config.OnApply(apply), config.Doc("which keys go when maxmemory is reached")),
		LFULogFactor: r.Int("lfu-log-factor", 10, 0, 1<<31-1, config.OnApply(apply), config.Doc("how slowly the LFU counter saturates")),
		LFUDecay:     r.Int("lfu-decay-time", 1, 0, 1<<31-1, config.OnApply(apply), config.Doc("minutes without access after which the LFU counter falls by one")),

		Notify:             r.NotifyKeyspaceEvents(config.OnApply(apply), config.Doc("classes of keyspace events that are published")),
		SlowerThan:         r.Int("slowlog-log-slower-than", 10000, -1, anyNumber, config.Doc("microseconds from which a command is logged as slow; -1: never")),
		SlowLen:            r.Int("slowlog-max-len", 128, 0, anyNumber, config.OnApply(apply), config.Doc("entries kept by the slow log")),
		LatencyThreshold:   r.Int("latency-monitor-threshold", 0, 0, anyNumber, config.OnApply(apply), config.Doc("milliseconds from which an event is sampled; 0: none")),
		LatencyTracking:    r.Bool("latency-tracking", true, config.Doc("keep a histogram of each command's duration")),
		LatencyPercentiles: r.LatencyTrackingInfoPercentiles(config.Doc("percentiles that INFO latencystats shows")),
		TrackingKeys:       r.Int("tracking-table-max-keys", 1000000, 0, anyNumber, config.OnApply(apply), config.Doc("keys remembered for client-side caching; 0: no limit")),
		LazyUserFlush:      r.Bool("lazyfree-lazy-user-flush", false, config.Doc("FLUSHALL and FLUSHDB without SYNC or ASYNC give memory back in the background")),
		ExpireClock:        r.Enum("expire-clock", "monotonic", []string{"monotonic", "wall"}, config.OnApply(apply), config.Doc("clock that relative TTLs age on")),
		ActiveDefrag:       r.Bool("activedefrag", true, config.Doc("move entries out of sparse pages so that memory goes back to the system")),
		DebugCommand:       r.Enum("enable-debug-command", "no", []string{"no", "yes", "local"}, config.Immutable(), config.Doc("who may call DEBUG")),
	}
	return k
}

// apply hands the values to the parts that keep them.
func (n *Node) apply() error {
	keys, k := n.Keys, n.Keyspace
	p, ok := eviction.Parse(keys.Policy.String())
	if !ok {
		return fmt.Errorf("unknown policy %q", keys.Policy.String())
	}
	k.SetMaxMemory(keys.MaxMemory.Get())
	k.SetPolicy(p)
	k.Settings.LFULogFactor.Store(int32(keys.LFULogFactor.Get()))
	k.Settings.LFUDecayMinutes.Store(int32(keys.LFUDecay.Get()))
	k.Settings.WallExpiry.Store(keys.ExpireClock.String() == "wall")
	n.Notifier.Set(notifications(keys.Notify.Get()))
	for n.Tracking.Trim(trimKeys) {
	}
	n.BoundClients()
	return nil
}

// trimKeys is how many remembered keys are forgotten between two looks at the limit.
const trimKeys = 100
