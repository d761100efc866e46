package pubsub

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/session"
)

type wakes struct{ n atomic.Int64 }

func (w *wakes) Wake(*session.Session) { w.n.Add(1) }

var nextID atomic.Uint64

func newSession(proto int) *session.Session {
	s := session.New(nextID.Add(1), &wakes{}, 1)
	s.SetProto(proto)
	return s
}

func unlimited() int64 { return 0 }

// heard takes what the session has been sent.
func heard(s *session.Session) string {
	s.Collect()
	out := string(s.Out.Buf)
	s.Out.Buf = nil
	return out
}

func subscribe(r *Registry, s *session.Session, k Kind, names ...string) {
	for _, n := range names {
		r.Subscribe(s, k, []byte(n), func() {})
	}
}

func publish(r *Registry, channel, message string) int {
	return r.Publish([]byte(channel), []byte(message))
}

func wire(first string, parts ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%d\r\n", first, len(parts))
	for _, p := range parts {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(p), p)
	}
	return b.String()
}

func TestMessagesReachSubscribersInTheirProtocol(t *testing.T) {
	r := New(unlimited)
	for proto, first := range map[int]string{2: "*", 3: ">"} {
		s := newSession(proto)
		subscribe(r, s, Channel, "news")
		subscribe(r, s, Pattern, "n*")
		subscribe(r, s, Shard, "news")
		if n := publish(r, "news", "a\r\nb"); n != 2 {
			t.Errorf("RESP%d: %d receivers", proto, n)
		}
		if n := r.PublishShard([]byte("news"), []byte("s")); n != 1 {
			t.Errorf("RESP%d: %d receivers of the shard channel", proto, n)
		}
		want := wire(first, "message", "news", "a\r\nb") + wire(first, "pmessage", "n*", "news", "a\r\nb") + wire(first, "smessage", "news", "s")
		if got := heard(s); got != want {
			t.Errorf("RESP%d: %q", proto, got)
		}
		r.Drop(s)
	}
}

func TestPublishCountsEachSubscriptionThatMatches(t *testing.T) {
	r := New(unlimited)
	s, other := newSession(2), newSession(3)
	subscribe(r, s, Channel, "foo.bar", "foo.bar")
	subscribe(r, s, Pattern, "foo.*", "*bar", "x*")
	subscribe(r, other, Pattern, "foo.*")
	for channel, want := range map[string]int{"foo.bar": 4, "foo.x": 2, "bar": 1, "": 0, "x": 1} {
		if n := publish(r, channel, "m"); n != want {
			t.Errorf("%q: %d receivers, want %d", channel, n, want)
		}
	}
}

func TestSubscriptionIsAnnouncedBeforeItsMessages(t *testing.T) {
	r := New(unlimited)
	s := newSession(2)
	r.Subscribe(s, Channel, []byte("c"), func() {
		if n := publish(r, "c", "early"); n != 0 {
			t.Error("a message came before the announcement")
		}
		if Count(s, Channel) != 1 {
			t.Error("the announcement does not count the subscription")
		}
	})
	if n := publish(r, "c", "now"); n != 1 {
		t.Error("no message came after the announcement")
	}
}

func TestCountsAndFlagFollowSubscriptions(t *testing.T) {
	r := New(unlimited)
	s := newSession(2)
	subscribe(r, s, Channel, "a", "b")
	subscribe(r, s, Pattern, "p*")
	subscribe(r, s, Shard, "s")
	if Count(s, Channel) != 3 || Count(s, Pattern) != 3 || Count(s, Shard) != 1 {
		t.Error("counts as SUBSCRIBE replies them are wrong")
	}
	p := &s.Public
	if p.Channels.Load() != 2 || p.Patterns.Load() != 1 || p.ShardChans.Load() != 1 || !s.HasFlag(session.FlagPubSub) {
		t.Error("figures of CLIENT LIST are wrong")
	}
	if a, b, c, d := r.Counts(); a != 2 || b != 1 || c != 1 || d != 1 {
		t.Errorf("counts %d %d %d %d", a, b, c, d)
	}
	for _, k := range []Kind{Channel, Pattern, Shard} {
		for _, n := range Names(s, k) {
			r.Unsubscribe(s, k, []byte(n))
		}
		r.Unsubscribe(s, k, []byte("never"))
	}
	if a, b, c, d := r.Counts(); a+b+c+d != 0 || s.HasFlag(session.FlagPubSub) || s.Subs.Any() {
		t.Error("something is left")
	}
}

func TestDropForgetsTheSession(t *testing.T) {
	r := New(unlimited)
	s, stays := newSession(2), newSession(2)
	for _, s := range []*session.Session{s, stays} {
		subscribe(r, s, Channel, "a", "b")
		subscribe(r, s, Pattern, "*")
		subscribe(r, s, Shard, "a")
	}
	r.Drop(s)
	if n := publish(r, "a", "m"); n != 2 || heard(s) != "" {
		t.Errorf("%d receivers", n)
	}
	if r.NumSub([]byte("a")) != 1 || r.ShardNumSub([]byte("a")) != 1 || r.NumPat() != 1 {
		t.Error("the other session lost a subscription")
	}
	if got := r.Channels([]byte("a*")); !slices.Equal(got, []string{"a"}) {
		t.Errorf("channels %q", got)
	}
	r.Drop(stays)
	if len(r.Channels(nil))+len(r.ShardChannels(nil))+r.NumPat() != 0 {
		t.Error("a name without subscribers is left")
	}
}

