package tracking

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/session"
)

type noWake struct{}

func (noWake) Wake(*session.Session) {}

// rig is a table with its journal and sessions.
type rig struct {
	t        *testing.T
	j        journal.Journal
	sessions *session.Registry
	table    *Table
	maxKeys  int64
	bytes    atomic.Int64 // that the table accounts
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, sessions: session.NewRegistry()}
	r.table = New(Config{
		Journal: &r.j, Sessions: r.sessions,
		Limit:   func(*session.Session) int64 { return 0 },
		MaxKeys: func() int64 { return r.maxKeys },
		Account: func(n int64) { r.bytes.Add(n) },
	})
	return r
}

func (r *rig) session(proto int) *session.Session {
	s := session.New(r.sessions.NextID(), noWake{}, 1)
	s.SetProto(proto)
	r.sessions.Add(s)
	return s
}

func (r *rig) on(s *session.Session, o Options) {
	r.t.Helper()
	if err := r.table.On(s, o); err != nil {
		r.t.Fatal(err)
	}
}

// read is a read-only command of s.
func (r *rig) read(s *session.Session, keys ...string) {
	var b [][]byte
	for _, k := range keys {
		b = append(b, []byte(k))
	}
	r.table.Remember(s, 0, b)
	r.table.CommandDone(s)
}

// write is a command of s, nil for the server, that changes keys.
func (r *rig) write(s *session.Session, keys ...string) { r.record(s, journal.Write, keys...) }

func (r *rig) record(s *session.Session, reason journal.Reason, keys ...string) {
	rec := journal.Record{Reason: reason}
	if s != nil {
		rec.Origin = s.ID
	}
	for _, k := range keys {
		rec.Key = []byte(k)
		r.j.Append(&rec)
	}
}

func heard(s *session.Session) string {
	s.Collect()
	out := string(s.Out.Buf)
	s.Out.Buf = nil
	return out
}

func list(keys ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(keys))
	for _, k := range keys {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(k), k)
	}
	return b.String()
}

// push and message are how RESP3 and RESP2 hear of keys.
func push(keys ...string) string { return ">2\r\n$10\r\ninvalidate\r\n" + list(keys...) }

func message(keys ...string) string {
	return "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n" + list(keys...)
}

func (r *rig) hears(s *session.Session, want string) {
	r.t.Helper()
	if got := heard(s); got != want {
		r.t.Errorf("session %d heard %q, want %q", s.ID, got, want)
	}
}

func TestDefaultModeTellsReadersOnce(t *testing.T) {
	r := newRig(t)
	a, b, other := r.session(3), r.session(3), r.session(2)
	r.on(a, Options{})
	r.on(b, Options{})
	r.read(a, "x", "y")
	r.read(b, "x")
	r.read(other, "x")
	r.record(other, journal.Created, "x")
	r.record(other, journal.Missed, "x")
	r.hears(a, "")
	r.write(other, "x", "x", "z")
	r.hears(a, push("x"))
	r.hears(b, push("x"))
	r.hears(other, "")
	for _, reason := range []journal.Reason{journal.Deleted, journal.Expired, journal.Evicted, journal.Invalidated, journal.Moved, journal.Touched} {
		r.read(a, "k")
		r.record(nil, reason, "k")
		r.hears(a, push("k"))
	}
}

func TestOwnChangeComesAfterItsReply(t *testing.T) {
	r := newRig(t)
	a := r.session(3)
	r.on(a, Options{})
	r.read(a, "x")
	r.write(a, "x")
	a.Out.OK() // the command's reply
	if got := heard(a); got != "+OK\r\n"+push("x") {
		t.Errorf("%q", got)
	}
}

