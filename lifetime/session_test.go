package lifetime_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/lifetime"
	"github.com/curfewkv/curfew/test/rig"
)

type user struct {
	Name  string
	Count int
}

// sessionServers runs a test against every kind of server that sessions are for.
func sessionServers(t *testing.T, test func(t *testing.T, client redis.UniversalClient)) {
	single := func(s *rig.Server) redis.UniversalClient { return redis.NewClient(&redis.Options{Addr: s.Addr}) }
	for name, open := range map[string]func(t *testing.T) redis.UniversalClient{
		"redis":  func(t *testing.T) redis.UniversalClient { return single(rig.Redis(t)) },
		"curfew": func(t *testing.T) redis.UniversalClient { return single(rig.Curfew(t)) },
		// Without PEXPIREAT GT, as before 7.0, GETEX has to do.
		"before 7.0": func(t *testing.T) redis.UniversalClient {
			return single(rig.Redis(t, append([]string{"--rename-command", "PEXPIREAT", ""}, rig.Restricted...)...))
		},
		"cluster": func(t *testing.T) redis.UniversalClient {
			return redis.NewClusterClient(&redis.ClusterOptions{Addrs: rig.RedisCluster(t, 3, 0).Addrs()})
		},
	} {
		t.Run(name, func(t *testing.T) {
			client := open(t)
			defer client.Close()
			test(t, client)
		})
	}
}