// A pattern goes without a look at the others, however many there are.
func TestAPatternThatGoesMovesAtMostOneOther(t *testing.T) {
	r := New(unlimited)
	s, other := newSession(2), newSession(2)
	const n = 1000
	for i := range n {
		subscribe(r, s, Pattern, fmt.Sprint("a", i, "*"))
		subscribe(r, other, Pattern, fmt.Sprint("b", i, "*"))
	}
	for i := range n {
		before := slices.Clone(r.patterns.list)
		r.Unsubscribe(s, Pattern, []byte(fmt.Sprint("a", i, "*")))
		moved := 0
		for at, pt := range r.patterns.list {
			if pt != before[at] {
				moved++
			}
			if pt.at != at {
				t.Fatalf("the pattern at %d thinks that it is at %d", at, pt.at)
			}
		}
		if moved > 1 {
			t.Fatalf("%d of %d patterns were moved", moved, len(before))
		}
	}
	if got := publish(r, "b7x", "m"); got != 1 {
		t.Errorf("%d receivers", got)
	}
	r.Drop(other)
	if r.NumPat() != 0 || len(r.patterns.list) != 0 {
		t.Error("a pattern is left")
	}
}

// Members add and remove like a set, whether indexed or not.
func TestMembersAreASet(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var m members
	in := map[*session.Session]bool{}
	all := make([]*session.Session, 60)
	for i := range all {
		all[i] = newSession(2)
	}
	for step := range 5000 {
		s := all[rnd.IntN(1+step%len(all))]
		if in[s] {
			m.remove(s)
			delete(in, s)
		} else {
			m.add(s)
			in[s] = true
		}
		if len(m.list) != len(in) {
			t.Fatalf("step %d: %d members, want %d", step, len(m.list), len(in))
		}
		for i, s := range m.list {
			if at, ok := m.find(s); !in[s] || !ok || at != i {
				t.Fatalf("step %d: member %d is wrong", step, i)
			}
		}
	}
}

func TestSlowSubscriberIsKilledAtItsLimit(t *testing.T) {
	const limit = 100 << 10
	r := New(func() int64 { return limit })
	slow, fast := newSession(2), newSession(2)
	subscribe(r, slow, Channel, "c")
	subscribe(r, fast, Channel, "c")
	message := strings.Repeat("x", 1000)
	for range 1000 {
		if n := publish(r, "c", message); n != 2 {
			t.Fatalf("%d receivers", n)
		}
		if n := slow.MailBytes(); n > limit+1100 {
			t.Fatalf("%d bytes wait for a reader that does not read", n)
		}
		heard(fast)
	}
	if !slow.Killed() || slow.MailBytes() != 0 || fast.Killed() {
		t.Error("only the reader that does not read is to be killed")
	}
}

func TestPublishDoesNotAllocate(t *testing.T) {
	r := New(unlimited)
	s := newSession(3)
	subscribe(r, s, Channel, "news")
	subscribe(r, s, Pattern, "n*")
	channel, message := []byte("news"), []byte("hello")
	drain := func() {
		s.Collect()
		s.Out.Buf = s.Out.Buf[:0]
	}
	r.Publish(channel, message)
	drain()
	if n := testing.AllocsPerRun(100, func() {
		r.Publish(channel, message)
		drain()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// All who hear a channel hear the same order, and each publisher's own messages in the order in which it sent them, while
// others come, go and are killed.
func TestOrderIsTheSameForAllUnderStress(t *testing.T) {
	const publishers, messages = 4, 300
	r := New(unlimited)
	listeners := make([]*session.Session, 4)
	for i := range listeners {
		listeners[i] = newSession(2 + i%2)
		if i < 2 {
			subscribe(r, listeners[i], Channel, "c")
		} else {
			subscribe(r, listeners[i], Pattern, "c*")
		}
	}
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for i := range 3 {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				s := newSession(2 + n%2)
				subscribe(r, s, Channel, "c", fmt.Sprint("other", n%7))
				subscribe(r, s, Pattern, "*")
				subscribe(r, s, Shard, "c")
				if i == 0 {
					s.Kill()
				}
				r.Channels(nil)
				r.Drop(s)
			}
		})
	}
	var pubs sync.WaitGroup
	for p := range publishers {
		pubs.Go(func() {
			for m := range messages {
				publish(r, "c", fmt.Sprintf("%d-%d", p, m))
				r.PublishShard([]byte("c"), []byte("s"))
			}
		})
	}
	pubs.Wait()
	close(stop)
	wg.Wait()
	first := ""
	for i, s := range listeners {
		order := messagesOf(heard(s))
		if len(order) != publishers*messages {
			t.Fatalf("listener %d heard %d messages", i, len(order))
		}
		checkSenders(t, order)
		if joined := strings.Join(order, " "); i == 0 {
			first = joined
		} else if joined != first {
			t.Fatalf("listener %d heard another order", i)
		}
		r.Drop(s)
	}
	if a, b, c, d := r.Counts(); a+b+c+d != 0 {
		t.Errorf("left over: %d %d %d %d", a, b, c, d)
	}
}

