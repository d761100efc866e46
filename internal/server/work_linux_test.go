package server

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/session"
)

// Deadlines end the sleep of loops that have nothing else to do: keys go without anybody asking, near their deadline.
func TestKeysGoFromAnIdleServer(t *testing.T) {
	r := run(t)
	c := r.unix()
	const keys = 200
	for i := range keys {
		if got := c.ask("SET", "k"+strconv.Itoa(i), "v", "PX", strconv.Itoa(20+i)); got != "+OK\r\n" {
			t.Fatal(got)
		}
	}
	c.ask("SET", "later", "v", "PX", "1000000")
	expired := func() (active, lazy int64) {
		r.keyspace.ActiveLag.Count()
		return r.keyspace.ActiveLag.Count(), r.keyspace.LazyLag.Count()
	}
	until(t, "the end of the keys", func() bool { active, _ := expired(); return active == keys })
	if _, lazy := expired(); lazy != 0 {
		t.Errorf("%d keys were removed by readers", lazy)
	}
	if lag := time.Duration(r.keyspace.ActiveLag.Percentile(50)); lag > time.Second {
		t.Errorf("half of the keys went more than %v late", lag)
	}
	if got := c.ask("DBSIZE"); got != ":1\r\n" {
		t.Errorf("keys are left: %q", got)
	}
}

// A loop sleeps to the next deadline of its shards, and a deadline that is armed elsewhere ends its sleep.
func TestDeadlinesBoundTheSleepOfTheirLoop(t *testing.T) {
	r := run(t, "--shards", "2")
	c := r.unix()
	owner := func(key string) *loop {
		return r.loops[bits.TrailingZeros64(r.keyspace.NewTxn().ShardBit([]byte(key)))]
	}
	sleep := func(l *loop) int {
		ms := make(chan int)
		l.do(func() { l.nextTick = r.clock.Mono() + int64(tick); ms <- l.sleepMs() })
		return <-ms
	}
	key := "k"
	// Each is tried again when this goroutine was held up between two steps.
	for _, l := range r.loops {
		until(t, "sleep without deadlines", func() bool { return sleep(l) > 50 })
	}
	c.ask("SET", key, "v", "PX", "1000000")
	until(t, "sleep with a deadline that is far off", func() bool { return sleep(owner(key)) > 50 })
	until(t, "less sleep with a near one", func() bool {
		c.ask("SET", key, "v", "PX", "50")
		ms := sleep(owner(key))
		return ms > 0 && ms <= 50
	})
	until(t, "sleep", func() bool { return owner(key).sleeping.Load() })
	woken := false // by arming: the eventfd is written to, and the mark of sleep is taken away
	for i := 0; !woken && i < 1000; i++ {
		l := owner("n" + strconv.Itoa(i))
		if !l.sleeping.Load() {
			continue
		}
		tx := r.keyspace.NewTxn()
		tx.Begin(r.clock.Now(), 0, 0, true)
		tx.LockAll()
		if err := tx.PutString([]byte("n"+strconv.Itoa(i)), []byte("v"), keyspace.PutOptions{Deadline: tx.After(int64(900_000 - i))}, journal.Event{}); err != nil {
			t.Error(err)
		}
		woken = !l.sleeping.Load()
		tx.Unlock()
	}
	if !woken {
		t.Error("a nearer deadline does not wake the loop of its shard")
	}
}

// What was flushed is given back by an idle server too, and not a slice a tick.
func TestFlushedMemoryIsGivenBackByAnIdleServer(t *testing.T) {
	r := run(t)
	c := r.unix()
	const keys = 200_000
	var b strings.Builder
	for i := range keys {
		b.WriteString(request("SET", "key:"+strconv.Itoa(i), "value"))
	}
	go func() { c.send(b.String()) }()
	for range keys {
		if got, err := c.reply(); got != "+OK\r\n" {
			t.Fatal(got, err)
		}
	}
	used := r.keyspace.UsedByData()
	if got := c.ask("FLUSHALL", "ASYNC"); got != "+OK\r\n" {
		t.Fatal(got)
	}
	until(t, "the memory", func() bool { return r.keyspace.UsedByData() == 0 })
	if used < keys*30 {
		t.Errorf("%d bytes were in use", used)
	}
}