func TestModesDecideWhatIsToldToWhom(t *testing.T) {
	r := newRig(t)
	cases := []struct {
		name    string
		o       Options
		caching bool // CLIENT CACHING before the read
		own     bool // the session itself writes
		reason  journal.Reason
		want    string
	}{
		{"default", Options{}, false, false, journal.Write, push("k")},
		{"default, own write", Options{}, false, true, journal.Write, push("k")},
		{"NOLOOP", Options{NoLoop: true}, false, false, journal.Write, push("k")},
		{"NOLOOP, own write", Options{NoLoop: true}, false, true, journal.Write, ""},
		{"NOLOOP, own read expires", Options{NoLoop: true}, false, true, journal.Expired, ""},
		{"OPTIN", Options{OptIn: true}, false, false, journal.Write, ""},
		{"OPTIN with CACHING YES", Options{OptIn: true}, true, false, journal.Write, push("k")},
		{"OPTOUT", Options{OptOut: true}, false, false, journal.Write, push("k")},
		{"OPTOUT with CACHING NO", Options{OptOut: true}, true, false, journal.Write, ""},
		{"BCAST", Options{BCast: true}, false, false, journal.Write, push("k")},
		{"BCAST, own write", Options{BCast: true}, false, true, journal.Write, push("k")},
		{"BCAST, prefix", Options{BCast: true, Prefixes: []string{"j", "k"}}, false, false, journal.Write, push("k")},
		{"BCAST, other prefix", Options{BCast: true, Prefixes: []string{"j", "kk"}}, false, false, journal.Write, ""},
		{"BCAST NOLOOP", Options{BCast: true, NoLoop: true}, false, false, journal.Write, push("k")},
		{"BCAST NOLOOP, own write", Options{BCast: true, NoLoop: true}, false, true, journal.Write, ""},
		{"BCAST NOLOOP, own read expires", Options{BCast: true, NoLoop: true}, false, true, journal.Expired, push("k")},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r.t = t
			s, other := r.session(3), r.session(2)
			r.on(s, c.o)
			s.Tracking.Caching = c.caching
			r.read(s, "k")
			by := other
			if c.own {
				by = s
			}
			r.record(by, c.reason, "k")
			r.table.Flush()
			r.hears(s, c.want)
			r.table.Off(s)
		})
	}
}

func TestCachingLastsForOneCommandOrTransaction(t *testing.T) {
	r := newRig(t)
	s := r.session(3)
	r.on(s, Options{OptIn: true})
	caching := func() {
		s.Tracking.Caching, s.Tracking.KeepCaching = true, true // what CLIENT CACHING does
		r.table.CommandDone(s)
	}
	caching()
	r.read(s, "a")
	r.read(s, "b")
	r.write(nil, "a", "b")
	r.hears(s, push("a"))
	caching()
	s.Multi.Open = true
	r.table.CommandDone(s) // MULTI
	s.Multi.Open = false
	r.table.Remember(s, 0, [][]byte{[]byte("c")})
	r.table.Remember(s, 0, [][]byte{[]byte("d")})
	r.table.CommandDone(s) // EXEC
	r.read(s, "e")
	r.write(nil, "c", "d", "e")
	r.hears(s, push("c")+push("d"))
}

func TestRedirectedMessages(t *testing.T) {
	for _, c := range []struct {
		name            string
		proto, to       int
		subscribed      bool
		redirect, atAll string
	}{
		{"to a RESP2 subscriber", 2, 2, true, message("k"), ""},
		{"from RESP3 to a RESP2 subscriber", 3, 2, true, message("k"), ""},
		{"to RESP2 that does not subscribe", 2, 2, false, "", ""},
		{"to RESP3", 2, 3, false, push("k"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			s, to := r.session(c.proto), r.session(c.to)
			to.SetFlag(session.FlagPubSub, c.subscribed)
			r.on(s, Options{Redirect: to.ID})
			r.read(s, "k")
			r.write(nil, "k")
			r.hears(to, c.redirect)
			r.hears(s, c.atAll)
		})
	}
}

