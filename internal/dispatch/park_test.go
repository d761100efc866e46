package dispatch_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/dispatch"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/resp"
)

// pops is a command that waits for items, as a blocking pop waits for elements of a list: "take until-ns", one queue for all.
type pops struct {
	items, runs int
	queue       session.Queue
	work        func() // done in each run; may be nil
}

var popWait = &session.Kind{Name: "pop", Counted: true, Unblockable: true}

func (p *pops) spec() *command.Spec {
	return &command.Spec{Name: "take", Arity: 2, Flags: command.Write | command.Blocking, Run: func(c *command.Ctx) error {
		p.runs++
		if p.work != nil {
			p.work()
		}
		if p.items > 0 {
			p.items--
			c.Out.Int(int64(p.items))
			if p.items > 0 {
				p.queue.WakeFirst()
			}
			return nil
		}
		until, err := c.Int(1)
		if err != nil {
			return err
		}
		none := func(s *session.Session) { s.Out.NullArray() }
		if park := c.Park(&session.Park{Kind: popWait, Until: until, Expired: none}); park != nil {
			p.queue.Add(park)
		} else {
			c.Out.NullArray()
		}
		return nil
	}}
}

func TestARequestThatWaitedRunsAgainAndThoseBehindItWait(t *testing.T) {
	var p pops
	r := newRig(t, p.spec())
	c := r.connect()
	if got := c.feed("take 0\r\nset k v\r\nget k\r\n"); got != "" || c.Park == nil {
		t.Fatalf("%q before there is anything to take", got)
	}
	p.items = 1
	if got := c.feed(""); got != "" || p.runs != 1 {
		t.Errorf("%q, %d runs without a wake-up", got, p.runs)
	}
	p.queue.WakeFirst()
	if got := c.feed(""); got != ":0\r\n+OK\r\n$1\r\nv\r\n" || c.woken.Load() != 1 {
		t.Errorf("%q, woken %d times", got, c.woken.Load())
	}
	if p.queue.Len() != 0 {
		t.Errorf("%d still wait", p.queue.Len())
	}
}

func TestAWokenRequestGoesThroughTheGatesAgain(t *testing.T) {
	var p pops
	r := newRig(t, p.spec())
	c, other := r.connect(), r.connect()
	c.do("TAKE", "0")
	other.do("CLIENT", "PAUSE", "1000", "WRITE")
	p.items = 1
	p.queue.WakeFirst()
	if got := c.feed(""); got != "" || p.items != 1 {
		t.Errorf("%q during a pause of writes", got)
	}
	r.clock.Advance(1e9)
	if got := c.feed(""); got != ":0\r\n" {
		t.Errorf("%q after it", got)
	}
}

func TestAWaitEndsByItsTimeOrByClientUnblock(t *testing.T) {
	for _, how := range []string{"time", "TIMEOUT", "ERROR"} {
		var p pops
		r := newRig(t, p.spec())
		c, other := r.connect(), r.connect()
		c.do("TAKE", strconv.FormatInt(r.clock.Mono()+1e9, 10))
		if n := r.Dispatch.InTimeoutTable(); n != 1 {
			t.Errorf("%d in the table of timeouts", n)
		}
		want := "*-1\r\n"
		if how == "time" {
			w := r.Dispatch.Worker(0)
			if got := w.NextTimeout(); got != r.clock.Mono()+1e9 {
				t.Errorf("the next timeout is at %d", got)
			}
			r.clock.Advance(1e9)
			var out []*session.Session
			w.Timeouts(r.clock.Mono(), func(s *session.Session) { out = append(out, s) })
			if len(out) != 1 || out[0] != c.Session {
				t.Errorf("%d sessions timed out", len(out))
			}
		} else if got := other.do("CLIENT", "UNBLOCK", strconv.FormatUint(c.ID, 10), how); got != ":1\r\n" {
			t.Errorf("UNBLOCK %s: %q", how, got)
		}
		if how == "ERROR" {
			want = "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n"
		}
		if got := c.feed(""); got != want {
			t.Errorf("%s: %q", how, got)
		}
		if r.Dispatch.InTimeoutTable() != 0 || p.queue.Len() != 0 || r.Dispatch.Worker(0).NextTimeout() != 0 {
			t.Errorf("%s: the wait left something behind", how)
		}
	}
}

func TestNothingWaitsInsideExec(t *testing.T) {
	var p pops
	r := newRig(t, p.spec())
	c := r.connect()
	c.expect([2]string{"multi", "+OK\r\n"}, [2]string{"take 0", "+QUEUED\r\n"}, [2]string{"exec", "*1\r\n*-1\r\n"})
	if p.queue.Len() != 0 || c.HasFlag(session.FlagBlocked) {
		t.Error("EXEC left a wait")
	}
}

func TestClientReplySkipIsForTheReplyThatComesAfterAWait(t *testing.T) {
	var p pops
	r := newRig(t, p.spec())
	c := r.connect()
	c.feed("client reply skip\r\ntake 0\r\nping\r\n")
	p.items = 1
	p.queue.WakeFirst()
	if got := c.feed(""); got != "+PONG\r\n" {
		t.Errorf("%q, the reply of TAKE is to be skipped", got)
	}
}

