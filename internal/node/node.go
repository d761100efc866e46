package node

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/config"
	"github.com/curfewkv/curfew/internal/dispatch"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/latency"
	"github.com/curfewkv/curfew/internal/metrics"
	"github.com/curfewkv/curfew/internal/monitor"
	"github.com/curfewkv/curfew/internal/pubsub"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/internal/slowlog"
	"github.com/curfewkv/curfew/internal/tracking"
	"github.com/curfewkv/curfew/internal/watch"
)

// maxReserve is the address space of a shard, unless Options say otherwise: a handle can reach no more. Only what is used
// is backed by memory.
const maxReserve = 16 << 30

// Options are fixed when a node is made. Config, Keys and Clock are required.
type Options struct {
	// Config is the configuration that CONFIG shows and changes; Keys are what Declare declared in it.
	Config *config.Registry
	Keys   *Keys
	// Renames are commands with another name, or with "" as the new name, none.
	Renames [][2]string
	Clock   clock.Clock
	// Workers is how many goroutines run commands at once; 0 is 1.
	Workers int
	// Shards of the keyspace, a power of two; 0: enough for the workers.
	Shards int
	// ReservePerShard is the address space of a shard in bytes; 0: as much as a shard can use.
	ReservePerShard int64
	// Log takes what an operator should know; nil: nothing is logged.
	Log *slog.Logger
	// Wake ends the sleep of the goroutine that removes the shard's due keys. It is called under the shard's lock, when the
	// shard's next deadline became an earlier one or may have come, and must not block. nil: nothing sleeps.
	Wake func(shard int)
	// Process is the program that the node runs in.
	Process Process
	// Commands are more than the server's own: those of a test.
	Commands []*command.Spec
	// Adjust may give the dispatcher of a test other parts than the node's; nil: it gets these.
	Adjust func(o *dispatch.Options)
}

// Process is what a node has to know of the program that it runs in. A nil function stands for one that does nothing.
type Process struct {
	// Memory is how much memory it takes.
	Memory func() ProcessMemory
	// Listeners are the lines of INFO that tell where it listens, each with its end.
	Listeners func() []byte
	// SystemMemory is the memory of the machine in bytes, 0 where it cannot be told.
	SystemMemory int64
	// HugePages reports whether the system backs memory with huge pages unasked.
	HugePages func() bool
	// Release gives free pages back to the system soon.
	Release func()
	// Shutdown ends the program (SHUTDOWN).
	Shutdown func()
}

// Node is a server without sockets. Its parts are immutable after New; each says which goroutines may use it.
type Node struct {
	Config   *config.Registry
	Keys     *Keys
	Clock    clock.Clock
	Keyspace *keyspace.Keyspace
	Journal  *journal.Journal
	Sessions *session.Registry
	Pause    *session.Pause
	PubSub   *pubsub.Registry
	Notifier *pubsub.Notifier
	Watch    *watch.Service
	Tracking *tracking.Table
	Monitor  *monitor.Feed
	Slow     *slowlog.Log
	Latency  *latency.Monitor
	Table    *command.Table
	Dispatch *dispatch.Dispatcher
	// Metrics are the fields of INFO; the server adds its own before it serves.
	Metrics *metrics.Set
	// Traffic are the counters of the transport.
	Traffic Traffic
	// RunID is a random name of this run, 40 hexadecimal digits as Redis's.
	RunID string
	// Started is when the node was made.
	Started clock.Instant

	log     *slog.Logger
	wake    func(shard int)
	process Process
	steps   *clock.StepDetector

	// clientBytes are what all sessions take. Other memory outside the shards is not theirs: what tracking remembers, argument
	// lists while their request runs.
	clientBytes atomic.Int64

	departures departures

	peak     peak
	exceeded overTime
	rate     rate
	seen     seen       // by the INFO under way; guarded by all shards' locks
	bounding sync.Mutex // held while clients are chosen to be closed
}

