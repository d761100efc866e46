package dispatch_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/dispatch"
	"github.com/curfewkv/curfew/resp"
)

func request(args ...string) string { return string(resp.AppendCommand(nil, args...)) }

// pipeline has requests of every kind and, at the end, a malformed one.
func pipeline() string {
	var b strings.Builder
	for _, r := range []string{
		request("SET", "a", "1"), "get a\r\n", "\r\n", "*0\r\n", request("GET", "a"), request("nope", "x"), request("GET"),
		"set \"quoted \\x41 key\" 'single \\' quotes'\r\n", "get \"quoted A key\"\n", request("MULTI"), request("SET", "b", "2"), "incr b\r\n",
		request("EXEC"), request("CLIENT", "REPLY", "SKIP"), request("GET", "a"), request("SET", "empty", ""), request("GET", "empty"),
		request("MSET", "x", "1", "y", "2", "z", "3"), request("MGET", "x", "y", "z", "none"), request("SET", "long", strings.Repeat("v", 300)),
		request("GETRANGE", "long", "290", "-1"), request("HELLO", "3"), request("GET", "none"), request("HELLO", "2"), request("GET", "none"),
		request("SET", "ttl", "v", "PX", "100"), request("PTTL", "ttl"), "*-1\r\n", request("ECHO", "\r\n$3\r\n*1\r\n"),
		request("PING"), "*1\r\n$x\r\n", request("SET", "after", "the end"),
	} {
		b.WriteString(r)
	}
	return b.String()
}

func TestRepliesDoNotDependOnHowRequestsArrive(t *testing.T) {
	r := newRig(t)
	all := pipeline()
	run := func(pieces ...string) string {
		r.connect().do("FLUSHALL")
		c := r.connect()
		c.Session.ID = 7 // HELLO tells it
		var got strings.Builder
		for _, p := range pieces {
			if !c.CloseAfter { // a transport gives nothing more then
				got.WriteString(c.feed(p))
			}
		}
		if !c.CloseAfter {
			t.Fatal("the malformed request did not end the session")
		}
		return got.String()
	}
	want := run(all)
	if !strings.HasSuffix(want, "+PONG\r\n-ERR Protocol error: invalid bulk length\r\n") || strings.Count(want, "\r\n") < 40 {
		t.Fatalf("replies %q", want)
	}
	for i := 1; i < len(all); i++ {
		if got := run(all[:i], all[i:]); got != want {
			t.Fatalf("split at %d, %q: replies %q, want %q", i, all[max(0, i-20):i], got, want)
		}
	}
	bytes := make([]string, len(all))
	for i := range all {
		bytes[i] = all[i : i+1]
	}
	if got := run(bytes...); got != want {
		t.Fatalf("byte by byte: replies %q, want %q", got, want)
	}
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		var pieces []string
		for rest := all; rest != ""; {
			n := 1 + rnd.IntN(min(len(rest), 1+rnd.IntN(200)))
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		if got := run(pieces...); got != want {
			t.Fatalf("seed %d: replies %q, want %q", seed, got, want)
		}
	}
}

// Replies are written in between when they are many; what was parsed ahead is run all the same, before an error behind it.
func TestAMalformedRequestWaitsForThoseAheadOfIt(t *testing.T) {
	r := newRig(t)
	c := r.connect()
	c.do("SET", "big", strings.Repeat("x", 100<<10))
	got := c.feed(strings.Repeat(request("GET", "big"), 30) + "*x\r\n")
	if n := strings.Count(got, "$102400\r\n"); n != 30 || !strings.HasSuffix(got, "-ERR Protocol error: invalid multibulk length\r\n") {
		t.Errorf("%d of 30 replies ahead of the error, which ends them: %q", n, got[max(0, len(got)-60):])
	}
}

func TestHugePipelinesAndArguments(t *testing.T) {
	r := newRig(t)
	c := r.connect()
	const n = 50_000
	var b strings.Builder
	for i := range n {
		b.WriteString(request("INCR", "counter"))
		if i%1000 == 0 {
			b.WriteString(request("SET", "k"+strconv.Itoa(i), strings.Repeat("v", i)))
		}
	}
	got := c.feed(b.String())
	if !strings.HasSuffix(got, ":50000\r\n") || strings.Count(got, "\r\n") != n+n/1000 {
		t.Errorf("%d replies, the last %q", strings.Count(got, "\r\n"), got[len(got)-20:])
	}
	args := []string{"MSET"}
	for i := range 20_000 {
		args = append(args, "m"+strconv.Itoa(i), "v")
	}
	if got := c.do(args...); got != "+OK\r\n" {
		t.Errorf("MSET of 20,000 keys: %q", got)
	}
	if got := c.do("GET", "m19999"); got != "$1\r\nv\r\n" {
		t.Errorf("the last of them: %q", got)
	}
}

