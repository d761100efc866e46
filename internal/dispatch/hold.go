package dispatch

import (
	"errors"
	"math/bits"

	"github.com/curfewkv/curfew/internal/session"
)

// errHeld tells that a long command holds a shard which is needed; nothing was changed.
var errHeld = errors.New("a long command holds the shard")

// forShard is the wait for a shard that a long command holds.
var forShard = &session.Kind{Name: "shard"}

// lockSet locks a set of shards; false: a long command holds one of them. A runner waits for them and holds them itself.
func (w *Worker) lockSet(set uint64) bool {
	switch {
	case set == 0:
		return true
	case w.runner:
		w.tx.HoldSet(set, func() { w.d.giveWay(set) })
	case !w.tx.TryLockSet(set):
		w.blocker = w.tx.Blocker()
		return false
	}
	return true
}

// unlock ends the transaction and wakes the sessions that wait for shards which were held.
func (w *Worker) unlock() {
	set := w.tx.Locked()
	w.tx.Unlock()
	if !w.runner {
		return
	}
	for rest := set; rest != 0; rest &= rest - 1 {
		w.d.held[bits.TrailingZeros64(rest)].WakeAll()
	}
}

// awaitShard makes the session wait until no long command holds the shard for which errHeld was returned.
func (w *Worker) awaitShard(s *session.Session) {
	p := s.Suspend(&session.Park{Kind: forShard})
	w.d.held[w.blocker].Add(p)
	if w.d.o.Keyspace.Held()&(1<<w.blocker) == 0 {
		p.Wake() // it was let go before the session was in the queue
	}
}

// giveWay lets sessions that waited for shards, which are free and whose waits end now, go on before the shards are held again:
// long commands one after the other keep nobody out.
func (d *Dispatcher) giveWay(set uint64) {
	for rest := set; rest != 0; rest &= rest - 1 {
		d.held[bits.TrailingZeros64(rest)].AwaitEmpty()
	}
}
