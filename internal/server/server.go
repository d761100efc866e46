package server

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/config"
	"github.com/curfewkv/curfew/internal/loop"
	"github.com/curfewkv/curfew/internal/node"
	"github.com/curfewkv/curfew/internal/release"
)

// Server is a running server.
type Server struct {
	// immutable after New
	config   *config.Registry
	settings *settings
	log      *logger
	logFile  io.Closer
	clock    clock.Clock
	node     *node.Node
	group    *loop.Group

	listeners listeners
	stopping  atomic.Bool
	failed    atomic.Pointer[error]
	done      sync.WaitGroup
	release   chan struct{} // wakes the goroutine that gives pages back
}

// New builds a server from redis-server's arguments: a configuration file first, then --key value pairs. It listens only in Run.
func New(args []string) (*Server, error) {
	s, directives := newServer()
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
	if err := s.build(directives); err != nil {
		return nil, err
	}
	return s, nil
}

// newServer makes a server that has its configuration keys and nothing else.
func newServer() (*Server, *config.FileDirectives) {
	s := &Server{config: config.New(), log: newLogger(io.Discard), clock: clock.NewSystem(), release: make(chan struct{}, 1)}
	listen := listenHooks{
		port: &config.Apply{Run: func() error { return s.relisten("Unable to listen on this port. Check server logs.") }},
		bind: &config.Apply{Run: func() error { return s.relisten("Failed to bind to specified addresses.") }},
	}
	logging := &config.Apply{Run: func() error {
		s.log.setLevel(s.settings.logLevel.String())
		return nil
	}}
	s.settings = declare(s.config, listen, logging)
	return s, config.DeclareRedis74(s.config)
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

// build makes the node and the loops.
func (s *Server) build(directives *config.FileDirectives) error {
	n := int(s.settings.loops.Get())
	if n == 0 {
		n = runtime.GOMAXPROCS(0)
	}
	if err := s.buildNode(n, directives); err != nil {
		return err
	}
	var err error
	s.group, err = loop.New(loop.Options{
		Node: s.node, Loops: n, Transport: s.settings.transport.String(), Log: s.log.Logger,
		Refuse: s.refuse, UnixPath: s.settings.unixSocket.Get, Timeout: s.settings.timeout.Get, Keepalive: s.settings.keepalive.Get,
		Tick: s.purge, Stopping: s.unlisten, Fail: s.fatal,
	})
	if err != nil {
		s.node.Close()
		return err
	}
	return nil
}

// buildNode makes the node and adds the process's figures to its own.
func (s *Server) buildNode(loops int, directives *config.FileDirectives) (err error) {
	s.node, err = node.New(node.Options{
		Config: s.config, Keys: s.settings.Keys, Renames: directives.Renames, Clock: s.clock, Log: s.log.Logger,
		Workers: loops, Shards: int(s.settings.shards.Get()),
		Wake: func(shard int) {
			if s.group != nil {
				s.group.Wake(shard)
			}
		},
		Process: node.Process{
			Memory: newGauge().read, Listeners: s.listenerLines, SystemMemory: totalSystemMemory(), HugePages: hugePages, Release: s.purge, Shutdown: s.Stop,
		},
	})
	if err != nil {
		return err
	}
	s.declareFigures()
	return nil
}

// Run listens and serves until Stop or a failure.
func (s *Server) Run() error {
	if err := s.listenAll(); err != nil {
		s.unlisten()
		s.group.Close()
		s.node.Close()
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
		clock.WatchWall(ctx, s.node.WakeShards) // absolute deadlines may be due now
	}()
	go func() {
		defer s.done.Done()
		s.releasePages(ctx)
	}()
	// Processors to spare: a loop that comes back from the kernel must not wait for one that a background task holds, or a
	// command that takes long.
	loops := s.group.Len()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(loops + node.Runners(loops)))
	s.group.Run()
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
	s.log.Info(fmt.Sprintf("Curfew %s, bits=64, %d event loops, %d shards, PID: %d", release.Redis, s.group.Len(), s.node.Keyspace.Shards(), os.Getpid()))
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
	s.group.Stop(s.clock.Mono() + s.settings.shutdownTimeout.Get()*int64(time.Second))
}

// StopOn is Stop for a signal, whose name the log tells: who reads it sees that no client asked. Safe for concurrent use.
func (s *Server) StopOn(signal string) {
	if !s.stopping.Load() {
		s.log.Warn("Received " + signal + " scheduling shutdown...")
	}
	s.Stop()
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
	s.node.Close()
	s.logFile.Close()
}

func (s *Server) writePID() error {
	path := s.settings.pidFile.Get()
	if path == "" {
		return nil
	}
	return os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644)
}

// purge gives free pages back to the system soon.
func (s *Server) purge() {
	select {
	case s.release <- struct{}{}:
	default: // it is about to run anyway
	}
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
		for shard := range s.node.Keyspace.Shards() {
			for s.node.Keyspace.ReleaseOne(shard) && ctx.Err() == nil {
			}
		}
		for s.node.Keyspace.ReleaseOneShared() && ctx.Err() == nil {
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
