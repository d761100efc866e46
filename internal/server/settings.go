package server

import (
	"fmt"

	"github.com/curfewkv/curfew/internal/config"
	"github.com/curfewkv/curfew/internal/eviction"
)

// settings are the configuration keys that the server itself reads.
type settings struct {
	port, timeout, keepalive, maxClients *config.Int
	bind                                 *config.List
	unixSocket                           *config.String
	unixPerm                             *config.Int
	protected                            *config.Bool
	password                             *config.String
	maxBulk, queryLimit                  *config.Int
	outputLimit                          *config.ClientLimits
	databases                            *config.Int
	maxMemory, clientMemory              *config.Int
	policy                               *config.Enum
	lfuLog, lfuDecay                     *config.Int
	notify                               *config.Notify
	slowerThan, slowLen                  *config.Int
	latencyThreshold                     *config.Int
	latencyTracking                      *config.Bool
	latencyPercentiles                   *config.Percentiles
	trackingMax                          *config.Int
	lazyUserFlush                        *config.Bool
	logLevel                             *config.Enum
	logFile, pidFile, dir                *config.String
	expireClock                          *config.Enum
	defrag                               *config.Bool
	debugCommand                         *config.Enum
	shards, loops                        *config.Int
	shutdownTimeout                      *config.Int
}

// Why keys that belong to Redis's own way of expiring and evicting change nothing here.
const (
	noSampling = "keys are removed at their deadline, not by sampling"
	noSamples  = "the candidates for eviction are chosen at the quality of the exact policy"
	alwaysLazy = "large values are always freed off the request path"
)

// listenHooks follow changes of the keys that say where to listen; each has its own words for a failure.
type listenHooks struct{ port, bind *config.Apply }

