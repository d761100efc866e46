package dispatch_test

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/resp"
)

// patience bounds waits for what another goroutine does at once.
const patience = 20 * time.Second

// slog is a command that takes as long as the test says: "slog key", with the key's shard held, and "crawl key", which locks
// for itself. Each tells that it has begun and waits until it may end.
type slog struct {
	begun chan struct{}
	end   chan struct{}
	runs  atomic.Int64
	now   atomic.Int64 // how many run
	most  atomic.Int64 // at once
	gone  atomic.Int64 // that were abandoned
}

func newSlog() *slog { return &slog{begun: make(chan struct{}, 100), end: make(chan struct{}, 100)} }

func (l *slog) specs() []*command.Spec {
	one := command.Keys{First: 1, Last: 1, Step: 1}
	long := func(*command.Ctx) bool { return true }
	return []*command.Spec{
		{Name: "slog", Arity: -2, Flags: command.Write, Keys: one, Long: long, Run: l.run},
		{Name: "crawl", Arity: -2, Flags: command.ReadOnly, Keys: one, Long: long, Apart: l.run, Run: func(*command.Ctx) error { panic("run on a loop") }},
	}
}

func (l *slog) run(c *command.Ctx) error {
	l.runs.Add(1)
	if n := l.now.Add(1); n > l.most.Load() {
		l.most.Store(n)
	}
	defer l.now.Add(-1)
	l.begun <- struct{}{}
	for waiting := true; waiting; {
		select {
		case <-l.end:
			waiting = false
		case <-time.After(time.Millisecond):
			if c.Abandoned() {
				l.gone.Add(1)
				return nil
			}
		}
	}
	if c.Spec.Name == "slog" {
		if err := c.Tx.PutString(c.Args[1], []byte("slogged"), keyspace.PutOptions{}, journal.Event{}); err != nil {
			return err
		}
	}
	if len(c.Args) > 2 {
		n, _ := strconv.Atoi(string(c.Args[2]))
		c.Out.BulkString(strings.Repeat("x", n))
		return nil
	}
	c.Out.OK()
	return nil
}

// settle waits for the reply of a session whose command runs elsewhere.
func (c *client) settle() (reply string) {
	c.rig.t.Helper()
	for {
		reply += c.feed("")
		if !c.Busy() {
			return reply
		}
		c.await()
	}
}

// await waits until the session is woken.
func (c *client) await() {
	c.rig.t.Helper()
	select {
	case <-c.signal:
	case <-time.After(patience):
		c.rig.t.Fatal("the session is not woken")
	}
}

// apartFrom is a key of another shard than those of others.
func (r *rig) apartFrom(others ...string) string {
	used := map[uint64]bool{}
	for _, o := range others {
		used[r.shardOf(o)] = true
	}
	for i := 0; ; i++ {
		if key := "apart" + strconv.Itoa(i); !used[r.shardOf(key)] {
			return key
		}
	}
}

func (r *rig) shardOf(key string) uint64 { return r.Keyspace.NewTxn().ShardBit([]byte(key)) }

func TestALongCommandKeepsOnlyItsShards(t *testing.T) {
	l := newSlog()
	r := newRig(t, l.specs()...)
	c, near, near2, far := r.connect(), r.connect(), r.connect(), r.connect()
	other := r.apartFrom("k")
	if got := c.feed("slog k\r\nget k\r\nping\r\n"); got != "" {
		t.Fatalf("%q while it runs", got)
	}
	<-l.begun
	far.expect([2]string{"set " + other + " 1", "+OK\r\n"}, [2]string{"get " + other, "$1\r\n1\r\n"}, [2]string{"ping", "+PONG\r\n"})
	if got := near.feed("append k !\r\nping\r\n") + near2.feed("append k ?\r\n"); got != "" || near.HasFlag(session.FlagBlocked) {
		t.Errorf("%q from the shard that it holds", got)
	}
	for range 3 { // nobody is woken in vain, or resumed
		if got := near.feed("") + c.feed(""); got != "" {
			t.Errorf("%q while it runs", got)
		}
	}
	l.end <- struct{}{}
	if got := c.settle(); got != "+OK\r\n$7\r\nslogged\r\n+PONG\r\n" {
		t.Errorf("%q", got)
	}
	if got := near.settle(); got != ":8\r\n+PONG\r\n" {
		t.Errorf("%q for the first who waited for the shard", got)
	}
	if got := near2.settle(); got != ":9\r\n" {
		t.Errorf("%q for the second", got)
	}
	if r.Keyspace.Held() != 0 {
		t.Errorf("%b is still held", r.Keyspace.Held())
	}
}

