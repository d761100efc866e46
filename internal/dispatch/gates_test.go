package dispatch_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/command"
)

const (
	unknown    = "-ERR unknown command 'nope', with args beginning with: 'a' \r\n"
	arity      = "-ERR wrong number of arguments for 'get' command\r\n"
	protected  = "-ERR guarded is not allowed\r\n"
	noAuth     = "-NOAUTH Authentication required.\r\n"
	notInMulti = "-ERR Command not allowed inside a transaction\r\n"
	oom        = "-OOM command not allowed when used memory > 'maxmemory'.\r\n"
	subscribed = "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\r\n"
)

// guarded is a protected command, alone one that is not allowed inside MULTI.
var guarded = &command.Spec{Name: "guarded", Arity: -1, Flags: command.Protected | command.NoMulti, Run: func(c *command.Ctx) error { c.Out.OK(); return nil }}

func TestTheFirstGateThatRefusesIsTheOneThatIsTold(t *testing.T) {
	// Everything is wrong at first; from case to case the reason that was told is taken away.
	r := newRig(t, guarded)
	r.debug = command.Error("ERR guarded is not allowed")
	c := r.connect()
	c.do("SET", "k", "v")
	c.do("SUBSCRIBE", "ch")
	r.Keys.Password.Override("secret")
	c.Authenticated = false
	c.Multi.Open = true
	r.Keyspace.Settings.MaxMemory.Store(1)
	pause := func() { r.Pause.Start(r.clock.Mono(), r.clock.Mono()+1e12, false) }
	pause()
	r.Keyspace.Settings.HoldExpiry.Store(false) // so that the gate of room is asked

	c.expect([2]string{"nope a", unknown}, [2]string{"get", arity}, [2]string{"guarded", protected})
	r.debug = nil
	c.expect([2]string{"guarded", noAuth}, [2]string{"get k", noAuth})
	c.Authenticated = true
	c.expect([2]string{"guarded", notInMulti}, [2]string{"get k", oom}) // the queue takes memory
	c.Multi.Open = false
	c.expect([2]string{"set k v", oom}, [2]string{"get k", subscribed})
	r.Keyspace.Settings.MaxMemory.Store(0)
	r.Pause.End()
	c.do("RESET")
	c.Authenticated = true
	pause()
	if got := c.do("GET", "k"); got != "" || c.Park == nil {
		t.Fatalf("paused: %q", got)
	}
	r.Pause.End()
	if c.woken.Load() == 0 {
		t.Error("the end of the pause did not wake the session")
	}
	if got := c.feed(""); got != "$1\r\nv\r\n" {
		t.Errorf("after the pause: %q", got)
	}
}

func TestARefusedExecEndsTheTransaction(t *testing.T) {
	r := newRig(t)
	c := r.connect()
	c.expect(
		[2]string{"multi", "+OK\r\n"}, [2]string{"set a 1", "+QUEUED\r\n"},
		[2]string{"exec now", "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command\r\n"},
		[2]string{"exec", "-ERR EXEC without MULTI\r\n"},
		[2]string{"multi", "+OK\r\n"}, [2]string{"set a 1", "+QUEUED\r\n"},
	)
	r.Keyspace.Settings.MaxMemory.Store(1)
	c.expect(
		[2]string{"exec", "-EXECABORT Transaction discarded because of: " + oom[1:]},
		[2]string{"exec", "-ERR EXEC without MULTI\r\n"},
		[2]string{"exists a", ":0\r\n"},
	)
}

func TestReadsAndDeletesPassWithoutMemory(t *testing.T) {
	r := newRig(t)
	c := r.connect()
	c.expect([2]string{"set a 1", "+OK\r\n"}, [2]string{"set b 2 ex 100", "+OK\r\n"}, [2]string{"set x 2", "+OK\r\n"})
	r.Keyspace.Settings.MaxMemory.Store(1)
	r.oom = "because there is no end to it"
	why := strings.Replace(oom, "\r\n", " because there is no end to it\r\n", 1)
	c.expect(
		[2]string{"set c 1", why}, [2]string{"append a x", why}, [2]string{"incr a", why}, [2]string{"copy a d", why},
		[2]string{"get a", "$1\r\n1\r\n"}, [2]string{"ttl b", ":100\r\n"}, [2]string{"expire a 10", ":1\r\n"}, [2]string{"persist a", ":1\r\n"},
		[2]string{"rename x y", "+OK\r\n"}, [2]string{"getdel y", "$1\r\n2\r\n"}, [2]string{"del a", ":1\r\n"}, [2]string{"unlink b", ":1\r\n"},
		[2]string{"dbsize", ":0\r\n"}, [2]string{"flushall", "+OK\r\n"},
		[2]string{"multi", "+OK\r\n"}, [2]string{"get a", why}, [2]string{"discard", "+OK\r\n"},
		[2]string{"multi", "+OK\r\n"}, [2]string{"exec", "*0\r\n"},
	)
	r.Keyspace.Settings.MaxMemory.Store(1 << 20)
	c.expect([2]string{"set c 1", "+OK\r\n"})
}

