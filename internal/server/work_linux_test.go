package server

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
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
		r.node.Keyspace.ActiveLag.Count()
		return r.node.Keyspace.ActiveLag.Count(), r.node.Keyspace.LazyLag.Count()
	}
	until(t, "the end of the keys", func() bool { active, _ := expired(); return active == keys })
	if _, lazy := expired(); lazy != 0 {
		t.Errorf("%d keys were removed by readers", lazy)
	}
	if lag := time.Duration(r.node.Keyspace.ActiveLag.Percentile(50)); lag > time.Second {
		t.Errorf("half of the keys went more than %v late", lag)
	}
	if got := c.ask("DBSIZE"); got != ":1\r\n" {
		t.Errorf("keys are left: %q", got)
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
	used := r.node.Keyspace.UsedByData()
	if got := c.ask("FLUSHALL", "ASYNC"); got != "+OK\r\n" {
		t.Fatal(got)
	}
	until(t, "the memory", func() bool { return r.node.Keyspace.UsedByData() == 0 })
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

func TestOneLoopAndMany(t *testing.T) {
	for _, loops := range []string{"1", "9"} {
		r := run(t, "--event-loops", loops, "--shards", "4") // with nine loops some have no shard
		c := r.tcp()
		for i := range 50 {
			if got := c.ask("SET", "k"+strconv.Itoa(i), "v", "PX", "30"); got != "+OK\r\n" {
				t.Fatal(got)
			}
		}
		until(t, "the end of the keys", func() bool { return r.node.Keyspace.ActiveLag.Count() == 50 })
		if got := c.ask("DBSIZE"); got != ":0\r\n" {
			t.Errorf("%s loops: %q", loops, got)
		}
		r.stop() // two servers of one process would number the same commands
	}
}