// messagesOf picks the payloads "p-m" out of what a session was sent.
func messagesOf(sent string) []string {
	var out []string
	for _, line := range strings.Split(sent, "\r\n") {
		if strings.Contains(line, "-") {
			out = append(out, line)
		}
	}
	return out
}

func checkSenders(t *testing.T, order []string) {
	t.Helper()
	last := map[int]int{}
	for _, m := range order {
		var p, n int
		fmt.Sscanf(m, "%d-%d", &p, &n)
		if n != last[p] {
			t.Fatalf("message %d of publisher %d came when %d was due", n, p, last[p])
		}
		last[p]++
	}
}

func TestNotifierPublishesWhatItsFlagsChoose(t *testing.T) {
	set := journal.Record{DB: 9, Key: []byte("k"), Reason: journal.Write, Event: journal.Event{Class: journal.ClassString, Name: "set"}}
	expired := journal.Record{DB: 0, Key: []byte("k"), Reason: journal.Expired, Event: journal.Event{Class: journal.ClassExpired, Name: "expired"}}
	created := journal.Record{DB: 9, Key: []byte("k"), Reason: journal.Created, Event: journal.Event{Class: journal.ClassNew, Name: "new"}}
	flushed := journal.Record{DB: 9, Reason: journal.Flushed}
	quiet := journal.Record{DB: 9, Key: []byte("k"), Reason: journal.Write, Event: journal.Event{Class: journal.ClassString}}
	on := func(channel, message string) string { return wire("*", "pmessage", "*", channel, message) }
	all := ^(journal.ClassKeyMiss | journal.ClassNew)
	cases := map[Flags]string{
		{}:                               "",
		{Keyspace: true, Keyevent: true}: "",
		{Classes: all}:                   "",
		{all, true, true}: on("__keyspace@9__:k", "set") + on("__keyevent@9__:set", "k") +
			on("__keyspace@0__:k", "expired") + on("__keyevent@0__:expired", "k"),
		{journal.ClassString, true, false}:  on("__keyspace@9__:k", "set"),
		{journal.ClassExpired, false, true}: on("__keyevent@0__:expired", "k"),
		{journal.ClassNew, true, true}:      on("__keyspace@9__:k", "new") + on("__keyevent@9__:new", "k"),
	}
	for flags, want := range cases {
		var j journal.Journal
		r := New(unlimited)
		n := NewNotifier(&j, r)
		s := newSession(2)
		subscribe(r, s, Pattern, "*")
		n.Set(flags)
		if j.Idle() != (want == "") {
			t.Errorf("%+v: journal idle: %v", flags, j.Idle())
		}
		for _, rec := range []journal.Record{created, set, expired, flushed, quiet} {
			j.Append(&rec)
		}
		if got := heard(s); got != want {
			t.Errorf("%+v: %q, want %q", flags, got, want)
		}
	}
}

func TestNotifyingNobodyDoesNotAllocate(t *testing.T) {
	var j journal.Journal
	r := New(unlimited)
	n := NewNotifier(&j, r)
	n.Set(Flags{^journal.ClassNone, true, true})
	rec := journal.Record{Key: []byte("k"), Reason: journal.Write, Event: journal.Event{Class: journal.ClassString, Name: "set"}}
	if a := testing.AllocsPerRun(100, func() { j.Append(&rec) }); a != 0 {
		t.Errorf("%v allocations without a subscriber", a)
	}
	s := newSession(2)
	subscribe(r, s, Channel, "elsewhere")
	if a := testing.AllocsPerRun(100, func() { j.Append(&rec) }); a > 1 {
		t.Errorf("%v allocations with a subscriber to something else", a)
	}
}

func BenchmarkPublish(b *testing.B) {
	for _, subscribers := range []int{0, 1, 100} {
		b.Run(fmt.Sprint(subscribers), func(b *testing.B) {
			r := New(unlimited)
			var all []*session.Session
			for range subscribers {
				s := newSession(3)
				subscribe(r, s, Channel, "news")
				all = append(all, s)
			}
			other := newSession(2)
			subscribe(r, other, Channel, "other")
			channel, message := []byte("news"), []byte("hello world")
			for i := 0; b.Loop(); i++ {
				r.Publish(channel, message)
				if i%64 == 0 {
					for _, s := range all {
						s.Collect()
						s.Out.Buf = s.Out.Buf[:0]
					}
				}
			}
		})
	}
}