func TestLimitsOfStrangersEndWithTheirPassword(t *testing.T) {
	r := newRig(t)
	r.Keys.Password.Override("secret")
	args := []string{"MSET"}
	for i := range 20 {
		args = append(args, strconv.Itoa(i), "v")
	}
	many, long := request(args...), request("SET", "k", strings.Repeat("x", 20_000))
	for name, c := range map[string]struct{ in, want string }{
		"count":          {many, "-ERR Protocol error: unauthenticated multibulk length\r\n"},
		"length":         {long, "-ERR Protocol error: unauthenticated bulk length\r\n"},
		"first the word": {request("AUTH", "secret") + many + long, "+OK\r\n+OK\r\n+OK\r\n"},
		"a wrong word":   {request("AUTH", "wrong") + many, "-WRONGPASS invalid username-password pair or user is disabled.\r\n-ERR Protocol error: unauthenticated multibulk length\r\n"},
		"by HELLO":       {request("HELLO", "2", "AUTH", "default", "secret", "SETNAME", "me") + many, ""},
	} {
		got := r.connect().feed(c.in)
		if c.want == "" {
			got, c.want = got[max(0, len(got)-5):], "+OK\r\n"
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	r.Keys.Password.Override("")
	r.Keys.MaxBulk.Override(1 << 20)
	if got := r.connect().feed("*2\r\n$3\r\nGET\r\n$1048577\r\n"); got != "-ERR Protocol error: invalid bulk length\r\n" {
		t.Errorf("over proto-max-bulk-len: %q", got)
	}
}

func TestGetAndSetAllocateNothing(t *testing.T) {
	r := newRig(t)
	c := r.connect()
	c.do("SET", "key:000000000001", strings.Repeat("v", 32))
	c.do("SET", "volatile", strings.Repeat("v", 32), "EX", "1000")
	for name, one := range map[string]string{
		"GET":             request("GET", "key:000000000001"),
		"GET of none":     request("GET", "none"),
		"SET":             request("SET", "key:000000000001", strings.Repeat("w", 32)),
		"SET of an int":   request("SET", "key:000000000001", "12345"),
		"SET EX":          request("SET", "volatile", strings.Repeat("w", 32), "EX", "1000"),
		"INCR":            request("INCR", "counter"),
		"EXPIRE":          request("EXPIRE", "volatile", "500"),
		"TTL":             request("TTL", "volatile"),
		"MGET of one":     request("MGET", "volatile"),
		"EXISTS":          request("EXISTS", "volatile"),
		"GET, inline":     "get volatile\r\n",
		"an empty inline": "\r\n",
	} {
		for _, pipelined := range []int{1, 16, 100} {
			in := []byte(strings.Repeat(one, pipelined))
			feed := func() {
				c.Out.Buf = c.Out.Buf[:0]
				if n, more := r.Dispatch.Worker(0).Process(c.Session, in); n != len(in) || more {
					t.Fatalf("%s: consumed %d of %d bytes", name, n, len(in))
				}
			}
			feed() // the first of its kind makes room for its statistics
			feed()
			if n := testing.AllocsPerRun(100, feed); n != 0 {
				t.Errorf("%s, %d in a pipeline: %v allocations", name, pipelined, n)
			}
		}
	}
}

func totals(d *dispatch.Dispatcher) map[string]dispatch.CommandTotals {
	out := map[string]dispatch.CommandTotals{}
	for _, c := range d.CommandTotals() {
		out[c.Spec.Full] = c
	}
	return out
}

func TestCommandStatistics(t *testing.T) {
	var r *rig
	r = newRig(t, instants(&r))
	a, b := r.connect(), r.connect()
	b.worker = 1
	for range 3 {
		a.do("SET", "k", "text")
		b.do("SET", "k", "text")
	}
	a.do("INCR", "k")                // fails
	a.do("GET")                      // is rejected
	a.do("NOPE")                     // has no statistics
	a.do("CLIENT", "NOPE")           // of the container
	a.do("CLIENT", "SETNAME", "a b") // fails
	a.do("INSTANT")
	a.feed("multi\r\nset k 1\r\ninstant\r\nincr k\r\nget k extra\r\ndiscard\r\n")
	a.feed("multi\r\nset k 1\r\ninstant\r\nincr k\r\nexec\r\n")
	got := totals(r.Dispatch)
	for name, want := range map[string][3]int64{ // calls, failed, rejected
		"set": {7, 0, 0}, "incr": {2, 1, 0}, "get": {0, 0, 2}, "client|setname": {1, 1, 0}, "instant": {2, 0, 0},
		"multi": {2, 0, 0}, "exec": {1, 0, 0}, "discard": {1, 0, 0}, "client": {0, 0, 1},
	} {
		c := got[name]
		if [3]int64{c.Calls, c.Failed, c.Rejected} != want {
			t.Errorf("%s: %d calls, %d failed, %d rejected; want %v", name, c.Calls, c.Failed, c.Rejected, want)
		}
	}
	if c := got["instant"]; c.Ns != 2*int64(time.Millisecond) || c.Histogram == nil || c.Histogram.Count() != 2 {
		t.Errorf("instant took %d ns", c.Ns)
	}
	if c := got["exec"]; c.Ns != int64(time.Millisecond) {
		t.Errorf("exec took %d ns, its block 1 ms", c.Ns)
	}
	if n := r.Dispatch.TotalCalls(); n != 7+2+1+2+2+1+1 {
		t.Errorf("%d calls in all", n)
	}
	if n := r.Dispatch.Errors.Total(); n != 6 {
		t.Errorf("%d errors", n)
	}
	if by := fmt.Sprint(r.Dispatch.Errors.ByPrefix()); by != "[{ERR 6}]" {
		t.Errorf("errors %s", by)
	}
	r.Dispatch.ResetStats()
	if n := len(r.Dispatch.CommandTotals()); n != 0 || r.Dispatch.TotalCalls() != 0 || r.Dispatch.Errors.Total() != 0 {
		t.Errorf("%d commands have statistics after the reset", n)
	}
}

func TestSlowCommandsAreTold(t *testing.T) {
	var r *rig
	r = newRig(t, instants(&r))
	a := r.connect()
	a.feed("get k\r\ninstant\r\n")
	if len(r.slow) != 0 {
		t.Errorf("told of %q with the limit off", r.slow)
	}
	r.slowNs = int64(time.Millisecond)
	a.feed("get k\r\ninstant\r\nmulti\r\ninstant\r\nget k\r\nexec\r\n")
	if got := fmt.Sprint(r.slow); got != "[instant instant exec]" {
		t.Errorf("told of %s", got)
	}
}