func TestRESP2HearsNothingItself(t *testing.T) {
	r := newRig(t)
	s := r.session(2)
	s.SetFlag(session.FlagPubSub, true)
	r.on(s, Options{})
	r.read(s, "k")
	r.write(nil, "k")
	r.hears(s, "")
}

func TestBrokenRedirectIsTold(t *testing.T) {
	for _, how := range []string{"gone", "killed"} {
		r := newRig(t)
		s, s2, to := r.session(3), r.session(2), r.session(2)
		for _, s := range []*session.Session{s, s2} {
			r.on(s, Options{Redirect: to.ID})
			r.read(s, "k")
		}
		if how == "killed" {
			to.Kill()
		} else {
			r.sessions.Remove(to)
		}
		r.write(nil, "k")
		r.hears(s, fmt.Sprintf(">2\r\n$21\r\ntracking-redir-broken\r\n:%d\r\n", to.ID))
		r.hears(s2, "")
		if !s.HasFlag(session.FlagBrokenRedirect) || !s2.HasFlag(session.FlagBrokenRedirect) {
			t.Error("TRACKINGINFO does not know")
		}
		r.on(s, Options{})
		if s.HasFlag(session.FlagBrokenRedirect) {
			t.Error("a new redirection is broken from the start")
		}
	}
}

func TestBroadcastGathersATurn(t *testing.T) {
	r := newRig(t)
	a, b, own := r.session(3), r.session(3), r.session(3)
	r.on(a, Options{BCast: true, Prefixes: []string{"a:", "b:"}})
	r.on(b, Options{BCast: true})
	r.on(own, Options{BCast: true, NoLoop: true})
	r.write(nil, "b:2", "a:2", "c:1")
	r.write(own, "a:1", "b:2")
	r.hears(a, "")
	r.table.Flush()
	r.hears(a, push("a:1", "a:2")+push("b:2"))
	r.hears(b, push("a:1", "a:2", "b:2", "c:1"))
	r.hears(own, push("a:2", "c:1"))
	r.table.Flush()
	r.hears(a, "")
}

// A worker that sends the reply of a write has its Flush behind it: the mailboxes have the news, whoever was sending it.
func TestFlushWaitsForWhatAnotherIsSending(t *testing.T) {
	r := newRig(t)
	under, goOn := make(chan bool, 1), make(chan bool)
	r.table.limit = func(*session.Session) int64 {
		under <- true
		<-goOn
		return 0
	}
	reader := r.session(3)
	r.on(reader, Options{BCast: true})
	r.write(nil, "k")
	go r.table.Flush()
	<-under
	told := make(chan bool)
	go func() {
		r.table.Flush()
		told <- reader.HasMail()
	}()
	for range 10_000 { // one that does not wait is back by then
		runtime.Gosched()
	}
	select {
	case news := <-told:
		t.Fatalf("Flush was back while the message was being sent; it is there: %v", news)
	default:
	}
	close(goOn)
	if !<-told {
		t.Error("Flush was back before the message was there")
	}
}

func TestFlushedDatabasesAreOneNull(t *testing.T) {
	r := newRig(t)
	s3, s2, sub := r.session(3), r.session(2), r.session(2)
	sub.SetFlag(session.FlagPubSub, true)
	r.on(s3, Options{BCast: true, NoLoop: true})
	r.on(s2, Options{Redirect: sub.ID})
	r.read(s2, "k")
	for db := range 16 {
		r.j.Append(&journal.Record{DB: db, Reason: journal.Flushed, Origin: s3.ID})
	}
	if _, keys, items, _ := r.table.Counts(); keys+items+r.bytes.Load() != 0 {
		t.Error("flushed keys are remembered")
	}
	r.table.Flush()
	r.hears(s3, ">2\r\n$10\r\ninvalidate\r\n_\r\n")
	r.hears(sub, "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n$-1\r\n")
	r.j.Append(&journal.Record{Reason: journal.Swapped})
	r.table.Flush()
	r.hears(s3, "")
}

