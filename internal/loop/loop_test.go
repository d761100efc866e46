package loop

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/resp"
)

// A loop sleeps to the next deadline of its shards, and a deadline that is armed elsewhere ends its sleep.
func TestDeadlinesBoundTheSleepOfTheirLoop(t *testing.T) {
	r := newRig(t, 2)
	c := r.connect(0)
	owner := func(key string) int {
		return bits.TrailingZeros64(r.o.Node.Keyspace.NewTxn().ShardBit([]byte(key))) % 2
	}
	for i := range r.loops {
		r.turn(i)
		if ms := r.loops[i].sleepMs(r.clock.Now()); ms != 100 {
			t.Errorf("without deadlines loop %d sleeps %d ms", i, ms)
		}
	}
	for _, step := range []struct{ px, sleep int }{{1_000_000, 100}, {50, 50}, {7, 7}} {
		c.send("SET", "k", "v", "PX", strconv.Itoa(step.px))
		r.turn(0)
		if got := c.take(); got != "+OK\r\n" {
			t.Fatal(got)
		}
		if ms := r.loops[owner("k")].sleepMs(r.clock.Now()); ms > step.sleep || ms < step.sleep-1 {
			t.Errorf("with a deadline in %d ms the sleep is %d ms", step.px, ms)
		}
	}
	for i, l := range r.loops {
		l.sleeping.Store(true)
		key := ""
		for n := 0; key == ""; n++ {
			if k := "n" + strconv.Itoa(n); owner(k) == i {
				key = k
			}
		}
		tx := r.o.Node.Keyspace.NewTxn()
		tx.Begin(r.clock.Now(), 0, 0, true)
		tx.LockAll()
		if err := tx.PutString([]byte(key), []byte("v"), keyspace.PutOptions{Deadline: tx.After(3)}, journal.Event{}); err != nil {
			t.Fatal(err)
		}
		tx.Unlock()
		if r.wire(i).woken != 1 || l.sleeping.Load() {
			t.Errorf("a nearer deadline has woken loop %d %d times", i, r.wire(i).woken)
		}
	}
}

// A server to which nothing happens looks around less often, until something does.
func TestAnIdleLoopSleepsLonger(t *testing.T) {
	r := newRig(t, 1)
	c := r.connect(0)
	c.send("PING")
	for range idleTicks + 1 {
		r.clock.Advance(tick)
		r.turn(0)
	}
	if ms := r.loops[0].sleepMs(r.clock.Now()); ms != 1000 {
		t.Errorf("an idle loop sleeps %d ms", ms)
	}
	c.send("PING")
	r.turn(0)
	r.clock.Advance(idleTick)
	r.turn(0)
	if ms := r.loops[0].sleepMs(r.clock.Now()); ms != 100 {
		t.Errorf("after a request it sleeps %d ms", ms)
	}
}

// A client that asks for much and reads nothing is interrupted for others, and then goes on.
func TestAPipelineOfLargeRepliesGivesWay(t *testing.T) {
	r := newRig(t, 1)
	greedy, other := r.connect(0), r.connect(0)
	const n, size = 100, 100_000
	greedy.send("SET", "big", strings.Repeat("x", size))
	r.turn(0)
	for r.turn(0) {
	}
	greedy.take()
	greedy.takes = 0
	greedy.sends = strings.Repeat(string(resp.AppendCommand(nil, "GET", "big")), n)
	other.send("PING")
	more := r.turn(0)
	if got := other.take(); got != "+PONG\r\n" || !more {
		t.Errorf("the other client got %q; there is more to do: %v", got, more)
	}
	if made := greedy.unsent(); made < turnOut || made > 2*turnOut {
		t.Errorf("%d bytes of replies were made in a turn", made)
	}
	greedy.send("PING")
	if r.turn(0); greedy.sends == "" {
		t.Error("more is received than is run")
	}
	for r.turn(0) {
	}
	r.turn(0)
	if greedy.sends != "" {
		t.Error("its last request is not received")
	}
	greedy.takes = -1
	for greedy.wantWrite {
		r.turn(0)
	}
	want := strings.Repeat(fmt.Sprintf("$%d\r\n%s\r\n", size, strings.Repeat("x", size)), n) + "+PONG\r\n"
	if got := greedy.take(); got != want {
		t.Errorf("%d bytes were sent, want %d", len(got), len(want))
	}
}

