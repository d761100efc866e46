package keyspace

import (
	"github.com/curfewkv/curfew/internal/blob"
	"github.com/curfewkv/curfew/internal/expiry"
	"github.com/curfewkv/curfew/internal/store"
)

// failer is a test, of this or of the package rapid.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// check walks every table, every deadline index and the arenas, and fails where they contradict each other:
//
//   - an entry is found under its key, in the shard of its hash, once;
//   - one with a deadline is armed exactly once, in the index of its timeline; one without nowhere;
//   - the tables count their entries, and those with a deadline;
//   - the announced deadlines are not after any that is armed;
//   - the memory in use is that of the entries with what belongs to them and of the tables, so no freed block is counted and
//     none is lost; large strings count once.
//
// No transaction may be running.
func check(t failer, k *Keyspace) {
	t.Helper()
	large := map[blob.Ref]bool{}
	for _, s := range k.shards {
		checkShard(t, k, s, large)
	}
	shared := k.blobs.Held()
	for ref := range large {
		shared += int64(k.blobs.Cap(ref))
	}
	if shared != k.blobs.Used() {
		t.Fatalf("%d bytes of large strings are in use, entries and readers refer to %d", k.blobs.Used(), shared)
	}
}

func checkShard(t failer, k *Keyspace, s *shard, large map[blob.Ref]bool) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	blocks, index := int64(0), int64(0)
	seen := map[store.Handle]bool{}
	for i, d := range s.dbs {
		if published := s.tables[i].Load(); (d == nil) != (published == nil) || d != nil && published != d.table {
			t.Fatalf("shard %d database %d: another table is published", s.index, i)
		}
		if d == nil {
			continue
		}
		blocks += checkDatabase(t, k, s, i, d, seen, large)
		index += d.table.Bytes()
	}
	for _, table := range s.trash {
		if table == nil {
			t.Fatalf("shard %d: a table that was emptied is still in the trash", s.index)
		}
		n := 0
		each(table, func(h store.Handle) {
			if seen[h] {
				t.Fatalf("shard %d: block %d of a flushed table is in use elsewhere", s.index, h)
			}
			seen[h] = true
			n++
			blocks += inArena(s, h, large)
		})
		if n != table.Len() {
			t.Fatalf("shard %d: a flushed table has %d entries, counts %d", s.index, n, table.Len())
		}
		index += table.Bytes()
	}
	if s.hasTrash.Load() != (len(s.trash)+len(s.garbage) > 0) {
		t.Fatalf("shard %d: hasTrash is %v with %d tables, %d values", s.index, s.hasTrash.Load(), len(s.trash), len(s.garbage))
	}
	if s.arena.Used() != blocks+index {
		t.Fatalf("shard %d: %d bytes are in use, entries take %d, tables %d", s.index, s.arena.Used(), blocks, index)
	}
}

// inArena is the memory of an entry in its shard's arena. A large string that it refers to is noted.
func inArena(s *shard, h store.Handle, large map[blob.Ref]bool) int64 {
	e := s.arena.Entry(h)
	if e.IsIndirect() {
		large[blob.Ref(e.Ref())] = true
	}
	return int64(s.arena.Cap(h) + s.arena.AttrsCap(e))
}

// checkDatabase returns the memory of the database's entries.
func checkDatabase(t failer, k *Keyspace, s *shard, db int, d *database, seen map[store.Handle]bool, large map[blob.Ref]bool) (blocks int64) {
	t.Helper()
	n, volatile := 0, 0
	armed := map[*expiry.Index]int{}
	deadlines := map[store.Handle]*expiry.Index{}
	each(d.table, func(h store.Handle) {
		e := s.arena.Entry(h)
		if seen[h] {
			t.Fatalf("shard %d db %d: block %d is in use twice", s.index, db, h)
		}
		seen[h] = true
		n++
		blocks += inArena(s, h, large)
		if e.IsIndirect() != (len(s.bytes(e)) >= largeString) {
			t.Fatalf("shard %d db %d: entry %q has a string of %d bytes, indirect is %v", s.index, db, e.Key(), len(s.bytes(e)), e.IsIndirect())
		}
		if e.Size() > s.arena.Cap(h) {
			t.Fatalf("shard %d db %d: entry %q of %d bytes in a block of %d", s.index, db, e.Key(), e.Size(), s.arena.Cap(h))
		}
		hash := k.hash(e.Key())
		if k.shardIndex(hash) != s.index {
			t.Fatalf("key %q of shard %d is in shard %d", e.Key(), k.shardIndex(hash), s.index)
		}
		if _, found := d.table.Find(hash, e.Key()); found != h {
			t.Fatalf("shard %d db %d: key %q is found at %d, scanned at %d", s.index, db, e.Key(), found, h)
		}
		if !e.HasDeadline() {
			return
		}
		volatile++
		at := Deadline(e.Deadline())
		x, next := d.mono, s.nextMono.Load()
		if at.IsWall() {
			x, next = d.wall, s.nextWall.Load()
		}
		deadlines[h] = x
		armed[x]++
		if next > at.Ms() {
			t.Fatalf("shard %d db %d: key %q goes at %d, announced is %d", s.index, db, e.Key(), at.Ms(), next)
		}
	})
	if n != d.table.Len() || volatile != d.table.Volatile() {
		t.Fatalf("shard %d db %d: %d entries, %d with a deadline; the table counts %d and %d", s.index, db, n, volatile, d.table.Len(), d.table.Volatile())
	}
	for _, x := range []*expiry.Index{d.mono, d.wall} {
		if x.Len() != armed[x] {
			t.Fatalf("shard %d db %d: %d entries are armed, the index counts %d", s.index, db, armed[x], x.Len())
		}
		walked := 0
		x.Walk(func(h uint32) bool {
			if walked++; walked > armed[x] {
				t.Fatalf("shard %d db %d: the index holds more than the %d that are armed", s.index, db, armed[x])
			}
			if deadlines[store.Handle(h)] != x {
				t.Fatalf("shard %d db %d: the index holds block %d, which is not an entry with a deadline of its timeline", s.index, db, h)
			}
			deadlines[store.Handle(h)] = nil // only once
			return true
		})
		if walked != armed[x] {
			t.Fatalf("shard %d db %d: the index holds %d of %d armed entries", s.index, db, walked, armed[x])
		}
	}
	return blocks
}

// each calls fn once for each entry of a table.
func each(table *store.Table, fn func(h store.Handle)) {
	for cursor := uint64(0); ; {
		if cursor = table.Scan(cursor, fn); cursor == 0 {
			return
		}
	}
}
