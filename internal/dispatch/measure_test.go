package dispatch_test

import (
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/dispatch"
	"github.com/curfewkv/curfew/internal/node"
	"github.com/curfewkv/curfew/internal/node/nodetest"
	"github.com/curfewkv/curfew/resp"
)

// looksClock moves by a microsecond at each look.
type looksClock struct {
	*clock.Fake
	looks int
}

func (c *looksClock) Mono() int64 {
	c.looks++
	c.Advance(time.Microsecond)
	return c.Fake.Mono()
}

func pipelined(requests ...string) string {
	var b []byte
	for _, r := range requests {
		b = resp.AppendCommand(b, strings.Fields(r)...)
	}
	return string(b)
}

// TestAPipelineIsCountedInFull: every command once, whatever is measured together, also where the batch ends, an error or
// another command comes between, or the connection is closed.
func TestAPipelineIsCountedInFull(t *testing.T) {
	r := newRig(t)
	c := r.connect()
	c.feed(pipelined("SET k x", "GET k", "GET k", "GET none", "INCR k", "GET k", "PING", "GET k", "SET k y", "MGET k k", "GET k", "BOGUS", "GET k", "GET"))
	c.feed(pipelined(strings.Split(strings.Repeat("GET k,", 50)+"QUIT,GET k", ",")...))
	want := map[string][2]int64{"get": {57, 0}, "set": {2, 0}, "incr": {1, 1}, "ping": {1, 0}, "mget": {1, 0}, "quit": {1, 0}}
	for _, total := range r.Dispatch.CommandTotals() {
		w, there := want[total.Spec.Full]
		if !there || total.Calls != w[0] || total.Failed != w[1] || total.Histogram.Count() != w[0] {
			t.Errorf("%s: %d calls, %d failed, %d in the histogram; want %v", total.Spec.Full, total.Calls, total.Failed, total.Histogram.Count(), w)
		}
		delete(want, total.Spec.Full)
	}
	if len(want) > 0 {
		t.Errorf("not counted: %v", want)
	}
}

// TestBriefCommandsShareALookAtTheClock, and its time; where short commands are to be told, each is measured.
func TestBriefCommandsShareALookAtTheClock(t *testing.T) {
	for slow, most := range map[int64]int{-1: 2, 10_000_000: 2, 0: 16} {
		r := newRig(t)
		c := &looksClock{}
		r.Node, c.Fake = nodetest.New(t, node.Options{Workers: 1, Adjust: func(o *dispatch.Options) {
			o.Clock, o.Observe = c, quietObserver{r, slow}
		}})
		client := r.connect()
		before := c.looks
		client.feed(pipelined(strings.Split(strings.Repeat("GET k,", 15)+"GET k", ",")...))
		if n := c.looks - before; n > most || most == 16 && n < 16 {
			t.Errorf("slow from %d ns: 16 GETs, %d looks at the clock", slow, n)
		}
		total := r.Dispatch.CommandTotals()[0]
		if total.Calls != 16 || total.Ns < 900 || total.Ns > 16_000 {
			t.Errorf("%d calls took %d ns", total.Calls, total.Ns)
		}
	}
}

// quietObserver wants to be told of slow commands only.
type quietObserver struct {
	*rig
	slow int64
}

func (o quietObserver) Watching() bool { return false }
func (o quietObserver) SlowNs() int64  { return o.slow }

var _ dispatch.Observer = quietObserver{}

// TestLongCommandsAreAnnounced, so that no reply that is ready waits for them; short ones are not.
func TestLongCommandsAreAnnounced(t *testing.T) {
	r := newRig(t)
	c := r.connect()
	told := 0
	r.Dispatch.Worker(0).BeforeLong(func() { told++ })
	for request, want := range map[string]int{"SET k v": 0, "GET k": 0, "MGET k k": 0, "PING": 0, "INFO": 1, "FLUSHALL": 1} {
		told = 0
		if c.feed(pipelined(request)); told != want {
			t.Errorf("%s: told %d times", request, told)
		}
	}
}
