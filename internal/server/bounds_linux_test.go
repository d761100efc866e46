package server

import (
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// heap is how much memory Go's heap holds alive.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first one finds, the second counts
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// What a client can make the server keep is in used_memory, or neither maxmemory nor maxmemory-clients bounds it.
func TestWhatClientsMakeTheServerKeepIsInUsedMemory(t *testing.T) {
	empty := strings.Repeat("$0\r\n\r\n", 100)
	for _, c := range []struct {
		name string
		keep func(r *running, c *client)
	}{
		{"commands of a transaction without arguments", func(_ *running, c *client) {
			c.ask("MULTI")
			for range 100 {
				c.send(strings.Repeat("*1\r\n$4\r\nPING\r\n", 1000))
				for range 1000 {
					if got, err := c.reply(); got != "+QUEUED\r\n" {
						c.t.Fatal(got, err)
					}
				}
			}
		}},
		{"empty arguments of a transaction", func(_ *running, c *client) {
			c.ask("MULTI")
			for range 3000 {
				c.send("*101\r\n$4\r\nMGET\r\n" + empty)
				if got, err := c.reply(); got != "+QUEUED\r\n" {
					c.t.Fatal(got, err)
				}
			}
		}},
		{"arguments of an unfinished request", func(r *running, c *client) {
			const n = 5000
			c.send("*" + strconv.Itoa(100*n+2) + "\r\n$4\r\nMGET\r\n")
			for range n {
				c.send(empty)
			}
			until(c.t, "the request but for its end", func() bool { return r.received() >= int64(n*len(empty)) })
		}},
		{"the name of a client", func(_ *running, c *client) {
			c.ask("CLIENT", "SETNAME", strings.Repeat("n", 8<<20))
			c.ask("CLIENT", "SETINFO", "LIB-NAME", strings.Repeat("n", 8<<20))
			c.ask("CLIENT", "SETINFO", "LIB-VER", strings.Repeat("n", 8<<20))
			c.ask("PING")
		}},
		{"the table of client-side caching", func(_ *running, c *client) {
			c.ask("CLIENT", "TRACKING", "ON")
			key := strings.Repeat("k", 20)
			for i := range 500 {
				args := []string{"MGET"}
				for j := range 100 {
					args = append(args, key+strconv.Itoa(100*i+j))
				}
				c.send(request(args...))
				for range 101 {
					if got, err := c.reply(); err != nil {
						c.t.Fatal(got, err)
					}
				}
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t)
			admin, client := r.unix(), r.unix()
			used := func() int64 { return r.node.Keyspace.External() }
			client.ask("PING")
			heapBefore, before := heap(), used()
			c.keep(r, client)
			admin.ask("PING")
			grown, accounted := heap()-heapBefore, used()-before
			if grown < 4<<20 || accounted < grown*8/10 || accounted > grown*13/10 {
				t.Errorf("the heap has grown by %d bytes, used_memory by %d", grown, accounted)
			}
			client.Close()
			until(t, "the end of the client", func() bool { return used() < 3*atRest })
		})
	}
}

// received is the largest number of bytes of a request that is not yet complete.
func (r *running) received() (n int64) {
	for _, s := range r.node.Sessions.All() {
		n = max(n, s.Public.QueryLen.Load())
	}
	return n
}

// What a client had is forgotten in steps, which the event loops take.
func TestAClientWithManySubscriptionsIsForgotten(t *testing.T) {
	r := run(t)
	c := r.unix()
	for i := range 5000 {
		c.send(request("PSUBSCRIBE", "pattern:"+strconv.Itoa(i)+":*"))
	}
	until(t, "all patterns", func() bool { return r.node.PubSub.NumPat() == 5000 })
	c.Close()
	until(t, "none of them", func() bool { return r.node.PubSub.NumPat() == 0 })
}
