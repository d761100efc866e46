package server

import (
	"context"
	"fmt"
	"io"
	"math/bits"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/config"
	"github.com/curfewkv/curfew/internal/dispatch"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/metrics"
	"github.com/curfewkv/curfew/internal/session"
)

// reservePerShard is the address space of a shard; a handle can reach no more. Only what is used is backed by memory.
const reservePerShard = 16 << 30

// spareProcs is how many goroutines may run beside the loops.
const spareProcs = 2

// Server is a running server.
type Server struct {
	// immutable after New
	config   *config.Registry
	settings *settings
	log      *logger
	logFile  io.Closer
	clock    clock.Clock
	steps    *clock.StepDetector
	keyspace *keyspace.Keyspace
	journal  *journal.Journal
	table    *command.Table
	dispatch *dispatch.Dispatcher
	sessions *session.Registry
	pause    *session.Pause
	services services
	metrics  *metrics.Set
	loops    []*loop
	started  clock.Instant
	runID    string

	listeners listeners
	nextLoop  atomic.Uint64
	stats     stats
	stopping  atomic.Bool
	failed    atomic.Pointer[error]
	snapshot  snapshot   // of the INFO under way; guarded by all shards' locks
	bounding  sync.Mutex // held while clients are chosen to be closed
	done      sync.WaitGroup
	release   chan struct{} // wakes the goroutine that gives pages back
}

// stats are the counters of the server's own work.
type stats struct {
	connections, rejected, netIn, netOut, evictedClients *metrics.Counter // declared by statFigures

	peakMemory atomic.Int64
	ops        rate
}

// New builds a server from redis-server's arguments: a configuration file first, then --key value pairs. It listens only in Run.
func New(args []string) (*Server, error) {
	s := &Server{
		config: config.New(), journal: &journal.Journal{}, sessions: session.NewRegistry(), pause: &session.Pause{}, metrics: metrics.NewSet(),
		release: make(chan struct{}, 1), runID: newRunID(),
	}
	s.listeners.byFD = map[int]*listener{}
	listen := listenHooks{
		port: &config.Apply{Run: func() error { return s.relisten("Unable to listen on this port. Check server logs.") }},
		bind: &config.Apply{Run: func() error { return s.relisten("Failed to bind to specified addresses.") }},
	}
	apply := &config.Apply{Run: func() error { return s.apply() }}
	s.settings = declare(s.config, listen, apply)
	directives := config.DeclareRedis74(s.config)
	if err := s.config.LoadArgs(args); err != nil {
		return nil, err
	}
	if err := s.openLog(); err != nil {
		return nil, err
	}
	if err := s.enterDir(); err != nil {
		return nil, err
	}
	if err := s.fitClients(); err != nil {
		return nil, err
	}
	sys := clock.NewSystem()
	s.clock, s.started = sys, sys.Now()
	s.steps = clock.NewStepDetector(clock.DefaultStepThreshold)
	if err := s.build(directives); err != nil {
		return nil, err
	}
	return s, s.apply()
}

func (s *Server) openLog() error {
	w, err := openLog(s.settings.logFile.Get())
	if err != nil {
		return err
	}
	s.logFile, s.log = w, newLogger(w)
	s.log.setLevel(s.settings.logLevel.String())
	return nil
}

// build makes the parts, bottom up.
func (s *Server) build(directives *config.FileDirectives) error {
	n := int(s.settings.loops.Get())
	if n == 0 {
		n = runtime.GOMAXPROCS(0)
	}
	shards := int(s.settings.shards.Get())
	if shards == 0 {
		shards = defaultShards(n)
	}
	k, err := keyspace.New(keyspace.Options{
		Shards: shards, Databases: int(s.settings.databases.Get()), ReservePerShard: reservePerShard, Journal: s.journal,
		Wake: func(shard int) {
			if len(s.loops) > 0 {
				s.loops[shard%len(s.loops)].wake()
			}
		},
	})
	if err != nil {
		return err
	}
	s.keyspace = k
	s.reportReserve()
	s.pause.OnChange = func(active bool) {
		k.Settings.HoldExpiry.Store(active)
		if !active {
			s.wakeLoops() // keys may be due
		}
	}
	s.buildServices()
	s.table = command.NewTable(s.families()...)
	for _, r := range directives.Renames {
		if err := s.table.Rename(r[0], r[1]); err != nil {
			return err
		}
	}
	s.dispatch = dispatch.New(s.dispatchOptions(n))
	s.declareFigures()
	for i := range n {
		var mine []int
		for shard := i; shard < shards; shard += n {
			mine = append(mine, shard)
		}
		l, err := newLoop(s, i, mine)
		if err != nil {
			return err
		}
		s.loops = append(s.loops, l)
	}
	return nil
}

