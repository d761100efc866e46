package keyspace

import (
	"time"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/store"
)

// defragState is where a shard's pass over its memory stands: for each database the segments of its table, then its entries.
type defragState struct {
	running bool
	db      int
	entries bool // the table's segments are done
	segment uint32
	cursor  uint64
	moves   []store.Handle // entries of the current bucket that are to move
}

// defragSegments is how many segments of a table are looked at between two looks at the clock.
const defragSegments = 8

// DefragSlice moves entries out of sparsely used spans of one shard, so that their pages can be given back, for at most
// budget of lock time. Reports whether a pass is under way.
func (t *Txn) DefragSlice(shard int, budget time.Duration, c clock.Clock) (more bool) {
	s := t.ks.shards[shard]
	if !s.enter() {
		return false
	}
	defer s.mu.Unlock()
	st := &s.defrag
	if !st.running {
		if !s.arena.PlanDefrag() {
			return false
		}
		*st = defragState{running: true, moves: st.moves[:0]}
	}
	start := c.Mono()
	defer func() { s.counts.DefragNs += c.Mono() - start }()
	for end := start + int64(budget); st.db < len(s.dbs); {
		if s.defragStep(s.dbs[st.db]) {
			*st = defragState{running: true, db: st.db + 1, moves: st.moves}
		}
		if c.Mono() >= end {
			return true
		}
	}
	st.running = false
	return false
}

// defragStep does a bounded part of a database's pass; true: it is done.
func (s *shard) defragStep(d *database) (done bool) {
	st := &s.defrag
	if d == nil {
		return true
	}
	if !st.entries {
		st.segment = d.table.Relocate(st.segment, defragSegments)
		st.entries = st.segment == 0
		return false
	}
	st.moves = st.moves[:0]
	st.cursor = d.table.Scan(st.cursor, func(h store.Handle) {
		s.relocateParts(s.arena.Entry(h))
		if s.arena.ShouldMove(h) {
			st.moves = append(st.moves, h)
		} else {
			s.counts.DefragLeft++
		}
	})
	for _, h := range st.moves {
		s.relocate(d, h)
	}
	return st.cursor == 0
}

// relocate copies an entry to another block; what its parts are in stays. Nothing that a reader sees changes.
func (s *shard) relocate(d *database, h store.Handle) {
	e := s.arena.Entry(h)
	n := e.Size()
	to := s.arena.Alloc(n)
	if to == 0 {
		return
	}
	slot, ok := d.table.FindHandle(s.ks.hash(e.Key()), h)
	if !ok {
		panic("keyspace: an entry of the table is not found in it")
	}
	copy(s.arena.Bytes(to, n), s.arena.Bytes(h, n))
	if e.HasDeadline() {
		d.indexOf(Deadline(e.Deadline())).Relocate(uint32(h), uint32(to))
	}
	d.table.Replace(slot, to)
	s.arena.Free(h)
	s.counts.DefragMoved++
}
