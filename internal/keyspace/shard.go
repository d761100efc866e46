package keyspace

import (
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/curfewkv/curfew/internal/expiry"
	"github.com/curfewkv/curfew/internal/store"
)

// never is the announced next deadline of a shard with nothing armed.
const never = math.MaxInt64

// shard is one lock unit. Its databases are made on first use.
type shard struct {
	// immutable
	ks    *Keyspace
	index int
	arena *store.Arena

	tables []atomic.Pointer[store.Table] // those of dbs; changed under mu, read without it, see Prefetch

	// announced by the shard, read without the lock: lower bounds of the earliest deadline on each timeline in ms, or never.
	nextMono, nextWall atomic.Int64
	hasTrash           atomic.Bool // there are flushed tables to empty, or values to free

	// changed under mu, read without it
	evicting    atomic.Bool  // a victim is being taken, see beginEviction
	stated      atomic.Int64 // what effects add to monotonic ms to make unix time
	mustRestate atomic.Bool  // a pass over the deadlines that were stated otherwise is under way

	_ [cacheLine]byte // every loop looks at the above in each turn: the lock, which each command changes, is elsewhere

	mu sync.Mutex

	// guarded by mu
	dbs   []*database
	trash []*store.Table // tables of flushed databases, emptied in slices
	// garbage is what is left of large values whose entries are gone, freed in slices.
	garbage     []garbage
	sharedFreed int64 // bytes of the heap of large strings that were freed here, since start
	counts      Counts
	rnd         *rand.PCG
	defrag      defragState
	restate     restating

	_ [cacheLine]byte // and so is the next shard
}

// cacheLine is what processors keep for themselves when they write to a part of it.
const cacheLine = 64

// database is one database's part in one shard.
type database struct {
	table *store.Table
	mono  *expiry.Index
	wall  *expiry.Index
}

func newShard(k *Keyspace, index int, reserve int64) (*shard, error) {
	a, err := store.NewArena(reserve)
	if err != nil {
		return nil, err
	}
	s := &shard{ks: k, index: index, arena: a, rnd: rand.NewPCG(rand.Uint64(), rand.Uint64())}
	s.dbs, s.tables = make([]*database, k.dbs), make([]atomic.Pointer[store.Table], k.dbs)
	s.nextMono.Store(never)
	s.nextWall.Store(never)
	return s, nil
}

// db returns database n, making it if need be.
func (s *shard) db(n int) *database {
	if d := s.dbs[n]; d != nil {
		return d
	}
	d := &database{table: store.NewTable(s.arena, s.ks.seed), mono: expiry.New(s.arena.Base()), wall: expiry.New(s.arena.Base())}
	s.setDB(n, d)
	return d
}

// setDB makes d database n; nil empties it.
func (s *shard) setDB(n int, d *database) {
	s.dbs[n] = d
	if d == nil {
		s.tables[n].Store(nil)
		return
	}
	s.tables[n].Store(d.table)
}

// indexOf is the deadline index in which a deadline is armed.
func (d *database) indexOf(at Deadline) *expiry.Index {
	if at.IsWall() {
		return d.wall
	}
	return d.mono
}

// shapeOf is the shape of an entry with this deadline.
func shapeOf(at Deadline) store.Shape {
	if at != None {
		return store.WithDeadline
	}
	return 0
}

// arm puts an entry whose deadline field is set into its index and announces it.
func (s *shard) arm(d *database, h store.Handle, at Deadline) {
	d.indexOf(at).Add(uint32(h))
	s.announceAt(at)
}

// rearm gives an armed entry another deadline.
func (s *shard) rearm(d *database, h store.Handle, e store.Entry, at Deadline) {
	if old := Deadline(e.Deadline()); old.IsWall() != at.IsWall() {
		s.disarm(d, h, e)
		e.SetDeadline(uint64(at))
		s.arm(d, h, at)
		return
	}
	d.indexOf(at).Rearm(uint32(h), uint64(at))
	s.announceAt(at)
}

// announceAt lowers the shard's announced next deadline to at.
func (s *shard) announceAt(at Deadline) {
	next := &s.nextMono
	if at.IsWall() {
		next = &s.nextWall
	}
	if ms := at.Ms(); ms < next.Load() {
		next.Store(ms)
		if s.ks.wake != nil {
			s.ks.wake(s.index)
		}
	}
}

// disarm takes an entry out of its index. The announced deadline stays: it is a lower bound.
func (s *shard) disarm(d *database, h store.Handle, e store.Entry) {
	if e.HasDeadline() {
		d.indexOf(Deadline(e.Deadline())).Remove(uint32(h))
	}
}

// announce recomputes the shard's next deadlines from its databases.
func (s *shard) announce() {
	mono, wall := int64(never), int64(never)
	for _, d := range s.dbs {
		if d == nil {
			continue
		}
		if ms, ok := d.mono.NextMs(); ok {
			mono = min(mono, ms)
		}
		if ms, ok := d.wall.NextMs(); ok {
			wall = min(wall, ms)
		}
	}
	s.nextMono.Store(mono)
	s.nextWall.Store(wall)
}
