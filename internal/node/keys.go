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

// Why keys that belong to Redis's own way of expiring and evicting change nothing here.
const (
	noSampling = "keys are removed at their deadline, not by sampling"
	noSamples  = "the candidates for eviction are chosen at the quality of the exact policy"
	alwaysLazy = "large values are always freed off the request path"
)

// Declare declares a node's keys in r, to be loaded and then given to New. Keys that change nothing here are known all the
// same, so that a redis.conf that names them is taken.
func Declare(r *config.Registry) *Keys {
	const anyBytes = 1<<63 - 1
	apply := &config.Apply{Run: func() error { return nil }} // there is no node yet
	k := &Keys{
		apply:      apply,
		Password:   r.String("requirepass", "", config.Sensitive(), config.Doc("password of the default user")),
		MaxBulk:    r.Memory("proto-max-bulk-len", 512<<20, 1<<20, anyBytes, config.Doc("longest argument in bytes")),
		QueryLimit: r.Memory("client-query-buffer-limit", 1<<30, 1<<20, anyBytes, config.Doc("unprocessed bytes of a client before it is closed")),

		OutputLimit:  r.ClientOutputBufferLimit(),
		Databases:    r.Int("databases", 16, 1, 1<<15, config.Immutable(), config.Doc("number of databases")),
		MaxMemory:    r.Memory("maxmemory", 0, 0, anyBytes, config.OnApply(apply), config.Doc("bytes of memory in use; 0: no limit")),
		ClientMemory: r.MemoryOrPercent("maxmemory-clients", 0, 100, anyBytes, config.OnApply(apply), config.Doc("bytes of memory of all clients over which the largest are closed, or a percentage of maxmemory; 0: no limit")),
		Policy:       r.Enum("maxmemory-policy", "noeviction", eviction.Names(), config.OnApply(apply), config.Doc("which keys go when maxmemory is reached")),
		LFULogFactor: r.Int("lfu-log-factor", 10, 0, 1<<31-1, config.OnApply(apply), config.Doc("how slowly the LFU counter saturates")),
		LFUDecay:     r.Int("lfu-decay-time", 1, 0, 1<<31-1, config.OnApply(apply), config.Doc("minutes without access after which the LFU counter falls by one")),

		Notify:             r.NotifyKeyspaceEvents(config.OnApply(apply)),
		SlowerThan:         r.Int("slowlog-log-slower-than", 10000, -1, 1<<62, config.Doc("microseconds from which a command is logged as slow; -1: never")),
		SlowLen:            r.Int("slowlog-max-len", 128, 0, 1<<62, config.OnApply(apply), config.Doc("entries kept by the slow log")),
		LatencyThreshold:   r.Int("latency-monitor-threshold", 0, 0, 1<<62, config.OnApply(apply), config.Doc("milliseconds from which an event is sampled; 0: none")),
		LatencyTracking:    r.Bool("latency-tracking", true, config.Doc("keep a histogram of each command's duration")),
		LatencyPercentiles: r.LatencyTrackingInfoPercentiles(config.Doc("percentiles that INFO latencystats shows")),
		TrackingKeys:       r.Int("tracking-table-max-keys", 1000000, 0, 1<<62, config.OnApply(apply), config.Doc("keys remembered for client-side caching; 0: no limit")),
		LazyUserFlush:      r.Bool("lazyfree-lazy-user-flush", false, config.Doc("FLUSHALL and FLUSHDB without SYNC or ASYNC give memory back in the background")),
		ExpireClock:        r.Enum("expire-clock", "monotonic", []string{"monotonic", "wall"}, config.OnApply(apply), config.Doc("clock that relative TTLs age on")),
		ActiveDefrag:       r.Bool("activedefrag", true, config.Doc("move entries out of sparse pages so that memory goes back to the system")),
		DebugCommand:       r.Enum("enable-debug-command", "no", []string{"no", "yes", "local"}, config.Immutable(), config.Doc("who may call DEBUG")),
	}
	r.Bool("lazyfree-lazy-user-del", false, config.NoEffect(alwaysLazy))
	r.Int("hz", 10, 0, 1<<31-1, config.Clamp(1, 500), config.NoEffect(noSampling))
	r.Bool("dynamic-hz", true, config.NoEffect(noSampling))
	r.Int("active-expire-effort", 1, 1, 10, config.NoEffect(noSampling))
	r.Int("maxmemory-samples", 5, 1, 64, config.NoEffect(noSamples))
	r.Int("maxmemory-eviction-tenacity", 10, 0, 100, config.NoEffect("room is made before a command runs, whatever it takes"))
	for _, name := range []string{"lazyfree-lazy-eviction", "lazyfree-lazy-expire", "lazyfree-lazy-server-del", "replica-lazy-flush"} {
		r.Bool(name, false, config.NoEffect(alwaysLazy))
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
