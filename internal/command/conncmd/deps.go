package conncmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/monitor"
	"github.com/curfewkv/curfew/internal/pubsub"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/internal/tracking"
)

// Deps are what the commands work on; all are required.
type Deps struct {
	Clients  *session.Registry
	PubSub   *pubsub.Registry
	Tracking *tracking.Table
	Monitor  *monitor.Feed
	Pause    *session.Pause
	// Discard ends a session's transaction and its watches.
	Discard func(s *session.Session)
	// Password is requirepass, "" for none.
	Password func() string
	// AppendOnly reports whether writes go to an append-only file.
	AppendOnly func() bool
	// Version is the version of Redis that HELLO announces.
	Version string
}

// Flags that many of these commands share.
const (
	anytime = command.NoScript | command.Loading | command.Stale
	handy   = anytime | command.Fast | command.NoAuth | command.AllowBusy
)

// Specs are the commands of the family.
func Specs(d *Deps) []*command.Spec {
	return []*command.Spec{
		ping, echo, quit, selectDB, d.auth(), d.hello(), d.reset(), d.client(), d.monitor(), wait, d.waitAOF(),
	}
}
