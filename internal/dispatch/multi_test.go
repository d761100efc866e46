package dispatch_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/session"
)

var needMore = &keyspace.NeedRoom{Bytes: 1000}

const (
	aborted = "-EXECABORT Transaction discarded because of previous errors.\r\n"
	nothing = "*-1\r\n"
)

func TestTransactionErrors(t *testing.T) {
	for name, steps := range map[string][][2]string{
		"without": {{"exec", "-ERR EXEC without MULTI\r\n"}, {"discard", "-ERR DISCARD without MULTI\r\n"}, {"unwatch", "+OK\r\n"}},
		"empty":   {{"multi", "+OK\r\n"}, {"exec", "*0\r\n"}},
		"nested": {
			{"multi", "+OK\r\n"}, {"multi", "-ERR MULTI calls can not be nested\r\n"}, {"watch k", "-ERR WATCH inside MULTI is not allowed\r\n"},
			{"set k 1", "+QUEUED\r\n"}, {"exec", "*1\r\n+OK\r\n"},
		},
		"unknown command": {{"multi", "+OK\r\n"}, {"nope a", unknown}, {"set k 1", "+QUEUED\r\n"}, {"exec", aborted}, {"exists k", ":0\r\n"}, {"exec", "-ERR EXEC without MULTI\r\n"}},
		"wrong arity":     {{"multi", "+OK\r\n"}, {"get", arity}, {"exec", aborted}},
		"wrong arity of discard": {
			{"multi", "+OK\r\n"}, {"discard now", "-ERR wrong number of arguments for 'discard' command\r\n"}, {"exec", aborted},
		},
		"discard": {{"multi", "+OK\r\n"}, {"nope a", unknown}, {"discard", "+OK\r\n"}, {"multi", "+OK\r\n"}, {"ping", "+QUEUED\r\n"}, {"exec", "*1\r\n+PONG\r\n"}},
		"an error at run time stops nothing": {
			{"set s text", "+OK\r\n"}, {"multi", "+OK\r\n"}, {"incr s", "+QUEUED\r\n"}, {"set b 1", "+QUEUED\r\n"},
			{"exec", "*2\r\n-ERR value is not an integer or out of range\r\n+OK\r\n"}, {"get b", "$1\r\n1\r\n"},
		},
		"unwatch is queued": {{"multi", "+OK\r\n"}, {"unwatch", "+QUEUED\r\n"}, {"exec", "*1\r\n+OK\r\n"}},
		"select": {
			{"multi", "+OK\r\n"}, {"select 3", "+QUEUED\r\n"}, {"set z 1", "+QUEUED\r\n"}, {"select 99", "+QUEUED\r\n"},
			{"exec", "*3\r\n+OK\r\n+OK\r\n-ERR DB index is out of range\r\n"}, {"get z", "$1\r\n1\r\n"}, {"select 0", "+OK\r\n"}, {"get z", "$-1\r\n"},
		},
		"reset": {{"multi", "+OK\r\n"}, {"set k 1", "+QUEUED\r\n"}, {"reset", "+RESET\r\n"}, {"exec", "-ERR EXEC without MULTI\r\n"}},
		"quit":  {{"multi", "+OK\r\n"}, {"quit", "+OK\r\n"}, {"ping", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.connect().expect(steps...)
		})
	}
}

func TestAWatchedKeyThatChangedUndoesTheTransaction(t *testing.T) {
	for name, c := range map[string]struct {
		before, after string // by another client, before and after WATCH
		dirty         bool
	}{
		"set":              {"", "set k 1", true},
		"set to the same":  {"set k 1", "set k 1", true},
		"deleted":          {"set k 1", "del k", true},
		"nothing deleted":  {"", "del k", false},
		"read":             {"set k 1", "get k", false},
		"expire":           {"set k 1", "expire k 100", true},
		"expire of none":   {"", "expire k 100", false},
		"renamed away":     {"set k 1", "rename k other", true},
		"renamed to":       {"set other 1", "rename other k", true},
		"copied from":      {"set k 1", "copy k other", false},
		"flushed":          {"set k 1", "flushall", true},
		"nothing flushed":  {"set other 1", "flushall", false},
		"swapped away":     {"set k 1", "swapdb 0 1", true},
		"moved":            {"set k 1", "move k 1", true},
		"another database": {"set k 1", "select 1", false},
		"another key":      {"", "set other 1", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			a, b := r.connect(), r.connect()
			b.worker = 1
			if c.before != "" {
				b.feed(c.before + "\r\n")
			}
			a.expect([2]string{"watch k", "+OK\r\n"})
			b.feed(c.after + "\r\n")
			want := "*1\r\n+PONG\r\n"
			if c.dirty {
				want = nothing
			}
			a.expect([2]string{"multi", "+OK\r\n"}, [2]string{"ping", "+QUEUED\r\n"}, [2]string{"exec", want},
				// The mark and the watches are gone.
				[2]string{"multi", "+OK\r\n"}, [2]string{"exec", "*0\r\n"})
			b.do("SET", "k", "2")
			a.expect([2]string{"multi", "+OK\r\n"}, [2]string{"exec", "*0\r\n"})
		})
	}
}

