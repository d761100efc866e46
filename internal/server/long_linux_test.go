package server

import (
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// roundTrips is how many times other clients, on every loop, are answered while a command takes long.
const roundTrips = 20

// slow makes two keys whose LCS takes far longer than round trips of others.
func (r *running) slow(size int) *client {
	r.t.Helper()
	c := r.unix()
	c.is("+OK\r\n", "CONFIG", "SET", "proto-max-bulk-len", "100gb")
	half := strings.Repeat("ab", size/2)
	c.is("+OK\r\n", "SET", "one", half+"x")
	c.is("+OK\r\n", "SET", "other", "y"+half)
	return c
}

// bystanders are clients of all loops.
func (r *running) bystanders() []*client {
	var all []*client
	for range 4 { // connections go to the loops in turn
		all = append(all, r.unix())
	}
	return all
}

// watched is a connection whose next bytes are waited for elsewhere; nothing else reads from it until they have come.
type watched struct {
	arrived atomic.Bool
	done    chan struct{}
}

func (c *client) watch() *watched {
	w := &watched{done: make(chan struct{})}
	go func() {
		defer close(w.done)
		if _, err := c.r.Peek(1); err == nil {
			w.arrived.Store(true)
		}
	}()
	return w
}

func TestOthersAreServedWhileACommandTakesLong(t *testing.T) {
	r := run(t, "--shutdown-timeout", "0")
	c, others := r.slow(100_000), r.bystanders() // minutes
	c.is("+OK\r\n", "SET", "k", "v")
	c.send(request("LCS", "one", "other", "LEN"), request("PING"))
	until(t, "the command", func() bool { return r.away() == 1 })
	for range roundTrips {
		for _, o := range others {
			o.is("+PONG\r\n", "PING")
			o.is("$1\r\nv\r\n", "GET", "k")
			o.is("$1\r\ny\r\n", "GETRANGE", "other", "0", "0")
			o.is(":3\r\n", "DBSIZE")
		}
	}
	if r.away() != 1 || c.r.Buffered() != 0 {
		t.Error("the long command is over: it was no test")
	}
}

// A transaction keeps its shards, and the loops go on with all else.
func TestALongTransactionKeepsOthersFromItsKeysOnly(t *testing.T) {
	r := run(t)
	c, others := r.slow(12_000), r.bystanders()
	c.send(request("MULTI"), request("LCS", "one", "other", "LEN"), request("DEL", "one"), request("EXEC"))
	for range 3 {
		if _, err := c.reply(); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the transaction", func() bool { return r.node.Keyspace.Held() != 0 })
	reply := c.watch()
	waiting := others[0]
	waiting.send(request("EXISTS", "one"), request("PING"))
	answered := waiting.watch()
	free := ""
	for i := 0; free == ""; i++ {
		if key := "k" + strconv.Itoa(i); r.node.Keyspace.Held()&r.node.Keyspace.NewTxn().ShardBit([]byte(key)) == 0 {
			free = key
		}
	}
	for range roundTrips {
		for _, o := range others[1:] {
			o.is("+PONG\r\n", "PING")
			o.is("+OK\r\n", "SET", free, "v")
		}
	}
	if reply.arrived.Load() || answered.arrived.Load() {
		t.Error("the transaction, or one who waits for its key, was answered before others")
	}
	<-reply.done
	<-answered.done
	if got, _ := waiting.reply(); got != ":0\r\n" {
		t.Errorf("EXISTS after the transaction: %q", got)
	}
	if got, _ := waiting.reply(); got != "+PONG\r\n" {
		t.Errorf("the request behind it: %q", got)
	}
}

// is sends a command and compares its reply.
func (c *client) is(want string, args ...string) {
	c.t.Helper()
	if got := c.ask(args...); got != want {
		c.t.Fatalf("%q: %q, want %q", args, got, want)
	}
}

// away is how many commands run off the loops.
func (r *running) away() int64 { return r.node.Dispatch.Away() }

func TestAClientThatIsKilledOrLeavesEndsItsLongCommand(t *testing.T) {
	r := run(t)
	c := r.slow(100_000) // minutes
	c.send(request("CLIENT", "ID"))
	id, err := c.reply()
	if err != nil {
		t.Fatal(err)
	}
	c.send(request("LCS", "one", "other", "LEN"))
	until(t, "the command", func() bool { return r.away() == 1 })
	r.unix().is(":1\r\n", "CLIENT", "KILL", "ID", strings.Trim(id, ":\r\n"))
	if _, err := c.reply(); err == nil {
		t.Error("a reply for a client that was killed")
	}
	leaver := r.unix()
	leaver.send(request("LCS", "one", "other", "LEN"))
	until(t, "the second command", func() bool { return r.away() == 1 })
	leaver.Close()
	until(t, "the end of both", func() bool { return r.away() == 0 && r.node.Sessions.Len() == 1 })
	other := r.unix()
	other.send(request("LCS", "one", "other", "LEN"))
	until(t, "the third command", func() bool { return r.away() == 1 })
	r.unix().is("+OK\r\n", "CONFIG", "SET", "shutdown-timeout", "0")
	// The end of the test stops the server within its patience.
}

// As with a pipe into nc: who closes its side gets the replies to what it had asked.
func TestAClientThatClosesItsSideGetsTheReplyOfALongCommand(t *testing.T) {
	r := run(t)
	r.slow(5_000).Close()
	c := r.tcp()
	c.send(request("LCS", "one", "other", "LEN"), request("PING"))
	if err := c.Conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := c.reply(); got != ":5000\r\n" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := c.reply(); got != "+PONG\r\n" {
		t.Errorf("the request behind it: %q, %v", got, err)
	}
	if got, err := c.reply(); err == nil {
		t.Errorf("%q after the last reply", got)
	}
}

func TestKeysAndFlushAllOfManyKeys(t *testing.T) {
	const n = 300_000
	r := run(t, "--enable-debug-command", "yes", "--activedefrag", "no")
	c := r.unix()
	c.is("+OK\r\n", "DEBUG", "POPULATE", strconv.Itoa(n))
	c.send(request("KEYS", "*"))
	line, err := c.r.ReadString('\n')
	if err != nil || line != "*"+strconv.Itoa(n)+"\r\n" {
		t.Fatalf("%q, %v", line, err)
	}
	seen := make(map[string]bool, n)
	for range n {
		key, err := c.reply()
		if err != nil || seen[key] {
			t.Fatalf("%q: %v, seen before: %v", key, err, seen[key])
		}
		seen[key] = true
	}
	c.is("+OK\r\n", "FLUSHALL", "SYNC")
	if used := r.node.Keyspace.UsedByData(); used != 0 {
		t.Errorf("%d bytes of data are in use after FLUSHALL SYNC", used)
	}
	until(t, "the memory of the replies", func() bool { return r.node.Keyspace.External() < 1<<20 })
}

// A long LCS works on large strings as they were when it began, and keeps no memory of them.
func TestLCSOfLargeStringsKeepsNothing(t *testing.T) {
	r := run(t)
	c := r.unix()
	before := r.node.Keyspace.UsedByData()
	c.is("+OK\r\n", "SET", "large", strings.Repeat("ab", 100_000))
	c.is("+OK\r\n", "SET", "small", strings.Repeat("ba", 10))
	c.is(":20\r\n", "LCS", "large", "small", "LEN")
	c.is(":2\r\n", "DEL", "large", "small")
	if n := r.node.Keyspace.UsedByData() - before; n >= 200_000 {
		t.Errorf("%d bytes are still in use", n)
	}
}