// New makes a node with an empty keyspace.
func New(o Options) (*Node, error) {
	o.fill()
	n := &Node{
		Config: o.Config, Keys: o.Keys, Clock: o.Clock, Journal: &journal.Journal{}, Sessions: session.NewRegistry(), Pause: &session.Pause{},
		Metrics: metrics.NewSet(), RunID: newRunID(), Started: o.Clock.Now(), log: o.Log, wake: o.Wake, process: o.Process,
		steps: clock.NewStepDetector(clock.DefaultStepThreshold),
	}
	var err error
	n.Keyspace, err = keyspace.New(keyspace.Options{
		Shards: o.Shards, Databases: int(o.Keys.Databases.Get()), ReservePerShard: o.ReservePerShard, Journal: n.Journal, Wake: o.Wake,
	})
	if err != nil {
		return nil, err
	}
	n.reportReserve(o.ReservePerShard)
	n.Pause.OnChange = func(active bool) {
		n.Keyspace.Settings.HoldExpiry.Store(active)
		if !active {
			n.WakeShards() // keys may be due
		}
	}
	n.buildServices()
	n.Table = command.NewTable(append(n.families(), o.Commands)...)
	if err := n.rename(o.Renames); err != nil {
		n.Close()
		return nil, err
	}
	d := n.dispatchOptions(o.Workers)
	if o.Adjust != nil {
		o.Adjust(&d)
	}
	n.Dispatch = dispatch.New(d)
	n.declareFigures()
	n.Keys.apply.Run = n.apply
	if err := n.apply(); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

// fill puts in what was left out.
func (o *Options) fill() {
	o.Workers = max(1, o.Workers)
	if o.Shards == 0 {
		o.Shards = enoughShards(o.Workers)
	}
	if o.ReservePerShard == 0 {
		o.ReservePerShard = maxReserve
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Wake == nil {
		o.Wake = func(int) {}
	}
	p := &o.Process
	if p.Memory == nil {
		p.Memory = func() ProcessMemory { return ProcessMemory{} }
	}
	if p.Listeners == nil {
		p.Listeners = func() []byte { return nil }
	}
	if p.HugePages == nil {
		p.HugePages = func() bool { return false }
	}
	if p.Release == nil {
		p.Release = func() {}
	}
	if p.Shutdown == nil {
		p.Shutdown = func() {}
	}
}

// enoughShards is so many that workers rarely meet on one lock.
func enoughShards(workers int) int {
	n := max(16, 4*workers)
	return min(64, 1<<bits.Len(uint(n-1)))
}

// reportReserve tells when keys have less room than was asked for because the address space is limited.
func (n *Node) reportReserve(want int64) {
	got, shards := n.Keyspace.Reserved(), int64(n.Keyspace.Shards())
	if got >= want {
		return
	}
	n.log.Warn(fmt.Sprintf("The address space is limited (ulimit -v): each of %d shards reserves %d MiB for its keys, not %d. "+
		"Writes fail with OOM once a shard is full, at %d MiB in all or somewhat before, whatever maxmemory is.",
		shards, got>>20, want>>20, shards*got>>20))
}

func (n *Node) rename(renames [][2]string) error {
	for _, r := range renames {
		if err := n.Table.Rename(r[0], r[1]); err != nil {
			return err
		}
	}
	return nil
}

// newRunID is a random name of 40 hexadecimal digits.
func newRunID() string {
	var b [20]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Close ends what runs off the event loops and gives the keyspace's memory back. No worker may be running.
func (n *Node) Close() {
	if n.Dispatch != nil {
		n.Dispatch.Close()
	}
	n.Keyspace.Close()
}

// WakeShards makes every shard's goroutine look at its deadlines: the clock may have been stepped. Safe for concurrent use.
func (n *Node) WakeShards() {
	for shard := range n.Keyspace.Shards() {
		n.wake(shard)
	}
}

// ObserveClock counts and logs steps of the wall clock.
func (n *Node) ObserveClock(now clock.Instant) {
	if ms, stepped := n.steps.Observe(now); stepped {
		n.log.Warn("The wall clock was stepped", "ms", ms)
	}
}

// Tick does what has to be done about ten times a second, whatever clients do. It reports whether memory is over its limit
// and something may be evicted.
func (n *Node) Tick(now clock.Instant) (overLimit bool) {
	used := n.Keyspace.Used()
	n.peak.note(used)
	limit := n.Keys.MaxMemory.Get()
	n.exceeded.note(now.Mono, limit > 0 && used > limit)
	n.rate.sample(func() totals {
		return totals{
			at: now.Mono, ops: n.Dispatch.TotalCalls(), in: n.Traffic.NetIn.Load(), out: n.Traffic.NetOut.Load(),
			turns: n.Traffic.turns.Load(), busyNs: n.Traffic.busyNs.Load(),
		}
	})
	// A limit lowered by CONFIG SET, and buffers that grew, are followed without waiting for the next write.
	n.BoundClients()
	return n.Keyspace.Over(0) > 0
}