// A command whose arguments do not tell what it takes finds out under the locks, without a change, and is run again.
func TestACommandThatNeedsMoreThanItSaysIsRunAgain(t *testing.T) {
	r := newRig(t)
	r.policy("allkeys-lru")
	c := r.connect()
	const limit = 8 << 20
	r.Keyspace.Settings.MaxMemory.Store(limit)
	c.do("SET", "big", strings.Repeat("x", 2<<20))
	for i := range 20 {
		r.clock.Advance(1e9)
		c.do("GET", "big") // the least likely to go
		c.do("SET", "filler:"+strconv.Itoa(i), strings.Repeat("f", 500<<10))
	}
	used := r.Keyspace.Used()
	if used < limit*9/10 {
		t.Fatalf("%d bytes are in use, the limit should be met", used)
	}
	if got := c.do("COPY", "big", "copy"); got != ":1\r\n" {
		t.Errorf("COPY: %q", got)
	}
	// The copy shares the string with the other key until it is written to.
	if got := c.do("SETRANGE", "copy", "0", "y"); got != ":2097152\r\n" {
		t.Errorf("SETRANGE of the copy: %q", got)
	}
	if got := c.do("APPEND", "copy", strings.Repeat("y", 300<<10)); got != ":2404352\r\n" {
		t.Errorf("APPEND: %q", got)
	}
	if got := r.Keyspace.Used(); got > limit+limit/100+1<<20 {
		t.Errorf("%d bytes are in use, %d too much", got, got-limit)
	}
	r.policy("noeviction")
	if got := c.do("COPY", "big", "again"); got != ":1\r\n" {
		t.Errorf("COPY without eviction: %q", got)
	}
	if got := c.do("SETRANGE", "again", "0", "y"); got != oom {
		t.Errorf("SETRANGE without eviction: %q", got)
	}
	if got := c.do("GETRANGE", "again", "0", "0"); got != "$1\r\nx\r\n" {
		t.Errorf("a refused SETRANGE left %q", got)
	}
	c.do("MULTI")
	c.do("SETRANGE", "again", "0", "y")
	if got := c.do("EXEC"); !strings.HasPrefix(got, "*1\r\n-OOM ") {
		t.Errorf("SETRANGE inside EXEC without eviction: %q", got)
	}
}

// Two workers may take each other's room for ever.
func TestACommandIsNotRunAgainForEver(t *testing.T) {
	runs := 0
	greedy := &command.Spec{
		Name: "greedy", Arity: 1, Flags: command.Write | command.DenyOOM,
		Run: func(c *command.Ctx) error { runs++; return needMore },
	}
	r := newRig(t, greedy)
	c := r.connect()
	r.policy("allkeys-lru")
	r.Keyspace.Settings.MaxMemory.Store(1 << 30)
	if got := c.do("GREEDY"); got != oom || runs < 2 || runs > 100 {
		t.Errorf("%q after %d runs", got, runs)
	}
}

func TestNothingIsEvictedForACommandThatIsHeldBack(t *testing.T) {
	r := newRig(t)
	r.policy("allkeys-lru")
	c, other := r.connect(), r.connect()
	c.do("SET", "k", strings.Repeat("x", 1000))
	r.Keyspace.Settings.MaxMemory.Store(r.Keyspace.Used())
	other.do("CLIENT", "PAUSE", "1000", "WRITE")
	if got := c.do("SET", "other", strings.Repeat("x", 1000)); got != "" {
		t.Errorf("a write during the pause: %q", got)
	}
	if got := other.do("EXISTS", "k"); got != ":1\r\n" {
		t.Errorf("a key went during the pause: %q", got)
	}
	r.clock.Advance(1e9)
	if got := c.feed(""); got != "+OK\r\n" {
		t.Errorf("after the pause: %q", got)
	}
	if got := other.do("EXISTS", "k"); got != ":0\r\n" {
		t.Errorf("no key went for the write after the pause: %q", got)
	}
}
