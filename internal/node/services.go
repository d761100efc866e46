package node

import (
	"github.com/curfewkv/curfew/internal/config"
	"github.com/curfewkv/curfew/internal/latency"
	"github.com/curfewkv/curfew/internal/monitor"
	"github.com/curfewkv/curfew/internal/pubsub"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/internal/slowlog"
	"github.com/curfewkv/curfew/internal/tracking"
	"github.com/curfewkv/curfew/internal/watch"
)

// buildServices makes the services. Their order is that in which the journal's consumers see a record.
func (n *Node) buildServices() {
	n.Watch = watch.New(n.Journal, watch.LookupIn(n.Keyspace, n.Clock))
	n.Tracking = tracking.New(tracking.Config{
		Journal: n.Journal, Sessions: n.Sessions, Limit: n.HardLimit, MaxKeys: n.Keys.TrackingKeys.Get,
		Account: n.Keyspace.AddExternal,
	})
	n.PubSub = pubsub.New(func() int64 { return n.Keys.OutputLimit.Get(config.PubSubClients).Hard })
	n.Notifier = pubsub.NewNotifier(n.Journal, n.PubSub)
	n.Monitor = monitor.New(n.HardLimit)
	n.Slow = slowlog.New(n.Keys.SlowLen.Get)
	n.Latency = latency.New(n.Keys.LatencyThreshold.Get)
}

// NewSession makes a session for a connection, not yet known to anyone: its owner fills in the addresses and then calls Attach.
func (n *Node) NewSession(t session.Transport) *session.Session {
	s := session.New(n.Sessions.NextID(), t, n.Clock.Mono())
	s.Authenticated = n.Keys.Password.Get() == ""
	return s
}

// Attach makes a session known to the server: it is listed, counted and can be killed from now on. Forget ends that.
func (n *Node) Attach(s *session.Session) { n.Sessions.Add(s) }
