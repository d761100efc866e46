package dispatch

import (
	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/resp"
)

// Watcher is what WATCH needs of the watch service.
type Watcher interface {
	// Watch registers a key; its shard is locked.
	Watch(tx *keyspace.Txn, s *session.Session, key []byte)
	Unwatch(s *session.Session)
}

// Tracker is what client tracking needs to see.
type Tracker interface {
	// Remember notes that a tracking session read keys. Their shards are locked.
	Remember(s *session.Session, db int, keys [][]byte)
	// CommandDone is called after each command of a tracking session, outside the locks.
	CommandDone(s *session.Session)
}

// Observer is told of every command that was run; slow log, latency monitor and MONITOR hide behind it.
type Observer interface {
	// Show is called after a command that MONITOR shows when Watching reports true; wallNs is when it began.
	Watching() bool
	Show(s *session.Session, args [][]byte, wallNs int64)
	// SlowNs is the duration in ns from which After is to be called; negative: never.
	SlowNs() int64
	After(s *session.Session, spec *command.Spec, args [][]byte, durNs, wallNs int64)
	// CrossProtocol is told of a session that is closed because it speaks HTTP.
	CrossProtocol(s *session.Session)
}

// Options are what a Dispatcher needs; all fields are required.
type Options struct {
	Keyspace *keyspace.Keyspace
	Table    *command.Table
	Clock    clock.Clock
	Watch    Watcher
	Tracking Tracker
	Observe  Observer
	Pause    *session.Pause
	// Password is requirepass, "" for none.
	Password func() string
	// Limits of requests.
	MaxBulk func() int64
	// LatencyTracking reports whether per-command histograms are kept.
	LatencyTracking func() bool
	// DebugAllowed reports whether a protected command may run for the session.
	DebugAllowed func(s *session.Session, spec *command.Spec) error
	// OOMDetail explains why nothing could be evicted, "" for no explanation. Called without locks.
	OOMDetail func(tx *keyspace.Txn) string
	// OutputLimit is how many bytes of replies a session may have, 0 for any number.
	OutputLimit func(s *session.Session) int64
	Workers     int
	// Runners is how many commands that take long are run at once.
	Runners int
}

// Dispatcher is shared by all workers; immutable but for counters.
type Dispatcher struct {
	o       Options
	workers []*Worker // of the event loops, then of the runners
	// ErrorReplies counts error replies by their prefix.
	Errors *ErrorStats
	oom    oomText
	runs   runners
	// held are the sessions that wait for a shard which a long command holds, by shard.
	held [maxShards]session.Queue
}

// maxShards is the number of bits of a set of shards.
const maxShards = 64

// New makes a dispatcher and its workers.
func New(o Options) *Dispatcher {
	d := &Dispatcher{o: o, Errors: newErrorStats()}
	for i := range o.Workers {
		d.workers = append(d.workers, newWorker(d, i))
	}
	for i := range o.Runners {
		w := newWorker(d, o.Workers+i)
		w.runner = true
		d.workers = append(d.workers, w)
		d.runs.free = append(d.runs.free, w)
	}
	return d
}

// Worker is the i-th worker. It may be used by one goroutine at a time.
func (d *Dispatcher) Worker(i int) *Worker { return d.workers[i] }

// Worker processes sessions for one goroutine.
type Worker struct {
	d      *Dispatcher
	index  int
	tx     *keyspace.Txn
	ctx    command.Ctx    // of the command that a client sent
	inner  []*command.Ctx // of those that it calls, one within the other
	depth  int            // how many of them run
	now    clock.Instant  // of the command that runs
	tick   int64          // monotonic ns of the last measure of time
	begin  int            // mark of the replies when Process was called
	flush  int            // length of the replies at which they are handed to the transport
	batch  []request      // parsed and not yet run
	flat   [][]byte       // room for the arguments of the batch
	wanted int            // how many arguments the last batch had
	lists  int64          // bytes of argument lists beyond the usual, reported as memory in use
	hash   uint64         // of the key of the request that runs, if hashed
	hashed bool
	keys   [][]byte
	pos    []int
	stats  []CommandStats // by Spec.ID; written by this worker alone
	// follows: behind the request that runs stands another one that may be measured with it
	follows    bool
	unmeasured []*command.Spec // were run since tick and not counted yet
	waited     *session.Park   // the wait that the client's request which runs comes from, if any
	lim        resp.Limits
	waits      session.Timeouts
	ran        int64 // commands so far

	runner  bool // it runs commands that take long, on a goroutine that may wait
	blocker int  // the shard because of which errHeld was returned last

	beforeLong func()
}

// Ran is how many commands the worker has run, those that others called included. For its own goroutine.
func (w *Worker) Ran() int64 { return w.ran }

// BeforeLong has fn called, without any locks, before a command that may take long: the transport sends then what it has
// gathered. To be called before the worker is used.
func (w *Worker) BeforeLong(fn func()) { w.beforeLong = fn }

func newWorker(d *Dispatcher, index int) *Worker {
	w := &Worker{d: d, index: index, tx: d.o.Keyspace.NewTxn(), stats: make([]CommandStats, len(d.o.Table.All()))}
	w.ctx = command.Ctx{Tx: w.tx, Worker: index, Caller: w.callFrom}
	w.batch = make([]request, 0, lookahead)
	return w
}

// Txn is the worker's transaction, for expiry and eviction between requests.
func (w *Worker) Txn() *keyspace.Txn { return w.tx }
