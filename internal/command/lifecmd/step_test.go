package lifecmd_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/command/commandtest"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/node/nodetest"
)

const stepKeys = 100_000

// steps are what may happen to the wall clock.
var steps = []time.Duration{5 * time.Second, -5 * time.Second, 365 * 24 * time.Hour}

// expired counts the keys that expired since the last call.
func expired(s *commandtest.Server) int {
	n := 0
	for _, r := range s.Records() {
		if r.Reason == journal.Expired {
			n++
		}
	}
	return n
}

// lifetimeOf is the TTL of key i: 1 to 2,000 ms after a tenth of a second that all have.
func lifetimeOf(i int) int { return 100 + 1 + i%2000 }

func TestRelativeLifetimesOutlastStepsOfTheWallClock(t *testing.T) {
	for _, step := range steps {
		s := fresh(t)
		for i := range stepKeys {
			s.Do("set", "key:"+strconv.Itoa(i), "v", "PX", strconv.Itoa(lifetimeOf(i)))
		}
		s.Records()
		s.Clock.StepWall(step)
		s.Expire()
		if n := expired(s); n != 0 {
			t.Errorf("a step of %v made %d keys expire early", step, n)
		}
		// Each key goes at its millisecond: after 100+k ms, those with a TTL up to that are gone.
		s.Clock.Advance(100 * time.Millisecond)
		for k := 0; k <= 2000; k += 400 {
			s.Expire()
			gone := stepKeys / 2000 * 400
			if k == 0 {
				gone = 0
			}
			if n := expired(s); n != gone {
				t.Errorf("step %v: %d ms later %d keys expired, want %d", step, 100+k, n, gone)
			}
			s.Clock.Advance(400 * time.Millisecond)
		}
		if got := s.Text("dbsize"); got != ":0" {
			t.Errorf("step %v: %s keys are left", step, got)
		}
	}
}

func TestAbsoluteLifetimesFollowTheWallClockAtOnce(t *testing.T) {
	for _, step := range steps {
		s := fresh(t)
		start := s.Clock.Now().WallMs()
		for i := range stepKeys {
			s.Do("set", "key:"+strconv.Itoa(i), "v", "PXAT", strconv.FormatInt(start+int64(lifetimeOf(i)), 10))
		}
		s.Records()
		s.Clock.StepWall(step)
		s.Expire()
		want := 0
		if step > 0 {
			want = stepKeys
		}
		if n := expired(s); n != want {
			t.Errorf("after a step of %v %d keys expired, want %d", step, n, want)
		}
		if step > 0 {
			continue
		}
		// Set back, they live until the wall clock has come to their time again.
		s.Clock.Advance(-step)
		s.Expire()
		if n := expired(s); n != 0 {
			t.Errorf("after a step of %v and its return %d keys expired early", step, n)
		}
		s.Clock.Advance(2100 * time.Millisecond)
		s.Expire()
		if n := expired(s); n != stepKeys {
			t.Errorf("after a step of %v %d keys expired in the end, want %d", step, n, stepKeys)
		}
	}
}

func TestRelativeLifetimesFollowTheWallClockIfToldTo(t *testing.T) {
	s := fresh(t)
	s.Keyspace.Settings.WallExpiry.Store(true)
	s.Do("set", "a", "v", "EX", "10")
	s.Do("set", "b", "v")
	s.Do("expire", "b", "10")
	s.Clock.StepWall(5 * time.Second)
	if a, b := s.Text("ttl", "a"), s.Text("ttl", "b"); a != ":5" || b != ":5" {
		t.Errorf("after a step of 5 s the TTLs are %s and %s, want 5", a, b)
	}
	s.Clock.StepWall(5 * time.Second)
	s.Update(func(tx *keyspace.Txn) {
		if n := tx.Len(); n != 0 {
			t.Errorf("%d keys are left past their time", n)
		}
	})
}

// Every way to set a lifetime is exact: the key is there in the millisecond before, and gone in the one at its end.
func TestEveryLifetimeEndsAtItsMillisecond(t *testing.T) {
	at := nodetest.Start.Add(10 * time.Second)
	unix, unixMs := strconv.FormatInt(at.Unix(), 10), strconv.FormatInt(at.UnixMilli(), 10)
	for _, line := range [][]string{
		{"set", "a", "1", "EX", "10"}, {"set", "a", "1", "PX", "10000"}, {"set", "a", "1", "EXAT", unix}, {"set", "a", "1", "PXAT", unixMs},
		{"setex", "a", "10", "1"}, {"psetex", "a", "10000", "1"},
		{"getex", "a", "EX", "10"}, {"getex", "a", "PX", "10000"}, {"getex", "a", "EXAT", unix}, {"getex", "a", "PXAT", unixMs},
		{"expire", "a", "10"}, {"pexpire", "a", "10000"}, {"expireat", "a", unix}, {"pexpireat", "a", unixMs},
	} {
		for _, active := range []bool{false, true} {
			s := fresh(t)
			s.Do("set", "a", "0")
			s.Do(line...)
			s.Clock.Advance(9999 * time.Millisecond)
			if active {
				s.Expire()
			}
			if got := s.Text("exists", "a"); got != ":1" {
				t.Errorf("%q: a millisecond early it is gone", line)
			}
			if got := s.Text("pttl", "a"); got != ":1" {
				t.Errorf("%q: a millisecond early the TTL is %s", line, got)
			}
			s.Clock.Advance(time.Millisecond)
			s.Records()
			if active {
				s.Expire()
				if n := expired(s); n != 1 {
					t.Errorf("%q: %d keys expired at the end", line, n)
				}
			}
			if got := s.Text("exists", "a"); got != ":0" {
				t.Errorf("%q: it outlives its end", line)
			}
		}
	}
}
