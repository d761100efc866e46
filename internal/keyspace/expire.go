package keyspace

import (
	"time"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/expiry"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/store"
)

// expireStep is how many index nodes are handled between two looks at the clock.
const expireStep = 32

// lagNs is how long after its deadline a key is removed.
func lagNs(at Deadline, now clock.Instant) int64 {
	if at.IsWall() {
		return max(0, now.Wall-at.Ms()*int64(time.Millisecond))
	}
	return max(0, now.Mono-at.Ms()*int64(time.Millisecond))
}

// ExpireSlice removes due keys of one shard for at most budget of lock time, and reports whether more are due.
// The clock is asked for the time spent; what is due is decided by now.
func (t *Txn) ExpireSlice(shard int, now clock.Instant, budget time.Duration, c clock.Clock) (more bool) {
	s := t.ks.shards[shard]
	if set := &t.ks.Settings; !set.ActiveExpiry.Load() || set.HoldExpiry.Load() || !s.mayBeDue(now) {
		return false
	}
	return t.expireSlice(s, now, budget, c)
}

// expireSlice is ExpireSlice whatever the settings.
func (t *Txn) expireSlice(s *shard, now clock.Instant, budget time.Duration, c clock.Clock) (more bool) {
	if !t.lockShard(s) {
		return false
	}
	t.Begin(now, 0, 0, true)
	defer t.Unlock()
	start := c.Mono()
	defer func() { s.counts.ExpireNs += c.Mono() - start }()
	end := start + int64(budget)
	for db, d := range s.dbs {
		if d == nil {
			continue
		}
		if t.expireFrom(s, d, db, d.mono, now.MonoMs(), end, c) || t.expireFrom(s, d, db, d.wall, now.WallMs(), end, c) {
			return true
		}
	}
	s.announce()
	return false
}

// mayBeDue compares now with the announced deadlines, without the lock.
func (s *shard) mayBeDue(now clock.Instant) bool {
	return s.nextMono.Load() <= now.MonoMs() || s.nextWall.Load() <= now.WallMs()
}

// expireFrom removes what is due in one index until end on the monotonic clock; true: more is left.
func (t *Txn) expireFrom(s *shard, d *database, db int, x *expiry.Index, nowMs, end int64, c clock.Clock) bool {
	for {
		for range expireStep {
			h, state := x.Advance(nowMs, expireStep)
			switch state {
			case expiry.Nothing:
				return false
			case expiry.Found:
				t.expireActive(s, d, db, store.Handle(h))
			}
		}
		if c.Mono() >= end {
			return true
		}
	}
}

// expireActive removes one due key.
func (t *Txn) expireActive(s *shard, d *database, db int, h store.Handle) {
	e := s.arena.Entry(h)
	s.counts.ExpiredActive++
	t.ks.ActiveLag.Record(lagNs(Deadline(e.Deadline()), t.Now))
	t.removeHandle(s, d, db, h, journal.Expired, journal.EventExpired)
}

// removeHandle removes an entry known by its handle.
func (t *Txn) removeHandle(s *shard, d *database, db int, h store.Handle, r journal.Reason, ev journal.Event) {
	e := s.arena.Entry(h)
	hash := t.ks.hash(e.Key())
	slot, ok := d.table.FindHandle(hash, h)
	if !ok {
		panic("keyspace: an armed entry is not in its table")
	}
	t.remove(Entry{s: s, d: d, db: db, hash: hash, slot: slot, h: h, e: e}, r, ev)
}

// expireShard removes every due key of a shard, which is locked, and returns their number.
func (t *Txn) expireShard(s *shard) (n int) {
	for db, d := range s.dbs {
		if d != nil {
			n += t.drainDue(s, d, db, d.mono, t.Now.MonoMs())
			n += t.drainDue(s, d, db, d.wall, t.Now.WallMs())
		}
	}
	s.announce()
	return n
}

func (t *Txn) drainDue(s *shard, d *database, db int, x *expiry.Index, nowMs int64) (n int) {
	for {
		h, state := x.Advance(nowMs, expireStep)
		switch state {
		case expiry.Nothing:
			return n
		case expiry.Found:
			t.expireActive(s, d, db, store.Handle(h))
			n++
		}
	}
}

// due is the number of due keys of a database, estimated where there are many.
func (d *database) due(now clock.Instant) int {
	return d.mono.CountDue(now.MonoMs()) + d.wall.CountDue(now.WallMs())
}

// atLeastDue is a number of keys that are due for certain: a key that lives is not among them.
func (d *database) atLeastDue(now clock.Instant) int {
	return d.mono.AtLeastDue(now.MonoMs()) + d.wall.AtLeastDue(now.WallMs())
}
