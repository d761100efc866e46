package keycmd_test

import (
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/keyspace"
)

// accesses says which commands are accesses to key a, as in Redis.
var accesses = map[string]bool{
	"get a": true, "mget b a": true, "strlen a": true, "getrange a 0 0": true, "getbit a 0": true, "lcs a b": true,
	"getex a": true, "set a 2": true, "set a 2 NX": true, "set a 2 GET": true, "setnx a 2": true, "getset a 2": true,
	"incr a": true, "incrbyfloat a 1": true, "append a x": true, "setrange a 0 x": true, "setrange a 0 \"\"": true,
	"setbit a 0 1": true, "msetnx b 1 a 2": true, "touch a": true, "expire a 100": true, "expire a 100 XX": true, "persist a": true,
	"rename a a": true, "copy a c": true, "move a 16": false,
	"exists a": false, "type a": false, "ttl a": false, "pttl a": false, "expiretime a": false, "pexpiretime a": false,
	"object encoding a": false, "object idletime a": false, "object refcount a": false, "object freq a": false,
	"scan 0": false, "keys *": false, "keys a": false, "dbsize": false, "set b 2": false, "expire a x": false,
	"randomkey": false,
}

// idleAfter is how long key a was idle after a line that runs 10 s after it was set.
func idleAfter(t *testing.T, line string, noTouch bool) time.Duration {
	s := fresh(t)
	s.Session.NoTouch = noTouch
	s.Do("set", "a", "1")
	s.Clock.Advance(10 * time.Second)
	args := strings.Fields(strings.ReplaceAll(line, `""`, "\x01"))
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "\x01", "")
	}
	s.Do(args...)
	idle := time.Duration(-1)
	s.Update(func(tx *keyspace.Txn) {
		en, ok := tx.Peek([]byte("a"))
		if !ok {
			t.Fatalf("%s: the key is gone", line)
		}
		idle = time.Duration(tx.IdleMs(en)) * time.Millisecond
	})
	return idle
}

func TestAccessesAreRedis(t *testing.T) {
	for line, want := range accesses {
		if got := idleAfter(t, line, false) == 0; got != want {
			t.Errorf("%s: access %v, want %v", line, got, want)
		}
	}
}

func TestOnlyTouchIsAnAccessUnderNoTouch(t *testing.T) {
	for line := range accesses {
		if got, want := idleAfter(t, line, true) == 0, line == "touch a"; got != want {
			t.Errorf("%s: access %v, want %v", line, got, want)
		}
	}
}

func TestObjectFreqCountsAccesses(t *testing.T) {
	s := fresh(t)
	s.SetPolicy("allkeys-lfu")
	s.Keyspace.Settings.LFULogFactor.Store(0) // counts each
	s.Do("set", "a", "1")
	first := s.Text("object", "freq", "a")
	for _, line := range []string{"get a", "incr a", "set a 5", "type a", "ttl a", "exists a", "object encoding a"} {
		s.Do(strings.Fields(line)...)
	}
	if after := s.Text("object", "freq", "a"); first != ":5" || after != ":8" {
		t.Errorf("the counter went from %s to %s, want :5 to :8", first, after)
	}
	s.Clock.Advance(2 * time.Minute)
	if got := s.Text("object", "freq", "a"); got != ":6" {
		t.Errorf("two minutes later it is %s, want :6", got)
	}
}
