package sweep

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
)

// A Window is a span of time by this host's clock.
type Window struct{ From, To time.Time }

// Holds reports whether an instant is inside. The zero Window holds none.
func (w Window) Holds(at time.Time) bool {
	return !w.To.IsZero() && !at.Before(w.From) && !at.After(w.To)
}

// A Place is where the keys of a page are. It is for the goroutine that walks its keyspace.
type Place struct {
	connect.Keyspace
	// Uncounted is when this run, or the one that it goes on from, may have changed keys here that no count has: it was
	// killed, or the server was replaced and counting began again.
	Uncounted Window
	// Counted is when this run may have changed keys that are counted already, here, because SCAN can bring a key twice, or on
	// another server of a Cluster, from where they came.
	Counted Window
	// Pass is 0 at first. Later ones bring the keys of slots that moved, which another server may have counted before.
	Pass int

	sweep *Sweep
}

// Elsewhere returns a client for keys that are not, or no longer, where they were found: of whoever has them now.
func (p *Place) Elsewhere(ctx context.Context) (redis.UniversalClient, error) {
	t := p.sweep.target
	if t.Mode == connect.Cluster {
		return t.Client, nil
	}
	nodes, err := t.Primaries(ctx)
	if err != nil {
		return nil, err
	}
	return nodes[0].DB(p.DB), nil
}

// Clustered reports whether keys can move from server to server.
func (p *Place) Clustered() bool { return p.sweep.target.Mode == connect.Cluster }

// Fail notes why a key could not be changed. A few of these are shown.
func (p *Place) Fail(key string, err error) {
	p.sweep.mu.Lock()
	defer p.sweep.mu.Unlock()
	if len(p.sweep.failures) < maxFailures {
		p.sweep.failures = append(p.sweep.failures, Failure{Node: p.Node.Addr, DB: p.DB, Key: fmt.Sprintf("%q", key), Error: err.Error()})
	}
}

// Note adds a line to the result that a person should read; the same line is added once.
func (p *Place) Note(format string, args ...any) { p.sweep.note(format, args...) }