func TestKeysReadBeforeBroadcastingAreNotToldTwice(t *testing.T) {
	r := newRig(t)
	s, other := r.session(3), r.session(3)
	r.on(other, Options{})
	r.on(s, Options{})
	r.read(s, "k")
	r.table.Off(s)
	r.on(s, Options{BCast: true})
	r.write(nil, "k")
	r.table.Flush()
	r.hears(s, push("k"))
}

func TestOptionsThatExcludeEachOther(t *testing.T) {
	const (
		overlaps = "Prefix 'FOOBAR' overlaps with another provided prefix 'FOO'. Prefixes for a single client must not overlap."
		existing = "Prefix 'FO' overlaps with an existing prefix 'FOO'. Prefixes for a single client must not overlap."
	)
	cast := Options{BCast: true, Prefixes: []string{"FOO", "BAR"}}
	for _, c := range []struct {
		before *Options
		o      Options
		want   string
	}{
		{nil, Options{Prefixes: []string{"x"}}, errPrefix.Error()},
		{nil, Options{BCast: true, OptIn: true}, errCastOpt.Error()},
		{nil, Options{BCast: true, OptOut: true}, errCastOpt.Error()},
		{nil, Options{OptIn: true, OptOut: true}, errBothOpt.Error()},
		{nil, Options{BCast: true, Prefixes: []string{"FOOBAR", "FOO"}}, overlaps},
		{nil, Options{BCast: true, Prefixes: []string{"x", "FOOBAR", "FOO"}}, overlaps},
		{&Options{}, Options{BCast: true}, errSwitchCast.Error()},
		{&cast, Options{}, errSwitchCast.Error()},
		{&Options{OptIn: true}, Options{OptOut: true}, errSwitchOpt.Error()},
		{&Options{OptOut: true}, Options{OptIn: true}, errSwitchOpt.Error()},
		{&Options{OptIn: true}, Options{}, ""},
		{&cast, Options{BCast: true, Prefixes: []string{"FO"}}, existing},
		{&cast, Options{BCast: true, Prefixes: []string{"FU"}}, ""},
		{&cast, Options{BCast: true}, ""}, // as Redis: the empty prefix is not compared
	} {
		r := newRig(t)
		s := r.session(3)
		if c.before != nil {
			r.on(s, *c.before)
		}
		got := ""
		if err := r.table.On(s, c.o); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%+v after %+v: %q", c.o, c.before, got)
		}
	}
}

func TestPrefixesAdd(t *testing.T) {
	r := newRig(t)
	s := r.session(3)
	r.on(s, Options{BCast: true, Prefixes: []string{"b:", "c:"}})
	r.on(s, Options{BCast: true, Prefixes: []string{"a:"}, NoLoop: true})
	if got := strings.Join(s.Tracking.Prefixes, " "); got != "a: b: c:" {
		t.Errorf("prefixes %q", got)
	}
	r.write(nil, "a:1", "b:1")
	r.write(s, "c:1")
	r.table.Flush()
	r.hears(s, push("a:1")+push("b:1"))
	if n, _, _, prefixes := r.table.Counts(); n != 1 || prefixes != 3 {
		t.Errorf("%d sessions, %d prefixes", n, prefixes)
	}
	r.table.Off(s)
	if n, _, _, prefixes := r.table.Counts(); n+prefixes != 0 || !r.j.Idle() {
		t.Error("something is left")
	}
}

