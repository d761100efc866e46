// Package nodetest makes nodes for tests: a small keyspace, a clock that the test moves, the defaults of the configuration.
// Only tests and the rigs of tests import it.
package nodetest

import (
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/config"
	"github.com/curfewkv/curfew/internal/node"
)

// Start is where the clock of a node stands at first.
var Start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// reserve is the address space of a shard: tests run many nodes.
const reserve = 1 << 30

// New makes a node that goes away with the test, and its clock. What o leaves out is filled in: the configuration, a clock
// that stands at Start, four shards.
func New(t testing.TB, o node.Options) (*node.Node, *clock.Fake) {
	t.Helper()
	c := clock.NewFake(Start)
	o.Clock, o.Config = c, config.New()
	o.Keys = node.Declare(o.Config)
	config.DeclareRedis74(o.Config)
	if o.Shards == 0 {
		o.Shards = 4
	}
	if o.ReservePerShard == 0 {
		o.ReservePerShard = reserve
	}
	n, err := node.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n, c
}