// defaultShards is enough that the loops rarely meet on one lock.
func defaultShards(loops int) int {
	n := max(16, 4*loops)
	return min(64, 1<<bits.Len(uint(n-1)))
}

// Run listens and serves until Stop or a failure.
func (s *Server) Run() error {
	if err := s.listenAll(); err != nil {
		s.unlisten()
		for _, l := range s.loops {
			l.close()
		}
		s.keyspace.Close()
		s.logFile.Close()
		return err
	}
	if err := s.writePID(); err != nil {
		s.log.Warn("Failed to write PID file: " + err.Error())
	}
	s.greet()
	ctx, cancel := context.WithCancel(context.Background())
	s.done.Add(2)
	go func() {
		defer s.done.Done()
		clock.WatchWall(ctx, s.wakeLoops) // absolute deadlines may be due now
	}()
	go func() {
		defer s.done.Done()
		s.releasePages(ctx)
	}()
	// Processors to spare: a loop that comes back from the kernel must not wait for one that a background task holds.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(len(s.loops) + spareProcs))
	var loops sync.WaitGroup
	for _, l := range s.loops {
		loops.Go(l.run)
	}
	loops.Wait()
	cancel()
	s.done.Wait()
	s.finish()
	if err := s.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// greet logs what redis-server logs at start, which tools wait for.
func (s *Server) greet() {
	s.log.Info(fmt.Sprintf("Curfew %s, bits=64, %d event loops, %d shards, PID: %d", Version, len(s.loops), s.keyspace.Shards(), os.Getpid()))
	for _, w := range s.config.Warnings() {
		s.log.Warn("WARNING: " + w)
	}
	if s.settings.port.Get() != 0 {
		s.log.Info("Running mode=standalone, port=" + strconv.FormatInt(s.settings.port.Get(), 10) + ".")
	}
	s.log.Info("Server initialized")
	s.log.Info("Ready to accept connections")
}

// Stop begins a clean stop: no new connections, replies are finished, Run returns. Safe for concurrent use.
func (s *Server) Stop() {
	if !s.stopping.CompareAndSwap(false, true) {
		return
	}
	s.log.Info("User requested shutdown...")
	by := s.clock.Mono() + s.settings.shutdownTimeout.Get()*int64(time.Second)
	for _, l := range s.loops {
		l.do(func() {
			if l.index == 0 {
				s.unlisten()
			}
			l.stopping, l.stopBy = true, by
		})
	}
}

// fatal stops the server with an error.
func (s *Server) fatal(err error) {
	s.failed.CompareAndSwap(nil, &err)
	s.Stop()
}

func (s *Server) finish() {
	if path := s.settings.pidFile.Get(); path != "" {
		os.Remove(path)
	}
	s.log.Warn("Curfew is now ready to exit, bye bye...")
	s.keyspace.Close()
	s.logFile.Close()
}

func (s *Server) writePID() error {
	path := s.settings.pidFile.Get()
	if path == "" {
		return nil
	}
	return os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644)
}

// reportReserve tells when keys have less room than usual because the address space is limited.
func (s *Server) reportReserve() {
	if got := s.keyspace.Reserved(); got < reservePerShard {
		shards := int64(s.keyspace.Shards())
		s.log.Warn(fmt.Sprintf("The address space is limited (ulimit -v): each of %d shards reserves %d MiB for its keys, not %d. "+
			"Writes fail with OOM once a shard is full, at %d MiB in all or somewhat before, whatever maxmemory is.",
			shards, got>>20, int64(reservePerShard)>>20, shards*got>>20))
	}
}

// forget removes a session from everything that knows it.
func (s *Server) forget(sess *session.Session) {
	s.sessions.Remove(sess)
	s.pause.Forget(sess)
	s.dispatch.Discard(sess)
	s.services.forget(sess)
}

// releasePages gives freed pages back to the system, away from the loops: the system call may take long.
func (s *Server) releasePages(ctx context.Context) {
	guard := new(heapGuard)
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.release:
		}
		for shard := range s.keyspace.Shards() {
			for s.keyspace.ReleaseOne(shard) && ctx.Err() == nil {
			}
		}
		s.collectGarbage(guard)
	}
}

// enterDir makes dir of the configuration the working directory, and shows it by its full path from then on.
func (s *Server) enterDir() error {
	if err := chdir(s.settings.dir.Get()); err != nil {
		return err
	}
	if full, err := os.Getwd(); err == nil {
		s.settings.dir.Override(full)
	}
	return nil
}

func chdir(dir string) error {
	if err := os.Chdir(dir); err != nil {
		return fmt.Errorf("Can't chdir to '%s': %w", dir, err)
	}
	return nil
}
