package node_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/session/sessiontest"
	"github.com/curfewkv/curfew/resp"
)

// field is a field of INFO.
func field(c *sessiontest.Conn, section, name string) string {
	_, after, _ := strings.Cut(c.Do("INFO", section)[0], `\n`+name+":")
	value, _, _ := strings.Cut(after, `\r`)
	return value
}

func TestTimeOverMaxmemoryIsCounted(t *testing.T) {
	s := sessiontest.New(t)
	c := s.Connect()
	c.Do("SET", "k", strings.Repeat("x", 1000))
	tick := func() { s.Tick(s.Clock.Now()) }
	expect := func(current, total string) {
		t.Helper()
		for name, want := range map[string]string{"current_eviction_exceeded_time": current, "total_eviction_exceeded_time": total} {
			if got := field(c, "stats", name); got != want {
				t.Errorf("%s is %s, want %s", name, got, want)
			}
		}
	}
	tick()
	expect("0", "0")
	c.Do("CONFIG", "SET", "maxmemory", "100")
	tick()
	s.Clock.Advance(700 * time.Millisecond)
	expect("700", "700")
	c.Do("CONFIG", "SET", "maxmemory", "0")
	tick()
	s.Clock.Advance(time.Second)
	expect("0", "700")
	c.Do("CONFIG", "SET", "maxmemory", "100")
	tick()
	s.Clock.Advance(time.Second)
	c.Do("CONFIG", "RESETSTAT")
	expect("0", "0")
	tick()
	s.Clock.Advance(300 * time.Millisecond)
	expect("300", "300")
}

// The counters go back to zero, which no rate may take for less than nothing.
func TestRatesBeginAnewWithResetstat(t *testing.T) {
	s := sessiontest.New(t)
	c := s.Connect()
	second := func(commands int) {
		for range commands {
			c.Do("PING")
			s.Traffic.NetIn.Add(4096)
			s.Traffic.NetOut.Add(2048)
		}
		s.Clock.Advance(time.Second)
		s.Tick(s.Clock.Now())
	}
	expect := func(when, ops, in, out string) {
		t.Helper()
		for name, want := range map[string]string{
			"instantaneous_ops_per_sec": ops, "instantaneous_input_kbps": in, "instantaneous_output_kbps": out,
		} {
			if got := field(c, "stats", name); got != want {
				t.Errorf("%s: %s is %s, want %s", when, name, got, want)
			}
		}
	}
	second(0)
	second(100)
	expect("before", "100", "400.00", "200.00")
	c.Do("CONFIG", "RESETSTAT")
	expect("at once", "0", "0.00", "0.00")
	second(0)
	second(10)
	expect("later", "10", "40.00", "20.00")
}

// What is sent of a deleted value is no data, and whoever is refused a write for want of its memory is told where it is.
func TestADeletedValueThatIsBeingSentIsMemoryOfClients(t *testing.T) {
	s := sessiontest.New(t)
	c, slow := s.Connect(), s.Connect()
	c.Do("SET", "big", strings.Repeat("x", 10<<20))
	request := resp.AppendCommand(nil, "GET", "big")
	if n, _ := s.Dispatch.Worker(0).Process(slow.Session, request); n != len(request) {
		t.Fatalf("%d bytes of the request were taken", n)
	}
	before, _ := strconv.Atoi(field(c, "memory", "mem_clients_normal"))
	c.Do("DEL", "big")
	after, _ := strconv.Atoi(field(c, "memory", "mem_clients_normal"))
	if after-before < 10<<20 || before > 1<<20 {
		t.Errorf("%d bytes of clients, %d before the value was deleted", after, before)
	}
	if stats := c.Do("MEMORY", "STATS")[0]; !strings.Contains(stats, `"keys.bytes-per-key" :0 `) {
		t.Errorf("%s: the memory is counted for keys", stats)
	}
	c.Do("CONFIG", "SET", "maxmemory", "8mb")
	if got := c.Do("SET", "k", "v")[0]; !strings.Contains(got, "there are no keys; 10.") {
		t.Errorf("%s does not tell of the value that is being sent", got)
	}
	slow.Out.Reset()
	if got := field(c, "memory", "mem_clients_normal"); got != strconv.Itoa(before) {
		t.Errorf("%s bytes of clients when it is sent, want %d", got, before)
	}
}

func TestWrongPasswordsAreCounted(t *testing.T) {
	s := sessiontest.New(t)
	s.Keys.Password.Override("secret")
	c := s.Connect()
	c.Do("AUTH", "guess")
	c.Do("HELLO", "3", "AUTH", "default", "guess")
	c.Do("AUTH", "secret")
	if got := field(c, "stats", "acl_access_denied_auth"); got != "2" {
		t.Errorf("%s wrong passwords", got)
	}
}

func TestMemoryStatsHasTheFiguresOfEachDatabase(t *testing.T) {
	s := sessiontest.New(t)
	c := s.Connect()
	c.Do("SET", "a", "1", "EX", "10")
	c.Do("SELECT", "3")
	c.Do("SET", "b", "1")
	got := c.Do("MEMORY", "STATS")[0]
	for _, want := range []string{
		`"functions.caches" :0 "db.0" ["overhead.hashtable.main" :`, `"overhead.hashtable.expires" :16] "db.3" [`, `"overhead.hashtable.expires" :0] "overhead.db.hashtable.lut" :`,
		`"lua.caches" :0`, `"allocator-rss.ratio"`, `"allocator-rss.bytes"`, `"rss-overhead.ratio"`, `"rss-overhead.bytes"`, `"allocator.muzzy" :0`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}

func TestKeyspaceTellsOfFieldsWithATTL(t *testing.T) {
	c := sessiontest.New(t).Connect()
	c.Do("SET", "a", "1")
	if got, want := field(c, "keyspace", "db0"), "keys=1,expires=0,avg_ttl=0,subexpiry=0"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestADatabaseWhoseKeysAreGoneHasNoLessThanNoData(t *testing.T) {
	s := sessiontest.New(t)
	c := s.Connect()
	c.Do("SET", "k", "v")
	if got, _ := strconv.Atoi(field(c, "memory", "used_memory_dataset")); got < len("k")+len("v")+8 {
		t.Errorf("%d bytes of data with a key", got)
	}
	c.Do("DEL", "k")
	if got := field(c, "memory", "used_memory_dataset"); got != "0" {
		t.Errorf("%s bytes of data without a key", got)
	}
}