// Once, with the time of all its runs, whatever it waited for in between.
func TestACommandThatWaitedIsCountedOnce(t *testing.T) {
	var p pops
	r := newRig(t, p.spec())
	p.work = func() { r.clock.Advance(1e6) }
	r.slowNs = 3e6
	c, other := r.connect(), r.connect()
	c.Tracking = &session.Tracking{}
	c.do("TAKE", "0")
	p.queue.WakeAll() // in vain
	c.feed("")
	other.do("CLIENT", "PAUSE", "1000", "WRITE")
	p.items = 1
	p.queue.WakeFirst()
	c.feed("")
	if n := len(takes(r)) + len(r.slow) + r.ended; n != 0 || len(r.shown) != 1 {
		t.Errorf("counted %d times while it waits, shown %q", n, r.shown)
	}
	r.Pause.End()
	c.feed("")
	got := takes(r)
	if len(got) != 1 || got[0].Calls != 1 || got[0].Ns != 3e6 || p.runs != 3 || r.ended != 1 {
		t.Errorf("counted as %+v, %d runs, ended %d times", got, p.runs, r.ended)
	}
	if slow := strings.Join(r.slow, " "); slow != "take" {
		t.Errorf("the slow log has %q", slow)
	}
	if shown := strings.Join(r.shown, " "); shown != "take client" && shown != "take" {
		t.Errorf("MONITOR was shown %q", shown)
	}
}

// A wait that ends without another run is a call too.
func TestACommandWhoseTimeRanOutIsCounted(t *testing.T) {
	var p pops
	r := newRig(t, p.spec())
	p.work = func() { r.clock.Advance(1e6) }
	c := r.connect()
	c.Tracking = &session.Tracking{}
	c.do("TAKE", "1")
	c.feed("")
	if got := takes(r); len(got) != 1 || got[0].Calls != 1 || got[0].Ns != 1e6 || r.ended != 1 {
		t.Errorf("counted as %+v, ended %d times", got, r.ended)
	}
}

// takes are the figures of the command TAKE.
func takes(r *rig) (out []dispatch.CommandTotals) {
	for _, s := range r.Dispatch.CommandTotals() {
		if s.Spec.Name == "take" {
			out = append(out, s)
		}
	}
	return out
}

func TestTheRequestThatWaitsIsPartOfTheClientsMemory(t *testing.T) {
	r := newRig(t)
	c, other := r.connect(), r.connect()
	other.do("CLIENT", "PAUSE", "1000")
	c.do("SET", "k", strings.Repeat("v", 10_000))
	if n := c.PendingBytes(); n < 10_004 || n > 10_200 {
		t.Errorf("%d bytes", n)
	}
	r.Pause.End()
	c.feed("")
	if n := c.PendingBytes(); n != 0 {
		t.Errorf("%d bytes after the pause", n)
	}
}

func TestServedInTheOrderInWhichTheyCame(t *testing.T) {
	var p pops
	r := newRig(t, p.spec())
	var clients []*client
	for i := range 5 {
		c := r.connect()
		c.worker = i % 2
		c.do("TAKE", "0")
		clients = append(clients, c)
	}
	clients[0].Leave()
	p.items = 3
	p.queue.WakeFirst()
	for turn := range 3 {
		for i, c := range clients[1:] {
			if got := c.feed(""); (got != "") != (i == turn) {
				t.Errorf("turn %d: client %d got %q", turn, i+1, got)
			} else if got != "" {
				break // it woke the next one
			}
		}
	}
}

// What sessions that wait cost those that do not: nothing is walked, nothing grows.
func TestTenThousandThatWaitCostARequestNothing(t *testing.T) {
	const n = 10_000
	r := newRig(t)
	parkMany(r, n)
	c := r.connect()
	c.Out.Reset()
	w := r.Dispatch.Worker(0)
	in := resp.AppendCommand(nil, "get", "k")
	timedOut := func(*session.Session) { t.Error("a wait ended before its time") }
	if allocs := testing.AllocsPerRun(100, func() {
		c.Out.Reset()
		w.Process(c.Session, in)
		w.Timeouts(r.clock.Mono(), timedOut)
		w.NextTimeout()
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
	if got := r.Dispatch.InTimeoutTable(); got != n {
		t.Errorf("%d wait", got)
	}
}

func parkMany(r *rig, n int) {
	for i := range n {
		r.connect().do("WAIT", "1", strconv.Itoa(1000+i))
	}
}

// BenchmarkGet is a GET, and the loop's look at timeouts, beside sessions that wait.
func BenchmarkGet(b *testing.B) {
	for _, n := range []int{0, 10_000} {
		b.Run(fmt.Sprintf("waiting=%d", n), func(b *testing.B) {
			r := newRig(b)
			parkMany(r, n)
			c := r.connect()
			c.do("SET", "k", "v")
			w := r.Dispatch.Worker(0)
			in := resp.AppendCommand(nil, "get", "k")
			none := func(*session.Session) {}
			for b.Loop() {
				c.Out.Reset()
				w.Process(c.Session, in)
				w.Timeouts(r.clock.Mono(), none)
				w.NextTimeout()
			}
		})
	}
}

// An operator sees what paused clients are about to do.
func TestClientListTellsWhatACommandThatAPauseHoldsBackIs(t *testing.T) {
	r := newRig(t)
	c, other := r.connect(), r.connect()
	c.do("GET", "k")
	other.do("CLIENT", "PAUSE", "1000", "WRITE")
	c.do("SET", "k", "v")
	line := other.do("CLIENT", "LIST", "ID", strconv.FormatUint(c.ID, 10))
	if !strings.Contains(line, " cmd=set ") || !strings.Contains(line, " flags=b ") {
		t.Error(line)
	}
}