func TestTableKeepsToItsLimit(t *testing.T) {
	r := newRig(t)
	r.maxKeys = 10
	s, writer := r.session(3), r.session(3)
	r.on(s, Options{NoLoop: true})
	for i := range 100 {
		r.read(s, fmt.Sprint("k", i))
		if _, keys, _, _ := r.table.Counts(); keys > 10 {
			t.Fatalf("%d keys", keys)
		}
	}
	told := heard(s)
	if n := strings.Count(told, "invalidate"); n != 90 {
		t.Errorf("told of %d keys", n)
	}
	// A key is either remembered or was told of, never neither.
	for i := range 100 {
		r.write(writer, fmt.Sprint("k", i))
	}
	told += heard(s)
	for i := range 100 {
		if n := strings.Count(told, fmt.Sprintf("\r\nk%d\r\n", i)); n != 1 {
			t.Errorf("told %d times of k%d", n, i)
		}
	}
}

func TestTrimFollowsALoweredLimit(t *testing.T) {
	r := newRig(t)
	s := r.session(3)
	r.on(s, Options{})
	for i := range 250 {
		r.read(s, fmt.Sprint("k", i))
	}
	if r.table.Trim(100) {
		t.Error("no limit, and yet over it")
	}
	r.maxKeys = 1
	rounds := 1
	for r.table.Trim(100) {
		rounds++
	}
	if n := strings.Count(heard(s), "invalidate"); n != 249 || rounds != 3 {
		t.Errorf("told of %d keys in %d rounds", n, rounds)
	}
}

func TestIdsOfTheDeadDoNotPileUp(t *testing.T) {
	r := newRig(t)
	stays := r.session(3)
	r.on(stays, Options{})
	r.read(stays, "k")
	for range 10_000 {
		s := r.session(3)
		r.on(s, Options{})
		r.read(s, "k")
		r.table.Off(s)
		r.sessions.Remove(s)
	}
	if _, keys, items, _ := r.table.Counts(); keys != 1 || items > 4*compactFrom {
		t.Errorf("%d keys, %d ids", keys, items)
	}
	r.write(nil, "k")
	r.hears(stays, push("k"))
	if _, keys, items, _ := r.table.Counts(); keys+items+r.bytes.Load() != 0 {
		t.Errorf("%d keys, %d ids, %d bytes", keys, items, r.bytes.Load())
	}
}

func TestRecordsThatConcernNobodyDoNotAllocate(t *testing.T) {
	r := newRig(t)
	s := r.session(3)
	r.on(s, Options{})
	r.read(s, "k")
	c := r.session(3)
	r.on(c, Options{BCast: true, Prefixes: []string{"user:"}})
	rec := journal.Record{Key: []byte("some other key"), Reason: journal.Write}
	if n := testing.AllocsPerRun(100, func() {
		r.j.Append(&rec)
		r.table.Flush()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Readers, writers, flushes and sessions that come and go at once; afterwards a write reaches who read before it.
func TestStress(t *testing.T) {
	r := newRig(t)
	r.maxKeys = 50
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 300 {
				s := r.session(2 + i%2)
				o := Options{NoLoop: i%3 == 0, BCast: i%4 == 0}
				if i%5 == 0 {
					o.Redirect = uint64(1 + i/2)
				}
				if err := r.table.On(s, o); err != nil {
					t.Error(err)
				}
				for k := range 20 {
					key := []byte(fmt.Sprint("k", (k*7+g)%80))
					r.table.Remember(s, 0, [][]byte{key})
					r.j.Append(&journal.Record{Key: key, Reason: journal.Write, Origin: s.ID})
					if k%10 == 9 {
						r.j.Append(&journal.Record{Reason: journal.Flushed})
						r.table.Flush()
						r.table.Trim(10)
					}
				}
				heard(s)
				r.table.Off(s)
				r.sessions.Remove(s)
			}
		})
	}
	wg.Wait()
	r.table.Flush()
	n, keys, items, prefixes := r.table.Counts()
	if bytes := r.bytes.Load(); n+keys+items+prefixes+bytes != 0 || !r.j.Idle() {
		t.Errorf("left: %d sessions, %d keys, %d ids, %d prefixes, %d bytes", n, keys, items, prefixes, bytes)
	}
}
