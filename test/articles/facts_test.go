package articles

import (
	"strconv"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/test/rig"
)

// conn is one connection, whose answers are compared by their text.
type conn struct {
	t *testing.T
	c *rig.Conn
}

func dial(t *testing.T, s *rig.Server) conn {
	t.Helper()
	c, err := rig.Dial(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return conn{t, c}
}

func (c conn) do(command string) rig.Reply {
	c.t.Helper()
	reply, err := c.c.Do(strings.Fields(command)...)
	if err != nil {
		c.t.Fatalf("%s: %v", command, err)
	}
	return reply
}

func (c conn) expect(command, want string) {
	c.t.Helper()
	if got := c.do(command).Text; got != want {
		c.t.Errorf("%s answers %q, want %q", command, got, want)
	}
}

// A job that looks for keys without a TTL cannot be written as the article has it: Redis's Lua is 5.1, which has no goto, and
// there is no command LOG.
func TestTheScanJobInLuaDoesNotRun(t *testing.T) {
	s := rig.Redis(t)
	for script, want := range map[string]string{
		"for i = 1, 3 do if i == 2 then goto continue end ::continue:: end": "compiling",
		"redis.call('LOG', 'INFO', 'begin')":                                "Unknown Redis command",
	} {
		reply, err := s.Do("EVAL", script, "0")
		if err != nil || !reply.IsError() || !strings.Contains(reply.Text, want) {
			t.Errorf("%s: %q, %v", script, reply.Text, err)
		}
	}
}

// Deleting the set that lists the keys of a tag deletes no key.
func TestDeletingATagSetLeavesItsKeys(t *testing.T) {
	c := dial(t, rig.Redis(t))
	c.do("SET promo:1 x")
	c.do("SADD tag:promo promo:1")
	c.expect("DEL tag:promo promo:2", "1")
	c.expect("EXISTS promo:1", "1")
}

// An instant in the past is not refused: the key is gone at once. 1743465600 was in April 2025.
func TestADeadlineInThePastDeletes(t *testing.T) {
	both(t, func(t *testing.T, s *rig.Server) {
		c := dial(t, s)
		c.do("SET session:abc user_42")
		c.expect("EXPIREAT session:abc 1743465600", "1")
		c.expect("EXISTS session:abc", "0")
	})
}

// What has no TTL is counted without looking at a key: INFO tells how many keys there are, and how many expire.
func TestKeysWithoutTTLAreCountedByINFO(t *testing.T) {
	both(t, func(t *testing.T, s *rig.Server) {
		c := dial(t, s)
		for i := range 1000 {
			c.do("SET session:" + strconv.Itoa(i) + " x" + []string{"", " EX 100"}[i%4/3])
		}
		if text := c.do("INFO keyspace").Text; !strings.Contains(text, "db0:keys=1000,expires=250,") {
			t.Error(text)
		}
	})
}

// A wrapper that adds EX to every SET breaks those that keep a TTL; and a plain SET drops the TTL that was there.
func TestKeepTTL(t *testing.T) {
	both(t, func(t *testing.T, s *rig.Server) {
		c := dial(t, s)
		c.expect("SET k v EX 100 KEEPTTL", "ERR syntax error")
		c.do("SET k v EX 100")
		c.expect("SET k w KEEPTTL", "OK")
		c.expect("TTL k", "100")
		c.do("SET k x")
		c.expect("TTL k", "-1")
	})
}

// A TTL of one millisecond is one: what is late on Redis is only when the memory comes back.
func TestOneMillisecondIsOne(t *testing.T) {
	both(t, func(t *testing.T, s *rig.Server) {
		c := dial(t, s)
		c.do("SET k v PX 1")
		rig.Eventually(t, "the key is gone for readers", func() bool { return c.do("GET k").Nil })
	})
}

// Commands of the article about eviction, as they stand.
func TestTTLCommands(t *testing.T) {
	both(t, func(t *testing.T, s *rig.Server) {
		c := dial(t, s)
		c.do("SET session:abc user_42")
		c.expect("TTL session:abc", "-1")
		c.expect("TTL session:none", "-2")
		c.expect("EXPIRE session:abc 3600", "1")
		c.expect("TTL session:abc", "3600")
		c.expect("PEXPIRE session:abc 3600000", "1")
		if ms, _ := c.do("PTTL session:abc").Int(); ms <= 3599000 || ms > 3600000 {
			t.Errorf("PTTL %d", ms)
		}
		c.expect("PERSIST session:abc", "1")
		c.expect("TTL session:abc", "-1")
		c.expect("SETEX session:abc 3600 user_42", "OK")
		c.expect("TTL session:abc", "3600")
		for _, setting := range []string{"maxmemory 4gb", "maxmemory-policy volatile-lfu", "maxmemory-samples 10", "lazyfree-lazy-expire yes"} {
			c.expect("CONFIG SET "+setting, "OK")
		}
		c.expect("SET {user:1001}:profile p EX 3600", "OK")
		c.expect("CLUSTER KEYSLOT {user:1001}:profile", c.do("CLUSTER KEYSLOT {user:1001}:permissions").Text)
	})
}
