package keycmd_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/command/commandtest"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
)

var reasons = map[journal.Reason]string{
	journal.Write: "write", journal.Deleted: "deleted", journal.Moved: "moved", journal.Touched: "touched",
	journal.Created: "created", journal.Missed: "missed", journal.Flushed: "flushed", journal.Swapped: "swapped",
	journal.Expired: "expired",
}

func recordText(rs []commandtest.Record) string {
	var out []string
	for _, r := range rs {
		out = append(out, fmt.Sprintf("%s(%d:%s)", reasons[r.Reason], r.DB, r.Key))
	}
	return strings.Join(out, " ")
}

// Consumers that count keys go by created, deleted, moved and expired; each key that goes or comes has one.
func TestRecordsOfKeysThatComeAndGo(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"del a b missing", "deleted(0:a) deleted(0:b)"},
		{"unlink a", "deleted(0:a)"},
		{"rename a c", "created(0:c) moved(0:a) write(0:c)"},
		{"rename a b", "deleted(0:b) created(0:b) moved(0:a) write(0:b)"},
		{"rename a a", ""},
		{"renamenx a b", ""},
		{"copy a c", "created(0:c) write(0:c)"},
		{"copy a b REPLACE", "deleted(0:b) created(0:b) write(0:b)"},
		{"copy a a DB 1", "created(1:a) write(1:a)"},
		{"move a 1", "created(1:a) moved(0:a) write(1:a)"},
		{"flushdb", "flushed(0:)"},
		{"swapdb 0 2", "swapped(0:) swapped(2:)"},
		{"swapdb 2 2", ""},
		{"keys *", ""},
		{"exists missing", "missed(0:missing)"},
		{"touch a", ""},
	} {
		s := fresh(t)
		s.Do("mset", "a", "1", "b", "2")
		s.Records()
		s.Do(strings.Fields(c.line)...)
		if got := recordText(s.Records()); got != c.want {
			t.Errorf("%s: %s, want %s", c.line, got, c.want)
		}
	}
}

func TestChangesAreCountedOnce(t *testing.T) {
	for line, want := range map[string]int64{
		"rename a c": 1, "rename a b": 1, "rename a a": 0, "copy a c": 1, "copy a b REPLACE": 1, "move a 1": 1, "del a b": 2, "touch a": 0,
		"set a 3": 1, "set c 3": 1, "setbit c 5 1": 1, "setrange c 5 x": 1, "setrange a 5 x": 1, "append a x": 1, "incr a": 1,
		"mset c 1 d 2": 2, "setbit a 2 1": 0, "setbit a 2 0": 1, "getdel a": 1, "getex a EX 10": 1, "getex a": 0, "getex a PERSIST": 0,
	} {
		s := fresh(t)
		s.Do("mset", "a", "1", "b", "2")
		dirty := func() (n int64) {
			s.Update(func(tx *keyspace.Txn) { n = tx.Counts().Dirty })
			return n
		}
		before := dirty()
		s.Do(strings.Fields(line)...)
		if got := dirty() - before; got != want {
			t.Errorf("%s: %d changes, want %d", line, got, want)
		}
	}
}

// A rename, a move and a copy of a large value take no memory but their own, so a full server carries them out; and nothing leaks.
func TestMovingNeedsNoRoom(t *testing.T) {
	s := fresh(t)
	s.Do("set", "a", strings.Repeat("x", 1<<20), "EX", "100")
	s.Keyspace.Settings.MaxMemory.Store(s.Keyspace.Used() + 1000)
	used := s.Keyspace.Used()
	moves := func(lines ...string) {
		for _, line := range lines {
			if got := s.Text(strings.Fields(line)...); got != "+OK" && got != ":1" {
				t.Fatalf("%s: %s", line, got)
			}
		}
	}
	moves("rename a bb", "rename bb a", "move a 3")
	s.Session.SetDB(3)
	moves("rename a bb", "rename bb a")
	// The index of database 3 is new.
	if grown := s.Keyspace.Used() - used; grown > 4096 {
		t.Errorf("moving about took %d bytes", grown)
	}
	moves("copy a c")
	if grown := s.Keyspace.Used() - used; grown > 4096 {
		t.Errorf("a copy of a large value took %d bytes", grown)
	}
	if got := s.Text("setrange", "c", "0", "y"); got != "-OOM no room under maxmemory" {
		t.Errorf("a write to what two keys share, under maxmemory: %s", got)
	}
	if got := s.Text("getrange", "c", "0", "1"); got != `"xx"` {
		t.Errorf("after a refused write the value begins with %s", got)
	}
	if got := s.Text("ttl", "a"); got != ":100" {
		t.Errorf("the TTL is %s", got)
	}
}

func TestFlushGivesMemoryBackBeforeTheReplyOnlyIfSync(t *testing.T) {
	for _, c := range []struct {
		line string
		lazy bool
		sync bool
	}{
		{"flushall", false, true}, {"flushall", true, false}, {"flushall sync", true, true}, {"flushall async", false, false},
		{"flushdb", false, true}, {"flushdb", true, false}, {"flushdb SYNC", true, true}, {"flushdb ASYNC", false, false},
	} {
		s := lazily(t, c.lazy)
		for i := range 100 {
			s.Do("set", fmt.Sprint("key:", i), "v", "EX", "100")
		}
		s.Do(strings.Fields(c.line)...)
		s.Update(func(tx *keyspace.Txn) {
			if freed := tx.Counts().LazyFreed; (freed == 100) != c.sync {
				t.Errorf("%s, lazy %v: %d of 100 keys are freed", c.line, c.lazy, freed)
			}
			if n := tx.Len(); n != 0 {
				t.Errorf("%s: %d keys are left", c.line, n)
			}
		})
	}
}

func TestRandomKeyDrawsEveryKey(t *testing.T) {
	s := fresh(t)
	for i := range 20 {
		s.Do("set", fmt.Sprint("key:", i), "v")
	}
	seen := map[string]int{}
	for range 2000 {
		seen[s.Text("randomkey")]++
	}
	if len(seen) != 20 {
		t.Errorf("2,000 draws gave %d of 20 keys: %v", len(seen), seen)
	}
}
