package node_test

import (
	"fmt"
	"testing"

	"github.com/curfewkv/curfew/internal/node"
	"github.com/curfewkv/curfew/internal/node/nodetest"
	"github.com/curfewkv/curfew/internal/pubsub"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/internal/tracking"
)

type noWake struct{}

func (noWake) Wake(*session.Session) {}

// A session with very much is forgotten in steps, each of the same length; from the first on it hears nothing.
func TestASessionWithMuchIsForgottenInSteps(t *testing.T) {
	const many = 10_000
	n, _ := nodetest.New(t, node.Options{})
	subscriptions := func() int64 {
		channels, patterns, shards, _ := n.PubSub.Counts()
		_, watched := n.Watch.Counts()
		_, _, _, prefixes := n.Tracking.Counts()
		return channels + patterns + shards + watched + prefixes
	}
	s := n.NewSession(noWake{})
	n.Attach(s)
	tx := n.Keyspace.NewTxn()
	var prefixes []string
	for i := range many {
		name := fmt.Appendf(nil, "name:%05d", i)
		for _, k := range []pubsub.Kind{pubsub.Channel, pubsub.Pattern, pubsub.Shard} {
			n.PubSub.Subscribe(s, k, name, func() {})
		}
		tx.Begin(n.Clock.Now(), 0, s.ID, false)
		tx.LockKey(name)
		n.Watch.Watch(tx, s, name)
		tx.Unlock()
		prefixes = append(prefixes, string(name))
	}
	if err := n.Tracking.On(s, tracking.Options{BCast: true, Prefixes: prefixes}); err != nil {
		t.Fatal(err)
	}
	before := subscriptions()
	n.Forget(s)
	steps := 1
	for more := true; more; steps++ {
		after := subscriptions()
		if done := before - after; done > many/10 {
			t.Fatalf("a step forgets %d things", done)
		}
		if got := n.PubSub.Publish([]byte("name:00000"), []byte("m")); got != 0 || s.HasMail() {
			t.Fatal("a session that went away hears messages")
		}
		before = after
		n.Forget(s) // as an event loop does when the last reply is sent
		more = n.ForgetMore()
	}
	if steps < 50 || subscriptions() != 0 || s.Public.Kept.Load() != 0 {
		t.Errorf("after %d steps: %d things, %d bytes are left", steps, subscriptions(), s.Public.Kept.Load())
	}
	if n.ForgetMore() {
		t.Error("there is nothing more to forget")
	}
}