// Whatever a client takes at once, it gets its replies in order, and at rest there is nothing kept for it.
func TestRepliesComeInOrderHoweverTheyAreTaken(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	r := newRig(t, 1)
	c := r.connect(0)
	c.takes = 0
	var want, got strings.Builder
	for range 500 {
		for range random.IntN(4) {
			text := strings.Repeat("v", random.IntN(20_000))
			c.send("ECHO", text)
			fmt.Fprintf(&want, "$%d\r\n%s\r\n", len(text), text)
		}
		c.takes = random.IntN(30_000)
		r.turn(0)
		got.WriteString(c.take())
	}
	for c.takes = -1; c.sends != "" || c.wantWrite; {
		r.turn(0)
	}
	got.WriteString(c.take())
	if got.String() != want.String() {
		t.Errorf("seed %d: %d bytes, want %d", seed, got.Len(), want.Len())
	}
	if c.out != nil || c.in.buf != nil || c.bytes() != connOverhead || r.o.Node.Keyspace.External() != connOverhead {
		t.Errorf("seed %d: at rest %d bytes are kept", seed, c.bytes())
	}
}

// A connection whose client was killed, or which the transport refused, before its loop took it over is closed already.
func TestAConnectionThatIsClosedIsNotTakenOver(t *testing.T) {
	r := newRig(t, 1)
	l := r.loops[0]
	l.add(&conn{loop: l, closed: true})
	if len(l.conns) != 0 {
		t.Error("it was taken over")
	}
}

func TestWhatAReplySharesIsReleasedOnce(t *testing.T) {
	for name, end := range map[string]func(r *rig, e *end){
		"sent": func(r *rig, e *end) {
			for e.takes = -1; e.wantWrite; {
				r.turn(0)
			}
		},
		"dropped": func(_ *rig, e *end) { e.loop.drop(e.conn) },
		"killed":  func(r *rig, e *end) { e.sess.Kill(); r.turn(0) },
	} {
		r := newRig(t, 1)
		e := r.connect(0)
		e.takes = 10
		v := &value{b: make([]byte, 1<<20)}
		e.sess.Push(0, func(w *resp.Writer) { w.BulkShared(v); w.OK() })
		r.turn(0)
		if v.released != 0 || e.unsent() != len("$1048576\r\n\r\n+OK\r\n")+1<<20-10 {
			t.Errorf("%s: %d bytes wait, released %d times", name, e.unsent(), v.released)
		}
		if memory := e.bytes() - connOverhead; memory > 1000 {
			t.Errorf("%s: a reference costs %d bytes", name, memory)
		}
		end(r, e)
		if v.released != 1 {
			t.Errorf("%s: released %d times", name, v.released)
		}
	}
}

func TestAKilledClientThatWaitsForATurnDoesNotGetOne(t *testing.T) {
	r := newRig(t, 1)
	c := r.connect(0)
	c.send("SET", "big", strings.Repeat("x", 100_000))
	for r.turn(0) {
	}
	c.sends = strings.Repeat(string(resp.AppendCommand(nil, "GET", "big")), 50) + string(resp.AppendCommand(nil, "SET", "ghost", "x"))
	r.turn(0)
	c.sess.Kill()
	for r.turn(0) {
	}
	other := r.connect(0)
	other.send("EXISTS", "ghost")
	r.turn(0)
	if got := other.take(); got != ":0\r\n" {
		t.Error("a killed client wrote")
	}
}