func TestALongCommandThatLocksForItselfKeepsNothing(t *testing.T) {
	l := newSlog()
	r := newRig(t, l.specs()...)
	c, other := r.connect(), r.connect()
	c.feed("crawl k\r\n")
	<-l.begun
	other.expect([2]string{"set k 1", "+OK\r\n"}, [2]string{"dbsize", ":1\r\n"})
	l.end <- struct{}{}
	if got := c.settle(); got != "+OK\r\n" {
		t.Errorf("%q", got)
	}
}

func TestALongCommandIsCountedOnceAndItsReplyIsTheLoopsToWrite(t *testing.T) {
	l := newSlog()
	r := newRig(t, l.specs()...)
	r.slowNs = 0
	c := r.connect()
	c.Tracking = &session.Tracking{}
	c.feed("client reply skip\r\ncrawl k\r\nping\r\n")
	<-l.begun
	c.Push(0, func(w *resp.Writer) { w.BulkString("hello") })
	if got := c.feed(""); got != "" {
		t.Errorf("%q before the reply", got)
	}
	l.end <- struct{}{}
	if got := c.settle(); got != "$5\r\nhello\r\n+PONG\r\n" {
		t.Errorf("%q, the long command's reply was to be skipped", got)
	}
	n := int64(0)
	for _, s := range r.Dispatch.CommandTotals() {
		if s.Spec.Name == "crawl" {
			n += s.Calls
		}
	}
	if slow, shown := strings.Count(strings.Join(r.slow, " "), "crawl"), strings.Count(strings.Join(r.shown, " "), "crawl"); n != 1 || slow != 1 || shown != 1 {
		t.Errorf("counted %d times, %d in the slow log, shown %d times", n, slow, shown)
	}
	if len(r.remembered) != 1 || r.ended != 3 {
		t.Errorf("tracking heard of %q, %d commands ended", r.remembered, r.ended)
	}
}

// A command that waited for a shard and then takes long is still one command.
func TestALongCommandThatWaitedIsCountedAndShownOnce(t *testing.T) {
	l := newSlog()
	r := newRig(t, l.specs()...)
	r.slowNs = 0
	c, other := r.connect(), r.connect()
	c.feed("slog k\r\n")
	<-l.begun
	other.feed("crawl k\r\n")
	l.end <- struct{}{}
	c.settle()
	l.end <- struct{}{}
	if got := other.settle(); got != "+OK\r\n" {
		t.Errorf("%q", got)
	}
	if slow, shown := strings.Count(strings.Join(r.slow, " "), "crawl"), strings.Count(strings.Join(r.shown, " "), "crawl"); slow != 1 || shown != 1 {
		t.Errorf("%d times in the slow log, shown %d times", slow, shown)
	}
}

func TestAnExecWithALongCommandRunsElsewhereAsAWhole(t *testing.T) {
	l := newSlog()
	r := newRig(t, l.specs()...)
	c, other := r.connect(), r.connect()
	c.feed("watch w\r\nmulti\r\nset k 1\r\nslog k\r\nget k\r\nselect 1\r\nexec\r\nset z 1\r\n")
	<-l.begun
	if got := other.feed("get k\r\n"); got != "" {
		t.Errorf("%q from within a transaction", got)
	}
	l.end <- struct{}{}
	if got := c.settle(); got != "*4\r\n+OK\r\n+OK\r\n$7\r\nslogged\r\n+OK\r\n+OK\r\n" {
		t.Errorf("%q", got)
	}
	if got := other.settle(); got != "$7\r\nslogged\r\n" {
		t.Errorf("%q after the transaction", got)
	}
	other.expect([2]string{"get z", "$-1\r\n"}, [2]string{"select 1", "+OK\r\n"}, [2]string{"get z", "$1\r\n1\r\n"})
}

