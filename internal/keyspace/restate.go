package keyspace

import (
	"math"
	"time"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/store"
)

// Effects state times as unix time, and relative TTLs live on the monotonic clock. The difference of the two clocks is
// taken for one and the same in all that a shard states (stated), so that the stream does not contradict itself whatever
// the noise of readings. When the wall clock is stepped, what was stated is wrong by the step for every key that has a
// relative TTL: a pass over the shard states their deadlines again, in slices of bounded lock time.

// steady is by how many ms the difference of the clocks may move and still be taken for the same.
const steady = 1

// restateStep is how many buckets are looked at between two looks at the clock.
const restateStep = 32

// restating is where a shard's pass stands.
type restating struct {
	db     int
	cursor uint64
}

// Follow makes f follow the effects of all that is changed from now on; what there is now is f's to take first. REQUIRES
// all shards to be locked.
func (t *Txn) Follow(f journal.Follower) {
	if t.wanted&effectsAsked == 0 {
		for _, s := range t.ks.shards {
			s.stated.Store(t.Now.OffsetMs())
			s.mustRestate.Store(false)
		}
	}
	t.Commit() // what was changed before is not f's
	t.ks.journal.Follow(f)
	t.wanted = t.ks.journal.Wanted()
}

// Unfollow ends Follow: f is handed nothing more once it returns. No shard may be locked by the caller.
func (t *Txn) Unfollow(f journal.Follower) { t.ks.journal.Unfollow(f) }

// StatedMs is an entry's deadline as unix time in ms, as effects state it; 0 without one.
func (en Entry) StatedMs() int64 {
	if at := en.Deadline(); at != None {
		return en.s.statedMs(at)
	}
	return 0
}

// statedMs is a deadline as unix time in ms, within the times that commands take. REQUIRES: mu is held.
func (s *shard) statedMs(d Deadline) int64 {
	if d.IsWall() {
		return d.Ms()
	}
	ms, offset := d.Ms(), s.stated.Load()
	if ms > math.MaxInt64-max(0, offset) {
		return math.MaxInt64
	}
	return max(1, ms+offset)
}

// stepped reports whether the clocks differ by another amount than the shard states.
func (s *shard) stepped(now clock.Instant) bool {
	d := now.OffsetMs() - s.stated.Load()
	return d > steady || d < -steady
}

// needsRestating reports whether deadlines of a shard are to be stated again, for RestateSlice to do. It takes no lock.
func (k *Keyspace) needsRestating(shard int, now clock.Instant) bool {
	s := k.shards[shard]
	return k.journal.Wanted()&effectsAsked != 0 && !s.isHeld() && (s.mustRestate.Load() || s.stepped(now))
}

// RestateSlice states relative deadlines of one shard again, after a step of the wall clock, for at most budget of lock
// time. Reports whether more are to be stated.
func (t *Txn) RestateSlice(shard int, now clock.Instant, budget time.Duration, c clock.Clock) (more bool) {
	if !t.ks.needsRestating(shard, now) {
		return false
	}
	s := t.ks.shards[shard]
	if !t.lockShard(s) {
		return false
	}
	t.Begin(now, 0, 0, true)
	defer t.Unlock()
	if s.stepped(now) {
		s.stated.Store(now.OffsetMs())
		s.mustRestate.Store(true)
		s.restate = restating{}
	}
	for end := c.Mono() + int64(budget); s.mustRestate.Load(); {
		t.restateSome(s)
		if c.Mono() >= end {
			break
		}
	}
	return s.mustRestate.Load()
}

// restateSome does a bounded part of a shard's pass.
func (t *Txn) restateSome(s *shard) {
	at := &s.restate
	if at.db == len(s.dbs) {
		s.mustRestate.Store(false)
		return
	}
	d := s.dbs[at.db]
	for range restateStep {
		if d == nil || d.mono.Len() == 0 {
			at.cursor = 0
			break
		}
		at.cursor = d.table.Scan(at.cursor, func(h store.Handle) {
			en := Entry{s: s, d: d, db: at.db, h: h, e: s.arena.Entry(h)}
			if dl := en.Deadline(); dl != None && !dl.IsWall() && !dl.due(t.Now) {
				t.stateDeadline(en)
			}
		})
		if at.cursor == 0 {
			break
		}
	}
	if at.cursor == 0 {
		at.db++
	}
}

// restateAnew begins a pass that is under way again: what it has seen has changed places with what it has not.
func (s *shard) restateAnew() { s.restate = restating{} }

// stateCarried states the deadline of a key of shard s that was given the deadline of an entry, where the stream may have
// another one for the entry: a step was not followed in the same way for both.
func (t *Txn) stateCarried(en Entry, s *shard, db int, dst []byte) {
	at := en.Deadline()
	if at == None || at.IsWall() || !en.s.mustRestate.Load() && !s.mustRestate.Load() && s.stated.Load() == en.s.stated.Load() {
		return
	}
	t.effects.Add(db, cmdExpireAt, dst, t.int(s.statedMs(at)))
}