func TestWatchesEndWithUnwatchAndDiscard(t *testing.T) {
	for _, end := range []string{"unwatch", "discard", "reset"} {
		r := newRig(t)
		a, b := r.connect(), r.connect()
		a.do("WATCH", "k")
		b.do("SET", "k", "1")
		if end == "discard" {
			a.do("MULTI")
		}
		a.feed(end + "\r\n")
		a.expect([2]string{"multi", "+OK\r\n"}, [2]string{"exec", "*0\r\n"})
	}
	r := newRig(t)
	a := r.connect()
	a.do("WATCH", "k")
	a.do("SET", "k", "1") // one's own change counts as well
	a.expect([2]string{"multi", "+OK\r\n"}, [2]string{"exec", nothing})
	a.do("WATCH", "k")
	a.do("SET", "k", "2")
	a.expect([2]string{"multi", "+OK\r\n"}, [2]string{"nope a", unknown}, [2]string{"exec", aborted}) // the error wins
}

func TestAWatchedKeyThatExpiresUndoesTheTransaction(t *testing.T) {
	for _, active := range []bool{false, true} {
		r := newRig(t)
		a := r.connect()
		a.expect([2]string{"set k 1 px 100", "+OK\r\n"}, [2]string{"watch k", "+OK\r\n"}, [2]string{"multi", "+OK\r\n"}, [2]string{"ping", "+QUEUED\r\n"})
		r.clock.Advance(100 * time.Millisecond)
		if active {
			for shard := range r.Keyspace.Shards() {
				r.Dispatch.Worker(1).Txn().ExpireSlice(shard, r.clock.Now(), time.Second, r.clock)
			}
		}
		a.expect([2]string{"exec", nothing})
		// A key that was due when it was watched was absent then, and is absent now.
		a.expect([2]string{"set k 1 px 100", "+OK\r\n"})
		r.clock.Advance(100 * time.Millisecond)
		a.expect([2]string{"watch k", "+OK\r\n"}, [2]string{"multi", "+OK\r\n"}, [2]string{"ping", "+QUEUED\r\n"}, [2]string{"exec", "*1\r\n+PONG\r\n"})
	}
}

// instants replies the instant of the command, and lets time pass while it runs.
func instants(r **rig) *command.Spec {
	return &command.Spec{Name: "instant", Arity: 1, Flags: command.Write, Run: func(c *command.Ctx) error {
		if c.Now != c.Tx.Now {
			return command.Error("ERR two instants")
		}
		c.Out.Int(c.Now.Mono)
		(*r).clock.Advance(time.Millisecond)
		return nil
	}}
}

func TestATransactionSeesOneInstant(t *testing.T) {
	var r *rig
	r = newRig(t, instants(&r))
	a := r.connect()
	at := func(d int64) string { return ":" + strconv.FormatInt(r.clock.Mono()+d, 10) + "\r\n" }
	want := at(0) + at(1e6) + at(2e6)
	if got := a.feed("instant\r\ninstant\r\ninstant\r\n"); got != want {
		t.Errorf("a pipeline sees %q, want %q", got, want)
	}
	a.feed("multi\r\ninstant\r\ninstant\r\nset k v px 1\r\ninstant\r\nget k\r\n")
	want = "*5\r\n" + at(0) + at(0) + "+OK\r\n" + at(0) + "$1\r\nv\r\n"
	if got := a.feed("exec\r\n"); got != want {
		t.Errorf("a transaction sees %q, want %q", got, want)
	}
	if got := a.feed("get k\r\n"); got != "$-1\r\n" {
		t.Errorf("after the transaction, which took 3 ms, a key of 1 ms is read as %q", got)
	}
}

func TestTrackingIsToldOfEachReadOnce(t *testing.T) {
	r := newRig(t)
	a := r.connect()
	a.Tracking = &session.Tracking{}
	a.expect([2]string{"set k v", "+OK\r\n"}, [2]string{"get k", "$1\r\nv\r\n"}, [2]string{"mget k l", "*2\r\n$1\r\nv\r\n$-1\r\n"})
	want := []string{"k", "k", "l"}
	compare := func() {
		t.Helper()
		if len(r.remembered) != len(want) {
			t.Fatalf("told of %q, want %q", r.remembered, want)
		}
		for i := range want {
			if r.remembered[i] != want[i] {
				t.Fatalf("told of %q, want %q", r.remembered, want)
			}
		}
		r.remembered = nil
	}
	compare()
	a.feed("multi\r\nget a\r\nset b 1\r\nget c\r\nexec\r\n")
	want = []string{"a", "c"}
	compare()
}

func TestClientReply(t *testing.T) {
	r := newRig(t)
	r.connect().expect(
		[2]string{"client reply skip", ""}, [2]string{"set q 1", ""}, [2]string{"get q", "$1\r\n1\r\n"},
		[2]string{"client reply skip", ""}, [2]string{"nope a", ""}, [2]string{"get q", "$1\r\n1\r\n"},
		[2]string{"client reply off", ""}, [2]string{"set q 2", ""}, [2]string{"nope a", ""}, [2]string{"multi", ""}, [2]string{"get q", ""}, [2]string{"exec", ""},
		[2]string{"client reply skip", ""}, [2]string{"get q", ""},
		[2]string{"client reply on", "+OK\r\n"}, [2]string{"get q", "$1\r\n2\r\n"},
		[2]string{"client reply skip", ""}, [2]string{"multi", ""}, [2]string{"get q", "+QUEUED\r\n"}, [2]string{"exec", "*1\r\n$1\r\n2\r\n"},
	)
}