// HELLO changes the protocol of its own reply and of what follows, wherever it runs.
func TestHelloBeforeALongCommandOfAnExec(t *testing.T) {
	l := newSlog()
	r := newRig(t, l.specs()...)
	c, here := r.connect(), r.connect()
	want := here.feed("multi\r\nhello 3\r\nget none\r\nexec\r\n")
	c.feed("multi\r\nhello 3\r\nget none\r\nslog k\r\nexec\r\n")
	<-l.begun
	l.end <- struct{}{}
	_, want, _ = strings.Cut(want, "*2\r\n")
	_, got, _ := strings.Cut(c.settle(), "*3\r\n")
	want = strings.Replace(want, "$2\r\nid\r\n:"+strconv.Itoa(int(here.ID)), "$2\r\nid\r\n:"+strconv.Itoa(int(c.ID)), 1)
	if got != want+"+OK\r\n" || !strings.HasPrefix(want, "%7\r\n") {
		t.Errorf("%q, and on a loop %q", got, want)
	}
}

// The session's replies are the loop's while a runner has the session: a command writes to those of its Ctx.
func TestNoCommandOfALongExecWritesToTheSession(t *testing.T) {
	l := newSlog()
	r := newRig(t, l.specs()...)
	n := 0
	for _, spec := range r.Table.All() {
		if spec.Has(command.NoMulti) || spec.Has(command.NoQueue) || spec.Long != nil || spec.Name == "shutdown" || spec.Full == "client|pause" {
			continue // or it would end the test, or hold up the next command
		}
		words := strings.Split(spec.Full, "|")
		for i := len(words); i < max(spec.Arity, -spec.Arity); i++ {
			words = append(words, "1")
		}
		c := r.connect()
		got := c.feed("multi\r\n" + strings.Join(words, " ") + "\r\nslog k\r\nexec\r\n")
		if !c.Busy() {
			continue // it was refused
		}
		<-l.begun
		if got += string(c.Out.AppendTo(nil)); got != "+OK\r\n+QUEUED\r\n+QUEUED\r\n" {
			t.Errorf("%s: %q before the reply of EXEC", spec.Full, got)
		}
		l.end <- struct{}{}
		c.settle()
		n++
	}
	if n < 120 {
		t.Errorf("only %d commands were run", n)
	}
}

