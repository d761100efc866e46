package server

import (
	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/command/servercmd"
	"github.com/curfewkv/curfew/internal/command/stringcmd"
	"github.com/curfewkv/curfew/internal/dispatch"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/metrics"
	"github.com/curfewkv/curfew/internal/session"
)

type services struct{}

func (services) forget(*session.Session)     {}
func (services) tick(clock.Instant)          {}
func (services) trackingClients() int64      { return 0 }
func (services) declareFigures(*metrics.Set) {}

type nop struct{}

func (nop) Watch(*keyspace.Txn, *session.Session, []byte)                       {}
func (nop) Unwatch(*session.Session)                                            {}
func (nop) Remember(*session.Session, int, [][]byte)                            {}
func (nop) CommandDone(*session.Session)                                        {}
func (nop) Watching() bool                                                      { return false }
func (nop) Before(*session.Session, *command.Spec, [][]byte, int64)             {}
func (nop) SlowNs() int64                                                       { return -1 }
func (nop) After(*session.Session, *command.Spec, [][]byte, int64, int64) {}

func (s *Server) applyServices() {}
func (s *Server) buildServices() {}
func (s *Server) families() [][]*command.Spec {
	return [][]*command.Spec{stringcmd.Specs(s.settings.maxBulk.Get), servercmd.Specs(&servercmd.Deps{Config: s.config, Table: func() *command.Table { return s.table }, Clock: s.clock, Info: s.info,
		ResetStats: func() { s.dispatch.ResetStats() }, Memory: s.memoryStats, Purge: s.purge, AllocatorReport: s.allocatorReport, Shutdown: s.Stop, Log: func(t string) { s.log.Info(t) }, RunID: s.runID}), dispatch.Transactions(func() *dispatch.Dispatcher { return s.dispatch })}
}
func (s *Server) dispatchOptions(n int) dispatch.Options {
	return dispatch.Options{Keyspace: s.keyspace, Table: s.table, Clock: s.clock, Watch: nop{}, Tracking: nop{}, Observe: nop{}, Pause: s.pause,
		Password: s.settings.password.Get, MaxBulk: s.settings.maxBulk.Get, LatencyTracking: s.settings.latencyTracking.Get,
		DebugAllowed: func(*session.Session, *command.Spec) error { return nil },
		OOMDetail:    s.explainOOM, Workers: n}
}