// INFO and what else looks at everything, while everything changes.
func TestFiguresWhileEverythingChanges(t *testing.T) {
	r := run(t, "--maxmemory", "3mb", "--maxmemory-policy", "allkeys-lru", "--latency-monitor-threshold", "1", "--slowlog-log-slower-than", "0")
	quit := make(chan struct{})
	var all sync.WaitGroup
	work := func(fn func(c *client, i int)) {
		c := r.tcp()
		all.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-quit:
					return
				default:
					fn(c, i)
				}
			}
		})
	}
	for worker := range 3 {
		work(func(c *client, i int) {
			key := fmt.Sprintf("%d:%d", worker, i%5000)
			c.ask("SET", key, strings.Repeat("x", i%1500), "PX", strconv.Itoa(1+i%100))
			c.ask("GET", key)
		})
	}
	work(func(c *client, i int) {
		c.ask("SELECT", strconv.Itoa(i%3))
		c.ask("SWAPDB", "0", "1")
		if i%50 == 0 {
			c.ask("FLUSHDB", "ASYNC")
		}
	})
	work(func(c *client, i int) {
		n := r.tcp() // connections come and go
		n.ask("PING")
		n.Close()
		c.ask("CONFIG", "SET", "maxmemory", strconv.Itoa(3_000_000+i%2*1_000_000))
		if i%20 == 0 {
			c.ask("CONFIG", "RESETSTAT")
		}
	})
	admin := r.unix()
	for range 60 {
		for _, ask := range [][]string{
			{"INFO", "everything"}, {"INFO"}, {"CLIENT", "LIST"}, {"DBSIZE"}, {"RANDOMKEY"}, {"SLOWLOG", "LEN"},
		} {
			if got := admin.ask(ask...); got[0] == '-' {
				t.Errorf("%q: %q", ask, got)
			}
		}
	}
	close(quit)
	all.Wait()
	if got := field(admin.ask("INFO", "stats"), "evicted_while_expired_present"); got != "0" {
		t.Errorf("%s keys were evicted beside due ones", got)
	}
}

// From the socket to the socket a GET or SET of a key that is there costs no allocation. The loop's own goroutine measures.
func TestARequestAllocatesNothingOnItsWay(t *testing.T) {
	r := run(t)
	r.tcp().ask("SET", "key:1", strings.Repeat("v", 32))
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(ends[1])
	l := r.loops[0]
	c := &conn{fd: ends[0], loop: l}
	c.sess = session.New(r.sessions.NextID(), c, r.clock.Mono())
	c.sess.Authenticated = true
	reply := make([]byte, 4096)
	measured := make(chan string)
	l.do(func() {
		defer close(measured)
		l.conns[c.fd] = c
		defer l.drop(c)
		for _, one := range []string{request("GET", "key:1"), request("SET", "key:1", strings.Repeat("w", 32)), request("PING")} {
			in := []byte(strings.Repeat(one, 3))
			serve := func() {
				if n, err := rawWrite(ends[1], in); n != len(in) || err != nil {
					measured <- fmt.Sprint("write: ", n, err)
				}
				l.readable(c)
				if n, err := rawRead(ends[1], reply); n < 3 || err != nil || reply[0] == '-' {
					measured <- fmt.Sprint("read: ", n, err)
				}
			}
			serve()
			if n := testing.AllocsPerRun(100, serve); n != 0 {
				measured <- fmt.Sprintf("%q: %v allocations", one, n)
			}
		}
	})
	for problem := range measured {
		t.Error(problem)
	}
}

func TestOneLoopAndMany(t *testing.T) {
	for _, loops := range []string{"1", "9"} {
		r := run(t, "--event-loops", loops, "--shards", "4") // with nine loops some have no shard
		c := r.tcp()
		for i := range 50 {
			if got := c.ask("SET", "k"+strconv.Itoa(i), "v", "PX", "30"); got != "+OK\r\n" {
				t.Fatal(got)
			}
		}
		until(t, "the end of the keys", func() bool { return r.keyspace.ActiveLag.Count() == 50 })
		if got := c.ask("DBSIZE"); got != ":0\r\n" {
			t.Errorf("%s loops: %q", loops, got)
		}
		r.stop() // two servers of one process would number the same commands
	}
}