// What does not wait within an EXEC replies there, wherever that runs.
func TestWaitInAnExecWithALongCommand(t *testing.T) {
	l := newSlog()
	r := newRig(t, l.specs()...)
	c := r.connect()
	c.feed("multi\r\nwait 1 0\r\nwaitaof 0 1 0\r\nslog k\r\nexec\r\n")
	<-l.begun
	l.end <- struct{}{}
	if got, want := c.settle(), "*3\r\n:0\r\n*2\r\n:0\r\n:0\r\n+OK\r\n"; !strings.HasSuffix(got, want) || strings.Count(got, ":0") != 3 {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAnExecThatALongOneKeepsWaitingSeesItsChanges(t *testing.T) {
	l := newSlog()
	r := newRig(t, l.specs()...)
	c, other := r.connect(), r.connect()
	other.feed("watch k\r\nmulti\r\nset k 2\r\n")
	c.feed("slog k\r\n")
	<-l.begun
	if got := other.feed("exec\r\n"); got != "" || !other.Multi.Open {
		t.Errorf("%q, open: %v", got, other.Multi.Open)
	}
	l.end <- struct{}{}
	c.settle()
	if got := other.settle(); got != nothing {
		t.Errorf("%q for a watched key that has changed", got)
	}
}

func TestNoMoreLongCommandsRunAtOnceThanThereAreRunners(t *testing.T) {
	l := newSlog()
	r := newRig(t, l.specs()...)
	var clients []*client
	for range 10 {
		c := r.connect()
		c.feed("crawl k\r\n")
		clients = append(clients, c)
	}
	for range 4 {
		<-l.begun
	}
	clients[8].Close(func() { clients[8].Leave() }) // it has not begun and never will
	for range 9 {
		l.end <- struct{}{}
	}
	for i, c := range clients {
		if i == 8 {
			continue
		}
		if got := c.settle(); got != "+OK\r\n" {
			t.Errorf("client %d: %q", i, got)
		}
	}
	if l.most.Load() != 4 || l.runs.Load() != 9 {
		t.Errorf("%d at once, %d runs", l.most.Load(), l.runs.Load())
	}
}

func TestALongCommandOfAClientThatWentAwayEnds(t *testing.T) {
	l := newSlog()
	r := newRig(t, l.specs()...)
	before := r.Keyspace.External()
	for _, name := range []string{"crawl", "slog"} {
		c := r.connect()
		c.feed(name + " k 5000000\r\n")
		<-l.begun
		var last sync.WaitGroup
		last.Add(1)
		c.Close(func() { r.Forget(c.Session); last.Done() })
		last.Wait()
	}
	if l.gone.Load() != 2 || r.Keyspace.Held() != 0 || r.Keyspace.External() != before {
		t.Errorf("%d ended early, %b held, %d bytes more in use", l.gone.Load(), r.Keyspace.Held(), r.Keyspace.External()-before)
	}
	r.connect().expect([2]string{"set k 1", "+OK\r\n"})
}

func TestCloseEndsLongCommands(t *testing.T) {
	l := newSlog()
	r := newRig(t, l.specs()...)
	c := r.connect()
	c.feed("crawl k\r\n")
	<-l.begun
	r.Dispatch.Close()
	if l.gone.Load() != 1 {
		t.Error("it was not told")
	}
}

// A large reply is handed over as it is, and counts as memory in use until it is sent or dropped.
func TestALargeReplyIsNotCopiedAndIsMemoryInUse(t *testing.T) {
	const size = 10 << 20
	l := newSlog()
	r := newRig(t, l.specs()...)
	before := r.Keyspace.External()
	for _, how := range []string{"sent", "dropped", "never written"} {
		c := r.connect()
		c.feed("crawl k " + strconv.Itoa(size) + "\r\n")
		<-l.begun
		l.end <- struct{}{}
		c.await()
		if n := r.Keyspace.External() - before; n < size {
			t.Errorf("%s: %d bytes are counted", how, n)
		}
		if how == "never written" {
			c.Close(func() { r.Forget(c.Session) })
		} else {
			for c.Busy() {
				r.Dispatch.Worker(0).Process(c.Session, nil)
			}
			if n := len(c.Out.Buf); n > 100 || c.Out.Len() < size {
				t.Errorf("%s: %d bytes were copied of %d", how, n, c.Out.Len())
			}
			mark := c.Out.Mark()
			c.Out.OK()
			c.Out.Truncate(mark)
			if text := c.Out.AppendTo(nil); len(text) != size+13 || string(text[:12]) != "$10485760\r\nx" {
				t.Errorf("%s: %d bytes, %q", how, len(text), text[:12])
			}
			if how == "sent" {
				_, refs := c.Out.Take()
				for _, ref := range refs {
					ref.Shared.Release()
				}
			} else {
				c.Out.Reset()
			}
		}
		if n := r.Keyspace.External() - before; n != 0 {
			t.Errorf("%s: %d bytes are counted in the end", how, n)
		}
	}
}

// What could go to make room may be in a shard that is held: a write waits then, where it would be refused.
func TestAWriteThatNeedsTheRoomOfAHeldShardWaits(t *testing.T) {
	l := newSlog()
	r := newRig(t, l.specs()...)
	r.policy("allkeys-lru")
	c, other := r.connect(), r.connect()
	c.do("SET", "k", strings.Repeat("x", 100_000))
	key := r.apartFrom("k")
	c.feed("slog k\r\n")
	<-l.begun
	r.Keyspace.SetMaxMemory(r.Keyspace.Used() + 1000)
	value := strings.Repeat("y", 50_000)
	if got := other.do("SET", key, value); got != "" {
		t.Errorf("%q while the only key that could go is held", got)
	}
	l.end <- struct{}{}
	c.settle()
	if got := other.settle(); got != "+OK\r\n" {
		t.Errorf("%q after it", got)
	}
}

// Long commands one after the other keep nobody out of their shards.
func TestLongCommandsGiveWay(t *testing.T) {
	l := newSlog()
	r := newRig(t, l.specs()...)
	c, c2, other := r.connect(), r.connect(), r.connect()
	begin, free := make(chan struct{}), make(chan struct{})
	entered := make(chan struct{})
	go func() { // keeps both from holding the shard before the other is on its way to it
		tx := r.Keyspace.NewTxn()
		tx.HoldSet(r.shardOf(r.apartFrom("k")), func() { close(entered); <-begin })
		tx.Unlock()
		close(free)
	}()
	<-entered
	c.feed("slog k\r\n")
	c2.feed("slog k\r\n")
	close(begin)
	<-free
	<-l.begun
	other.feed("set k mine\r\n")
	l.end <- struct{}{}
	select {
	case <-l.begun:
		t.Error("the second began before the one who waits for the shard")
	case <-time.After(20 * time.Millisecond):
	}
	if got := other.settle(); got != "+OK\r\n" {
		t.Errorf("%q", got)
	}
	<-l.begun
	l.end <- struct{}{}
	c.settle()
	c2.settle()
}