// declare declares the server's keys. CONFIG SET runs listen and apply when keys that they read have changed. Keys that change
// nothing here are known all the same, so that a redis.conf that names them is taken.
func declare(r *config.Registry, listen listenHooks, apply *config.Apply) *settings {
	const anyBytes = 1<<63 - 1
	s := &settings{
		port:       r.Int("port", 6379, 0, 65535, config.OnApply(listen.port), config.Doc("TCP port; 0: none")),
		timeout:    r.Int("timeout", 0, 0, 1<<31-1, config.Doc("seconds after which an idle client is closed; 0: never")),
		keepalive:  r.Int("tcp-keepalive", 300, 0, 1<<31-1, config.Doc("seconds between TCP keepalive probes; 0: none")),
		maxClients: r.Int("maxclients", 10000, 1, 1<<32-1, config.Doc("clients that may be connected at once")),
		bind:       r.Bind(config.OnApply(listen.bind)),
		unixSocket: r.String("unixsocket", "", config.Immutable(), config.Doc("path of a unix socket to listen on")),
		unixPerm:   r.Octal("unixsocketperm", 0, 0, 0o777, config.Immutable(), config.Doc("its permissions")),
		protected:  r.Bool("protected-mode", true, config.Doc("refuse clients from other machines while no password is set")),
		password:   r.String("requirepass", "", config.Sensitive(), config.Doc("password of the default user")),
		maxBulk:    r.Memory("proto-max-bulk-len", 512<<20, 1<<20, anyBytes, config.Doc("longest argument in bytes")),
		queryLimit: r.Memory("client-query-buffer-limit", 1<<30, 1<<20, anyBytes, config.Doc("unprocessed bytes of a client before it is closed")),

		outputLimit:  r.ClientOutputBufferLimit(),
		databases:    r.Int("databases", 16, 1, 1<<15, config.Immutable(), config.Doc("number of databases")),
		maxMemory:    r.Memory("maxmemory", 0, 0, anyBytes, config.OnApply(apply), config.Doc("bytes of memory in use; 0: no limit")),
		clientMemory: r.MemoryOrPercent("maxmemory-clients", 0, 100, anyBytes, config.OnApply(apply), config.Doc("bytes of memory of all clients over which the largest are closed, or a percentage of maxmemory; 0: no limit")),
		policy:       r.Enum("maxmemory-policy", "noeviction", eviction.Names(), config.OnApply(apply), config.Doc("which keys go when maxmemory is reached")),
		lfuLog:       r.Int("lfu-log-factor", 10, 0, 1<<31-1, config.OnApply(apply), config.Doc("how slowly the LFU counter saturates")),
		lfuDecay:     r.Int("lfu-decay-time", 1, 0, 1<<31-1, config.OnApply(apply), config.Doc("minutes without access after which the LFU counter falls by one")),

		notify:             r.NotifyKeyspaceEvents(config.OnApply(apply)),
		slowerThan:         r.Int("slowlog-log-slower-than", 10000, -1, 1<<62, config.Doc("microseconds from which a command is logged as slow; -1: never")),
		slowLen:            r.Int("slowlog-max-len", 128, 0, 1<<62, config.OnApply(apply), config.Doc("entries kept by the slow log")),
		latencyThreshold:   r.Int("latency-monitor-threshold", 0, 0, 1<<62, config.OnApply(apply), config.Doc("milliseconds from which an event is sampled; 0: none")),
		latencyTracking:    r.Bool("latency-tracking", true, config.Doc("keep a histogram of each command's duration")),
		latencyPercentiles: r.LatencyTrackingInfoPercentiles(config.Doc("percentiles that INFO latencystats shows")),
		trackingMax:        r.Int("tracking-table-max-keys", 1000000, 0, 1<<62, config.OnApply(apply), config.Doc("keys remembered for client-side caching; 0: no limit")),
		lazyUserFlush:      r.Bool("lazyfree-lazy-user-flush", false, config.Doc("FLUSHALL and FLUSHDB without SYNC or ASYNC give memory back in the background")),
		logLevel:           r.Enum("loglevel", "notice", []string{"debug", "verbose", "notice", "warning", "nothing"}, config.OnApply(apply), config.Doc("least level that is logged")),
		logFile:            r.String("logfile", "", config.Immutable(), config.Doc("file to log to; empty: standard output")),
		pidFile:            r.String("pidfile", "", config.Immutable(), config.Doc("file that holds the process id while the server runs")),
		dir:                r.String("dir", ".", config.Protected(), config.Doc("working directory"), config.OnSet(func(_, to string) error { return chdir(to) })),
		expireClock:        r.Enum("expire-clock", "monotonic", []string{"monotonic", "wall"}, config.OnApply(apply), config.Doc("clock that relative TTLs age on")),
		defrag:             r.Bool("activedefrag", true, config.Doc("move entries out of sparse pages so that memory goes back to the system")),
		debugCommand:       r.Enum("enable-debug-command", "no", []string{"no", "yes", "local"}, config.Immutable(), config.Doc("who may call DEBUG")),
		shards:             r.Int("shards", 0, 0, 64, config.Immutable(), config.Doc("lock units of the keyspace, a power of two; 0: chosen by the number of cores")),
		loops:              r.Int("event-loops", 0, 0, 256, config.Immutable(), config.Doc("event loops; 0: one for each core")),
		shutdownTimeout:    r.Int("shutdown-timeout", 10, 0, 1<<31-1, config.Doc("seconds that a stopping server waits for replies to be taken")),
	}
	r.Int("tcp-backlog", 511, 0, 1<<31-1, config.Immutable(), config.NoEffect("the system's limit of the accept queue serves"))
	r.Bool("lazyfree-lazy-user-del", false, config.NoEffect(alwaysLazy))
	r.Bool("daemonize", false, config.Immutable(), config.NoEffect("run it under a service manager"))
	r.Bool("always-show-logo", false, config.Immutable(), config.NoEffect("there is none"))
	r.Int("hz", 10, 0, 1<<31-1, config.Clamp(1, 500), config.NoEffect(noSampling))
	r.Bool("dynamic-hz", true, config.NoEffect(noSampling))
	r.Int("active-expire-effort", 1, 1, 10, config.NoEffect(noSampling))
	r.Int("maxmemory-samples", 5, 1, 64, config.NoEffect(noSamples))
	r.Int("maxmemory-eviction-tenacity", 10, 0, 100, config.NoEffect("room is made before a command runs, whatever it takes"))
	for _, name := range []string{"lazyfree-lazy-eviction", "lazyfree-lazy-expire", "lazyfree-lazy-server-del", "replica-lazy-flush"} {
		r.Bool(name, false, config.NoEffect(alwaysLazy))
	}
	return s
}

// apply hands the values to the parts that read them at every use.
func (s *Server) apply() error {
	set, k := s.settings, s.keyspace
	p, ok := eviction.Parse(set.policy.String())
	if !ok {
		return fmt.Errorf("unknown policy %q", set.policy.String())
	}
	k.SetMaxMemory(set.maxMemory.Get())
	k.SetPolicy(p)
	k.Settings.LFULogFactor.Store(int32(set.lfuLog.Get()))
	k.Settings.LFUDecayMinutes.Store(int32(set.lfuDecay.Get()))
	k.Settings.WallExpiry.Store(set.expireClock.String() == "wall")
	s.log.setLevel(set.logLevel.String())
	s.applyServices()
	s.boundClients()
	return nil
}