func newSessions[T any](t *testing.T, client redis.UniversalClient, options lifetime.SessionOptions) *lifetime.Sessions[T] {
	t.Helper()
	s, err := lifetime.NewSessions[T](client, options)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSessionsFromBeginningToEnd(t *testing.T) {
	sessionServers(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSessions[user](t, client, lifetime.SessionOptions{})
		id, err := s.Create(t.Context(), user{Name: "ann"})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if u, err := s.Get(t.Context(), id); err != nil || u.Name != "ann" {
				t.Errorf("%+v, %v", u, err)
			}
		}
		if err := errors.Join(s.Save(t.Context(), id, user{Name: "bob"}), s.Touch(t.Context(), id)); err != nil {
			t.Error(err)
		}
		if ttl := client.PTTL(t.Context(), "session:"+id).Val(); ttl > 30*time.Minute+time.Second || ttl < 26*time.Minute { // nodes of a Cluster have clocks of their own
			t.Errorf("TTL %v", ttl)
		}
		fresh, err := s.Regenerate(t.Context(), id)
		if err != nil || fresh == id {
			t.Fatalf("%q, %v", fresh, err)
		}
		if _, end, _ := strings.Cut(fresh, "."); !strings.HasSuffix(id, "."+end) {
			t.Errorf("%s became %s: the end has moved", id, fresh)
		}
		for what, err := range map[string]error{
			"Get": second(s.Get(t.Context(), id)), "Touch": s.Touch(t.Context(), id), "Save": s.Save(t.Context(), id, user{}),
			"Update":     s.Update(t.Context(), id, func(*user) error { return nil }),
			"Regenerate": second(s.Regenerate(t.Context(), id)),
		} {
			if !errors.Is(err, lifetime.ErrNoSession) {
				t.Errorf("%s of the old id: %v", what, err)
			}
		}
		if u, err := s.Get(t.Context(), fresh); err != nil || u.Name != "bob" {
			t.Errorf("by the new id: %+v, %v", u, err)
		}
		if err := errors.Join(s.Destroy(t.Context(), fresh), s.Destroy(t.Context(), fresh)); err != nil {
			t.Error(err)
		}
		if err := s.Save(t.Context(), fresh, user{}); !errors.Is(err, lifetime.ErrNoSession) {
			t.Errorf("saving what is destroyed: %v", err)
		}
		if n := client.Exists(t.Context(), "session:"+id, "session:"+id).Val() + client.Exists(t.Context(), "session:"+fresh).Val(); n != 0 {
			t.Errorf("%d keys are left", n)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// A session lives while it is used, and never beyond its age.
func TestSessionsSlideUpToTheirEnd(t *testing.T) {
	sessionServers(t, func(t *testing.T, client redis.UniversalClient) {
		const ttl, age = 400 * time.Millisecond, 1500 * time.Millisecond
		s := newSessions[user](t, client, lifetime.SessionOptions{TTL: ttl, MaxAge: age})
		begun := client.Time(t.Context()).Val()
		id, err := s.Create(t.Context(), user{})
		if err != nil {
			t.Fatal(err)
		}
		idle, err := s.Create(t.Context(), user{})
		if err != nil {
			t.Fatal(err)
		}
		_, digits, _ := strings.Cut(id, ".")
		end, err := strconv.ParseInt(digits, 36, 64)
		if err != nil {
			t.Fatal(err)
		}
		var last time.Time
		rig.Eventually(t, "the session ends, though it is used", func() bool {
			u := client.PTTL(t.Context(), "session:"+id).Val()
			now := client.Time(t.Context()).Val()
			if deadline := client.Do(t.Context(), "pexpiretime", "session:"+id).Val(); deadline.(int64) > end {
				t.Errorf("the deadline %d is after the end %d", deadline, end)
			}
			if u > 0 && now.Add(u).After(last) {
				last = now.Add(u)
			}
			err := s.Touch(t.Context(), id)
			if err != nil && !errors.Is(err, lifetime.ErrNoSession) {
				t.Fatal(err)
			}
			return err != nil
		})
		// It was prolonged beyond the first TTL, and its deadline was never after the end; the rest is rounding and a slow machine.
		if last.Sub(begun) < age-ttl || last.Sub(begun) > age+time.Second {
			t.Errorf("the last deadline was %v after the creation, want %v", last.Sub(begun), age)
		}
		if err := s.Touch(t.Context(), idle); !errors.Is(err, lifetime.ErrNoSession) {
			t.Errorf("the session that was not used: %v", err)
		}
	})
}

// The server's own account of the deadline, to the millisecond.
func TestSessionsNeverHaveADeadlineAfterTheirEnd(t *testing.T) {
	sessionServers(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSessions[user](t, client, lifetime.SessionOptions{TTL: time.Hour, MaxAge: time.Hour})
		id, err := s.Create(t.Context(), user{})
		if err != nil {
			t.Fatal(err)
		}
		_, digits, _ := strings.Cut(id, ".")
		end, err := strconv.ParseInt(digits, 36, 64)
		if err != nil {
			t.Fatal(err)
		}
		for range 50 {
			if err := errors.Join(s.Touch(t.Context(), id), s.Save(t.Context(), id, user{})); err != nil {
				t.Fatal(err)
			}
		}
		deadline, err := client.Do(t.Context(), "pexpiretime", "session:"+id).Int64()
		if err != nil || deadline > end || deadline < end-6*60*1000 {
			t.Errorf("deadline %d, %v; the end is %d", deadline, err, end)
		}
	})
}

// Reads within a tenth of the TTL change nothing on the server, so there is nothing to replicate or to write to the AOF.
func TestSessionsAreNotRenewedByEveryRead(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: rig.Redis(t).Addr})
	defer client.Close()
	s := newSessions[user](t, client, lifetime.SessionOptions{TTL: 20 * time.Hour, MaxAge: 1000 * time.Hour})
	id, err := s.Create(t.Context(), user{})
	if err != nil {
		t.Fatal(err)
	}
	changes := func() (n int) {
		for line := range strings.Lines(client.Info(t.Context(), "persistence").Val()) {
			_, _ = fmt.Sscanf(line, "rdb_changes_since_last_save:%d", &n)
		}
		return n
	}
	before := changes()
	if before == 0 {
		t.Fatal("the creation is not counted")
	}
	for range 500 {
		if err := s.Touch(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if n := changes() - before; n > 1 {
		t.Errorf("500 reads made %d changes", n)
	}
	// With little left, the first read renews, and only that.
	client.PExpire(t.Context(), "session:"+id, 17*time.Hour)
	before = changes()
	for range 500 {
		if err := s.Touch(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if n := changes() - before; n < 1 || n > 2 {
		t.Errorf("500 reads of a session with less than 90 %% left made %d changes, want one", n)
	}
	if ttl := client.PTTL(t.Context(), "session:"+id).Val(); ttl < 18*time.Hour-time.Minute || ttl > 20*time.Hour {
		t.Errorf("TTL %v", ttl)
	}
}

func TestSessionsChangeAtomically(t *testing.T) {
	sessionServers(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSessions[user](t, client, lifetime.SessionOptions{})
		id, err := s.Create(t.Context(), user{})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 10 {
					if err := s.Update(t.Context(), id, func(u *user) error { u.Count++; return nil }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if u, err := s.Get(t.Context(), id); err != nil || u.Count != 40 {
			t.Errorf("%+v, %v; want 40", u, err)
		}
		refused := errors.New("no")
		if err := s.Update(t.Context(), id, func(u *user) error { u.Count = 0; return refused }); !errors.Is(err, refused) {
			t.Errorf("%v", err)
		}
		if ttl := client.PTTL(t.Context(), "session:"+id).Val(); ttl < 25*time.Minute {
			t.Errorf("TTL %v after changes", ttl)
		}
		// Of several regenerations of one id, one succeeds.
		var won atomic.Int32
		for range 8 {
			wg.Go(func() {
				switch _, err := s.Regenerate(t.Context(), id); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, lifetime.ErrNoSession):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d of 8 regenerations succeeded", won.Load())
		}
	})
}

// asked counts the commands that reach Redis.
type asked struct{ n atomic.Int32 }

func (a *asked) DialHook(next redis.DialHook) redis.DialHook { return next }
func (a *asked) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { a.n.Add(1); return next(ctx, cmd) }
}
func (a *asked) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { a.n.Add(1); return next(ctx, cmds) }
}

func TestSessionsAskOnceAndOnlyForIDsThatCanBe(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: rig.Redis(t).Addr})
	defer client.Close()
	s := newSessions[user](t, client, lifetime.SessionOptions{})
	id, err := s.Create(t.Context(), user{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Touch(t.Context(), id); err != nil { // which connects
		t.Fatal(err)
	}
	var count asked
	client.AddHook(&count)
	if err := s.Touch(t.Context(), id); err != nil || count.n.Load() != 1 {
		t.Errorf("a read took %d round trips, %v", count.n.Load(), err)
	}
	count.n.Store(0)
	random, end, _ := strings.Cut(id, ".")
	hour := int64(3600_000)
	at := func(ms int64) string { return strconv.FormatInt(time.Now().UnixMilli()+ms, 36) }
	for _, bad := range []string{
		"", ".", random, random + ".", "." + end, strings.ToLower(random)[1:] + "." + end, random + "." + strings.ToUpper(end),
		random + ".0" + end, random + ".-1", random + "." + end + ".x", random + "=." + end, "*", "../" + id, id + "\r\nFLUSHALL",
		strings.Repeat("a", 10000), random[:len(random)-1] + "~." + end, base64.RawURLEncoding.EncodeToString(make([]byte, 31)) + "." + end,
		random + "." + at(-hour), random + "." + at(25*hour), random + "." + at(1e6*hour), random + ".zzzzzzzzzzzz", random + ".zzzzzzzzzzzzzzzzz",
	} {
		if err := s.Touch(t.Context(), bad); !errors.Is(err, lifetime.ErrNoSession) {
			t.Errorf("%.60q: %v", bad, err)
		}
	}
	if n := count.n.Load(); n != 0 {
		t.Errorf("ids that cannot be took %d round trips", n)
	}
	seen := map[string]bool{}
	for range 100 {
		id, err := s.Create(t.Context(), user{})
		random, _, _ := strings.Cut(id, ".")
		if err != nil || seen[random] {
			t.Fatalf("%q, %v", id, err)
		}
		seen[random] = true
	}
}

func TestSessionsOfBytesAndBadOptions(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: rig.Redis(t).Addr})
	defer client.Close()
	s := newSessions[[]byte](t, client, lifetime.SessionOptions{Prefix: "s:{x}:"})
	id, err := s.Create(t.Context(), []byte("\xff\x00"))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := s.Get(t.Context(), id); err != nil || string(b) != "\xff\x00" {
		t.Errorf("%q, %v", b, err)
	}
	asJSON := newSessions[user](t, client, lifetime.SessionOptions{Prefix: "s:{x}:"})
	if _, err := asJSON.Get(t.Context(), id); err == nil || errors.Is(err, lifetime.ErrNoSession) {
		t.Errorf("bytes as JSON: %v", err)
	}
	for _, o := range []lifetime.SessionOptions{{TTL: -1}, {TTL: time.Millisecond}, {TTL: time.Hour, MaxAge: time.Minute}, {MaxAge: -time.Hour}} {
		if _, err := lifetime.NewSessions[user](client, o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
	dead := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	defer dead.Close()
	if _, err := newSessions[user](t, dead, lifetime.SessionOptions{}).Create(t.Context(), user{}); err == nil {
		t.Error("no server: no error")
	}
}
