package node

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/monitor"
	"github.com/curfewkv/curfew/internal/session"
)

// observer hands what the dispatcher tells of commands to MONITOR, the slow log and the latency monitor.
type observer struct {
	*Node
	// lastAttack is the monotonic time in ns of the last warning of CrossProtocol, 0 for none.
	lastAttack atomic.Int64
}

// attackEvery is the least time between two warnings of CrossProtocol: a page may try in a loop.
const attackEvery = time.Minute

// CrossProtocol warns of a client that speaks HTTP.
func (o *observer) CrossProtocol(s *session.Session) {
	now, last := o.Clock.Mono(), o.lastAttack.Load()
	if last != 0 && now-last < int64(attackEvery) || !o.lastAttack.CompareAndSwap(last, now) {
		return
	}
	o.log.Warn("Possible SECURITY ATTACK: a client sent POST or Host:, as a browser does that was made to reach this port. Connection closed.", "client", s.Addr)
}

// Watching reports whether someone monitors.
func (o *observer) Watching() bool { return o.Monitor.Active() }

// Show shows a command to the monitors.
func (o *observer) Show(s *session.Session, args [][]byte, wallNs int64) {
	o.Monitor.Show(s, s.DB, monitor.Hide(args, o.Config.Sensitive), wallNs)
}

// SlowNs is the least duration that the slow log or the latency monitor wants to hear of; negative: none.
func (o *observer) SlowNs() int64 {
	slow := min(o.Keys.SlowerThan.Get(), math.MaxInt64/1000) * 1000
	if ms := o.Keys.LatencyThreshold.Get(); ms > 0 {
		if latency := min(ms, math.MaxInt64/1_000_000) * 1_000_000; slow < 0 || latency < slow {
			return latency
		}
	}
	return slow
}

// After is told of a command that took at least SlowNs.
func (o *observer) After(s *session.Session, spec *command.Spec, args [][]byte, durNs, wallNs int64) {
	us, unix := durNs/1000, (wallNs+durNs)/1e9
	if limit := o.Keys.SlowerThan.Get(); limit >= 0 && us >= limit && !spec.Has(command.SkipSlowlog) {
		o.Slow.Add(monitor.Hide(args, o.Config.Sensitive), us, unix, s.Addr, session.Text(&s.Public.Name))
	}
	event := "command"
	if spec.Has(command.Fast) {
		event = "fast-command"
	}
	o.Latency.Add(event, durNs/1e6, unix)
}
